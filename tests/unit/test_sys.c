/*
 * test_sys.c - the wrappers of src/sys where no real socket is needed: errors,
 * interruptions, files, the process, clocks and memory.
 */
#include "kernel.h"
#include "run.h"

#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* --- every wrapper, on a descriptor that is not open --------------------- */

static char one_byte;

static int
run_socket(void)
{
    return leat__sys_socket(-1, SOCK_STREAM);
}

static int
run_bind(void)
{
    return leat__sys_bind(-1, NULL, 0);
}

static int
run_listen(void)
{
    return leat__sys_listen(-1, 1);
}

static int
run_accept(void)
{
    return leat__sys_accept(-1, NULL, NULL);
}

static int
run_connect(void)
{
    return leat__sys_connect(-1, NULL, 0);
}

static int
run_sockname(void)
{
    struct sockaddr addr;
    socklen_t len = sizeof addr;

    return leat__sys_sockname(-1, &addr, &len);
}

static int
run_peername(void)
{
    struct sockaddr addr;
    socklen_t len = sizeof addr;

    return leat__sys_peername(-1, &addr, &len);
}

static int
run_option(void)
{
    return leat__sys_option(-1, SOL_SOCKET, SO_KEEPALIVE, 1);
}

static int
run_get_option(void)
{
    int value;

    return leat__sys_get_option(-1, SOL_SOCKET, SO_ERROR, &value);
}

static int
run_shutdown(void)
{
    return leat__sys_shutdown(-1, SHUT_WR);
}

static int
run_linger_reset(void)
{
    return leat__sys_linger_reset(-1);
}

static int
run_recv(void)
{
    return (int)leat__sys_recv(-1, &one_byte, 1);
}

static int
run_send(void)
{
    return (int)leat__sys_send(-1, &one_byte, 1);
}

static int
run_sendv(void)
{
    const struct iovec piece = {.iov_base = &one_byte, .iov_len = 1};

    return (int)leat__sys_sendv(-1, &piece, 1);
}

static int
run_read(void)
{
    return (int)leat__sys_read(-1, &one_byte, 1);
}

static int
run_write(void)
{
    return (int)leat__sys_write(-1, &one_byte, 1);
}

static int
run_set_nonblocking(void)
{
    return leat__sys_set_nonblocking(-1);
}

static int
run_set_cloexec(void)
{
    return leat__sys_set_cloexec(-1);
}

static int
run_probe(void)
{
    return leat__sys_probe(-1);
}

static int
run_at_mark(void)
{
    return leat__sys_at_mark(-1);
}

static int
run_unsent(void)
{
    return leat__sys_unsent(-1);
}

static int
run_unread(void)
{
    return leat__sys_unread(-1);
}

static int
run_open(void)
{
    return leat__sys_open("", O_RDONLY, 0);
}

static int
run_lstat(void)
{
    struct stat st;

    return leat__sys_lstat("", &st);
}

static int
run_unlink(void)
{
    return leat__sys_unlink("");
}

static int
run_chmod(void)
{
    return leat__sys_chmod("", 0);
}

static int
run_rename(void)
{
    return leat__sys_rename("", "");
}

static int
run_lock(void)
{
    return leat__sys_lock(-1);
}

static int
run_sigaction(void)
{
    return leat__sys_sigaction(-1, NULL, NULL);
}

static int
run_random(void)
{
    static char bytes[257];
    return leat__sys_random(bytes, sizeof bytes);
}

static int
run_death_signal(void)
{
    return leat__sys_death_signal(10000);
}

