/*
 * conn_io.c - bytes between one socket and one connection.
 *
 * On the path: select() -> loop (phase 3) -> HERE: recv -> service;
 *              queue -> HERE (phase 6): send -> socket.
 *
 * Invariants:
 *  1. at most one send and one recv per connection and turn; while draining
 *     there may be a second recv, to find out that there is nothing left
 *  2. recv is called only while nothing is held, so input stays in order
 *  3. after a failed send nothing more is sent, yet input is read to its end:
 *     what the peer sent before it went is not lost
 *  4. end of file is orderly only if no error was latched before it
 */
#include <leat/error.h>

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "net.h"
#include "sys/sys.h"

/* --- input: phase 3 --- */

static void
count_message(struct leat_conn *conn)
{
    conn->msgs_in++;
    conn->shared->loop->stats.msgs_in++;
}

static void
deliver_raw(struct leat_conn *conn, const unsigned char *bytes, size_t len)
{
    const struct leat_conn_ops *ops = conn->shared->config.ops;
    count_message(conn);
    if (ops->on_data == NULL)
        return;
    leat__loop_calls(conn->shared->loop);
    ops->on_data(conn, bytes, len, conn->user);
}

static void
deliver_frame(struct leat_conn *conn, const struct leat_frame *frame)
{
    const struct leat_conn_ops *ops = conn->shared->config.ops;
    count_message(conn);
    if (ops->on_message == NULL)
        return;
    leat__loop_calls(conn->shared->loop);
    ops->on_message(conn, frame, conn->user);
}

/* Hand out frames until the piece is used up or may not be delivered on.
 * Returns how much of it is left; a bad frame ends the connection. */
static size_t
deliver_frames(struct leat_conn *conn, const unsigned char *bytes, size_t len)
{
    const struct leat_frame_config *config = &conn->shared->config.frame;
    while (leat__conn_may_deliver(conn) &&
           leat__loop_may_go_on(conn->shared->loop)) {
        struct leat_frame frame;
        int result = leat__frame_next(&conn->more->frame, config,
            &conn->shared->loop->pool, &bytes, &len, &frame);
        if (result < 0)
            leat__conn_kill(conn, result);
        if (result <= 0)
            return len;
        /* Should it end in the callback, only what is left counts as held. */
        if (conn->is_holding)
            conn->more->held.at = conn->more->held.end - len;
        deliver_frame(conn, &frame);
    }
    return len;
}

static void
deliver(struct leat_conn *conn, const unsigned char *bytes, size_t len)
{
    if (conn->shared->config.frame.kind == LEAT_RAW) {
        deliver_raw(conn, bytes, len);
        return;
    }
    if (leat__more_need(conn) == NULL) {
        leat__conn_kill(conn, -ENOMEM);
        conn->queue.at.spare[LEAT__OVER_UNDELIVERED] += (int64_t)len;
        return;
    }
    size_t left = deliver_frames(conn, bytes, len);
    if (conn->is_dying)
        conn->more->bytes_undelivered += left;
    else if (left > 0 && !conn->is_ending)
        leat__conn_hold(conn, bytes + len - left, left);
    leat__conn_count_input(conn);
    leat__conn_update(conn);
    leat__conn_put_off(conn);
    leat__more_settle(conn);
}

/* The end of the peer's stream, told once everything before it has been
 * delivered and as soon as the program wants to hear of it. */
static void
tell_eof(struct leat_conn *conn)
{
    struct leat_frame frame;
    int result = 0;
    conn->owes_eof = false;
    if (conn->more != NULL)
        result = leat__frame_last(
            &conn->more->frame, &conn->shared->config.frame, &frame);
    if (result < 0)
        leat__conn_kill(conn, result);
    else if (result > 0)
        deliver_frame(conn, &frame);
    if (conn->is_dying || conn->is_ending)
        return;
    if (!leat__conn_may_deliver(conn)) {
        conn->owes_eof = true; /* the last line has paused it, or filled it */
        return;
    }

    const struct leat_conn_ops *ops = conn->shared->config.ops;
    if (ops->on_eof == NULL) {
        leat_conn_end(conn);
        return;
    }
    leat__loop_calls(conn->shared->loop);
    ops->on_eof(conn, conn->user);
    if (conn->is_half)
        leat_conn_end(conn); /* now both halves are closed */
}

static void
input_ended(struct leat_conn *conn)
{
    conn->has_eof = true;
    conn->shared->loop->progress++;
    leat__conn_update(conn);
    if (conn->error != 0 || conn->has_fin) {
        leat__conn_kill(conn, conn->reason);
        return;
    }
    if (conn->is_ending)
        return;            /* what is queued is still sent, then FIN */
    conn->owes_eof = true; /* paused or full: told later */
    if (leat__conn_may_deliver(conn))
        tell_eof(conn);
}

static void
took_in(struct leat_conn *conn, size_t len)
{
    struct leat_loop *loop = conn->shared->loop;
    conn->bytes_in += len;
    loop->stats.bytes_in += len;
    loop->progress++;
    conn->active_us = loop->now_us;
    if (conn->more != NULL)
        conn->more->starved_us = 0;
    if (conn->is_narrow)
        leat__conn_widen(conn);
}

static void
input_failed(struct leat_conn *conn, int error)
{
    if (error == -EAGAIN || error == -EWOULDBLOCK || error == -EINTR)
        return;
    if (error == -ENOMEM || error == -ENOBUFS) {
        leat__conn_starve(conn, error);
        return;
    }
    if (conn->error == 0)
        conn->error = (int16_t)error;
    leat__conn_kill(conn, error);
}

/* What is discarded is counted: without a place for that, not yet. */
static bool
may_discard(struct leat_conn *conn)
{
    return conn->more != NULL || leat__more_have(conn->shared->loop->net);
}

