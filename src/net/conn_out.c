/*
 * conn_out.c - bytes from one connection's queue to its socket.
 *
 * On the path: queue -> HERE (phase 6): send -> socket.
 *
 * Invariants:
 *  1. at most one send per connection and turn
 *  2. after a failed send nothing more is sent, yet input is read to its end:
 *     what the peer sent before it went is not lost
 */
#include <assert.h>
#include <errno.h>

#include "net.h"
#include "sys/sys.h"

/* Output is over, input is not: it is read until it ends, by itself or by the
 * error that is surely coming. */
void
leat__conn_output_failed(struct leat_conn *conn, int error)
{
    conn->error = (int16_t)error;
    conn->shared->loop->progress++;
    leat__conn_lose_output(conn);
    leat__net_gate(conn->shared->loop->net);
    if (conn->has_eof) {
        leat__conn_kill(conn, error);
        return;
    }
    leat__conn_room_changed(conn);
    if (conn->is_ending)
        leat__conn_linger(conn);
}

void
leat__conn_took_out(struct leat_conn *conn, size_t len)
{
    struct leat_loop *loop = conn->shared->loop;
    conn->bytes_out += len;
    loop->stats.bytes_out += len;
    loop->progress++;
    conn->active_us = loop->now_us;
    if (conn->more != NULL)
        conn->more->starved_us = 0;
    leat__queue_consume(&conn->queue, &loop->pool, len);
}

/* The usual case, apart: room for 64 pieces on the stack is more than it needs,
 * and a hardened build clears it each time. */
static ssize_t
send_one(const struct leat_conn *conn)
{
    struct iovec piece;
    size_t bytes;
    leat__queue_gather(&conn->queue, &piece, 1, &bytes);
    return leat__sys_send(conn->io.fd, piece.iov_base, piece.iov_len);
}

/* So many bytes cost less to copy than their pieces cost to describe. */
#define PACK_BYTES ((size_t)2048)

static ssize_t
send_packed(const struct leat_conn *conn)
{
    unsigned char *packed = leat__chunk_scratch(conn->shared->loop->net);
    size_t bytes = leat__queue_pack(&conn->queue, packed);
    return leat__sys_send(conn->io.fd, packed, bytes);
}

static ssize_t
send_many(const struct leat_conn *conn)
{
    struct iovec iov[LEAT__GATHER_MAX];
    size_t bytes;
    size_t count =
        leat__queue_gather(&conn->queue, iov, LEAT__GATHER_MAX, &bytes);
    return leat__sys_sendv(conn->io.fd, iov, count);
}

static ssize_t
send_queued(const struct leat_conn *conn)
{
    if (conn->queue.count == 1)
        return send_one(conn);
    return conn->queue.bytes <= PACK_BYTES ? send_packed(conn)
                                           : send_many(conn);
}

/* One gathered send. Returns whether output can go on. */
static bool
send_once(struct leat_conn *conn, bool was_promised)
{
    if (conn->is_memory)
        return leat__pair_send(conn);
    ssize_t n = send_queued(conn);
    if (n >= 0) {
        leat__conn_took_out(conn, (size_t)n);
        return true;
    }
    if (n == -EINTR)
        return true;
    /* While the kernel has too little memory for TCP, a socket is writable and
     * takes nothing: to ask whenever it is would be to ask without end. */
    if (n == -EAGAIN || n == -EWOULDBLOCK) {
        if (was_promised)
            leat__conn_rest(conn);
        return !was_promised;
    }
    if (n == -ENOBUFS || n == -ENOMEM)
        leat__conn_starve(conn, (int)n);
    else
        leat__conn_output_failed(conn, (int)n);
    return false;
}

static void
drained(struct leat_conn *conn)
{
    const struct leat_conn_ops *ops = conn->shared->config.ops;
    leat__conn_room_changed(conn);
    if (ops->on_drain == NULL || conn->is_ending || conn->is_half ||
        conn->shared->loop->is_doomed)
        return;
    leat__loop_calls(conn->shared->loop);
    ops->on_drain(conn, conn->user);
}

void
leat__conn_flush(struct leat_conn *conn)
{
    assert(!conn->is_dying);
    /* Whoever was looking at it has returned by now. */
    if (conn->is_ending)
        leat__conn_forget_input(conn);
    bool was_promised = conn->is_promised;
    bool was_waiting = conn->is_blocked || was_promised;
    conn->is_promised = false;
    if (conn->queue.count > 0 && !send_once(conn, was_promised))
        return;

    conn->is_blocked = conn->queue.count > 0;
    if (conn->is_blocked)
        conn->mark = (uint32_t)(conn->shared->loop->now_us / 1000);
    if (conn->more != NULL)
        leat__more_settle(conn);
    if (conn->is_blocked || was_waiting)
        leat__conn_update(conn); /* else it does not wait for room, nor did */
    leat__net_gate(conn->shared->loop->net);
    if (leat__queue_drained(&conn->queue, &conn->shared->limits))
        drained(conn);
    /* What on_drain has queued leaves next turn, and FIN only after it. */
    if (!conn->is_dying && conn->queue.count == 0)
        leat__conn_all_sent(conn);
}
