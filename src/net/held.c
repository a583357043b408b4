/*
 * held.c - input that was received and may not be delivered yet.
 *
 * On the path: conn_in (recv) -> HERE -> conn_in (a later turn's phase 3).
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
    struct leat__held *held = &conn->more->held;
    held->bytes = leat__pool_take(&conn->shared->loop->pool, len, &held->block);
    if (held->bytes == NULL) {
        conn->more->bytes_undelivered += len;
        leat__conn_kill(conn, -ENOMEM);
        return;
    }
    memcpy(held->bytes, bytes, len);
    held->at = 0;
    held->end = len;
    conn->is_holding = true;
}

/* Input that waits in memory is bounded by max_memory like output. */
void
leat__conn_count_input(struct leat_conn *conn)
{
    struct leat__pool *pool = &conn->shared->loop->pool;
    struct leat__more *more = conn->more;
    size_t bytes = more->frame.len + (more->held.end - more->held.at);
    size_t blocks = more->frame.capacity + more->held.block;
    if (conn->is_dying || (bytes == more->counted && blocks == more->stored))
        return;
    pool->held += bytes - more->counted;
    pool->stored += blocks - more->stored;
    more->counted = bytes;
    more->stored = blocks;
    /* 0: what is here is counted already. */
    (void)leat__net_make_room(conn->shared->loop->net, 0);
}

void
leat__conn_drop_held(struct leat_conn *conn)
{
    struct leat__held *held = &conn->more->held;
    leat__pool_give(&conn->shared->loop->pool, held->bytes, held->block);
    *held = (struct leat__held){NULL, 0, 0, 0};
    conn->is_holding = false;
}

void
leat__conn_uncount_input(struct leat_conn *conn)
{
    struct leat__more *more = conn->more;
    if (more == NULL)
        return;
    /* A frame that was delivered may still be there, and was counted; half of
     * one is owed to nobody. */
    if (more->counted > 0) {
        more->bytes_undelivered += more->held.end - more->held.at;
        more->bytes_discarded += leat__frame_partial(&more->frame);
    }
    conn->shared->loop->pool.held -= more->counted;
    conn->shared->loop->pool.stored -= more->stored;
    more->counted = 0;
    more->stored = 0;
}

void
leat__conn_forget_input(struct leat_conn *conn)
{
    if (conn->more == NULL)
        return;
    leat__conn_uncount_input(conn);
    leat__conn_drop_held(conn);
    leat__frame_clear(&conn->more->frame, &conn->shared->loop->pool);
}