/* One recv, and what comes of it. Returns its result. */
static ssize_t
receive(struct leat_conn *conn)
{
    if (conn->is_ending && !may_discard(conn)) {
        leat__conn_rest(conn);
        return -EAGAIN;
    }
    /* Passing the mark is the one recv that begins at it. */
    bool passes = conn->is_marked && leat__sys_at_mark(conn->io.fd) == 1;
    struct leat__net *net = conn->shared->loop->net;
    unsigned char *chunk = net->chunk->bytes;
    ssize_t n = conn->is_memory
                    ? leat__pair_recv(conn, chunk, LEAT__CHUNK)
                    : leat__sys_recv(conn->io.fd, chunk, LEAT__CHUNK);
    if (n > 0 && passes) {
        conn->is_marked = false;
        leat__conn_update(conn);
    }
    if (n < 0)
        input_failed(conn, (int)n);
    else if (n == 0)
        input_ended(conn);
    else
        took_in(conn, (size_t)n);
    if (n > 0 && conn->is_ending)
        leat__more_need(conn)->bytes_discarded += (size_t)n;
    else if (n > 0)
        deliver(conn, chunk, (size_t)n);
    if (net->spare != NULL)
        leat__chunk_renew(net);
    return n;
}

/* While draining a connection is served until there is nothing to be received
 * and nothing to be sent; then it ends. */
static void
drain(struct leat_conn *conn)
{
    if (conn->is_dying || conn->is_holding)
        return;
    if (!leat__conn_may_receive(conn)) {
        if (conn->has_eof && !conn->owes_eof && conn->queue.count == 0)
            leat_conn_end(conn);
        return;
    }
    ssize_t n = receive(conn);
    bool is_quiet = n == -EAGAIN || n == -EWOULDBLOCK;
    if (is_quiet && conn->queue.count == 0)
        leat_conn_end(conn);
    else if (!is_quiet && !conn->is_dying && !conn->is_ending)
        leat__work_add(conn, LEAT__HELD);
}

static void
deliver_held(struct leat_conn *conn)
{
    struct leat__held *held = &conn->more->held;
    const unsigned char *bytes = held->bytes + held->at;
    size_t left = deliver_frames(conn, bytes, held->end - held->at);
    held->at = held->end - left;
    if (left == 0 && !conn->is_dying)
        leat__conn_drop_held(conn);
    leat__conn_count_input(conn);
    leat__conn_update(conn);
}

void
leat__conn_held(struct leat_conn *conn)
{
    if (conn->is_holding && leat__conn_may_deliver(conn))
        deliver_held(conn);
    if (!conn->is_holding && conn->owes_eof && leat__conn_may_deliver(conn))
        tell_eof(conn);
    if (conn->is_draining && !conn->is_ending)
        drain(conn);
    else if (conn->is_memory && leat__conn_may_receive(conn))
        receive(conn);
    leat__conn_put_off(conn);
    leat__more_settle(conn);
}

/* --- urgent data --- */

static void
urgent(struct leat_conn *conn)
{
    const struct leat_conn_ops *ops = conn->shared->config.ops;
    conn->is_marked = true;
    leat__conn_update(conn);
    conn->shared->loop->progress++;
    if (ops->on_urgent == NULL)
        return;
    leat__loop_calls(conn->shared->loop);
    ops->on_urgent(conn, conn->user);
}

static void
lost(struct leat_conn *conn)
{
    leat__conn_kill(conn, -EBADF);
    leat__fdset_remove(&conn->shared->loop->fds, &conn->io);
    conn->is_detached = true;
}

void
leat__conn_ready(struct leat__io *io, unsigned ready)
{
    struct leat_conn *conn = LEAT__CONTAINER(io, struct leat_conn, io);
    if (ready == LEAT_READABLE) {
        receive(conn);
        return;
    }
    if (ready == LEAT_WRITABLE && conn->is_dialing) {
        leat__dial_ready(conn);
        return;
    }
    if (ready == LEAT_WRITABLE) {
        conn->is_blocked = false;
        conn->is_promised = true;
        leat__work_add(conn, LEAT__DIRTY);
        return;
    }
    if (ready == LEAT_EXCEPTIONAL)
        urgent(conn);
    else
        lost(conn);
}

/* --- output: phase 6 --- */

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

static ssize_t
send_many(const struct leat_conn *conn)
{
    struct iovec iov[LEAT__GATHER_MAX];
    size_t bytes;
    size_t count =
        leat__queue_gather(&conn->queue, iov, LEAT__GATHER_MAX, &bytes);
    return leat__sys_sendv(conn->io.fd, iov, count);
}

/* One gathered send. Returns whether output can go on. */
static bool
send_once(struct leat_conn *conn, bool was_promised)
{
    if (conn->is_memory)
        return leat__pair_send(conn);
    ssize_t n = conn->queue.count == 1 ? send_one(conn) : send_many(conn);
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
    conn->is_promised = false;
    if (conn->queue.count > 0 && !send_once(conn, was_promised))
        return;

    conn->is_blocked = conn->queue.count > 0;
    if (conn->is_blocked)
        conn->mark = (uint32_t)(conn->shared->loop->now_us / 1000);
    if (conn->more != NULL)
        leat__more_settle(conn);
    if (conn->is_blocked || was_promised)
        leat__conn_update(conn); /* else it does not wait for room, nor did */
    leat__net_gate(conn->shared->loop->net);
    if (leat__queue_drained(&conn->queue, &conn->shared->limits))
        drained(conn);
    /* What on_drain has queued leaves next turn, and FIN only after it. */
    if (!conn->is_dying && conn->queue.count == 0)
        leat__conn_all_sent(conn);
}
