/*
 * held.c - input that was received and may not be delivered yet.
 *
 * On the path: conn_io (recv) -> HERE -> conn_io (a later turn's phase 3).
 *
 * Invariant: counted and stored of a connection are its shares of pool->held
 * and pool->stored.
 */
#include <errno.h>
#include <string.h>

#include "net.h"

void
leat__conn_hold(struct leat_conn *conn, const unsigned char *bytes, size_t len)
{
    struct leat__held *held = &conn->held;
    held->bytes = leat__pool_take(&conn->loop->pool, len, &held->block);
    if (held->bytes == NULL) {
        conn->bytes_undelivered += len;
        leat__conn_kill(conn, -ENOMEM);
        return;
    }
    memcpy(held->bytes, bytes, len);
    held->at = 0;
    held->end = len;
}

/* Input that waits in memory is bounded by max_memory like output. */
void
leat__conn_count_input(struct leat_conn *conn)
{
    struct leat__pool *pool = &conn->loop->pool;
    size_t bytes = conn->frame.len + (conn->held.end - conn->held.at);
    size_t blocks = conn->frame.capacity + conn->held.block;
    if (conn->is_dying || (bytes == conn->counted && blocks == conn->stored))
        return;
    pool->held += bytes - conn->counted;
    pool->stored += blocks - conn->stored;
    conn->counted = bytes;
    conn->stored = blocks;
    /* 0: what is here is counted already. */
    (void)leat__net_make_room(conn->loop->net, 0);
}

void
leat__conn_drop_held(struct leat_conn *conn)
{
    leat__pool_give(&conn->loop->pool, conn->held.bytes, conn->held.block);
    conn->held = (struct leat__held){NULL, 0, 0, 0};
}

void
leat__conn_uncount_input(struct leat_conn *conn)
{
    /* A frame that was delivered may still be there, and was counted; half of
     * one is owed to nobody. */
    if (conn->counted > 0) {
        conn->bytes_undelivered += conn->held.end - conn->held.at;
        conn->bytes_discarded += leat__frame_partial(&conn->frame);
    }
    conn->loop->pool.held -= conn->counted;
    conn->loop->pool.stored -= conn->stored;
    conn->counted = 0;
    conn->stored = 0;
}

void
leat__conn_forget_input(struct leat_conn *conn)
{
    leat__conn_uncount_input(conn);
    leat__conn_drop_held(conn);
    leat__frame_clear(&conn->frame, &conn->loop->pool);
}
