/*
 * queue_view.c - looking at a queue: what is next, how much room, how much
 * memory, and whether all is in order. Nothing here changes it.
 *
 * On the path: queue -> HERE: gather, pack -> conn_out.c (phase 6) -> socket.
 */
#include "queue.h"

#include <assert.h>
#include <string.h>

#include "num.h"

bool
leat__queue_has_room(
    const struct leat__queue *queue, const struct leat__limits *limits)
{
    return queue->bytes < limits->high && queue->count < limits->high_msgs;
}

/* Looks and changes nothing: how much the socket takes is not known before, and
 * leat__queue_consume is told. */
size_t
leat__queue_gather(const struct leat__queue *queue, struct iovec *iov,
    size_t max, size_t *bytes)
{
    size_t pieces = max < queue->count ? max : queue->count;
    size_t skip = queue->sent;
    size_t room = LEAT__GATHER_BYTES;
    size_t i = 0;

    for (; i < pieces && room > 0; i++) {
        struct leat_message *message = leat__queue_at(queue, (uint32_t)i);
        size_t len = message->size - skip;
        /* One send of a huge message must not keep the others waiting. */
        if (len > room)
            len = room;
        iov[i].iov_base = message->bytes + skip;
        iov[i].iov_len = len;
        room -= len;
        skip = 0; /* only of the oldest has something left */
    }
    *bytes = LEAT__GATHER_BYTES - room;
    return i;
}

size_t
leat__queue_pack(const struct leat__queue *queue, unsigned char *to)
{
    size_t skip = queue->sent;
    size_t bytes = 0;

    for (uint32_t i = 0; i < queue->count && i < LEAT__GATHER_MAX; i++) {
        const struct leat_message *message = leat__queue_at(queue, i);
        size_t len = message->size - skip;
        memcpy(to + bytes, message->bytes + skip, len);
        bytes += len;
        skip = 0; /* only of the oldest has something left */
    }
    return bytes;
}

size_t
leat__queue_ring_block(const struct leat__queue *queue)
{
    size_t size = queue->at.ring.capacity * sizeof(struct leat_message *);
    return queue->is_ring ? leat__pool_capacity(size) : 0;
}

size_t
leat__queue_weight(const struct leat__queue *queue)
{
    size_t weight = 0;
    for (uint32_t i = 0; i < queue->count; i++) {
        const struct leat_message *message = leat__queue_at(queue, i);
        weight += message->block / message->queued;
    }
    return weight;
}

/* In the order of the list at the top of queue.c. */
void
leat__queue_check(
    const struct leat__queue *queue, const struct leat__limits *limits)
{
    size_t bytes = 0;

    uint32_t capacity = leat__queue_capacity(queue);
    assert(capacity == leat__ceil_pow2(capacity));
    assert(queue->is_ring == (capacity > LEAT__OWN_SLOTS));
    assert(queue->count > 0 || !queue->is_ring);
    assert(!queue->is_ring || queue->at.ring.head < capacity);
    assert(queue->count <= capacity);
    /* 3, 4 and as much of 7 as one queue can know. */
    for (uint32_t i = 0; i < queue->count; i++) {
        const struct leat_message *message = leat__queue_at(queue, i);
        assert(message->queued > 0 && message->queued <= message->refs);
        assert(message->size > 0 && message->size <= message->capacity);
        assert(i > 0 || queue->sent < message->size);
        bytes += message->size;
    }
    assert(bytes == queue->bytes + queue->sent);
    assert(queue->count > 0 || queue->sent == 0);
    /* 5 and 6 hold because the limits of a queue never change. */
    assert(queue->bytes <= limits->limit && queue->count <= limits->limit_msgs);
    assert(queue->is_full || leat__queue_has_room(queue, limits));
    (void)bytes, (void)limits,
        (void)capacity; /* without assertions nobody reads them */
}
