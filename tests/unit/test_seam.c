/*
 * test_seam.c - the tests' own kernel: faults strike where they should, calls
 * are counted, a frozen clock stands still.
 */
#include "kernel.h"
#include "pair.h"
#include "run.h"

#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static struct pair pair;

static void
setup(void)
{
    kernel_setup();
    pair = (struct pair){-1, -1};
}

static void
teardown(void)
{
    pair_close(&pair);
    kernel_teardown();
}

static int
probe(void)
{
    return leat__sys_probe(STDERR_FILENO);
}

/* --- faults -------------------------------------------------------------- */

START_TEST(fault_once_strikes_the_nth_call_from_now)
{
    ck_assert_int_eq(probe(), 0);
    fault_once("fcntl", 3, EIO);
    ck_assert_int_eq(probe(), 0);
    ck_assert_int_eq(probe(), 0);
    ck_assert_int_eq(probe(), -EIO);
    ck_assert_int_eq(probe(), 0);
}
END_TEST

START_TEST(fault_times_strikes_so_often)
{
    int fault = fault_times("fcntl", 2, 2, EIO);

    ck_assert_int_eq(probe(), 0);
    ck_assert_int_eq(probe(), -EIO);
    ck_assert_int_eq(probe(), -EIO);
    ck_assert_int_eq(probe(), 0);
    ck_assert_uint_eq(fault_fired(fault), 2);
}
END_TEST

START_TEST(fault_sticky_strikes_until_it_is_released)
{
    int fault = fault_sticky("fcntl", 1, EIO);

    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(probe(), -EIO);
    fault_release(fault);
    ck_assert_int_eq(probe(), 0);
}
END_TEST

START_TEST(faults_count_for_themselves)
{
    fault_once("fcntl", 1, EIO);
    fault_once("fcntl", 3, EPERM);
    fault_once("open", 1, EACCES);

    ck_assert_int_eq(probe(), -EIO);
    ck_assert_int_eq(probe(), 0);
    ck_assert_int_eq(probe(), -EPERM);
    ck_assert_int_eq(leat__sys_open("/dev/null", O_RDONLY, 0), -EACCES);
}
END_TEST

START_TEST(of_two_faults_that_are_due_the_younger_waits)
{
    fault_once("fcntl", 2, EIO);
    fault_once("fcntl", 2, EPERM);

    ck_assert_int_eq(probe(), 0);
    ck_assert_int_eq(probe(), -EIO);
    ck_assert_int_eq(probe(), -EPERM);
    ck_assert_int_eq(probe(), 0);
}
END_TEST

START_TEST(fault_of_any_call_counts_what_can_fail)
{
    fault_once(NULL, 2, EIO);

    ck_assert_int_eq(leat__sys_pid(), getpid());
    ck_assert_int_eq(probe(), 0);
    leat__sys_umask(leat__sys_umask(0));
    ck_assert_int_eq(leat__sys_shutdown(-1, 0), -EIO);
}
END_TEST

START_TEST(fault_at_a_line_leaves_other_lines_alone)
{
    int line = __LINE__ + 4;

    fault_at("test_seam.c", line, 1, EIO);
    ck_assert_int_eq(LEAT_SYS(fcntl, STDERR_FILENO, F_GETFD), 0);
    ck_assert_int_eq(LEAT_SYS(fcntl, STDERR_FILENO, F_GETFD), -1);
    ck_assert_int_eq(errno, EIO);
    ck_assert_int_eq(LEAT_SYS(fcntl, STDERR_FILENO, F_GETFD), 0);
}
END_TEST

START_TEST(fault_clear_disarms_all)
{
    fault_sticky("fcntl", 1, EIO);
    fault_once("recv", 1, EIO);
    fault_clear();

    ck_assert_int_eq(probe(), 0);
    ck_assert_ptr_null(kernel_leftover());
}
END_TEST

START_TEST(a_sweep_may_arm_faults_without_end)
{
    for (unsigned i = 1; i < 1000; i++) {
        int fault = fault_once("fcntl", 1, EIO);

        ck_assert_int_eq(probe(), -EIO);
        ck_assert_uint_eq(fault_fired(fault), 1);
        fault_release(fault);
    }
}
END_TEST

START_TEST(a_failed_call_has_not_been_made)
{
    fault_once("open", 1, EMFILE);
    ck_assert_int_eq(leat__sys_open("/dev/null", O_RDONLY, 0), -EMFILE);
    ck_assert_uint_eq(ledger_fds(), 0);
}
END_TEST

