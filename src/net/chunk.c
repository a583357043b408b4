/*
 * chunk.c - what recv writes to: one message of the loop's, filled again and
 * again.
 *
 * On the path: socket -> HERE -> conn_in.c -> service -> HERE -> conn.c.
 *
 * A program that sends on what it was just given, as an echo and a proxy do,
 * would have it copied into a message. Where that one would take as large a
 * block as the chunk has, the chunk itself is queued: bulk is copied by the
 * kernel alone. Once it has left it is filled again, as it is in the cache; if
 * it has not when the next recv comes, the spare takes its place.
 *
 * Invariants (leat__chunk_check asserts them):
 *  1. the net has a reference to the chunk, and between sends all others are
 *     those of queues
 *  2. while the chunk is queued there is a spare; nobody else has that one
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
    leat_message_unref(net->spare);
    net->chunk = net->spare = NULL;
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
    net->loop->pool.source.has_surplus = true; /* for leat__chunk_trim */
    chunk->size = len;
    return chunk;
}

void
leat__chunk_renew(struct leat__net *net)
{
    leat_message_unref(net->chunk);
    net->chunk = net->spare;
    net->spare = NULL;
}

bool
leat__chunk_trim(struct leat__net *net)
{
    if (net->spare == NULL || net->chunk->queued > 0)
        return false;
    leat_message_unref(net->spare);
    net->spare = NULL;
    return true;
}

void
leat__chunk_check(const struct leat__net *net)
{
    const struct leat_message *chunk = net->chunk;
    const struct leat_message *spare = net->spare;
    assert(chunk->refs == chunk->queued + 1);
    assert(chunk->queued == 0 || spare != NULL);
    assert(spare == NULL || (spare->refs == 1 && spare->queued == 0));
    assert(chunk->capacity >= LEAT__CHUNK);
    (void)chunk, (void)spare; /* without assertions */
}
