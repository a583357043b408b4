/*
 * post.c - calls from other threads, in order.
 *
 * On the path: any thread -> HERE -> wake-up pipe -> HERE (phase 3) -> program.
 *
 * Invariants:
 *  1. pushed is only ever exchanged as a whole by the loop, so a node is never
 *     seen by two owners (no ABA: nothing is popped one by one)
 *  2. whoever pushes onto an empty stack rings the pipe, after the push; the
 *     loop empties the pipe before it takes the stack: no post is overlooked
 *  3. taken holds older posts than pushed
 */
#include "post.h"

#include <errno.h>

#include "loop.h"

/* Most posts run in one turn. */
#define POSTS_PER_TURN 256

struct leat__post {
    struct leat__post *next;
    leat_post_fn fn;
    void *arg;
};

void
leat__posts_init(struct leat__posts *posts)
{
    atomic_init(&posts->pushed, NULL);
    posts->taken = NULL;
    atomic_init(&posts->is_closed, false);
}

int
leat_loop_post(struct leat_loop *loop, leat_post_fn fn, void *arg)
{
    struct leat__posts *posts = &loop->posts;
    if (atomic_load(&posts->is_closed))
        return -ESHUTDOWN;

    const struct leat_alloc *alloc = leat__loop_alloc(loop);
    struct leat__post *post = alloc->resize(alloc->user, NULL, sizeof *post);
    if (post == NULL)
        return -ENOMEM;
    post->fn = fn;
    post->arg = arg;

    struct leat__post *newest = atomic_load(&posts->pushed);
    do
        post->next = newest;
    while (!atomic_compare_exchange_weak(&posts->pushed, &newest, post));
    if (newest == NULL)
        leat__wake_ring(loop);
    return 0;
}

/* Take the stack and put it, turned round, behind what was taken before. */
static void
take(struct leat__posts *posts)
{
    struct leat__post *newest = atomic_exchange(&posts->pushed, NULL);
    struct leat__post *oldest = NULL;
    while (newest != NULL) {
        struct leat__post *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }

    struct leat__post **end = &posts->taken;
    while (*end != NULL)
        end = &(*end)->next;
    *end = oldest;
}

static struct leat__post *
pop(struct leat__posts *posts)
{
    struct leat__post *post = posts->taken;
    if (post != NULL)
        posts->taken = post->next;
    return post;
}

static void
release(struct leat_loop *loop, struct leat__post *post)
{
    const struct leat_alloc *alloc = leat__loop_alloc(loop);
    alloc->resize(alloc->user, post, 0);
}

void
leat__posts_run(struct leat_loop *loop)
{
    struct leat__posts *posts = &loop->posts;
    /* Only when the last batch is done: walking to the end of a long backlog
     * once a turn would be quadratic. */
    if (posts->taken == NULL)
        take(posts);

    for (int i = 0; i < POSTS_PER_TURN && leat__loop_may_go_on(loop); i++) {
        struct leat__post *post = pop(posts);
        if (post == NULL)
            break;
        leat_post_fn fn = post->fn;
        void *arg = post->arg;
        release(loop, post);
        leat__loop_calls(loop);
        fn(loop, arg);
    }
    if (leat__posts_pending(posts))
        leat__wake_ring(loop);
}

bool
leat__posts_pending(struct leat__posts *posts)
{
    return posts->taken != NULL || atomic_load(&posts->pushed) != NULL;
}

void
leat__posts_end(struct leat_loop *loop)
{
    struct leat__posts *posts = &loop->posts;
    atomic_store(&posts->is_closed, true);
    take(posts);
    for (struct leat__post *post; (post = pop(posts)) != NULL;)
        release(loop, post);
}
