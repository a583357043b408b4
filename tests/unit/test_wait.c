/*
 * test_wait.c - how long a turn waits, and the ways in which select() fails.
 */
#include <leat/sets.h>
#include <leat/timer.h>

#include <errno.h>

#include "loop/loop.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"
#include "support/timer_rig.h"
#include "support/watcher.h"

#define DAY (24 * 3600 * SEC)

static struct leat_timer timer, second, third;

static void
setup(void)
{
    rig_setup();
    timer_make(&timer, "timer");
    timer_make(&second, "second");
    timer_make(&third, "third");
}

static void
nothing(struct leat_loop *loop, void *arg)
{
    (void)loop;
    (void)arg;
}

/* End a wait that has no end of its own. */
static void
post_to_wake(void)
{
    ck_assert_int_eq(leat_loop_post(rig.loop, nothing, NULL), 0);
}

static int64_t
time_waited(void)
{
    rig_wait();
    return rig.wait_us;
}

/* --- law 5 ---------------------------------------------------------------- */

START_TEST(timers_wait_is_the_time_to_the_next_and_minus_1_without_any)
{
    ck_assert_int_eq(leat__timers_wait(rig.loop), -1);
    leat_timer_start(&timer, 20, 0);
    leat_timer_start(&second, 10, 0);
    ck_assert_int_eq(leat__timers_wait(rig.loop), 10);
    clock_advance(9);
    ck_assert_int_eq(leat__timers_wait(rig.loop), 1);
    clock_advance(5); /* late: nothing below 0, which would be for ever */
    ck_assert_int_eq(leat__timers_wait(rig.loop), 0);
    rig_turn();
    leat_timer_stop(&timer);
    ck_assert_int_eq(leat__timers_wait(rig.loop), -1);
    trace_expect("second");
}
END_TEST

START_TEST(law5_wait_has_no_end_where_nothing_is_due)
{
    rig.on_wait = post_to_wake;
    ck_assert_int_eq(time_waited(), -1);
}
END_TEST

START_TEST(next_timeout_with_only_cancelled_timers)
{
    leat_timer_start(&timer, 10, 10);
    leat_timer_start(&second, 0, 0);
    leat_timer_start(&third, 20, 0);
    leat_timer_stop(&second);
    leat_timer_stop(&timer);
    leat_timer_stop(&third);
    rig.on_wait = post_to_wake;
    ck_assert_int_eq(time_waited(), -1);
    trace_expect("");
}
END_TEST

/* The clock is read after the wait, so the timer needs no second select(). */
START_TEST(law5_wait_ends_at_the_next_deadline_in_one_select)
{
    leat_timer_start(&second, 5000, 0);
    leat_timer_start(&timer, 1234, 0);
    clock_advance(234);
    ck_assert_int_eq(time_waited(), 1000);
    trace_expect("timer");
    ck_assert_uint_eq(rig.waits, 1);
    ck_assert_uint_eq(rig_stats().selects, 1);
    ck_assert_int_eq(time_waited(), 3766);
    trace_expect("second");
}
END_TEST

START_TEST(law5_wait_of_the_last_microsecond_is_not_zero)
{
    leat_timer_start(&timer, 10, 0);
    clock_advance(9);
    ck_assert_int_eq(time_waited(), 1);
    trace_expect("timer");
}
END_TEST

START_TEST(law5_wait_is_zero_for_a_timer_that_is_due)
{
    leat_timer_start(&timer, 10, 0);
    clock_advance(11);
    ck_assert_int_eq(time_waited(), 0);
    trace_expect("timer");
}
END_TEST

START_TEST(wait_is_the_shorter_of_the_callers_and_the_timers)
{
    leat_timer_start(&timer, 10, 0);
    ck_assert_int_eq(leat_loop_step(rig.loop, 4), 0);
    ck_assert_int_eq(rig.wait_us, 4);
    ck_assert_int_eq(leat_loop_step(rig.loop, 100), 1);
    ck_assert_int_eq(rig.wait_us, 6);
    ck_assert_int_eq(leat_loop_step(rig.loop, 0), 0);
    ck_assert_int_eq(rig.wait_us, 0);
    leat_timer_start(&timer, 0, 0);
    ck_assert_int_eq(leat_loop_step(rig.loop, 100), 1);
    ck_assert_int_eq(rig.wait_us, 0);
}
END_TEST

static struct leat__defer *
deferred(int i)
{
    struct leat__defer *lists[] = {
        &rig.loop->held, &rig.loop->dirty, &rig.loop->dying};
    return lists[i];
}

static void
run(struct leat__node *node)
{
    (void)node;
    trace("ran");
}

START_TEST(law5_wait_is_zero_for_held_dirty_and_dying_ones)
{
    struct leat__node node;
    leat__list_init(&node);
    deferred(_i)->run = run;
    leat__defer_add(deferred(_i), &node);
    ck_assert_int_eq(time_waited(), 0);
    trace_expect("ran");
    rig.on_wait = post_to_wake;
    ck_assert_int_eq(time_waited(), -1);
}
END_TEST

