/*
 * conn_in.c - bytes from one socket to one connection's program.
 *
 * On the path: select() -> loop (phase 3) -> HERE: recv -> service.
 *
 * Invariants:
 *  1. at most one recv per connection and turn; while draining there may be a
 *     second one, to find out that there is nothing left
 *  2. recv is called only while nothing is held, so input stays in order
 *  3. end of file is orderly only if no error was latched before it
 */
#include <errno.h>

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
    else if (conn->is_ending)
        conn->more->bytes_discarded += left; /* as if it came one recv later */
    else if (left > 0)
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
    if (net->chunk->queued > 0)
        leat__chunk_renew(net);
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
