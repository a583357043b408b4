/*
 * accept.c - new peers, as many as there is room for.
 *
 * On the path: select() -> loop (phase 3) -> HERE: accept4 -> conn.c.
 *
 * A listener that cannot take the next peer leaves the readable set: a full
 * one would otherwise be reported for ever (EMFILE leaves the backlog as it
 * is). It has a bit for each reason and accepts while it has none.
 */
#include <errno.h>

#include "socket.h"
#include "sys/sys.h"

#define ACCEPTS_PER_TURN 16
#define ERRORS_IN_A_ROW 64 /* four turns of nothing else */
#define BACKOFF_FIRST_US 100000
#define BACKOFF_LAST_US 1000000

/* --- pausing --- */

static void
update(struct leat_listener *listener)
{
    unsigned events = listener->pauses == 0 ? LEAT_READABLE : 0;
    for (size_t i = 0; i < listener->count; i++)
        if (!listener->socket[i].is_lost)
            leat__fdset_want(
                &listener->loop->fds, &listener->socket[i].io, events);
}

void
leat__listener_set_pauses(
    struct leat_listener *listener, unsigned set, unsigned clear)
{
    unsigned pauses = (listener->pauses & ~clear) | set;
    if (pauses == listener->pauses || listener->is_closed)
        return;
    bool was_starved = listener->pauses & LEAT__PAUSE_FDS;
    listener->pauses = pauses;
    update(listener);
    if (!was_starved || pauses & LEAT__PAUSE_FDS)
        return;
    leat_timer_stop(&listener->timer);
    leat__loop_note(listener->loop, &(struct leat_note){.level = LEAT_NOTE_INFO,
                                        .key = "accept-resumed",
                                        .fd = listener->socket[0].io.fd});
}

static bool
is_loop_full(const struct leat_loop *loop)
{
    return loop->net->count >= loop->config.max_conns;
}

static bool
is_full(const struct leat_listener *listener)
{
    size_t max = listener->config.max;
    return is_loop_full(listener->loop) || (max != 0 && listener->conns >= max);
}

/* The last place was taken, or one is free again: which listeners may go on? */
static void
update_places(struct leat__net *net, unsigned clear)
{
    for (struct leat__node *node = net->listeners.next; node != &net->listeners;
         node = node->next) {
        struct leat_listener *listener =
            LEAT__CONTAINER(node, struct leat_listener, node);
        bool full = is_full(listener);
        leat__listener_set_pauses(listener, full ? LEAT__PAUSE_MAX : 0,
            full ? 0 : LEAT__PAUSE_MAX | clear);
    }
}

/* Leave the set before select() reports who cannot be taken. */
void
leat__net_place_taken(
    struct leat__net *net, const struct leat_listener *listener)
{
    if (is_loop_full(net->loop) || (listener != NULL && is_full(listener)))
        update_places(net, 0);
}

void
leat__net_place_free(struct leat__net *net)
{
    if (!net->loop->is_doomed)
        update_places(net, LEAT__PAUSE_FDS);
}

/* --- what a failed accept means --- */

enum meaning { NOTHING_LEFT, TRY_NEXT, OUT_OF_FDS, LISTENER_BROKEN };

static const struct {
    int error;
    enum meaning meaning;
} meanings[] = {
    {-EAGAIN, NOTHING_LEFT},
    {-EWOULDBLOCK, NOTHING_LEFT},
    /* These belong to the new connection, accept(2), not to the listener. */
    {-EINTR, TRY_NEXT},
    {-ECONNABORTED, TRY_NEXT},
    {-EPROTO, TRY_NEXT},
    {-ENETDOWN, TRY_NEXT},
    {-ENOPROTOOPT, TRY_NEXT},
    {-EHOSTDOWN, TRY_NEXT},
    {-ENONET, TRY_NEXT},
    {-EHOSTUNREACH, TRY_NEXT},
    {-EOPNOTSUPP, TRY_NEXT},
    {-ENETUNREACH, TRY_NEXT},
    {-ETIMEDOUT, TRY_NEXT},
    {-EPERM, TRY_NEXT}, /* a firewall said no */
    {-EMFILE, OUT_OF_FDS},
    {-ENFILE, OUT_OF_FDS},
    {-ENOBUFS, OUT_OF_FDS},
    {-ENOMEM, OUT_OF_FDS},
};

static enum meaning
meaning_of(int error)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (meanings[i].error == error)
            return meanings[i].meaning;
    return LISTENER_BROKEN;
}

static void
note(struct leat_loop *loop, const char *key, int error, int fd)
{
    leat__loop_note(loop,
        &(struct leat_note){
            .level = LEAT_NOTE_WARN, .key = key, .error = error, .fd = fd});
}

