/*
 * echo_epoll.c - the smallest fair rival: a hand-written epoll echo server.
 *
 * One thread, level-triggered, one 64 KiB buffer, accept4 in batches, an
 * immediate send after each recv. What a send leaves over is kept per
 * connection and the connection is not read until it has gone, so it loses no
 * byte either. It has no timers, limits, counters or policies.
 *
 *   echo_epoll [PORT]      prints the port it listens on, then serves
 */
#include "peer.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 1024

static struct peer_rest rest_of[PEER_FDS];
static char chunk[PEER_CHUNK];

static void
want(int epoll, int op, int fd, unsigned events)
{
    struct epoll_event event = {.events = events, .data = {.fd = fd}};
    if (epoll_ctl(epoll, op, fd, &event) != 0)
        peer_die("epoll_ctl");
}

static void
accept_some(int epoll, int listener)
{
    for (int i = 0; i < 16; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0)
            return;
        want(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
    }
}

/* Closing takes it out of the epoll set as well. */
static void
drop(int fd)
{
    peer_forget(&rest_of[fd]);
    close(fd);
}

static void
read_one(int epoll, int fd)
{
    ssize_t n = recv(fd, chunk, sizeof chunk, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        drop(fd);
        return;
    }
    ssize_t sent = send(fd, chunk, (size_t)n, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        drop(fd);
        return;
    }
    size_t gone = sent > 0 ? (size_t)sent : 0;
    if (gone == (size_t)n)
        return;
    peer_keep(&rest_of[fd], chunk + gone, (size_t)n - gone);
    want(epoll, EPOLL_CTL_MOD, fd, EPOLLOUT);
}

static void
write_one(int epoll, int fd)
{
    struct peer_rest *rest = &rest_of[fd];
    ssize_t sent =
        send(fd, rest->bytes + rest->at, rest->end - rest->at, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN)
        return;
    if (sent < 0) {
        drop(fd);
        return;
    }
    rest->at += (size_t)sent;
    if (rest->at < rest->end)
        return;
    peer_forget(rest);
    want(epoll, EPOLL_CTL_MOD, fd, EPOLLIN);
}

int
main(int argc, char **argv)
{
    static struct epoll_event events[EVENTS];
    int listener = peer_listen(argc, argv, 1);
    int epoll = epoll_create1(0);
    want(epoll, EPOLL_CTL_ADD, listener, EPOLLIN);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                accept_some(epoll, listener);
            else if (events[i].events & EPOLLOUT)
                write_one(epoll, fd);
            else
                read_one(epoll, fd);
        }
    }
}
