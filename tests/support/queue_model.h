/*
 * queue_model.h - what a queue must do, said with plain arrays.
 *
 * The bytes that wait are one array, the messages they belong to another, and
 * everything is done the slow and obvious way. Messages have a number here;
 * those with the same number share their bytes.
 */
#ifndef TESTS_QUEUE_MODEL_H
#define TESTS_QUEUE_MODEL_H

#include "base/queue.h"

#define MODEL_BYTES 4096
#define MODEL_MSGS 256

struct model_message {
    size_t size; /* as stored, the part that has left included */
    unsigned number;
    bool is_kept;
};

struct queue_model {
    unsigned char bytes[MODEL_BYTES]; /* that have not left */
    struct model_message messages[MODEL_MSGS];
    size_t len, count;
    size_t sent;
    bool is_full;
    struct leat__drops drops;
};

/* A new message at the end. What leat__queue_push returns, apart from
 * -ENOMEM. */
int model_push(struct queue_model *model, const struct leat__limits *limits,
    const void *bytes, struct model_message message);
/* len bytes more for the newest message. */
void model_merge(struct queue_model *model, const struct leat__limits *limits,
    const void *bytes, size_t len);
void model_consume(struct queue_model *model, size_t n);
void model_clear(struct queue_model *model);
bool model_drained(
    struct queue_model *model, const struct leat__limits *limits);
/* How many of its messages have this number. */
size_t model_slots(const struct queue_model *model, unsigned number);
/* Fails the test when the queue is not what the model says, byte for byte. */
void model_compare(
    const struct queue_model *model, const struct leat__queue *queue);

#endif
