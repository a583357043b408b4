/*
 * chunk.c - what recv writes to: one message of the loop's, filled again and
 * again.
 *
 * On the path: socket -> HERE -> conn_in.c -> service -> HERE -> conn.c.
 *
 * A program that sends on what it was just given, as an echo and a proxy do,
 * would have it copied into a message. Where that one would take as large a
 * block as the chunk has, the chunk itself is queued, and recv goes on with
 * another: bulk is copied by the kernel alone.
 *
 * Invariants (leat__chunk_check asserts them):
 *  1. between two receives nobody but the net has the chunk
 *  2. there is a spare only from the first time it was queued until the
 *     callback in which that happened is over
 */
#include <assert.h>
#include <errno.h>

#include "net.h"

static struct leat_message *
make(struct leat__net *net)
{
    return leat__message_make(&net->loop->pool, NULL, LEAT__CHUNK, LEAT__CHUNK);
}

int
leat__chunk_init(struct leat__net *net)
{
    net->spare = NULL;
    net->chunk = make(net);
    return net->chunk != NULL ? 0 : -ENOMEM;
}

void
leat__chunk_fini(struct leat__net *net)
{
    leat_message_unref(net->chunk);
    net->chunk = NULL;
}

struct leat_message *
leat__chunk_share(struct leat__net *net, size_t len)
{
    struct leat_message *chunk = net->chunk;
    if (leat__message_block(len) != chunk->block)
        return NULL;
    if (chunk->queued > 0)
        return chunk->size == len ? chunk : NULL;
    if (net->spare == NULL)
        net->spare = make(net);
    if (net->spare == NULL)
        return NULL;
    chunk->size = len;
    return chunk;
}

/* The program has looked at it until now, also where no queue has it any more.
 */
void
leat__chunk_renew(struct leat__net *net)
{
    leat_message_unref(net->chunk);
    net->chunk = net->spare;
    net->spare = NULL;
}

void
leat__chunk_check(const struct leat__net *net)
{
    assert(net->spare == NULL);
    assert(net->chunk->refs == 1 && net->chunk->queued == 0);
    assert(net->chunk->capacity >= LEAT__CHUNK);
    (void)net; /* without assertions */
}
