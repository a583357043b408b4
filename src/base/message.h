/*
 * message.h - what a message is inside; <leat/message.h> has the contract.
 *
 * bytes may grow while the message is the unshared tail of one queue (see
 * queue.h); what was written before never changes.
 */
#ifndef LEAT_BASE_MESSAGE_H
#define LEAT_BASE_MESSAGE_H

#include "pool.h"

#include <leat/message.h>

struct leat_message {
    struct leat__pool *pool;
    size_t size;     /* bytes in use, 1 or more */
    size_t capacity; /* bytes there are room for */
    size_t block;    /* capacity of the pool block, header included */
    uint32_t refs;   /* references, those of queues included */
    uint32_t queued; /* queue slots it is in; the first one counts its size
                      * into pool->queued */
    bool is_kept;    /* no queue drops it to make room */
    _Alignas(uint64_t) unsigned char bytes[];
};

/* A message of size len with room for capacity >= len bytes; bytes may be NULL.
 * NULL: no memory, or a length that cannot be. One reference is the caller's.
 */
struct leat_message *leat__message_make(
    struct leat__pool *pool, const void *bytes, size_t len, size_t capacity);

/* The pool block that a message with room for capacity bytes takes. */
size_t leat__message_block(size_t capacity);

#endif
