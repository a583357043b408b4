/*
 * conformance_tcp.c - stories of TCP connections.
 */
#include "conformance.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>

static void
put(int fd, const char *text)
{
    say_result("send", sys->send(fd, text, strlen(text), MSG_NOSIGNAL));
}

static void
drop_both(const int fds[2])
{
    drop(fds[0]);
    drop(fds[1]);
}

/* --- sending -------------------------------------------------------------- */

/* How much it was, both know only for themselves. */
static size_t
fill(int fd)
{
    static char bytes[65536];
    size_t all = 0;
    ssize_t count;

    for (int quiet = 0; quiet < 2; quiet++) {
        while ((count = sys->send(fd, bytes, sizeof bytes, MSG_NOSIGNAL)) > 0) {
            all += (size_t)count;
            quiet = 0;
        }
        await_quiet(fd); /* what has left meanwhile makes room once more */
    }
    return all;
}

static void
a_little_room_is_not_writable(void)
{
    static char bytes[65536];
    int fds[2];
    size_t left;
    ssize_t count;

    make_tcp(fds);
    left = fill(fds[0]);
    say_ready(fds[0]);
    left -= (size_t)sys->recv(fds[1], bytes, 1000, 0);
    say_ready(fds[0]);
    while (left > 0) {
        await(fds[1], 'r');
        count = sys->recv(fds[1], bytes, sizeof bytes, 0);
        if (count <= 0)
            break;
        left -= (size_t)count;
    }
    await(fds[0], 'w');
    say_ready(fds[0]);
    drop_both(fds);
}

static void
what_the_peer_has_is_not_unsent(void)
{
    int fds[2];

    make_tcp(fds);
    put(fds[0], "abc");
    await_bytes(fds[1], 3);
    await_sent(fds[0]);
    hear(fds[1], 64);
    drop_both(fds);
}

static void
a_send_after_shutdown_is_a_broken_pipe(void)
{
    int fds[2];

    make_tcp(fds);
    say_result("shutdown", sys->shutdown(fds[0], SHUT_WR));
    say_ready(fds[0]);
    put(fds[0], "abc");
    await(fds[1], 'r');
    hear(fds[1], 64);
    put(fds[1], "still");
    await_bytes(fds[0], 5);
    hear(fds[0], 64);
    drop_both(fds);
}

static void
a_closed_peer_takes_one_send(void)
{
    int fds[2];

    make_tcp(fds);
    drop(fds[1]);
    await(fds[0], 'r');
    hear(fds[0], 64);
    put(fds[0], "one");
    await_hangup(fds[0]);
    put(fds[0], "two");
    hear(fds[0], 64);
    say_ready(fds[0]);
    drop(fds[0]);
}

/* --- ends ----------------------------------------------------------------- */

static void
a_half_close_is_readable_for_ever(void)
{
    int fds[2];

    make_tcp(fds);
    put(fds[1], "last");
    say_result("shutdown", sys->shutdown(fds[1], SHUT_WR));
    await_bytes(fds[0], 4);
    hear(fds[0], 64);
    await(fds[0], 'r');
    hear(fds[0], 64);
    hear(fds[0], 64);
    say_ready(fds[0]);
    put(fds[0], "answer");
    await_bytes(fds[1], 6);
    hear(fds[1], 64);
    drop_both(fds);
}

static void
bytes_come_before_a_reset_which_is_told_once(void)
{
    int fds[2];

    make_tcp(fds);
    put(fds[1], "abc");
    await_bytes(fds[0], 3);
    reset(fds[1]);
    await_hangup(fds[0]);
    say_ready(fds[0]);
    hear(fds[0], 2);
    hear(fds[0], 64);
    hear(fds[0], 64);
    hear(fds[0], 64);
    put(fds[0], "x");
    say_ready(fds[0]);
    drop(fds[0]);
}

static void
a_send_takes_the_reset_from_recv(void)
{
    int fds[2];

    make_tcp(fds);
    reset(fds[1]);
    await_hangup(fds[0]);
    put(fds[0], "x");
    hear(fds[0], 64);
    put(fds[0], "y");
    drop(fds[0]);
}

static void
asking_for_the_error_takes_it_too(void)
{
    int fds[2], error = 0;
    socklen_t len = sizeof error;

    make_tcp(fds);
    reset(fds[1]);
    await_hangup(fds[0]);
    (void)sys->getsockopt(fds[0], SOL_SOCKET, SO_ERROR, &error, &len);
    say("error: %s\n", strerrorname_np(error));
    (void)sys->getsockopt(fds[0], SOL_SOCKET, SO_ERROR, &error, &len);
    say("error: %d\n", error);
    hear(fds[0], 64);
    drop(fds[0]);
}