/* With what it answers when it really is called. */
static const struct row {
    const char *call;
    int (*run)(void);
    int real_error;
    bool repeats; /* after EINTR */
} rows[] = {
    {"socket", run_socket, EAFNOSUPPORT, false},
    {"bind", run_bind, EBADF, false},
    {"listen", run_listen, EBADF, false},
    {"accept4", run_accept, EBADF, true},
    {"getsockname", run_sockname, EBADF, false},
    {"getpeername", run_peername, EBADF, false},
    {"setsockopt", run_option, EBADF, false},
    {"getsockopt", run_get_option, EBADF, false},
    {"shutdown", run_shutdown, EBADF, false},
    {"setsockopt", run_linger_reset, EBADF, false},
    {"recv", run_recv, EBADF, true},
    {"send", run_send, EBADF, true},
    {"sendmsg", run_sendv, EBADF, true},
    {"read", run_read, EBADF, true},
    {"write", run_write, EBADF, true},
    {"fcntl", run_set_nonblocking, EBADF, false},
    {"fcntl", run_set_cloexec, EBADF, false},
    {"fcntl", run_probe, EBADF, false},
    {"ioctl", run_at_mark, EBADF, false},
    {"ioctl", run_unsent, EBADF, false},
    {"ioctl", run_unread, EBADF, false},
    {"open", run_open, ENOENT, true},
    {"lstat", run_lstat, ENOENT, false},
    {"unlink", run_unlink, ENOENT, false},
    {"chmod", run_chmod, ENOENT, false},
    {"rename", run_rename, ENOENT, false},
    {"flock", run_lock, EBADF, true},
    {"sigaction", run_sigaction, EINVAL, false},
    {"prctl", run_death_signal, EINVAL, false},
    {"getentropy", run_random, EIO, false},
};

enum { ROWS = sizeof rows / sizeof *rows };

START_TEST(the_error_of_the_kernel_comes_back_negative)
{
    ck_assert_int_eq(rows[_i].run(), -rows[_i].real_error);
    ck_assert_uint_eq(kernel_calls(rows[_i].call), 1);
}
END_TEST

START_TEST(an_injected_error_comes_back_negative)
{
    fault_once(rows[_i].call, 1, EPROTO);

    ck_assert_int_eq(rows[_i].run(), -EPROTO);
}
END_TEST

START_TEST(an_interrupted_call_is_made_again_where_it_can_wait)
{
    const struct row *row = &rows[_i];

    fault_once(row->call, 1, EINTR);

    ck_assert_int_eq(row->run(), row->repeats ? -row->real_error : -EINTR);
}
END_TEST

START_TEST(interruptions_without_end_are_eintr_in_the_end)
{
    const struct row *row = &rows[_i];
    unsigned long calls = row->repeats ? 1 + LEAT__SYS_RETRIES : 1;

    fault_sticky(row->call, 1, EINTR);

    ck_assert_int_eq(row->run(), -EINTR);
    ck_assert_uint_eq(kernel_calls(row->call), calls);
}
END_TEST

START_TEST(as_many_interruptions_as_there_are_retries_do_no_harm)
{
    const struct row *row = &rows[_i];

    if (!row->repeats)
        return;
    fault_times(row->call, 1, LEAT__SYS_RETRIES, EINTR);

    ck_assert_int_eq(row->run(), -row->real_error);
}
END_TEST

START_TEST(connect_interrupted_is_in_progress_and_not_made_again)
{
    fault_once("connect", 1, EINTR);

    ck_assert_int_eq(run_connect(), -EINPROGRESS);
    ck_assert_uint_eq(kernel_calls("connect"), 1);
}
END_TEST

START_TEST(connect_tells_other_errors)
{
    ck_assert_int_eq(run_connect(), -EBADF);
}
END_TEST

/* --- close and pipe ------------------------------------------------------ */

START_TEST(close_interrupted_has_closed_and_is_not_made_again)
{
    int fds[2];

    ck_assert_int_eq(leat__sys_pipe(fds), 0);
    fault_once("close", 1, EINTR);

    ck_assert_int_eq(leat__sys_close(fds[0]), -EINTR);
    ck_assert_uint_eq(kernel_calls("close"), 1);
    ck_assert_int_eq(leat__sys_probe(fds[0]), -EBADF);
    ck_assert_int_eq(leat__sys_close(fds[1]), 0);
}
END_TEST

START_TEST(probe_tells_open_from_closed)
{
    int fds[2];

    ck_assert_int_eq(leat__sys_pipe(fds), 0);
    ck_assert_int_eq(leat__sys_probe(fds[0]), 0);
    ck_assert_int_eq(leat__sys_close(fds[0]), 0);
    ck_assert_int_eq(leat__sys_probe(fds[0]), -EBADF);
    ck_assert_int_eq(leat__sys_close(fds[1]), 0);
}
END_TEST

