/*
 * fin.c - what follows when everything is sent.
 *
 * On the path: flush (phase 6) has emptied the queue -> HERE -> shutdown(2).
 *
 * FIN is sent for two reasons. At the end (has_fin) nothing is delivered any
 * more either, and linger.c bounds the wait for the peer; after a half-close
 * (is_shut) the connection is read as before.
 */
#include "net.h"
#include "sys/sys.h"

/* Say so to the peer. That it has gone already is no error, its end will be
 * read. A twin sees it in has_fin and is_shut. */
static void
shut(const struct leat_conn *conn)
{
    if (!conn->is_memory && !conn->is_shut)
        (void)leat__sys_shutdown(conn->io.fd, SHUT_WR);
}

static void
send_fin(struct leat_conn *conn)
{
    if (conn->has_fin)
        return;
    shut(conn);
    if (conn->has_eof)
        leat__conn_kill(conn, conn->reason);
    else
        leat__conn_linger(conn);
    if (conn->is_memory)
        leat__pair_end(conn);
}

static void
close_half(struct leat_conn *conn)
{
    if (conn->is_shut)
        return;
    shut(conn);
    conn->is_shut = true;
    if (conn->is_memory)
        leat__pair_end(conn);
}

void
leat__conn_all_sent(struct leat_conn *conn)
{
    if (conn->is_ending) {
        send_fin(conn);
        return;
    }
    if (conn->is_half)
        close_half(conn);
    if (conn->is_draining)
        leat__work_add(conn, LEAT__HELD);
}