static struct leat__node late;

static void
put_off(struct leat_watch *watch, unsigned ready, void *user)
{
    watcher_reads(watch, ready, user);
    leat__defer_add(&rig.loop->held, &late);
}

/* It may be delivered from now on, but only phase 3 of the next turn does. */
START_TEST(law5_wait_is_zero_for_what_was_put_off_in_the_turn)
{
    int fds[2];
    rig_pipe(fds);
    watcher_with(put_off, fds[0], LEAT_READABLE, "in");
    leat__list_init(&late);
    rig.loop->held.run = run;
    watcher_feed(fds[1]);
    rig_wait();
    trace_expect("in r");
    ck_assert_int_eq(time_waited(), 0);
    trace_expect("ran");
    rig.on_wait = post_to_wake;
    ck_assert_int_eq(time_waited(), -1);
}
END_TEST

START_TEST(wait_is_a_day_at_most_and_goes_on_after_it)
{
    leat_timer_start(&timer, 3 * DAY + 5, 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(time_waited(), DAY);
        trace_expect("");
    }
    ck_assert_int_eq(time_waited(), 5);
    trace_expect("timer");
}
END_TEST

/* --- EINTR ---------------------------------------------------------------- */

START_TEST(step_on_eintr_dispatches_nothing)
{
    int fds[2];
    rig_pair(fds);
    watcher_feed(fds[1]);
    watcher(fds[0], WATCH_ALL, "pair");
    fault_once("select", 1, EINTR);
    ck_assert_int_eq(rig_turn(), 0);
    trace_expect("");
    rig_turn();
    trace_expect("pair r, pair w");
}
END_TEST

static void
let_time_pass(void)
{
    clock_advance(40);
}

START_TEST(wait_cut_short_by_eintr_is_reckoned_anew)
{
    leat_timer_start(&timer, 100, 0);
    rig.on_wait = let_time_pass;
    fault_times("select", 1, 2, EINTR);
    ck_assert_int_eq(time_waited(), 100);
    ck_assert_int_eq(time_waited(), 60);
    rig.on_wait = NULL;
    trace_expect("");
    ck_assert_int_eq(time_waited(), 20);
    trace_expect("timer");
}
END_TEST

START_TEST(timers_run_although_every_wait_is_cut_short)
{
    leat_timer_start(&timer, 100, 100);
    rig.on_wait = let_time_pass;
    int fault = fault_sticky("select", 1, EINTR);
    for (int i = 0; i < 10; i++)
        rig_wait();
    trace_expect("timer, timer, timer, timer");
    fault_release(fault);
    leat_timer_stop(&timer);
}
END_TEST

/* --- ENOMEM and what else it may say -------------------------------------- */

START_TEST(wait_after_enomem_backs_off_10_ms_without_descriptors)
{
    int fds[2];
    rig_pipe(fds);
    watcher(fds[1], LEAT_WRITABLE, "out");
    fault_once("select", 1, ENOMEM);
    ck_assert_int_eq(rig_wait(), 0);
    ck_assert_str_eq(rig.note.key, "select-failed");
    ck_assert_int_eq(rig.note.error, -ENOMEM);
    ck_assert_int_eq(rig_wait(), 0);
    ck_assert_int_eq(rig.wait_us, 10000);
    ck_assert_int_eq(rig.wait_nfds, 0);
    trace_expect("");
    rig_wait();
    trace_expect("out w");
}
END_TEST

START_TEST(wait_after_enomem_backs_off_again_while_it_lasts)
{
    fault_times("select", 1, 1, ENOMEM);
    fault_times("select", 3, 1, ENOMEM);
    int64_t start = clock_now();
    for (int i = 0; i < 4; i++)
        rig_wait();
    ck_assert_int_eq(clock_now() - start, 20000);
    ck_assert_uint_eq(rig_noted("select-failed"), 2);
}
END_TEST

START_TEST(wait_after_enomem_still_ends_at_a_deadline)
{
    leat_timer_start(&timer, 3 * MSEC, 0);
    fault_once("select", 1, ENOMEM);
    rig_wait();
    ck_assert_int_eq(time_waited(), 3 * MSEC);
    trace_expect("timer");
    fault_once("select", 1, ENOMEM);
    rig_wait();
    leat_timer_start(&timer, 0, 0);
    ck_assert_int_eq(time_waited(), 0);
    trace_expect("timer");
}
END_TEST

START_TEST(wait_after_enomem_serves_nobody_although_a_host_prepared)
{
    int fds[2];
    struct leat_sets sets;
    rig_pipe(fds);
    watcher(fds[0], LEAT_READABLE, "in");
    fault_once("select", 1, ENOMEM);
    rig_wait();
    ck_assert_int_eq(leat_loop_prepare(rig.loop, &sets), 0);
    ck_assert_int_eq(rig_wait(), 0);
    trace_expect("");
}
END_TEST

