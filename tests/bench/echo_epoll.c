/*
 * echo_epoll.c - the smallest fair rival: a hand-written epoll echo server.
 *
 * One thread, level-triggered, one 64 KiB buffer, TCP_NODELAY, accept4 in
 * batches, an immediate send after each recv. What a send leaves over is kept
 * per connection and the connection is not read until it has gone, so it
 * loses no byte either. It has no timers, limits, counters or policies.
 *
 *   echo_epoll [PORT]      prints the port it listens on, then serves
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK 65536
#define EVENTS 1024

struct rest {
    char *bytes;
    size_t at, end;
};

static struct rest rest_of[65536]; /* by descriptor */
static char chunk[CHUNK];

static void
die(const char *what)
{
    perror(what);
    exit(1);
}

static int
listen_on(int port)
{
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in in = {.sin_family = AF_INET,
        .sin_port = htons((unsigned short)port),
        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof in;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&in, sizeof in) != 0 ||
        listen(fd, 4096) != 0 ||
        getsockname(fd, (struct sockaddr *)&in, &len) != 0)
        die("listen");
    printf("%d\n", ntohs(in.sin_port));
    fflush(stdout);
    return fd;
}

static void
want(int epoll, int op, int fd, unsigned events)
{
    struct epoll_event event = {.events = events, .data = {.fd = fd}};
    if (epoll_ctl(epoll, op, fd, &event) != 0)
        die("epoll_ctl");
}

static void
accept_all(int epoll, int listener)
{
    for (int i = 0; i < 16; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0)
            return;
        want(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
    }
}

static void
drop(int fd)
{
    free(rest_of[fd].bytes);
    memset(&rest_of[fd], 0, sizeof rest_of[fd]);
    close(fd);
}

static void
keep(int epoll, int fd, const char *bytes, size_t len)
{
    struct rest *rest = &rest_of[fd];
    rest->bytes = malloc(len);
    if (rest->bytes == NULL)
        die("malloc");
    memcpy(rest->bytes, bytes, len);
    rest->at = 0;
    rest->end = len;
    want(epoll, EPOLL_CTL_MOD, fd, EPOLLOUT);
}

static void
read_one(int epoll, int fd)
{
    ssize_t n = recv(fd, chunk, CHUNK, 0);
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
    if (gone < (size_t)n)
        keep(epoll, fd, chunk + gone, (size_t)n - gone);
}

static void
write_one(int epoll, int fd)
{
    struct rest *rest = &rest_of[fd];
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
    free(rest->bytes);
    memset(rest, 0, sizeof *rest);
    want(epoll, EPOLL_CTL_MOD, fd, EPOLLIN);
}

int
main(int argc, char **argv)
{
    int listener = listen_on(argc > 1 ? atoi(argv[1]) : 0);
    int epoll = epoll_create1(0);
    static struct epoll_event events[EVENTS];
    want(epoll, EPOLL_CTL_ADD, listener, EPOLLIN);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                accept_all(epoll, listener);
            else if (events[i].events & EPOLLOUT)
                write_one(epoll, fd);
            else
                read_one(epoll, fd);
        }
    }
}
