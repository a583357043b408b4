/*
 * message.c - bytes that many queues share, counted by reference.
 *
 * On the path: service -> HERE -> queue -> socket.
 *
 * Invariants:
 *  1. 1 <= size <= capacity; header and capacity fill the block
 *  2. queued <= refs: each queue slot holds a reference
 *  3. refs is 1 or more; at 0 the block goes back to the pool
 *
 * leat_message_create, which finds the pool of a loop, is in src/loop.
 */
#include "message.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define HEADER offsetof(struct leat_message, bytes)

/* What keeps a message of 64, 128, ... bytes in the class of that size. */
_Static_assert(HEADER <= LEAT__CLASS_EXTRA, "header larger than its share");

/* The caller says how much room the message may need later; all the room its
 * block really has is given to it, since nobody else can use the rest. */
struct leat_message *
leat__message_make(
    struct leat__pool *pool, const void *bytes, size_t len, size_t capacity)
{
    assert(capacity >= len);
    if (len == 0 || len > SIZE_MAX / 2 || capacity > SIZE_MAX / 2)
        return NULL;

    /* Half of all sizes and a header: no overflow. */
    size_t block;
    struct leat_message *message =
        leat__pool_take(pool, HEADER + capacity, &block);
    if (message == NULL)
        return NULL;

    /* The pool is kept in the message so that whoever drops the last reference
     * needs to know nothing but the message. */
    message->pool = pool;
    message->size = len;
    message->capacity = block - HEADER;
    message->block = block;
    message->refs = 1;
    message->queued = 0;
    message->is_kept = false;
    if (bytes != NULL)
        memcpy(message->bytes, bytes, len);
    return message;
}

/* Plain arithmetic: a message belongs to one loop, and a loop to one thread. */
size_t
leat__message_block(size_t capacity)
{
    return leat__pool_capacity(HEADER + capacity);
}

struct leat_message *
leat_message_ref(struct leat_message *message)
{
    assert(message->refs > 0 && message->refs < UINT32_MAX);
    message->refs++;
    return message;
}

void
leat_message_unref(struct leat_message *message)
{
    if (message == NULL)
        return;
    /* The reference of a slot is given back after the slot was uncounted, so
     * the one at hand is never among those that queued stands for. */
    assert(message->refs > message->queued);
    if (--message->refs == 0)
        leat__pool_give(message->pool, message, message->block);
}

void
leat_message_keep(struct leat_message *message)
{
    message->is_kept = true;
}

void *
leat_message_bytes(struct leat_message *message)
{
    return message->bytes;
}

size_t
leat_message_size(const struct leat_message *message)
{
    return message->size;
}
