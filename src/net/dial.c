/*
 * dial.c - connections that we open: one address after the other.
 *
 * On the path: addresses -> HERE: socket, connect -> select(): writable -> HERE
 * -> conn.c.
 *
 * Invariants (check.c asserts them):
 *  1. is_dialing: more->dial is not NULL  <=>  it is not connected yet
 *  2. while it is dialing it counts as blocked: it wants to be writable and
 *     nothing else, and what is sent to it waits in the queue
 *  3. a dialing connection that is detached is dying; the next address is tried
 *     at once, not in a later turn
 */
#include <leat/dial.h>

#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "net.h"
#include "sys/sys.h"

#define TIMEOUT_US 10000000

struct leat__dial {
    size_t block;        /* capacity of the pool block */
    size_t count, next;  /* addresses, and the one to try next */
    int64_t deadline_us; /* of all of them; below 0 none */
    int error;           /* of the first that failed; 0 none has */
    struct leat_addr addr[];
};

void
leat__dial_free(struct leat_conn *conn)
{
    if (!conn->is_dialing)
        return;
    struct leat__dial *dial = conn->more->dial;
    leat__pool_give(&conn->shared->loop->pool, dial, dial->block);
    conn->more->dial = NULL;
    conn->is_dialing = false;
}

size_t
leat__dial_left(const struct leat_conn *conn)
{
    return conn->more->dial->count - conn->more->dial->next;
}

/* --- one attempt --- */

/* An address that does not answer at all may use up its share of the time, no
 * more: those after it are to be tried too. */
static void
start_timer(struct leat_conn *conn)
{
    const struct leat__dial *dial = conn->more->dial;
    if (dial->deadline_us < 0)
        return;
    int64_t left_us = dial->deadline_us - leat__loop_fresh(conn->shared->loop);
    leat__conn_watch_dial(conn, left_us / (int64_t)(leat__dial_left(conn) + 1));
}

static int
begin(struct leat_conn *conn, const struct leat_addr *addr)
{
    struct leat_loop *loop = conn->shared->loop;
    int family = addr->storage.ss_family;
    int fd = leat__sys_socket(family, SOCK_STREAM);
    if (fd < 0)
        return fd;
    leat__socket_options(loop, fd, family, &conn->shared->config);
    int error = leat__sys_connect(
        fd, (const struct sockaddr *)&addr->storage, addr->len);
    if (error == 0 || error == -EINPROGRESS) {
        conn->io.fd = fd;
        error = leat__fdset_add(&loop->fds, leat__loop_alloc(loop), &conn->io);
    }
    if (error != 0) {
        conn->io.fd = -1;
        (void)leat__sys_close(fd); /* the first error is the one to tell */
        return error;
    }
    conn->is_detached = false;
    conn->is_unix = family == AF_UNIX;
    leat__conn_update(conn); /* writable: connected, or failed */
    start_timer(conn);
    return 0;
}

static void
note_error(struct leat__dial *dial, int error)
{
    if (dial->error == 0)
        dial->error = error;
}

static void
try_next(struct leat_conn *conn)
{
    struct leat__dial *dial = conn->more->dial;
    while (dial->next < dial->count) {
        int error = begin(conn, &dial->addr[dial->next++]);
        if (error == 0)
            return;
        note_error(dial, error);
    }
    leat__conn_kill(conn, dial->error);
}

/* This address has failed. Its number may be free for the next one's socket at
 * once: a new owner starts with nothing ready. */
static void
give_up(struct leat_conn *conn, int error)
{
    note_error(conn->more->dial, error);
    leat__park_want(conn->shared->loop, &conn->io, 0);
    leat__fdset_remove(&conn->shared->loop->fds, &conn->io);
    (void)leat__sys_close(conn->io.fd); /* the number is free either way */
    conn->io.fd = -1;
    conn->is_detached = true;
    try_next(conn);
}

/* --- what has come of it --- */

/* TCP may connect a socket to itself when the port that it was given happens to
 * be the one it dials, and nobody listens there. Where we cannot tell, it is
 * taken for the server that it nearly always is. */
static bool
has_met_itself(const struct leat_conn *conn, const struct leat_addr *peer)
{
    struct leat_addr own = {.len = sizeof own.storage};
    if (leat__sys_sockname(
            conn->io.fd, (struct sockaddr *)&own.storage, &own.len) != 0)
        return false;
    return own.len == peer->len &&
           memcmp(&own.storage, &peer->storage, own.len) == 0;
}

/* 0 it is connected, -EINPROGRESS not yet, else why not. SO_ERROR is asked only
 * where there is no peer: from a connection it would take the error that recv
 * has to tell, and that without the bytes before it. */
