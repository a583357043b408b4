/*
 * conformance_rest.c - stories of numbers, unix sockets, pipes, select and
 * epoll.
 */
#include "conformance.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/un.h>

#define WORD_BITS (sizeof(unsigned long) * CHAR_BIT)

/* --- numbers -------------------------------------------------------------- */

static int
any_socket(void)
{
    return sys->socket(AF_INET, SOCK_STREAM, 0);
}

static void
the_lowest_number_comes_next(void)
{
    int fd[4];

    for (int i = 0; i < 3; i++)
        fd[i] = any_socket();
    say("%d %d\n", fd[1] - fd[0], fd[2] - fd[0]);
    drop(fd[1]);
    fd[3] = any_socket();
    say("%d\n", fd[3] - fd[0]);
    for (int i = 0; i < 4; i++)
        if (i != 1)
            drop(fd[i]);
}

static void
limit_to(int fds)
{
    struct rlimit limit;

    (void)sys->getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = (rlim_t)fds;
    say_result("setrlimit", sys->setrlimit(RLIMIT_NOFILE, &limit));
}

static void
at_the_limit_who_waits_goes_on_waiting(void)
{
    int listener = make_tcp_listener(4), fd = connect_to(listener), conn;

    await(listener, 'r');
    limit_to(fd + 1);
    say_result("socket", any_socket());
    say_result("accept", sys->accept4(listener, NULL, NULL, 0));
    say_ready(listener);
    limit_to(fd + 2);
    conn = sys->accept4(listener, NULL, NULL, 0);
    say("accepted: %d\n", conn - fd);
    limit_to(100);
    drop(conn);
    drop(fd);
    drop(listener);
}

static void
a_closed_number_is_ebadf(void)
{
    char byte;
    int fd = any_socket();

    drop(fd);
    say_result("close", sys->close(fd));
    say_result("recv", sys->recv(fd, &byte, 1, 0));
    say_result("fcntl", sys->fcntl(fd, F_GETFD));
}

/* --- select --------------------------------------------------------------- */

static void
a_failed_select_leaves_the_sets_alone(void)
{
    unsigned long words[3][4] = {{0}}, before[3][4];
    struct timeval timeout = {0};
    int open = any_socket(), closed = any_socket();

    drop(closed);
    for (int i = 0; i < 3; i++) {
        words[i][0] |= 1ul << open;
        words[i][0] |= 1ul << closed;
    }
    memcpy(before, words, sizeof words);
    say_result("select",
        sys->select(closed + 1, (fd_set *)(void *)words[0],
            (fd_set *)(void *)words[1], (fd_set *)(void *)words[2], &timeout));
    say("same: %d\n", memcmp(before, words, sizeof words) == 0);
    timeout.tv_sec = -1;
    say_result("select", sys->select(0, NULL, NULL, NULL, &timeout));
    say_result("select", sys->select(-1, NULL, NULL, NULL, NULL));
    drop(open);
}

static void
a_member_of_two_sets_counts_twice(void)
{
    unsigned long words[2][4] = {{0}};
    struct timeval timeout = {0};
    int fds[2];

    make_tcp(fds);
    say_result("send", sys->send(fds[1], "x", 1, 0));
    await_bytes(fds[0], 1);
    words[0][0] = words[1][0] = 1ul << fds[0];
    say_result("select", sys->select(fds[0] + 1, (fd_set *)(void *)words[0],
                             (fd_set *)(void *)words[1], NULL, &timeout));
    drop(fds[0]);
    drop(fds[1]);
}

static void
recv_of_length_0_is_0_with_bytes_there(void)
{
    int fds[2];

    make_tcp(fds);
    say_result("send", sys->send(fds[1], "x", 1, 0));
    await_bytes(fds[0], 1);
    say_result("recv", sys->recv(fds[0], fds, 0, MSG_DONTWAIT));
    hear(fds[0], 1);
    hear(fds[0], 1);
    drop(fds[0]);
    drop(fds[1]);
}

static void
calls_for_other_kinds_are_refused(void)
{
    int listener = make_tcp_listener(4), fds[2];
    char byte;

    say_result("accept", sys->accept4(listener, NULL, NULL, 0));
    say_result("recv", sys->recv(listener, &byte, 1, 0));
    make_tcp(fds);
    say_result("listen", sys->listen(fds[0], 1));
    say_result("accept", sys->accept4(fds[0], NULL, NULL, 0));
    drop(fds[0]);
    drop(fds[1]);
    (void)sys->pipe2(fds, O_NONBLOCK);
    say_result("recv", sys->recv(fds[0], &byte, 1, 0));
    say_result("read", sys->read(fds[1], &byte, 1));
    say_result("write", sys->write(fds[0], &byte, 1));
    drop(fds[0]);
    drop(fds[1]);
    drop(listener);
}

