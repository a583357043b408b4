/*
 * queue_box.h - a queue with all it needs, for tests: allocator, pool, limits
 * and counted drops. Each step here checks the queue afterwards.
 */
#ifndef TESTS_QUEUE_BOX_H
#define TESTS_QUEUE_BOX_H

#include "alloc.h"
#include "base/queue.h"

struct queue_box {
    struct alloc_ledger ledger;
    struct leat__pool pool;
    struct leat__queue queue;
    struct leat__limits limits;
    struct leat__drops drops;
};

void box_init(struct queue_box *box, const struct leat__limits *limits);
/* The same with little room: ten bytes, four messages. */
void box_init_small(struct queue_box *box, enum leat_policy policy);
/* Fails the test when a message is left that the queue did not hold. */
void box_fini(struct queue_box *box);

/* leat__queue_copy and leat__queue_push. */
int box_copy(struct queue_box *box, const void *bytes, size_t len);
int box_push(struct queue_box *box, struct leat_message *message);
/* Push a message of n bytes, all value, that nobody else holds; it must fit. */
void box_push_new(struct queue_box *box, int value, size_t n);
/* Push so many messages of one byte: a, b, ... z, a, ... */
void box_push_many(struct queue_box *box, int n);
void box_consume(struct queue_box *box, size_t n);
/* Make the pool give its free blocks up. */
void box_trim(struct queue_box *box);
/* The queue holds this text and nothing else. */
void box_assert_text(const struct queue_box *box, const char *text);

#endif
