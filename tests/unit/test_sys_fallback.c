/*
 * test_sys_fallback.c - src/sys/fd.c and child.c as they are compiled where
 * there is neither accept4 nor pipe2. They stand here in place of the library's
 * own.
 */
#define LEAT_NO_ACCEPT4
#define LEAT_NO_PIPE2

#include "sys/child.c"
#include "sys/fd.c"

#include "kernel.h"
#include "run.h"

#include <netinet/in.h>

static int listener, client;

static void
setup(void)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    void *name = &addr;

    kernel_setup();
    listener = leat__sys_socket(AF_INET, SOCK_STREAM);
    client = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(leat__sys_listen(listener, 1), 0);
    ck_assert_int_eq(leat__sys_sockname(listener, name, &len), 0);
    ck_assert_int_eq(connect(client, name, len), 0);
}

static void
teardown(void)
{
    ck_assert_int_eq(leat__sys_close(listener), 0);
    close(client);
    kernel_teardown();
}

static void
assert_tame(int fd)
{
    ck_assert_int_ge(fd, 0);
    ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

START_TEST(a_socket_is_non_blocking_and_close_on_exec)
{
    assert_tame(listener);
}
END_TEST

START_TEST(an_accepted_socket_is_non_blocking_and_close_on_exec)
{
    int conn = leat__sys_accept(listener, NULL, NULL);

    assert_tame(conn);
    ck_assert_uint_eq(kernel_calls("accept"), 1);
    ck_assert_int_eq(leat__sys_close(conn), 0);
}
END_TEST

START_TEST(an_interrupted_accept_is_made_again)
{
    int conn;

    fault_once("accept", 1, EINTR);
    conn = leat__sys_accept(listener, NULL, NULL);
    assert_tame(conn);
    ck_assert_int_eq(leat__sys_close(conn), 0);
}
END_TEST

START_TEST(both_ends_of_a_pipe_are_non_blocking_and_close_on_exec)
{
    int fds[2];

    ck_assert_int_eq(leat__sys_pipe(fds), 0);
    for (int i = 0; i < 2; i++) {
        assert_tame(fds[i]);
        ck_assert_int_eq(leat__sys_close(fds[i]), 0);
    }
}
END_TEST

/* _i is the flag call that fails; each descriptor takes four. */
START_TEST(a_socket_without_its_flags_is_closed_again)
{
    size_t before = ledger_fds();

    fault_once("fcntl", (unsigned)_i, EPERM);
    ck_assert_int_eq(leat__sys_socket(AF_INET, SOCK_STREAM), -EPERM);
    ck_assert_uint_eq(ledger_fds(), before);
}
END_TEST

START_TEST(an_accepted_socket_without_its_flags_is_closed_again)
{
    size_t before = ledger_fds();

    fault_once("fcntl", (unsigned)_i, EPERM);
    /* Told as that connection's error: the listener goes on. */
    ck_assert_int_eq(leat__sys_accept(listener, NULL, NULL), -ECONNABORTED);
    ck_assert_uint_eq(ledger_fds(), before);
}
END_TEST

START_TEST(a_pipe_without_its_flags_is_closed_again)
{
    size_t before = ledger_fds();
    int fds[2] = {-7, -8};

    fault_once("fcntl", (unsigned)_i, EPERM);
    ck_assert_int_eq(leat__sys_pipe(fds), -EPERM);
    ck_assert_uint_eq(ledger_fds(), before);
    ck_assert_int_eq(fds[0], -7);
    ck_assert_int_eq(fds[1], -8);
}
END_TEST

START_TEST(a_pair_of_sockets_is_close_on_exec_and_waits)
{
    int fds[2];

    ck_assert_int_eq(leat__sys_socket_pair(fds), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(fcntl(fds[i], F_GETFL) & O_NONBLOCK, 0);
        ck_assert_int_eq(fcntl(fds[i], F_GETFD), FD_CLOEXEC);
        ck_assert_int_eq(leat__sys_close(fds[i]), 0);
    }
}
END_TEST

START_TEST(a_pair_without_its_flags_is_closed_again)
{
    int fds[2];

    fault_once("fcntl", (unsigned)_i, EPERM);
    ck_assert_int_eq(leat__sys_socket_pair(fds), -EPERM);
    fault_once("socketpair", 1, ENFILE);
    ck_assert_int_eq(leat__sys_socket_pair(fds), -ENFILE);
}
END_TEST

START_TEST(each_call_tells_its_own_error)
{
    int fds[2];

    fault_once("socket", 1, EMFILE);
    fault_once("accept", 1, ENFILE);
    fault_once("pipe", 1, ENOMEM);
    ck_assert_int_eq(leat__sys_socket(AF_INET, SOCK_STREAM), -EMFILE);
    ck_assert_int_eq(leat__sys_accept(listener, NULL, NULL), -ENFILE);
    ck_assert_int_eq(leat__sys_pipe(fds), -ENOMEM);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("sys_fallback");
    TCase *flags = tcase_create("flags");

    tcase_add_checked_fixture(flags, setup, teardown);
    tcase_add_test(flags, a_socket_is_non_blocking_and_close_on_exec);
    tcase_add_test(flags, an_accepted_socket_is_non_blocking_and_close_on_exec);
    tcase_add_test(flags, an_interrupted_accept_is_made_again);
    tcase_add_test(
        flags, both_ends_of_a_pipe_are_non_blocking_and_close_on_exec);
    tcase_add_loop_test(
        flags, a_socket_without_its_flags_is_closed_again, 1, 5);
    tcase_add_loop_test(
        flags, an_accepted_socket_without_its_flags_is_closed_again, 1, 5);
    tcase_add_loop_test(flags, a_pipe_without_its_flags_is_closed_again, 1, 9);
    tcase_add_test(flags, a_pair_of_sockets_is_close_on_exec_and_waits);
    tcase_add_loop_test(flags, a_pair_without_its_flags_is_closed_again, 1, 5);
    tcase_add_test(flags, each_call_tells_its_own_error);
    suite_add_tcase(suite, flags);
    return suite;
}
