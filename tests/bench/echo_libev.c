/*
 * echo_libev.c - the same echo on libev: its epoll backend, one watcher for
 * each connection, whose interest is changed only when a send leaves a rest.
 */
#include "peer.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
    ev_io io; /* first: it is what libev hands back */
    struct peer_rest rest;
};

static char chunk[PEER_CHUNK];

static void
drop(struct ev_loop *loop, struct client *client)
{
    ev_io_stop(loop, &client->io);
    close(client->io.fd);
    peer_forget(&client->rest);
    free(client);
}

static void
want(struct ev_loop *loop, struct client *client, int events)
{
    ev_io_stop(loop, &client->io);
    ev_io_set(&client->io, client->io.fd, events);
    ev_io_start(loop, &client->io);
}

static void
read_one(struct ev_loop *loop, struct client *client)
{
    ssize_t n = recv(client->io.fd, chunk, sizeof chunk, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        drop(loop, client);
        return;
    }
    ssize_t sent = send(client->io.fd, chunk, (size_t)n, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        drop(loop, client);
        return;
    }
    size_t gone = sent > 0 ? (size_t)sent : 0;
    if (gone == (size_t)n)
        return;
    peer_keep(&client->rest, chunk + gone, (size_t)n - gone);
    want(loop, client, EV_WRITE);
}

static void
write_one(struct ev_loop *loop, struct client *client)
{
    struct peer_rest *rest = &client->rest;
    ssize_t sent = send(client->io.fd, rest->bytes + rest->at,
        rest->end - rest->at, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN)
        return;
    if (sent < 0) {
        drop(loop, client);
        return;
    }
    rest->at += (size_t)sent;
    if (rest->at < rest->end)
        return;
    peer_forget(rest);
    want(loop, client, EV_READ);
}

static void
on_client(struct ev_loop *loop, ev_io *io, int events)
{
    struct client *client = (struct client *)io;
    if (events & EV_WRITE)
        write_one(loop, client);
    else
        read_one(loop, client);
}

static void
on_listener(struct ev_loop *loop, ev_io *io, int events)
{
    (void)events;
    for (int i = 0; i < 16; i++) {
        int fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0)
            return;
        struct client *client = calloc(1, sizeof *client);
        if (client == NULL)
            peer_die("calloc");
        ev_io_init(&client->io, on_client, fd, EV_READ);
        ev_io_start(loop, &client->io);
    }
}

int
main(int argc, char **argv)
{
    struct ev_loop *loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    ev_io io;
    if (loop == NULL)
        peer_die("ev_loop_new");
    ev_io_init(&io, on_listener, peer_listen(argc, argv, 1), EV_READ);
    ev_io_start(loop, &io);
    ev_run(loop, 0);
    return 0;
}
