/*
 * echo_libevent.c - the same echo on libevent's bufferevents, as most programs
 * use them: what came is moved from one evbuffer to the other, never copied.
 * A connection whose output does not go away is not read, up to the same 64
 * KiB. The epoll change list saves the calls that take each other back.
 */
#include "peer.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>

static void
on_read(struct bufferevent *bev, void *user)
{
    struct evbuffer *output = bufferevent_get_output(bev);
    (void)user;
    bufferevent_write_buffer(bev, bufferevent_get_input(bev));
    if (evbuffer_get_length(output) >= PEER_CHUNK)
        bufferevent_disable(bev, EV_READ);
}

/* The output is empty. */
static void
on_written(struct bufferevent *bev, void *user)
{
    (void)user;
    if (!(bufferevent_get_enabled(bev) & EV_READ))
        bufferevent_enable(bev, EV_READ);
}

static void
on_event(struct bufferevent *bev, short what, void *user)
{
    (void)user;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        bufferevent_free(bev);
}

static void
on_client(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *peer, int len, void *user)
{
    struct event_base *base = evconnlistener_get_base(listener);
    struct bufferevent *bev =
        bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    (void)peer;
    (void)len;
    (void)user;
    if (bev == NULL)
        peer_die("bufferevent_socket_new");
    bufferevent_set_max_single_read(bev, PEER_CHUNK);
    bufferevent_set_max_single_write(bev, PEER_CHUNK);
    bufferevent_setcb(bev, on_read, on_written, on_event, NULL);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
}

int
main(int argc, char **argv)
{
    struct event_config *config = event_config_new();
    if (config == NULL)
        peer_die("event_config_new");
    event_config_set_flag(
        config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    struct event_base *base = event_base_new_with_config(config);
    if (base == NULL ||
        evconnlistener_new(base, on_client, NULL, LEV_OPT_CLOSE_ON_FREE, 4096,
            peer_listen(argc, argv, 1)) == NULL)
        peer_die("libevent");
    return event_base_dispatch(base);
}
