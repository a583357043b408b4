/*
 * conn_tell.c - what a connection tells of itself. Nothing here changes it, but
 * for its user pointer.
 *
 * On the path: program -> HERE.
 */
#include <errno.h>

#include "net.h"
#include "sys/sys.h"

#include <leat/stats.h>

struct leat_loop *
leat_conn_loop(const struct leat_conn *conn)
{
    return conn->shared->loop;
}

void
leat_conn_each(struct leat_loop *loop, leat_group_fn fn, void *user)
{
    const struct leat__net *net = loop->net;
    struct leat_conn *conn;
    if (net == NULL)
        return;
    for (uint32_t at = 0; (conn = leat__net_next(net, &at)) != NULL;)
        fn(conn, user);
}

void *
leat_conn_user(const struct leat_conn *conn)
{
    return conn->user;
}

void
leat_conn_set_user(struct leat_conn *conn, void *user)
{
    conn->user = user;
}

int
leat_conn_peer(const struct leat_conn *conn, struct leat_addr *addr)
{
    if (conn->is_detached)
        return conn->is_memory || conn->is_dialing ? -ENOTCONN : -EBADF;
    addr->len = sizeof addr->storage;
    return leat__sys_peername(
        conn->io.fd, (struct sockaddr *)&addr->storage, &addr->len);
}

/* Received and still to be delivered. A frame that was delivered may be there
 * all the same: it is counted as memory, not here. */
static size_t
waiting(const struct leat_conn *conn)
{
    const struct leat__more *more = conn->more;
    if (more == NULL || conn->is_dying)
        return 0;
    return more->held.end - more->held.at + leat__frame_partial(&more->frame);
}

void
leat_conn_stats(const struct leat_conn *conn, struct leat_conn_stats *stats)
{
    static const struct leat__more nothing;
    const struct leat__more *more = conn->more != NULL ? conn->more : &nothing;
    const int64_t *over = conn->queue.at.spare;
    uint64_t lost = conn->is_over ? (uint64_t)over[LEAT__OVER_LOST] : 0;
    size_t undelivered =
        conn->is_dying ? (size_t)over[LEAT__OVER_UNDELIVERED] : 0;
    *stats = (struct leat_conn_stats){.bytes_in = conn->bytes_in,
        .bytes_out = conn->bytes_out,
        .msgs_in = conn->msgs_in,
        .msgs_out = conn->msgs_out,
        .drops = more->drops,
        .bytes_lost = lost,
        .bytes_discarded = more->bytes_discarded,
        .open_us = conn->shared->loop->now_us - conn->opened_us,
        .queued_bytes = conn->queue.bytes,
        .queued_msgs = conn->queue.count,
        .held_bytes = waiting(conn) + more->bytes_undelivered + undelivered};
}
