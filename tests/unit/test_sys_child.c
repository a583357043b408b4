/*
 * test_sys_child.c - a child process by the seam: what it has, how it ends.
 */
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "support/kernel.h"
#include "support/run.h"

static int fds[2];
static pid_t pid;

static void
spawn(char *script)
{
    char name[] = "sh", option[] = "-c";
    char *const argv[] = {name, option, script, NULL};

    ck_assert_int_eq(leat__sys_socket_pair(fds), 0);
    ck_assert_int_eq(leat__sys_spawn(&pid, "sh", argv, fds[1]), 0);
    ck_assert_int_eq(leat__sys_close(fds[1]), 0);
}

static int
status_of_the_end(void)
{
    int status;

    ck_assert_int_eq(leat__sys_reap(pid, true, &status), 1);
    ck_assert_int_eq(leat__sys_close(fds[0]), 0);
    return status;
}

START_TEST(a_pair_waits_and_is_not_inherited)
{
    ck_assert_int_eq(leat__sys_socket_pair(fds), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(fcntl(fds[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        ck_assert_int_eq(fcntl(fds[i], F_GETFL) & O_NONBLOCK, 0);
        ck_assert_int_eq(leat__sys_close(fds[i]), 0);
    }
    fault_once("socketpair", 1, EMFILE);
    ck_assert_int_eq(leat__sys_socket_pair(fds), -EMFILE);
}
END_TEST

/* The shell reads a line from its 0 and answers there. */
START_TEST(a_child_has_the_socket_and_nothing_else)
{
    char script[] = "read line; echo \"<$line$SECRET>\" >&0;"
                    "for n in 1 2 3 4 5 6 7 8 9; do"
                    " if [ -e /proc/$$/fd/$n ]; then echo $n >&0; fi; done;"
                    "exit 7";
    char bytes[64] = "";
    int other = open("/dev/null", O_RDONLY); /* inherited without our doing */
    size_t len = 0;
    ssize_t count;

    ck_assert_int_ge(other, 3);
    setenv("SECRET", "secret", 1);
    spawn(script);
    ck_assert_int_eq(leat__sys_send(fds[0], "hello\n", 6), 6);
    while ((count = leat__sys_read(
                fds[0], bytes + len, sizeof bytes - 1 - len)) > 0)
        len += (size_t)count;
    ck_assert_str_eq(bytes, "<hello>\n");
    int status = status_of_the_end();
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 7);
    close(other);
}
END_TEST

START_TEST(a_child_is_reaped_once_and_only_when_it_has_ended)
{
    char script[] = "read line";
    int status;

    spawn(script);
    ck_assert_int_eq(leat__sys_reap(pid, false, &status), 0);
    ck_assert_int_eq(leat__sys_kill(pid), 0);
    status = status_of_the_end();
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGKILL);
    ck_assert_int_eq(leat__sys_reap(pid, true, &status), -ECHILD);
}
END_TEST

START_TEST(a_program_that_cannot_be_started_is_an_error)
{
    char name[] = "nothing";
    char *const argv[] = {name, NULL};

    ck_assert_int_eq(leat__sys_socket_pair(fds), 0);
    fault_once("posix_spawnp", 1, ENOENT);
    ck_assert_int_eq(
        leat__sys_spawn(&pid, "/nowhere/nothing", argv, fds[1]), -ENOENT);
    ck_assert_int_eq(leat__sys_close(fds[0]), 0);
    ck_assert_int_eq(leat__sys_close(fds[1]), 0);
}
END_TEST

START_TEST(a_wait_that_a_signal_cuts_short_is_made_again)
{
    char script[] = "exit 0";
    int status;

    spawn(script);
    fault_times("waitpid", 1, 3, EINTR);
    ck_assert_int_eq(leat__sys_reap(pid, true, &status), 1);
    ck_assert_uint_eq(kernel_calls("waitpid"), 4);
    ck_assert_int_eq(leat__sys_close(fds[0]), 0);
}
END_TEST

START_TEST(what_a_child_cannot_do_is_told)
{
    fault_once("kill", 1, ESRCH);
    ck_assert_int_eq(leat__sys_kill(getpid()), -ESRCH);
    fault_once("setpriority", 1, EACCES);
    ck_assert_int_eq(leat__sys_nice(10), -EACCES);
    ck_assert_int_eq(
        leat__sys_nice(getpriority(PRIO_PROCESS, 0)), 0); /* as it is */
}
END_TEST

START_TEST(keys_of_what_is_no_terminal_are_not_hidden)
{
    struct termios before;

    ck_assert_int_eq(leat__sys_socket_pair(fds), 0);
    ck_assert_int_eq(leat__sys_hide_keys(fds[0], &before), -ENOTTY);
    memset(&before, 0, sizeof before);
    ck_assert_int_eq(leat__sys_show_keys(fds[0], &before), -ENOTTY);
    ck_assert_int_eq(leat__sys_close(fds[0]), 0);
    ck_assert_int_eq(leat__sys_close(fds[1]), 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("sys_child");
    TCase *tcase = tcase_create("child");

    tcase_add_checked_fixture(tcase, kernel_setup, kernel_teardown);
    tcase_add_test(tcase, a_pair_waits_and_is_not_inherited);
    tcase_add_test(tcase, a_child_has_the_socket_and_nothing_else);
    tcase_add_test(tcase, a_child_is_reaped_once_and_only_when_it_has_ended);
    tcase_add_test(tcase, a_program_that_cannot_be_started_is_an_error);
    tcase_add_test(tcase, a_wait_that_a_signal_cuts_short_is_made_again);
    tcase_add_test(tcase, what_a_child_cannot_do_is_told);
    tcase_add_test(tcase, keys_of_what_is_no_terminal_are_not_hidden);
    suite_add_tcase(suite, tcase);
    return suite;
}
