/*
 * queue_world.h - two queues that share a pool and messages, each with its
 * model; what is done to a queue is done to the model too.
 *
 * Every operation has the same form, so that tests can list them in tables:
 * queue q, and a number n that is a size or picks something.
 */
#ifndef TESTS_QUEUE_WORLD_H
#define TESTS_QUEUE_WORLD_H

#include "alloc.h"
#include "queue_model.h"

#define WORLD_QUEUES 2
#define WORLD_SHARED 3

/* A message of which the world has a reference, beside the queues. */
struct world_message {
    struct leat_message *message;
    unsigned number;
    bool is_kept;
};

struct queue_world {
    struct alloc_ledger ledger;
    struct leat__pool pool;
    struct leat__limits limits;
    struct leat__queue queue[WORLD_QUEUES];
    struct queue_model model[WORLD_QUEUES];
    struct leat__drops drops[WORLD_QUEUES];
    struct world_message shared[WORLD_SHARED];
    unsigned last_number; /* of a message */
    uint32_t stream;      /* how many bytes were made */
    int64_t now_us;
    bool is_starved; /* no allocation succeeds in the next operation */
};

typedef void (*world_fn)(struct queue_world *world, int q, size_t n);

/* The shared messages have shared_size bytes. */
void world_init(struct queue_world *world, const struct leat__limits *limits,
    size_t shared_size);
void world_fini(struct queue_world *world);

/* A copy of n new bytes. */
void world_copy(struct queue_world *world, int q, size_t n);
/* One of the shared messages. */
void world_push(struct queue_world *world, int q, size_t n);
/* A message of n new bytes that nobody else keeps. */
void world_push_new(struct queue_world *world, int q, size_t n);
/* The same, of the kind that no drop policy drops. */
void world_push_kept(struct queue_world *world, int q, size_t n);
/* A gathered send of a few pieces takes at most n bytes. */
void world_send(struct queue_world *world, int q, size_t n);
/* A gathered send takes all it can. */
void world_send_all(struct queue_world *world, int q, size_t n);
void world_ask_drained(struct queue_world *world, int q, size_t n);
void world_clear(struct queue_world *world, int q, size_t n);
/* Let one of the shared messages go, which queues may go on holding, for one
 * of n bytes; where n is a multiple of four it is one that is not dropped. */
void world_renew(struct queue_world *world, int q, size_t n);
/* The pool gives up what a minute did not need. */
void world_trim(struct queue_world *world, int q, size_t n);

/* Fails the test when anything differs from the models. */
void world_check(const struct queue_world *world);

#endif
