/*
 * test_leat_server_cpu.c - the processor time of another process, and what
 * else its file may hold.
 */
#include <errno.h>
#include <unistd.h>

#include "leat/bench.h"
#include "support/kernel.h"
#include "support/run.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

START_TEST(cpu_is_user_and_system_time_in_ticks)
{
    static const struct {
        const char *stat;
        int64_t cpu_us;
    } rows[] = {
        {"1 (leatd) S 0 1 1 0 -1 4194560 5 6 7 8 12 34 90 91 20 0 1\n", 460000},
        {"1 (a) b (c d) S 0 1 1 0 -1 4194560 5 6 7 8 0 3 90 91\n", 30000},
        {"1 () R 0 1 1 0 -1 4194560 5 6 7 8 1 2\n", 30000},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t cpu_us = -1;
        ck_assert(server_cpu_parse(rows[i].stat, &cpu_us));
        ck_assert_int_eq(cpu_us, rows[i].cpu_us);
    }
}
END_TEST

START_TEST(what_is_no_stat_has_no_cpu)
{
    static const char *const texts[] = {"", "1", "1 (leatd)", "1 (leatd) S",
        "1 (leatd) S 0 1 1 0 -1 4194560 5 6 7 8 12",
        "1 (leatd) S 0 1 1 0 -1 4194560 5 6 7 8 12 ",
        "1 (leatd) S 0 1 1 0 -1 4194560 5 6 7 8 twelve 34",
        "1 (leatd) S 0 1 1 0 -1 4194560 5 6 7  8 12 34"};

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        int64_t cpu_us = -1;
        ck_assert(!server_cpu_parse(texts[i], &cpu_us));
        ck_assert_int_eq(cpu_us, -1);
    }
}
END_TEST

START_TEST(cpu_of_this_process_can_be_read)
{
    int64_t cpu_us = -1;

    ck_assert_int_eq(server_cpu(getpid(), &cpu_us), 0);
    ck_assert_int_ge(cpu_us, 0);
}
END_TEST

START_TEST(cpu_that_cannot_be_read_says_why)
{
    static const struct {
        const char *call;
        int error, result;
    } rows[] = {{"open", ENOENT, -ESRCH}, {"open", EACCES, -EACCES},
        {"read", ESRCH, -ESRCH}, {"realloc", ENOMEM, -ENOMEM}};
    int64_t cpu_us;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        fault_once(rows[i].call, 1, rows[i].error);
        ck_assert_int_eq(server_cpu(getpid(), &cpu_us), rows[i].result);
    }
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leat_server_cpu");
    TCase *tcase = tcase_create("cpu");

    tcase_add_checked_fixture(tcase, kernel_setup, kernel_teardown);
    tcase_add_test(tcase, cpu_is_user_and_system_time_in_ticks);
    tcase_add_test(tcase, what_is_no_stat_has_no_cpu);
    tcase_add_test(tcase, cpu_of_this_process_can_be_read);
    tcase_add_test(tcase, cpu_that_cannot_be_read_says_why);
    suite_add_tcase(suite, tcase);
    return suite;
}
