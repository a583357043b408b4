/*
 * test_sys_terminal.c - what is a terminal, and what is not.
 */
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/kernel.h"
#include "support/run.h"

START_TEST(terminal_is_one)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(leat__sys_is_terminal(fd), 1);
    close(fd);
}
END_TEST

START_TEST(pipe_null_and_nothing_are_no_terminals)
{
    int ends[2], null = open("/dev/null", O_RDWR);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(leat__sys_is_terminal(ends[0]), 0);
    ck_assert_int_eq(leat__sys_is_terminal(ends[1]), 0);
    ck_assert_int_eq(leat__sys_is_terminal(null), 0);
    ck_assert_int_eq(leat__sys_is_terminal(-1), 0);
    close(ends[0]);
    close(ends[1]);
    close(null);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("sys_terminal");
    TCase *tcase = tcase_create("terminal");

    tcase_add_checked_fixture(tcase, kernel_setup, kernel_teardown);
    tcase_add_test(tcase, terminal_is_one);
    tcase_add_test(tcase, pipe_null_and_nothing_are_no_terminals);
    suite_add_tcase(suite, tcase);
    return suite;
}
