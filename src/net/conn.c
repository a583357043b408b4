/*
 * conn.c - a connection's life: made, sent to, ended, reaped.
 *
 * On the path: service -> HERE: queue -> dirty list -> conn_out.c (phase 6).
 *
 * Invariants (check.c asserts them):
 *  1. a dying connection has no wants, an empty queue and is on loop->dying
 *  2. queue not empty  =>  it is dirty, or is_blocked, or is_starved
 *  3. is_holding  =>  it is not read
 *  4. state only moves open -> ending -> dying; has_fin => is_ending
 *
 * Nothing here sends and nothing but reap calls back.
 */
#include "socket.h"

#include <leat/error.h>
#include <leat/flow.h>

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "sys/sys.h"

/* --- made --- */

static void
init(struct leat_conn *conn, struct leat__shared *shared, int fd)
{
    memset(conn, 0, sizeof *conn);
    conn->io = (struct leat__io){
        .fd = fd, .on_ready = leat__conn_ready, .is_parkable = true};
    conn->shared = shared;
    leat__queue_init(&conn->queue);
    conn->opened_us = conn->active_us = shared->loop->now_us;
    conn->mark = (uint32_t)(shared->loop->now_us / 1000);
}

int
leat__conn_make(struct leat_conn **out, struct leat__net *net, int fd,
    struct leat__shared *shared, void *user)
{
    struct leat_loop *loop = net->loop;
    struct leat_conn *conn = leat__slab_take(&net->conn_slab);
    if (conn == NULL)
        return -ENOMEM;
    init(conn, shared, fd);

    conn->is_detached = fd < 0;
    int error = conn->is_detached ? 0
                                  : leat__fdset_add(&loop->fds,
                                        leat__loop_alloc(loop), &conn->io);
    if (error != 0)
        goto err_give_conn;
    error = leat__net_enter(net, conn);
    if (error != 0)
        goto err_remove_io;

    conn->user = user;
    shared->refs++;
    if (shared->listener != NULL)
        shared->listener->conns++;
    leat__conn_watch_idle(conn);
    leat__conn_update(conn);
    leat__net_place_taken(net, shared->listener);
    *out = conn;
    return 0;

err_remove_io:
    if (!conn->is_detached)
        leat__fdset_remove(&loop->fds, &conn->io);
err_give_conn:
    leat__slab_give(&net->conn_slab, conn);
    return error;
}

static int
family_of(int fd)
{
    struct leat_addr addr = {.len = sizeof addr.storage};
    int error =
        leat__sys_sockname(fd, (struct sockaddr *)&addr.storage, &addr.len);
    return error != 0 ? error : addr.storage.ss_family;
}

static int
prepare(int fd)
{
    int error = leat__sys_set_nonblocking(fd);
    return error != 0 ? error : leat__sys_set_cloexec(fd);
}

int
leat_conn_adopt(struct leat_conn **out, struct leat_loop *loop, int fd,
    const struct leat_conn_config *config, void *user)
{
    *out = NULL;
    if (loop->is_doomed)
        return -ESHUTDOWN;
    struct leat__net *net = leat__net_of(loop);
    if (net == NULL)
        return -ENOMEM;
    int family = family_of(fd);
    if (family < 0)
        return family;
    int error = prepare(fd);
    if (error != 0)
        return error;

    struct leat__shared *shared;
    error = leat__shared_create(&shared, loop, config);
    if (error != 0)
        return error;
    error = leat__conn_make(out, net, fd, shared, user);
    if (error == 0) {
        (*out)->is_unix = family == AF_UNIX;
        leat__socket_options(loop, fd, family, &shared->config);
    }
    leat__shared_unref(loop, shared);
    return error;
}

/* --- sent to --- */

static int
may_send(const struct leat_conn *conn, size_t len)
{
    if (conn->is_dying || conn->is_ending || conn->is_half)
        return -ESHUTDOWN;
    if (conn->shared->loop->is_doomed)
        return -ESHUTDOWN; /* it would never leave */
    if (conn->error != 0)
        return conn->error;
    if (len == 0)
        return -EINVAL;
    bool fits = len <= conn->shared->limits.limit && len <= LEAT__MESSAGE_MAX;
    return fits ? 0 : -EMSGSIZE;
}

/* Every drop is counted: where there may be one there is a place for it. The
 * room rule leaves a chunk's room above high. */
static bool
may_count(struct leat_conn *conn, size_t len)
{
    if (!conn->queue.is_full && len <= LEAT__CHUNK)
        return true;
    return leat__more_need(conn) != NULL;
}

/* Keep within max_memory with one more block of this size, for a message of
 * that length. */
