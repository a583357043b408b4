/*
 * queue.h - a client's bounded ring of messages, waiting to be sent.
 *
 * The queue holds references. The first two live in the struct itself; a ring
 * is taken from the pool at the third, doubled when it is full, and given back
 * when the queue is empty. Limits belong to the listener and are passed in.
 *
 * The queue never sends and never calls back.
 */
#ifndef LEAT_BASE_QUEUE_H
#define LEAT_BASE_QUEUE_H

#include "message.h"

#include <leat/queue.h>

#include <sys/uio.h>

/* A checked leat_queue_config, without zeros. */
struct leat__limits {
    size_t limit, high, low; /* bytes */
    uint32_t limit_msgs, high_msgs, low_msgs;
    enum leat_policy policy;
};

/* What one push made the queue drop. */
struct leat__drops {
    size_t msgs, bytes;
};

struct leat__queue {
    union {
        struct leat_message *own[2]; /* the oldest first */
        struct {
            struct leat_message **slot;
            uint32_t capacity; /* a power of two */
            uint32_t head;     /* index of the oldest, below capacity */
        } ring;
        /* Its owner's, once nothing is queued and nothing ever will be. */
        int64_t spare[2];
    } at;
    size_t bytes;       /* bytes that have not left */
    uint32_t sent : 31; /* bytes of the oldest message that have left */
    bool is_ring : 1;
    uint32_t count : 31; /* messages */
    bool is_full : 1;    /* was at high, and not below low since */
};

/* There may be ten thousand that are empty. */
_Static_assert(sizeof(struct leat__queue) <= 32, "a queue is small");

/* References in the struct itself. */
#define LEAT__OWN_SLOTS 2u

/* A longer message is over any limit. */
#define LEAT__MESSAGE_MAX ((size_t)INT32_MAX)

/* References there is room for. */
static inline uint32_t
leat__queue_capacity(const struct leat__queue *queue)
{
    return queue->is_ring ? queue->at.ring.capacity : LEAT__OWN_SLOTS;
}

/* The i-th oldest message; i is below count. */
static inline struct leat_message *
leat__queue_at(const struct leat__queue *queue, uint32_t i)
{
    if (!queue->is_ring)
        return queue->at.own[i];
    uint32_t mask = queue->at.ring.capacity - 1;
    return queue->at.ring.slot[(queue->at.ring.head + i) & mask];
}

#define LEAT__GATHER_MAX 64u
#define LEAT__GATHER_BYTES ((size_t)256 * 1024)

/* A raw chunk, and the slack of the room rule: limit >= high + the larger of
 * chunk and frame + slack. */
#define LEAT__CHUNK ((size_t)64 * 1024)
#define LEAT__SLACK ((size_t)4 * 1024)

/* Fill in defaults and check. frame_max is the largest frame of a framed
 * connection, 0 for a raw one. 0 or -EINVAL. */
int leat__limits_of(struct leat__limits *limits,
    const struct leat_queue_config *config, size_t frame_max);

void leat__queue_init(struct leat__queue *queue);

/* What leat__queue_push and _copy return when a drop policy dropped the new
 * message itself. */
#define LEAT__DROPPED 1

/*
 * Queue one more reference to message. drops is added to, never cleared; a
 * refused message is one drop of its size too.
 *
 * 0 queued; LEAT__DROPPED; -EMSGSIZE larger than the limit under any policy;
 * -ENOBUFS full under LEAT_REFUSE or LEAT_CLOSE (the caller closes); -ENOMEM.
 * On error nothing is queued or dropped from the queue.
 */
int leat__queue_push(struct leat__queue *queue, struct leat__pool *pool,
    const struct leat__limits *limits, struct leat_message *message,
    struct leat__drops *drops);

/*
 * Queue a copy of bytes, as leat__queue_push; len 1 or more. Under LEAT_REFUSE
 * and LEAT_CLOSE it is appended to the newest message where that one is not
 * shared and has room; a message made behind others gets room for that.
 */
int leat__queue_copy(struct leat__queue *queue, struct leat__pool *pool,
    const struct leat__limits *limits, const void *bytes, size_t len,
    struct leat__drops *drops);

/* Whether a message of len bytes may get a slot, older ones being dropped for
 * it perhaps; false is sure. */
bool leat__queue_may_take(const struct leat__queue *queue,
    const struct leat__limits *limits, size_t len);

/* By how much pool->stored may grow when len bytes are copied in: 0 where they
 * are merged, or refused. */
size_t leat__queue_cost(const struct leat__queue *queue,
    const struct leat__limits *limits, size_t len);

/* The block of its ring; 0 without one. */
size_t leat__queue_ring_block(const struct leat__queue *queue);

/* What pool->stored would lose with this queue; a message that several queues
 * share counts in parts. A walk. */
size_t leat__queue_weight(const struct leat__queue *queue);

/*
 * Describe the oldest bytes for one gathered send, at most max pieces and
 * LEAT__GATHER_BYTES in all. Returns how many pieces; *bytes is their sum.
 */
size_t leat__queue_gather(const struct leat__queue *queue, struct iovec *iov,
    size_t max, size_t *bytes);

/* Copy the oldest messages, LEAT__GATHER_MAX of them at most, to where there is
 * room for all of queue->bytes. Returns their bytes. */
size_t leat__queue_pack(const struct leat__queue *queue, unsigned char *to);

/* The first n bytes have left; n is at most queue->bytes. */
void leat__queue_consume(
    struct leat__queue *queue, struct leat__pool *pool, size_t n);

/* Drop everything, uncounted; the queue is then as after init. */
void leat__queue_clear(struct leat__queue *queue, struct leat__pool *pool);

/* Below high in bytes and in messages: who feeds the queue may be read. */
bool leat__queue_has_room(
    const struct leat__queue *queue, const struct leat__limits *limits);

/* Whether is_full has just ended: the queue was at high and is below low now.
 * Clears is_full then. */
bool leat__queue_drained(
    struct leat__queue *queue, const struct leat__limits *limits);

/* Asserts the invariants of queue.c. */
void leat__queue_check(
    const struct leat__queue *queue, const struct leat__limits *limits);

#endif