/* --- short calls --------------------------------------------------------- */

START_TEST(fault_short_cuts_one_recv)
{
    char bytes[8] = "";

    pair = pair_unix();
    ck_assert_int_eq((int)send(pair.far, "abcdef", 6, 0), 6);
    fault_short("recv", 1, 2);
    ck_assert_int_eq((int)leat__sys_recv(pair.near, bytes, 8), 2);
    ck_assert_int_eq((int)leat__sys_recv(pair.near, bytes + 2, 6), 4);
    ck_assert_str_eq(bytes, "abcdef");
}
END_TEST

START_TEST(fault_short_sticky_sends_byte_by_byte)
{
    char got[4] = "";
    int fault;

    pair = pair_unix();
    fault = fault_short_sticky("send", 1, 1);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(
            (int)leat__sys_send(pair.near, &"abc"[i], (size_t)(3 - i)), 1);
    ck_assert_uint_eq(fault_fired(fault), 3);
    ck_assert_int_eq((int)recv(pair.far, got, 3, MSG_WAITALL), 3);
    ck_assert_str_eq(got, "abc");
}
END_TEST

/* At every place, between the pieces and inside them. */
START_TEST(fault_short_cuts_a_gathered_send)
{
    char text[] = "onetwosix", got[16] = "";
    const struct iovec pieces[] = {{text, 3}, {text + 3, 3}, {text + 6, 3}};

    pair = pair_unix();
    fault_short("sendmsg", 1, (size_t)_i);
    ck_assert_int_eq((int)leat__sys_sendv(pair.near, pieces, 3), _i);
    ck_assert_int_eq((int)recv(pair.far, got, 16, MSG_DONTWAIT), _i);
    ck_assert_mem_eq(got, text, (size_t)_i);
}
END_TEST

START_TEST(fault_short_longer_than_the_call_changes_nothing)
{
    int fds[2];
    char bytes[4];

    ck_assert_int_eq(leat__sys_pipe(fds), 0);
    fault_short("write", 1, 100);
    fault_short("read", 1, 1);
    ck_assert_int_eq((int)leat__sys_write(fds[1], "abc", 3), 3);
    ck_assert_int_eq((int)leat__sys_read(fds[0], bytes, 4), 1);
    ck_assert_int_eq(leat__sys_close(fds[0]), 0);
    ck_assert_int_eq(leat__sys_close(fds[1]), 0);
}
END_TEST

/* --- counters ------------------------------------------------------------ */

START_TEST(calls_are_counted_by_name_failed_ones_too)
{
    fault_once("fcntl", 2, EIO);
    ck_assert_int_eq(probe(), 0);
    ck_assert_int_eq(probe(), -EIO);
    ck_assert_uint_eq(kernel_calls("fcntl"), 2);
    ck_assert_uint_eq(kernel_calls("open"), 0);
    kernel_reset_calls();
    ck_assert_uint_eq(kernel_calls("fcntl"), 0);
}
END_TEST

START_TEST(every_call_has_a_name)
{
    unsigned i = 0, fallible = 0;

    for (; kernel_call_name(i) != NULL; i++)
        fallible += kernel_can_fail(kernel_call_name(i));
    ck_assert_uint_eq(i, sizeof(struct leat_sys) / sizeof(void (*)(void)));
    ck_assert_uint_eq(fallible, i - 5); /* free, freeaddrinfo, umask, pids */
}
END_TEST

static void *
probe_often(void *user)
{
    (void)user;
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(probe(), 0);
    return NULL;
}

START_TEST(threads_may_call_at_once)
{
    pthread_t other;

    kernel_shared();
    ck_assert_int_eq(pthread_create(&other, NULL, probe_often, NULL), 0);
    probe_often(NULL);
    ck_assert_int_eq(pthread_join(other, NULL), 0);
    ck_assert_uint_eq(kernel_calls("fcntl"), 2000);
}
END_TEST

/* --- time ---------------------------------------------------------------- */

static int64_t
now(void)
{
    int64_t now_us = -1;

    ck_assert_int_eq(leat__sys_monotonic(&now_us), 0);
    return now_us;
}

START_TEST(a_frozen_clock_moves_by_hand_only)
{
    int64_t start;

    clock_freeze();
    start = now();
    ck_assert_int_eq(now(), start);
    clock_advance(1500000);
    ck_assert_int_eq(now(), start + 1500000);
    ck_assert_int_eq(clock_now(), start + 1500000);
    clock_thaw();
}
END_TEST

