/*
 * post.h - functions that other threads asked the loop to call.
 *
 * Threads push on a lock-free stack; the loop takes the whole stack and turns
 * it round, which keeps the order of each thread. Nodes come straight from
 * the loop's allocator, because nothing else of the loop is thread-safe.
 */
#ifndef LEAT_LOOP_POST_H
#define LEAT_LOOP_POST_H

#include <leat/loop.h>

#include <stdatomic.h>

struct leat__post;

struct leat__posts {
    _Atomic(struct leat__post *) pushed; /* newest first; any thread */
    struct leat__post *taken;            /* oldest first; the loop's */
    atomic_bool is_closed;
};

void leat__posts_init(struct leat__posts *posts);
/* Phase 3: run at most a turn's worth; rings again when some are left. */
void leat__posts_run(struct leat_loop *loop);
bool leat__posts_pending(struct leat__posts *posts);
/* Refuse further posts and drop those not run. */
void leat__posts_end(struct leat_loop *loop);

#endif