static int
make_room(struct leat_conn *conn, size_t size, size_t len)
{
    int error = leat__net_make_room(conn->shared->loop->net, size);
    if (error != 0)
        return error;
    /* It may have cost us our own life. */
    if (conn->is_dying)
        return -ESHUTDOWN;
    return may_count(conn, len) ? 0 : -ENOMEM;
}

static void
make_dirty(struct leat_conn *conn)
{
    /* While the kernel has no room it will tell us; a timer, when it has no
     * memory. Until then another try would be wasted. */
    if (!conn->is_blocked && !conn->is_starved)
        leat__work_add(conn, LEAT__DIRTY);
}

/* Book what the queue said, and pass it on. */
static int
queued(struct leat_conn *conn, int result, const struct leat__drops *drops)
{
    struct leat_loop *loop = conn->shared->loop;
    if (drops->msgs > 0) {
        conn->more->drops += drops->msgs;
        loop->stats.drops += drops->msgs;
    }
    if (result == 0) {
        conn->msgs_out++;
        loop->stats.msgs_out++;
        make_dirty(conn);
    }
    if (result == -ENOBUFS && conn->shared->limits.policy == LEAT_CLOSE)
        leat__conn_kill(conn, -ENOBUFS);
    return result;
}

/* To the program a message that a drop policy has dropped is sent. */
static int
told(int result)
{
    return result == LEAT__DROPPED ? 0 : result;
}

/* The usual case, apart: below the mark of the gate even with a message's block
 * and a ring, twice a chunk at most, so that nobody is shed and the gate stays
 * as it is; and nothing is dropped, since above high there is room for a chunk.
 */
static inline bool
has_plenty(const struct leat_conn *conn, size_t len)
{
    const struct leat__net *net = conn->shared->loop->net;
    return len <= LEAT__CHUNK && !conn->queue.is_full && !net->is_tight &&
           leat__net_used(net) + 2 * LEAT__CHUNK <= net->tight;
}

/* What the program was just given and sends on whole. */
static inline struct leat_message *
chunk_of(const struct leat_conn *conn, const void *bytes, size_t len)
{
    struct leat__net *net = conn->shared->loop->net;
    if (len <= LEAT__CHUNK / 2 || bytes != net->chunk->bytes)
        return NULL;
    return leat__chunk_share(net, len);
}

int
leat_conn_send(struct leat_conn *conn, const void *bytes, size_t len)
{
    int error = may_send(conn, len);
    struct leat_message *chunk = error == 0 ? chunk_of(conn, bytes, len) : NULL;
    if (chunk != NULL)
        return leat_conn_send_message(conn, chunk);
    /* Nobody is shed for what a full queue will not take. */
    if (error == 0 && !has_plenty(conn, len))
        error = make_room(conn,
            leat__queue_cost(&conn->queue, &conn->shared->limits, len), len);
    if (error != 0)
        return error;
    struct leat__drops drops = {0, 0};
    bool was_full = conn->queue.is_full;
    int result = leat__queue_copy(&conn->queue, &conn->shared->loop->pool,
        &conn->shared->limits, bytes, len, &drops);
    if (conn->queue.is_full != was_full)
        leat__conn_room_changed(conn);
    return told(queued(conn, result, &drops));
}

static size_t
cost_of(const struct leat_conn *conn, const struct leat_message *message)
{
    if (message->queued > 0)
        return 0;
    bool may_come = leat__queue_may_take(
        &conn->queue, &conn->shared->limits, message->size);
    return may_come ? message->block : 0;
}

int
leat__conn_send_message(struct leat_conn *conn, struct leat_message *message)
{
    int error = may_send(conn, message->size);
    /* What is in a queue already is stored, and counted, once. */
    if (error == 0 && !has_plenty(conn, message->size))
        error = make_room(conn, cost_of(conn, message), message->size);
    if (error != 0)
        return error;
    struct leat__drops drops = {0, 0};
    bool was_full = conn->queue.is_full;
    int result = leat__queue_push(&conn->queue, &conn->shared->loop->pool,
        &conn->shared->limits, message, &drops);
    if (conn->queue.is_full != was_full)
        leat__conn_room_changed(conn);
    return queued(conn, result, &drops);
}

int
leat_conn_send_message(struct leat_conn *conn, struct leat_message *message)
{
    return told(leat__conn_send_message(conn, message));
}

/* --- ended --- */

static int
end_reason(const struct leat_conn *conn)
{
    return conn->has_eof ? LEAT_EOF : 0;
}