static void
back_off(struct leat_listener *listener, int error)
{
    int64_t delay_us = listener->backoff_us;
    listener->backoff_us =
        delay_us * 2 < BACKOFF_LAST_US ? delay_us * 2 : BACKOFF_LAST_US;
    leat_timer_start(&listener->timer, delay_us, 0);
    leat__listener_set_pauses(listener, LEAT__PAUSE_FDS, 0);
    note(listener->loop, "accept-paused", error, listener->socket[0].io.fd);
}

static void
break_socket(struct leat__socket *socket, int error)
{
    struct leat_loop *loop = socket->listener->loop;
    note(loop, "listener-failed", error, socket->io.fd);
    leat__fdset_remove(&loop->fds, &socket->io);
    socket->is_lost = true;
    if (error != -EBADF)
        (void)leat__sys_close(socket->io.fd); /* the number is free anyway */
}

/* Whether another accept may succeed now. */
static bool
accept_failed(struct leat__socket *socket, int error)
{
    struct leat_loop *loop = socket->listener->loop;
    enum meaning meaning = meaning_of(error);
    if (meaning == NOTHING_LEFT) {
        socket->errors = 0;
        return false;
    }
    loop->stats.accept_errors++;
    loop->progress++;
    if (meaning == TRY_NEXT) {
        note(loop, "accept-error", error, socket->io.fd);
        if (++socket->errors < ERRORS_IN_A_ROW)
            return true;
        /* Whom a security module refuses stays in the backlog, and the socket
         * readable. */
        socket->errors = 0;
        meaning = OUT_OF_FDS;
    }
    if (meaning == OUT_OF_FDS)
        back_off(socket->listener, error);
    else
        break_socket(socket, error);
    return false;
}

/* --- a new peer --- */

static void
refuse(struct leat_loop *loop, int fd)
{
    loop->stats.refused++;
    (void)leat__sys_linger_reset(fd); /* else it is an ordinary close */
    (void)leat__sys_close(fd);        /* the number is free either way */
}

static bool
is_welcome(struct leat_listener *listener, const struct leat_addr *peer)
{
    leat_accept_fn on_accept = listener->config.on_accept;
    if (on_accept == NULL)
        return true;
    leat__loop_calls(listener->loop);
    return on_accept(listener, peer, listener->config.user) == 0;
}

static void
welcome(struct leat__socket *socket, int fd, const struct leat_addr *peer)
{
    struct leat_listener *listener = socket->listener;
    struct leat_loop *loop = listener->loop;
    if (!is_welcome(listener, peer) || loop->is_doomed) {
        refuse(loop, fd);
        return;
    }
    struct leat_conn *conn;
    int error = leat__conn_make(
        &conn, loop->net, fd, listener->shared, listener->config.user);
    if (error != 0) {
        note(loop, "accept-error", error, fd);
        refuse(loop, fd);
        return;
    }
    /* TCP connections have inherited theirs from the listener, but one. */
    conn->is_unix = socket->addr.storage.ss_family == AF_UNIX;
    if (conn->is_unix)
        leat__socket_options(loop, fd, AF_UNIX, &listener->shared->config);
    else if (listener->shared->is_narrowing)
        leat__conn_narrow(conn);

    const struct leat_conn_ops *ops = conn->shared->config.ops;
    if (ops->on_open != NULL) {
        leat__loop_calls(loop);
        ops->on_open(conn, conn->user);
    }
}

bool
leat__accept_one(struct leat__socket *socket)
{
    struct leat_listener *listener = socket->listener;
    struct leat_loop *loop = listener->loop;
    if (listener->is_closed || socket->is_lost || listener->pauses != 0)
        return false;
    if (loop->is_doomed)
        return false;

    struct leat_addr peer = {.len = sizeof peer.storage};
    loop->stats.accept_calls++;
    int fd = leat__sys_accept(
        socket->io.fd, (struct sockaddr *)&peer.storage, &peer.len);
    if (fd < 0)
        return accept_failed(socket, fd);
    loop->stats.accepted++;
    loop->progress++;
    listener->backoff_us = BACKOFF_FIRST_US;
    socket->errors = 0;
    welcome(socket, fd, &peer);
    return true;
}

void
leat__socket_ready(struct leat__io *io, unsigned ready)
{
    struct leat__socket *socket = LEAT__CONTAINER(io, struct leat__socket, io);
    struct leat_listener *listener = socket->listener;
    if (ready != LEAT_READABLE) {
        break_socket(socket, -EBADF);
        return;
    }
    listener->is_busy = true;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++)
        if (!leat__loop_may_go_on(listener->loop) || !leat__accept_one(socket))
            break;
    listener->is_busy = false;
    if (listener->is_closed)
        leat__listener_free(listener);
}