/* Without descriptors select() needs no memory: then waiting mends nothing. */
START_TEST(wait_that_fails_without_descriptors_too_ends_the_run)
{
    leat_timer_start(&timer, SEC, SEC);
    int fault = fault_sticky("select", 1, ENOMEM);
    ck_assert_int_eq(leat_loop_run(rig.loop), -ENOMEM);
    ck_assert_uint_eq(fault_fired(fault), 2);
    fault_release(fault);
    ck_assert_int_eq(time_waited(), SEC);
    trace_expect("timer");
    leat_timer_stop(&timer);
}
END_TEST

START_TEST(run_ends_with_an_error_that_waiting_does_not_mend)
{
    int fds[2];
    rig_pipe(fds);
    watcher(fds[1], LEAT_WRITABLE, "out");
    fault_once("select", 1, EINVAL);
    ck_assert_int_eq(leat_loop_run(rig.loop), -EINVAL);
    trace_expect("");
    rig_turn();
    trace_expect("out w");
}
END_TEST

/* --- spurious wake-ups ---------------------------------------------------- */

/* All that was asked for is ready, says the kernel; select(2) allows it. */
static int
always_ready(
    int nfds, fd_set *in, fd_set *out, fd_set *urgent, struct timeval *timeout)
{
    (void)nfds;
    (void)in;
    (void)out;
    (void)urgent;
    (void)timeout;
    return 1;
}

START_TEST(spurious_wake_up_calls_nobody_and_counts_as_a_spin)
{
    struct leat_sys spurious = *kernel_real();
    spurious.select = always_ready;
    kernel_use(&spurious);
    ck_assert_int_eq(rig_turns(3), 0);
    ck_assert_uint_eq(rig_stats().spins, 3);
    kernel_use(NULL);
    ck_assert_int_eq(rig_turn(), 0);
    ck_assert_uint_eq(rig_stats().spins, 3);
    rig.may_spin = true;
}
END_TEST

START_TEST(wake_up_that_a_callback_answers_is_no_spin)
{
    int fds[2];
    rig_pipe(fds);
    watcher(fds[1], LEAT_WRITABLE, "out");
    rig_turns(5);
    ck_assert_uint_eq(rig_stats().spins, 0);
    ck_assert_uint_eq(rig_stats().turns, 5);
    ck_assert_uint_eq(rig_stats().callbacks, 5);
}
END_TEST

static void
add_tests(TCase *tcase)
{
    tcase_add_test(
        tcase, timers_wait_is_the_time_to_the_next_and_minus_1_without_any);
    tcase_add_test(tcase, law5_wait_has_no_end_where_nothing_is_due);
    tcase_add_test(tcase, next_timeout_with_only_cancelled_timers);
    tcase_add_test(tcase, law5_wait_ends_at_the_next_deadline_in_one_select);
    tcase_add_test(tcase, law5_wait_of_the_last_microsecond_is_not_zero);
    tcase_add_test(tcase, law5_wait_is_zero_for_a_timer_that_is_due);
    tcase_add_test(tcase, wait_is_the_shorter_of_the_callers_and_the_timers);
    tcase_add_loop_test(
        tcase, law5_wait_is_zero_for_held_dirty_and_dying_ones, 0, 3);
    tcase_add_test(tcase, law5_wait_is_zero_for_what_was_put_off_in_the_turn);
    tcase_add_test(tcase, wait_is_a_day_at_most_and_goes_on_after_it);
    tcase_add_test(tcase, step_on_eintr_dispatches_nothing);
    tcase_add_test(tcase, wait_cut_short_by_eintr_is_reckoned_anew);
    tcase_add_test(tcase, timers_run_although_every_wait_is_cut_short);
    tcase_add_test(
        tcase, wait_after_enomem_backs_off_10_ms_without_descriptors);
    tcase_add_test(tcase, wait_after_enomem_backs_off_again_while_it_lasts);
    tcase_add_test(tcase, wait_after_enomem_still_ends_at_a_deadline);
    tcase_add_test(
        tcase, wait_after_enomem_serves_nobody_although_a_host_prepared);
    tcase_add_test(tcase, wait_that_fails_without_descriptors_too_ends_the_run);
    tcase_add_test(tcase, run_ends_with_an_error_that_waiting_does_not_mend);
    tcase_add_test(tcase, spurious_wake_up_calls_nobody_and_counts_as_a_spin);
    tcase_add_test(tcase, wake_up_that_a_callback_answers_is_no_spin);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("wait");
    TCase *tcase = tcase_create("wait");
    tcase_add_checked_fixture(tcase, setup, rig_teardown);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    return suite;
}
