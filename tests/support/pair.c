/*
 * pair.c - pairs of connected sockets, made with plain libc calls so that
 * faults and counters do not notice.
 */
#include "pair.h"

#include "kernel.h"

#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct pair
adopted(int near, int far)
{
    ck_assert_int_ge(near, 0);
    ck_assert_int_ge(far, 0);
    ck_assert_int_eq(fcntl(near, F_SETFL, O_NONBLOCK), 0);
    ledger_adopt(near);
    return (struct pair){.near = near, .far = far};
}

struct pair
pair_tcp(void)
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    void *name = &addr;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int far = socket(AF_INET, SOCK_STREAM, 0), near;

    ck_assert_int_eq(bind(listener, name, len), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, name, &len), 0);
    ck_assert_int_eq(connect(far, name, len), 0);
    near = accept(listener, NULL, NULL);
    close(listener);
    return adopted(near, far);
}

struct pair
pair_unix(void)
{
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    return adopted(fds[0], fds[1]);
}

void
pair_await(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};

    ck_assert_int_eq(poll(&one, 1, 10000), 1);
}

void
pair_close(struct pair *pair)
{
    if (pair->near >= 0 && ledger_has_fd(pair->near)) {
        ledger_disown(pair->near);
        close(pair->near);
    }
    if (pair->far >= 0)
        close(pair->far);
    pair->near = pair->far = -1;
}