START_TEST(pipe_ends_are_non_blocking_and_close_on_exec)
{
    int fds[2];

    ck_assert_int_eq(leat__sys_pipe(fds), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_ne(fcntl(fds[i], F_GETFL) & O_NONBLOCK, 0);
        ck_assert_int_eq(fcntl(fds[i], F_GETFD), FD_CLOEXEC);
        ck_assert_int_eq(leat__sys_close(fds[i]), 0);
    }
}
END_TEST

START_TEST(pipe_that_fails_leaves_the_numbers_alone)
{
    int fds[2] = {-7, -8};

    fault_once("pipe2", 1, ENFILE);

    ck_assert_int_eq(leat__sys_pipe(fds), -ENFILE);
    ck_assert_int_eq(fds[0], -7);
    ck_assert_int_eq(fds[1], -8);
}
END_TEST

START_TEST(setting_a_flag_keeps_the_others)
{
    int fd = open("/dev/null", O_RDWR | O_APPEND);

    ck_assert_int_eq(leat__sys_set_nonblocking(fd), 0);
    ck_assert_int_eq(leat__sys_set_cloexec(fd), 0);
    ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_ne(fcntl(fd, F_GETFL) & O_APPEND, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
}
END_TEST

START_TEST(a_flag_that_cannot_be_set_is_an_error)
{
    fault_once("fcntl", 2, EPERM);

    ck_assert_int_eq(leat__sys_set_nonblocking(STDERR_FILENO), -EPERM);
}
END_TEST

START_TEST(notify_keeps_errno_and_tries_again_after_a_signal)
{
    int fds[2];
    char byte = 0;

    ck_assert_int_eq(leat__sys_pipe(fds), 0);
    fault_once("write", 1, EINTR);
    errno = EDOM;
    leat__sys_notify(fds[1], 'x');
    ck_assert_int_eq(errno, EDOM);
    ck_assert_int_eq((int)leat__sys_read(fds[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'x');
    ck_assert_int_eq(leat__sys_close(fds[0]), 0);
    ck_assert_int_eq(leat__sys_close(fds[1]), 0);
}
END_TEST

/* --- the suite ----------------------------------------------------------- */

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("sys");
    TCase *errors = tcase_create("errors"), *fds = tcase_create("fds");

    tcase_add_checked_fixture(errors, kernel_setup, kernel_teardown);
    tcase_add_loop_test(
        errors, the_error_of_the_kernel_comes_back_negative, 0, ROWS);
    tcase_add_loop_test(errors, an_injected_error_comes_back_negative, 0, ROWS);
    tcase_add_loop_test(
        errors, an_interrupted_call_is_made_again_where_it_can_wait, 0, ROWS);
    tcase_add_loop_test(
        errors, interruptions_without_end_are_eintr_in_the_end, 0, ROWS);
    tcase_add_loop_test(
        errors, as_many_interruptions_as_there_are_retries_do_no_harm, 0, ROWS);
    tcase_add_test(
        errors, connect_interrupted_is_in_progress_and_not_made_again);
    tcase_add_test(errors, connect_tells_other_errors);
    suite_add_tcase(suite, errors);

    tcase_add_checked_fixture(fds, kernel_setup, kernel_teardown);
    tcase_add_test(fds, close_interrupted_has_closed_and_is_not_made_again);
    tcase_add_test(fds, probe_tells_open_from_closed);
    tcase_add_test(fds, pipe_ends_are_non_blocking_and_close_on_exec);
    tcase_add_test(fds, pipe_that_fails_leaves_the_numbers_alone);
    tcase_add_test(fds, setting_a_flag_keeps_the_others);
    tcase_add_test(fds, a_flag_that_cannot_be_set_is_an_error);
    tcase_add_test(fds, notify_keeps_errno_and_tries_again_after_a_signal);
    suite_add_tcase(suite, fds);
    return suite;
}