/* --- pipes ---------------------------------------------------------------- */

static void
a_pipe_ends_after_its_bytes(void)
{
    char bytes[8];
    int fds[2];

    (void)sys->pipe2(fds, O_NONBLOCK | O_CLOEXEC);
    say_result("read", sys->read(fds[0], bytes, 8));
    say_result("write", sys->write(fds[1], "abc", 3));
    say_ready(fds[0]);
    say_ready(fds[1]);
    drop(fds[1]);
    say_result("read", sys->read(fds[0], bytes, 8));
    say_ready(fds[0]);
    say_result("read", sys->read(fds[0], bytes, 8));
    drop(fds[0]);
}

static void
a_pipe_that_nobody_reads_is_broken(void)
{
    int fds[2];

    (void)sys->pipe2(fds, O_NONBLOCK);
    drop(fds[0]);
    say_ready(fds[1]);
    say_result("write", sys->write(fds[1], "abc", 3));
    drop(fds[1]);
}

static void
a_full_pipe_takes_a_page_or_nothing(void)
{
    static char bytes[65536];
    int fds[2];

    (void)sys->pipe2(fds, O_NONBLOCK);
    say_result("write", sys->write(fds[1], bytes, sizeof bytes));
    say_result("write", sys->write(fds[1], bytes, 1));
    say_ready(fds[1]);
    say_result("read", sys->read(fds[0], bytes, 100));
    say_result("write", sys->write(fds[1], bytes, 200));
    say_ready(fds[1]);
    say_result("read", sys->read(fds[0], bytes, 4096));
    say_ready(fds[1]);
    drop(fds[0]);
    drop(fds[1]);
}

/* --- unix sockets --------------------------------------------------------- */

static void
a_full_backlog_of_a_unix_socket_is_eagain(void)
{
    int listener = make_unix_listener(own_path(), 1), fd[3];

    for (int i = 0; i < 3; i++)
        fd[i] = connect_to(listener);
    for (int i = 0; i < 3; i++)
        drop(fd[i]);
    drop(listener);
    (void)sys->unlink(own_path());
}

static int
try_unix(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = sys->socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    strcpy(addr.sun_path, path);
    say_result("connect",
        sys->connect(fd, (const struct sockaddr *)&addr, sizeof addr));
    return fd;
}

static void
the_file_of_a_unix_socket_outlives_it(void)
{
    struct stat st;
    int listener = make_unix_listener(own_path(), 1);

    say_result("lstat", sys->lstat(own_path(), &st));
    say("socket: %d\n", S_ISSOCK(st.st_mode));
    drop(listener);
    drop(try_unix(own_path()));
    drop(make_unix_listener(own_path(), -1));
    say_result("unlink", sys->unlink(own_path()));
    drop(try_unix(own_path()));
    say_result("unlink", sys->unlink(own_path()));
}

static void
a_unix_peer_that_closed_breaks_the_pipe_at_once(void)
{
    int fds[2];

    make_unix(fds);
    say_result("send", sys->send(fds[1], "bye", 3, MSG_NOSIGNAL));
    drop(fds[1]);
    say_ready(fds[0]);
    say_result("send", sys->send(fds[0], "x", 1, MSG_NOSIGNAL));
    hear(fds[0], 64);
    hear(fds[0], 64);
    drop(fds[0]);
}

static void
a_unix_peer_that_closed_unread_is_a_reset(void)
{
    int fds[2];

    make_unix(fds);
    say_result("send", sys->send(fds[0], "unread", 6, MSG_NOSIGNAL));
    say_result("send", sys->send(fds[1], "bye", 3, MSG_NOSIGNAL));
    drop(fds[1]);
    hear(fds[0], 64);
    hear(fds[0], 64);
    hear(fds[0], 64);
    drop(fds[0]);
}

static void
options_of_tcp_are_not_for_unix_sockets(void)
{
    int fds[2];

    make_unix(fds);
    say_result("setsockopt", option(fds[0], IPPROTO_TCP, TCP_NODELAY, 1));
    drop(fds[0]);
    drop(fds[1]);
}

/* --- epoll ---------------------------------------------------------------- */

static void
say_event(int set)
{
    struct epoll_event event = {0};
    int count = sys->epoll_wait(set, &event, 1, 0);

    say_result("epoll_wait", count);
    if (count == 1)
        say("events %x of %d\n", event.events, (int)event.data.u64);
}

static int
control(int set, int operation, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u64 = 7};

    return sys->epoll_ctl(set, operation, fd, &event);
}