START_TEST(a_frozen_wait_advances_the_clock_and_takes_no_time)
{
    struct timespec before, after;
    int64_t start;

    clock_freeze();
    start = now();
    clock_gettime(CLOCK_MONOTONIC, &before);
    ck_assert_int_eq(
        leat__sys_select(0, NULL, NULL, NULL, (int64_t)3600 * 1000000), 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    ck_assert_int_eq(now() - start, (int64_t)3600 * 1000000);
    ck_assert_int_lt(after.tv_sec - before.tv_sec, 3600);
}
END_TEST

START_TEST(a_frozen_wait_with_something_ready_takes_no_time_at_all)
{
    unsigned long words[16] = {0};
    int64_t start;
    size_t bits = 8 * sizeof *words;

    pair = pair_unix();
    ck_assert_int_eq((int)send(pair.far, "x", 1, 0), 1);
    words[(size_t)pair.near / bits] = 1ul << (size_t)pair.near % bits;
    clock_freeze();
    start = now();
    ck_assert_int_eq(
        leat__sys_select(pair.near + 1, words, NULL, NULL, 1000000), 1);
    ck_assert_int_eq(now(), start);
}
END_TEST

START_TEST(a_frozen_wait_without_end_that_hangs_is_noticed)
{
    clock_freeze();
    clock_hang_limit(1);
    kernel_expect();
    ck_assert_int_eq(leat__sys_select(0, NULL, NULL, NULL, -1), 0);
    ck_assert_ptr_nonnull(strstr(kernel_complaint(), "hangs"));
}
END_TEST

START_TEST(the_wall_clock_can_be_set_and_leaves_the_other_alone)
{
    struct timespec before, after;
    int64_t start;

    clock_freeze();
    start = now();
    ck_assert_int_eq(leat__sys_wall(&before), 0);
    clock_shift_wall((int64_t)-3600 * 1000000);
    ck_assert_int_eq(leat__sys_wall(&after), 0);
    ck_assert_int_lt(after.tv_sec, before.tv_sec - 1800);
    ck_assert_int_eq(now(), start);
}
END_TEST

/* --- the suite ----------------------------------------------------------- */

static void
add_faults(Suite *suite)
{
    TCase *faults = tcase_create("faults");

    tcase_add_checked_fixture(faults, setup, teardown);
    tcase_add_test(faults, fault_once_strikes_the_nth_call_from_now);
    tcase_add_test(faults, fault_times_strikes_so_often);
    tcase_add_test(faults, fault_sticky_strikes_until_it_is_released);
    tcase_add_test(faults, faults_count_for_themselves);
    tcase_add_test(faults, of_two_faults_that_are_due_the_younger_waits);
    tcase_add_test(faults, fault_of_any_call_counts_what_can_fail);
    tcase_add_test(faults, fault_at_a_line_leaves_other_lines_alone);
    tcase_add_test(faults, fault_clear_disarms_all);
    tcase_add_test(faults, a_sweep_may_arm_faults_without_end);
    tcase_add_test(faults, a_failed_call_has_not_been_made);
    tcase_add_test(faults, fault_short_cuts_one_recv);
    tcase_add_test(faults, fault_short_sticky_sends_byte_by_byte);
    tcase_add_loop_test(faults, fault_short_cuts_a_gathered_send, 1, 10);
    tcase_add_test(faults, fault_short_longer_than_the_call_changes_nothing);
    tcase_add_test(faults, calls_are_counted_by_name_failed_ones_too);
    tcase_add_test(faults, every_call_has_a_name);
    tcase_add_test(faults, threads_may_call_at_once);
    suite_add_tcase(suite, faults);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("seam");
    TCase *time = tcase_create("time");

    add_faults(suite);
    tcase_add_checked_fixture(time, setup, teardown);
    tcase_add_test(time, a_frozen_clock_moves_by_hand_only);
    tcase_add_test(time, a_frozen_wait_advances_the_clock_and_takes_no_time);
    tcase_add_test(
        time, a_frozen_wait_with_something_ready_takes_no_time_at_all);
    tcase_add_test(time, a_frozen_wait_without_end_that_hangs_is_noticed);
    tcase_add_test(time, the_wall_clock_can_be_set_and_leaves_the_other_alone);
    suite_add_tcase(suite, time);
    return suite;
}
