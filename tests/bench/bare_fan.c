/*
 * bare_fan.c - the least that a fan-out by TCP can be: what the publisher has
 * sent is read, its lines are put into one block, and that is sent to each
 * subscriber by one call. No queue, no limit, no counter; a subscriber that
 * does not take all of it at once ends the program. What this does not reach,
 * no server of one thread does here that makes a call per subscriber.
 *
 *   bare_fan [PORT]        prints the port it listens on, then serves
 *
 * It says one line to whoever comes; who answers "/nick pub" is the publisher
 * and nobody else says anything. A subscriber gets "pub> LINE" for each.
 */
#include "peer.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 1024
#define NICK "/nick pub\n"
#define HELLO "welcome\n"
#define PREFIX "pub> "

static int fds[PEER_FDS], count;
static char came[PEER_CHUNK]; /* the publisher's, a line may be unfinished */
static size_t came_len;
static char block[8 * PEER_CHUNK]; /* a line of one byte grows by five */

static void
want(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        peer_die("epoll_ctl");
}

static void
say(int fd, const char *bytes, size_t len)
{
    if (send(fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
        peer_die("send");
}

static void
accept_some(int epoll, int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        want(epoll, fd);
        fds[count++] = fd;
        say(fd, HELLO, sizeof HELLO - 1);
    }
}

static void
forget(int fd)
{
    for (int i = 0; i < count; i++)
        if (fds[i] == fd)
            fds[i] = fds[--count];
}

/* Of all whole lines in came, which lose them. */
static size_t
fill_block(void)
{
    size_t at = 0, len = 0;
    char *end;
    while ((end = memchr(came + at, '\n', came_len - at)) != NULL) {
        size_t line = (size_t)(end - came) + 1 - at;
        memcpy(block + len, PREFIX, sizeof PREFIX - 1);
        memcpy(block + len + sizeof PREFIX - 1, came + at, line);
        len += sizeof PREFIX - 1 + line;
        at += line;
    }
    came_len -= at;
    memmove(came, came + at, came_len);
    return len;
}

static void
publish(int fd)
{
    ssize_t n = recv(fd, came + came_len, sizeof came - came_len, 0);
    if (n <= 0) {
        forget(fd);
        close(fd);
        return;
    }
    came_len += (size_t)n;
    if (came_len >= sizeof NICK - 1 &&
        memcmp(came, NICK, sizeof NICK - 1) == 0) {
        came_len = 0;
        forget(fd);
        say(fd, HELLO, sizeof HELLO - 1);
        return;
    }
    size_t len = fill_block();
    for (int i = 0; i < count && len > 0; i++)
        say(fds[i], block, len);
}

int
main(int argc, char **argv)
{
    static struct epoll_event events[EVENTS];
    int listener = peer_listen(argc, argv, 1);
    int epoll = epoll_create1(0);
    want(epoll, listener);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener)
                accept_some(epoll, listener);
            else
                publish(events[i].data.fd);
        }
    }
}
