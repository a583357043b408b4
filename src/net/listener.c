/*
 * listener.c - the public side of listeners: opened, paused, drained, closed.
 *
 * On the path: address text -> addr.c -> HERE -> bind.c; then accept.c.
 *
 * Invariant: a listener that is being served (is_busy) is freed by accept.c
 * when it is done with it, otherwise where it is closed.
 */
#include <leat/listener.h>

#include <errno.h>
#include <string.h>

#include "socket.h"
#include "sys/sys.h"

#define DEFAULT_BACKLOG 4096
#define DEFAULT_MODE 0600u
#define BACKOFF_FIRST_US 100000
/* Most connections that leat_listener_drain takes. */
#define DRAIN_MAX 4096

static size_t
size_for(size_t sockets)
{
    return sizeof(struct leat_listener) + sockets * sizeof(struct leat__socket);
}

static void
end_backoff(struct leat_timer *timer, void *user)
{
    (void)timer;
    leat__listener_set_pauses(user, 0, LEAT__PAUSE_FDS);
}

static void
init(struct leat_listener *listener, struct leat_loop *loop,
    const struct leat_listener_config *config, size_t count)
{
    memset(listener, 0, size_for(count));
    listener->loop = loop;
    listener->config = *config;
    if (listener->config.backlog <= 0)
        listener->config.backlog = DEFAULT_BACKLOG;
    if (listener->config.mode == 0)
        listener->config.mode = DEFAULT_MODE;
    listener->allocated = count;
    listener->backoff_us = BACKOFF_FIRST_US;
    leat__list_init(&listener->node);
    leat_timer_init(&listener->timer, loop, end_backoff, listener);
    listener->timer.is_internal = true;
}

/* Put the bound sockets on the loop; it is accepting from now on. */
static int
join(struct leat_listener *listener)
{
    struct leat_loop *loop = listener->loop;
    for (size_t i = 0; i < listener->count; i++) {
        struct leat__io *io = &listener->socket[i].io;
        io->on_ready = leat__socket_ready;
        io->is_early = true;
        int error = leat__fdset_add(&loop->fds, leat__loop_alloc(loop), io);
        if (error != 0) {
            while (i-- > 0)
                leat__fdset_remove(&loop->fds, &listener->socket[i].io);
            return error;
        }
        leat__fdset_want(&loop->fds, io, LEAT_READABLE);
    }
    leat__list_append(&loop->net->listeners, &listener->node);
    return 0;
}

static void
close_sockets(struct leat_listener *listener)
{
    for (size_t i = 0; i < listener->count; i++) {
        struct leat__socket *socket = &listener->socket[i];
        leat__unix_unlink(socket);
        if (!socket->is_lost)
            (void)leat__sys_close(socket->io.fd); /* free either way */
    }
}

/* The pauses that hold for every listener just now. */
static void
inherit_pauses(struct leat_listener *listener)
{
    struct leat__net *net = listener->loop->net;
    if (net->is_tight)
        leat__listener_set_pauses(listener, LEAT__PAUSE_MEMORY, 0);
    leat__net_place_taken(net, listener);
}

static int
open_listener(struct leat_listener **out, struct leat_loop *loop,
    const struct leat_listener_config *config, const struct leat__found *found)
{
    if (config->mode > 0777)
        return -EINVAL;
    struct leat__source *source = &loop->pool.source;
    size_t size = size_for(found->count);
    struct leat_listener *listener = leat__source_resize(source, NULL, 0, size);
    if (listener == NULL)
        return -ENOMEM;
    init(listener, loop, config, found->count);

    int error = leat__shared_create(&listener->shared, loop, &config->conn);
    if (error != 0)
        goto err_free;
    listener->shared->listener = listener;
    error = leat__bind_listener(listener, found);
    if (error != 0)
        goto err_unref;
    error = join(listener);
    if (error != 0)
        goto err_close;
    inherit_pauses(listener);
    *out = listener;
    return 0;

err_close:
    close_sockets(listener);
err_unref:
    leat__shared_unref(loop, listener->shared);
err_free:
    leat__source_resize(source, listener, size, 0);
    return error;
}

int
leat_listener_open(struct leat_listener **out, struct leat_loop *loop,
    const char *address, const struct leat_listener_config *config)
{
    *out = NULL;
    if (loop->is_doomed)
        return -ESHUTDOWN;
    if (leat__net_of(loop) == NULL)
        return -ENOMEM;
    struct leat__found found;
    int error = leat__addr_find(&found, address, 0);
    if (error != 0)
        return error;
    return open_listener(out, loop, config, &found);
}

/* Off the loop, and its numbers free. Connections live on. */
static void
shut(struct leat_listener *listener)
{
    if (listener->is_closed)
        return;
    listener->is_closed = true;
    for (size_t i = 0; i < listener->count; i++)
        if (!listener->socket[i].is_lost)
            leat__fdset_remove(&listener->loop->fds, &listener->socket[i].io);
    close_sockets(listener);
    leat_timer_stop(&listener->timer);
    leat__list_unlink(&listener->node);
    listener->shared->listener = NULL;
}

void
leat__listener_free(struct leat_listener *listener)
{
    struct leat_loop *loop = listener->loop;
    shut(listener);
    leat__shared_unref(loop, listener->shared);
    leat__source_resize(
        &loop->pool.source, listener, size_for(listener->allocated), 0);
}

void
leat_listener_close(struct leat_listener *listener)
{
    if (listener == NULL)
        return;
    if (listener->is_busy)
        shut(listener);
    else
        leat__listener_free(listener);
}

static uint64_t
welcomed(const struct leat_loop *loop)
{
    return loop->stats.accepted - loop->stats.refused;
}

static void
accept_all(struct leat_listener *listener)
{
    int left = DRAIN_MAX;
    for (size_t i = 0; i < listener->count; i++)
        while (left > 0 && leat__accept_one(&listener->socket[i]))
            left--;
}

int
leat_listener_drain(struct leat_listener *listener)
{
    struct leat_loop *loop = listener->loop;
    uint64_t before = welcomed(loop);
    bool was_running = loop->is_running;
    bool was_busy = listener->is_busy;
    loop->is_running = listener->is_busy = true;
    /* There will be no later turn: now is the time to ask the kernel again. */
    leat__listener_set_pauses(listener, 0, LEAT__PAUSE_FDS);
    accept_all(listener);
    int accepted = (int)(welcomed(loop) - before);

    listener->is_busy = was_busy;
    loop->is_running = was_running;
    if (listener->is_closed && !was_busy)
        leat__listener_free(listener);
    if (!loop->is_doomed || was_running)
        return accepted;
    leat__loop_free(loop);
    return -ECANCELED;
}

void
leat_listener_pause(struct leat_listener *listener)
{
    leat__listener_set_pauses(listener, LEAT__PAUSE_USER, 0);
}

void
leat_listener_resume(struct leat_listener *listener)
{
    leat__listener_set_pauses(listener, 0, LEAT__PAUSE_USER);
}

size_t
leat_listener_count(const struct leat_listener *listener)
{
    return listener->count;
}

int
leat_listener_addr(
    const struct leat_listener *listener, size_t index, struct leat_addr *addr)
{
    if (index >= listener->count)
        return -EINVAL;
    *addr = listener->socket[index].addr;
    return 0;
}

size_t
leat_listener_conns(const struct leat_listener *listener)
{
    return listener->conns;
}