static void
after_a_reset_nobody_is_connected(void)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof addr;
    int fds[2];

    make_tcp(fds);
    reset(fds[1]);
    await_hangup(fds[0]);
    say_result("shutdown", sys->shutdown(fds[0], SHUT_WR));
    say_result("getpeername",
        sys->getpeername(fds[0], (struct sockaddr *)&addr, &len));
    drop(fds[0]);
}

static void
a_close_with_unread_bytes_is_a_reset(void)
{
    int fds[2];

    make_tcp(fds);
    put(fds[0], "reply");
    put(fds[1], "unread");
    await_bytes(fds[0], 6);
    await_bytes(fds[1], 5);
    drop(fds[0]);
    await_hangup(fds[1]);
    hear(fds[1], 64);
    hear(fds[1], 64);
    hear(fds[1], 64);
    drop(fds[1]);
}

static void
a_reset_in_the_backlog_is_accepted(void)
{
    int listener = make_tcp_listener(4), fd = connect_to(listener);
    int conn;

    await(listener, 'r');
    await(fd, 'w');
    reset(fd);
    conn = sys->accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    await_hangup(conn);
    hear(conn, 64);
    hear(conn, 64);
    drop(conn);
    drop(listener);
}

static void
closing_a_listener_resets_who_waits(void)
{
    int listener = make_tcp_listener(4), fd = connect_to(listener);

    await(listener, 'r');
    await(fd, 'w');
    drop(listener);
    await_hangup(fd);
    hear(fd, 64);
    drop(fd);
}

/* --- the urgent byte ------------------------------------------------------ */

static void
put_urgent(const int fds[2])
{
    put(fds[1], "ab");
    say_result("send", sys->send(fds[1], "!", 1, MSG_OOB));
    put(fds[1], "cd");
    await(fds[0], 'x');
    await_sent(fds[1]);
}

static void
say_mark(int fd)
{
    int answer = -1;

    (void)sys->ioctl(fd, SIOCATMARK, &answer);
    say("at mark: %d\n", answer);
    answer = -1;
    (void)sys->ioctl(fd, FIONREAD, &answer);
    say("unread: %d\n", answer);
}

static void
an_urgent_byte_in_line_stops_recv_before_it(void)
{
    int fds[2];

    make_tcp(fds);
    (void)option(fds[0], SOL_SOCKET, SO_OOBINLINE, 1);
    put_urgent(fds);
    say_mark(fds[0]);
    say_ready(fds[0]);
    hear(fds[0], 64);
    say_mark(fds[0]);
    say_ready(fds[0]);
    hear(fds[0], 1);
    say_mark(fds[0]);
    hear(fds[0], 64);
    say_ready(fds[0]);
    drop_both(fds);
}

static void
an_urgent_byte_out_of_line_is_missing(void)
{
    int fds[2];

    make_tcp(fds);
    put_urgent(fds);
    hear(fds[0], 64);
    hear(fds[0], 64);
    say_ready(fds[0]);
    drop_both(fds);
}

static void
a_listener_gives_its_options_on(void)
{
    int listener = make_tcp_listener(4), fds[2];

    (void)option(listener, SOL_SOCKET, SO_OOBINLINE, 1);
    fds[1] = connect_to(listener);
    await(listener, 'r');
    fds[0] = sys->accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    await(fds[1], 'w');
    put_urgent(fds);
    hear(fds[0], 64);
    hear(fds[0], 64);
    say("flags: %d %d\n", (sys->fcntl(fds[0], F_GETFL) & O_NONBLOCK) != 0,
        sys->fcntl(fds[0], F_GETFD) == FD_CLOEXEC);
    drop(listener);
    drop_both(fds);
}

static void
a_new_socket_is_writable_and_hung_up(void)
{
    int fd = sys->socket(AF_INET, SOCK_STREAM, 0);

    say_ready(fd);
    drop(fd);
}

#define STORY(name) \
    { \
#name, name \
    }

const struct story stories_of_tcp[] = {
    STORY(a_little_room_is_not_writable),
    STORY(what_the_peer_has_is_not_unsent),
    STORY(a_send_after_shutdown_is_a_broken_pipe),
    STORY(a_closed_peer_takes_one_send),
    STORY(a_half_close_is_readable_for_ever),
    STORY(bytes_come_before_a_reset_which_is_told_once),
    STORY(a_send_takes_the_reset_from_recv),
    STORY(asking_for_the_error_takes_it_too),
    STORY(after_a_reset_nobody_is_connected),
    STORY(a_close_with_unread_bytes_is_a_reset),
    STORY(a_reset_in_the_backlog_is_accepted),
    STORY(closing_a_listener_resets_who_waits),
    STORY(an_urgent_byte_in_line_stops_recv_before_it),
    STORY(an_urgent_byte_out_of_line_is_missing),
    STORY(a_listener_gives_its_options_on),
    STORY(a_new_socket_is_writable_and_hung_up),
    {NULL, NULL},
};