static void
membership_has_its_errors(void)
{
    int set = sys->epoll_create1(EPOLL_CLOEXEC), fd = any_socket();
    int file = sys->open("/dev/null", O_RDONLY);

    say_result("mod", control(set, EPOLL_CTL_MOD, fd, EPOLLIN));
    say_result("del", control(set, EPOLL_CTL_DEL, fd, 0));
    say_result("add", control(set, EPOLL_CTL_ADD, fd, EPOLLIN));
    say_result("add", control(set, EPOLL_CTL_ADD, fd, EPOLLIN));
    say_result("self", control(set, EPOLL_CTL_ADD, set, EPOLLIN));
    say_result("file", control(set, EPOLL_CTL_ADD, file, EPOLLIN));
    say_result("no set", control(fd, EPOLL_CTL_ADD, set, EPOLLIN));
    say_result("wait", sys->epoll_wait(set, NULL, 0, 0));
    drop(file);
    drop(fd);
    drop(set);
}

static void
readiness_is_level_triggered(void)
{
    int set = sys->epoll_create1(EPOLL_CLOEXEC), fds[2];

    make_tcp(fds);
    say_result("add", control(set, EPOLL_CTL_ADD, fds[0], EPOLLIN));
    say_event(set);
    say_ready(set);
    say_result("send", sys->send(fds[1], "ab", 2, 0));
    await(set, 'r');
    say_event(set);
    hear(fds[0], 1);
    say_event(set);
    say_ready(set);
    hear(fds[0], 1);
    say_event(set);
    say_ready(set);
    say_result("mod", control(set, EPOLL_CTL_MOD, fds[0], EPOLLOUT));
    say_event(set);
    drop(fds[0]);
    drop(fds[1]);
    drop(set);
}

static void
a_member_without_a_mask_still_tells_of_a_reset(void)
{
    int set = sys->epoll_create1(EPOLL_CLOEXEC), fds[2];

    make_tcp(fds);
    say_result("add", control(set, EPOLL_CTL_ADD, fds[0], 0));
    say_event(set);
    reset(fds[1]);
    await(set, 'r');
    say_event(set);
    hear(fds[0], 1);
    say_event(set);
    say_result("del", control(set, EPOLL_CTL_DEL, fds[0], 0));
    say_ready(set);
    drop(fds[0]);
    drop(set);
}

static void
an_end_of_file_is_reported_for_ever(void)
{
    int set = sys->epoll_create1(EPOLL_CLOEXEC), fds[2];

    make_tcp(fds);
    say_result("add", control(set, EPOLL_CTL_ADD, fds[0], EPOLLIN));
    say_result("shutdown", sys->shutdown(fds[1], SHUT_WR));
    await(set, 'r');
    hear(fds[0], 1);
    say_event(set);
    say_result("mod", control(set, EPOLL_CTL_MOD, fds[0], 0));
    say_event(set);
    drop(fds[0]);
    drop(fds[1]);
    drop(set);
}

static void
a_member_that_is_closed_leaves(void)
{
    int set = sys->epoll_create1(EPOLL_CLOEXEC), fds[2], again;

    make_tcp(fds);
    say_result("add", control(set, EPOLL_CTL_ADD, fds[0], EPOLLOUT));
    say_ready(set);
    drop(fds[0]);
    say_event(set);
    say_ready(set);
    again = any_socket();
    say("same number: %d\n", again == fds[0]);
    say_event(set);
    say_result("del", control(set, EPOLL_CTL_DEL, again, 0));
    drop(again);
    drop(fds[1]);
    drop(set);
}

#define STORY(name) \
    { \
#name, name \
    }

const struct story stories_of_the_rest[] = {
    STORY(the_lowest_number_comes_next),
    STORY(at_the_limit_who_waits_goes_on_waiting),
    STORY(a_closed_number_is_ebadf),
    STORY(a_failed_select_leaves_the_sets_alone),
    STORY(a_member_of_two_sets_counts_twice),
    STORY(recv_of_length_0_is_0_with_bytes_there),
    STORY(calls_for_other_kinds_are_refused),
    STORY(a_pipe_ends_after_its_bytes),
    STORY(a_pipe_that_nobody_reads_is_broken),
    STORY(a_full_pipe_takes_a_page_or_nothing),
    STORY(a_full_backlog_of_a_unix_socket_is_eagain),
    STORY(the_file_of_a_unix_socket_outlives_it),
    STORY(a_unix_peer_that_closed_breaks_the_pipe_at_once),
    STORY(a_unix_peer_that_closed_unread_is_a_reset),
    STORY(options_of_tcp_are_not_for_unix_sockets),
    STORY(membership_has_its_errors),
    STORY(readiness_is_level_triggered),
    STORY(a_member_without_a_mask_still_tells_of_a_reset),
    STORY(an_end_of_file_is_reported_for_ever),
    STORY(a_member_that_is_closed_leaves),
    {NULL, NULL},
};