void
leat_conn_end(struct leat_conn *conn)
{
    if (conn->is_dying || conn->is_ending)
        return;
    conn->is_ending = true;
    conn->reason = (int16_t)end_reason(conn);
    /* Input still held is not for the program any more. It is given back in
     * phase 7, as it may be what the program is looking at. */
    leat__work_drop(conn, LEAT__HELD);
    leat__group_leave_all(conn);
    leat__conn_room_changed(conn);
    make_dirty(conn); /* FIN: phase 6 */
}

void
leat_conn_half_close(struct leat_conn *conn)
{
    if (conn->is_dying || conn->is_ending || conn->is_half)
        return;
    conn->is_half = true;
    if (conn->has_eof && !conn->owes_eof)
        leat_conn_end(conn); /* the other half is closed already */
    else
        make_dirty(conn); /* FIN: phase 6 */
}

void
leat_conn_drain(struct leat_conn *conn)
{
    if (conn->is_dying)
        return;
    conn->is_draining = true;
    if (conn->has_fin)
        leat__conn_linger(conn);
    else if (!conn->is_ending)
        leat__work_add(conn, LEAT__HELD);
}

void
leat_conn_close(struct leat_conn *conn)
{
    leat__conn_kill(conn, end_reason(conn));
}

void
leat_conn_abort(struct leat_conn *conn)
{
    if (!conn->is_dying)
        conn->is_reset = true;
    leat__conn_kill(conn, -ECONNABORTED);
}

void
leat__conn_over(struct leat_conn *conn)
{
    assert(conn->queue.count == 0 && !conn->queue.is_ring);
    if (conn->is_over)
        return;
    conn->is_over = true;
    conn->queue.at.spare[LEAT__OVER_LOST] = 0;
    conn->queue.at.spare[LEAT__OVER_FIN_US] = 0;
}

void
leat__conn_lose_output(struct leat_conn *conn)
{
    struct leat_loop *loop = conn->shared->loop;
    size_t lost = conn->queue.bytes;
    if (!conn->is_over)
        leat__queue_clear(&conn->queue, &loop->pool);
    leat__conn_over(conn);
    conn->queue.at.spare[LEAT__OVER_LOST] += (int64_t)lost;
    loop->stats.bytes_lost += lost;
    conn->is_blocked = false;
    leat__work_drop(conn, LEAT__DIRTY);
}

void
leat__conn_kill(struct leat_conn *conn, int reason)
{
    if (conn->is_dying)
        return;
    conn->is_dying = true;
    conn->reason = conn->error;
    if (conn->error == 0)
        conn->reason = (int16_t)reason;
    leat__conn_lose_output(conn);
    conn->queue.at.spare[LEAT__OVER_UNDELIVERED] = 0;
    /* Held input stays until phase 7, since the program may be looking at it;
     * it stops counting now, so that shedding sees what it has gained. */
    leat__conn_uncount_input(conn);
    leat__work_drop(conn, LEAT__HELD);
    leat__due_stop(conn);
    leat__conn_update(conn);
    leat__conn_uncouple_all(conn);
    leat__group_leave_all(conn);
    leat__pair_part(conn);
    leat__work_add(conn, LEAT__DYING);
}

/* --- reaped --- */

static void
close_socket(struct leat_conn *conn)
{
    if (conn->is_detached)
        return; /* the number may be somebody else's by now */
    leat__fdset_remove(&conn->shared->loop->fds, &conn->io);
    if (conn->is_reset)
        (void)leat__sys_linger_reset(conn->io.fd); /* else an ordinary close */
    (void)leat__sys_close(conn->io.fd); /* the number is free either way */
}

void
leat__conn_free(struct leat_conn *conn)
{
    close_socket(conn);
    struct leat_loop *loop = conn->shared->loop;
    struct leat__net *net = loop->net;
    struct leat__shared *shared = conn->shared;
    leat__conn_forget_input(conn);
    leat__dial_free(conn);
    leat__more_free(conn);
    leat__net_leave(net, conn);
    if (shared->listener != NULL)
        shared->listener->conns--;
    leat__shared_unref(loop, shared);
    leat__slab_give(&net->conn_slab, conn);
    leat__net_place_free(net);
    leat__net_gate(net);
}

void
leat__conn_reap(struct leat_conn *conn)
{
    const struct leat_conn_ops *ops = conn->shared->config.ops;
    conn->shared->loop->stats.closed++;
    if (ops->on_close != NULL) {
        leat__loop_calls(conn->shared->loop);
        ops->on_close(conn, conn->reason, conn->user);
    }
    /* What was coupled to it inside on_close ends with it. */
    leat__conn_uncouple_all(conn);
    leat__conn_free(conn);
}