static int
outcome(const struct leat_conn *conn)
{
    struct leat_addr peer = {.len = sizeof peer.storage};
    int result = leat__sys_peername(
        conn->io.fd, (struct sockaddr *)&peer.storage, &peer.len);
    if (result == 0)
        return has_met_itself(conn, &peer) ? -ECONNREFUSED : 0;

    int error = 0;
    int asked = leat__sys_get_option(conn->io.fd, SOL_SOCKET, SO_ERROR, &error);
    if (asked != 0)
        return asked;
    if (error != 0)
        return -error;
    return result == -ENOTCONN ? -EINPROGRESS : result;
}

/* A refused connect is ECONNREFUSED. These two say that somebody answered and
 * has reset since, perhaps not without having sent something. */
static bool
has_answered(int error)
{
    return error == 0 || error == -ECONNRESET || error == -EPIPE;
}

static void
connected(struct leat_conn *conn, int error)
{
    struct leat_loop *loop = conn->shared->loop;
    leat__dial_free(conn);
    leat__due_stop(conn);
    conn->active_us = loop->now_us;
    conn->is_blocked = false;
    leat__conn_watch_idle(conn);
    if (error != 0)
        leat__conn_output_failed(conn, error);
    else if (conn->queue.count > 0 || conn->is_ending || conn->is_half)
        leat__work_add(conn, LEAT__DIRTY);
    leat__conn_room_changed(conn);

    const struct leat_conn_ops *ops = conn->shared->config.ops;
    if (ops->on_open == NULL || conn->is_ending)
        return;
    leat__loop_calls(loop);
    ops->on_open(conn, conn->user);
}

void
leat__dial_ready(struct leat_conn *conn)
{
    int error = outcome(conn);
    if (error == -EINPROGRESS)
        return;
    conn->shared->loop->progress++;
    if (has_answered(error))
        connected(conn, error);
    else
        give_up(conn, error);
}

void
leat__dial_timed_out(struct leat_conn *conn)
{
    if (leat__dial_left(conn) == 0)
        leat__conn_kill(conn, -ETIMEDOUT);
    else
        give_up(conn, -ETIMEDOUT);
}

/* --- the dial --- */

static struct leat__dial *
make_dial(struct leat_loop *loop, const struct leat_addr *addrs, size_t count,
    int64_t timeout_us)
{
    size_t block;
    size_t size = sizeof(struct leat__dial) + count * sizeof *addrs;
    struct leat__dial *dial = leat__pool_take(&loop->pool, size, &block);
    if (dial == NULL)
        return NULL;
    *dial =
        (struct leat__dial){.block = block, .count = count, .deadline_us = -1};
    memcpy(dial->addr, addrs, count * sizeof *addrs);
    if (timeout_us >= 0)
        dial->deadline_us = leat__add_time(
            leat__loop_fresh(loop), timeout_us > 0 ? timeout_us : TIMEOUT_US);
    return dial;
}

static int
make_conn(struct leat_conn **out, struct leat_loop *loop,
    const struct leat_conn_config *config, void *user)
{
    struct leat__net *net = leat__net_of(loop);
    if (net == NULL)
        return -ENOMEM;
    struct leat__shared *shared;
    int error = leat__shared_create(&shared, loop, config);
    if (error != 0)
        return error;
    error = leat__conn_make(out, net, -1, shared, user);
    leat__shared_unref(loop, shared);
    if (error != 0 || leat__more_need(*out) != NULL)
        return error;
    leat__conn_kill(*out, 0);
    leat__work_drop(*out, LEAT__DYING);
    leat__conn_free(*out);
    *out = NULL;
    return -ENOMEM;
}

int
leat_dial(struct leat_conn **out, struct leat_loop *loop,
    const struct leat_addr *addrs, size_t count,
    const struct leat_dial_config *config, void *user)
{
    *out = NULL;
    if (loop->is_doomed)
        return -ESHUTDOWN;
    if (count < 1 || count > LEAT_ADDR_MAX)
        return -EINVAL;
    struct leat__dial *dial = make_dial(loop, addrs, count, config->timeout_us);
    if (dial == NULL)
        return -ENOMEM;
    int error = make_conn(out, loop, &config->conn, user);
    if (error != 0) {
        leat__pool_give(&loop->pool, dial, dial->block);
        return error;
    }

    struct leat_conn *conn = *out;
    conn->more->dial = dial;
    conn->is_dialing = true;
    conn->is_blocked = true;
    leat__due_stop(conn); /* idle counts once it is connected */
    try_next(conn);
    return 0;
}
