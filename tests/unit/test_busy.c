/*
 * test_busy.c - busy poll: what is found without a wait, and how long it is.
 */
#include <leat/leat.h>

#include <errno.h>
#include <signal.h>

#include "loop/loop.h"
#include "support/kernel.h"
#include "support/polls.h"
#include "support/run.h"
#include "support/trace.h"

/* --- off ------------------------------------------------------------------ */

START_TEST(without_busy_poll_a_wait_is_one_select)
{
    polls_open(_i);
    polls_credit(POLLS_CREDIT);
    leat_timer_start(&polls.timer, 100, 0);
    rig_wait();
    trace_expect("timer");
    polls_were(0, 1);
}
END_TEST

START_TEST(a_step_that_may_not_wait_never_polls)
{
    polls_credit(POLLS_CREDIT);
    rig_turn();
    rig_turn();
    polls_were(2, 0);
    ck_assert_uint_eq(rig.loop->busy.credit, POLLS_CREDIT);
}
END_TEST

START_TEST(law5_a_wait_of_zero_is_one_select_with_busy_poll_too)
{
    polls_credit(POLLS_CREDIT);
    leat_timer_start(&polls.timer, 0, 0);
    rig_wait();
    trace_expect("timer");
    polls_were(1, 0);
}
END_TEST

START_TEST(prepare_asks_a_host_for_the_wait_and_not_for_polls)
{
    struct leat_sets sets;
    polls_credit(POLLS_CREDIT);
    leat_timer_start(&polls.timer, 100, 0);
    ck_assert_int_eq(leat_loop_prepare(rig.loop, &sets), 0);
    ck_assert_int_eq(sets.timeout_us, 100);
    clock_advance(100);
    ck_assert_int_eq(leat_loop_dispatch(rig.loop, NULL), 1);
    polls_were(0, 0);
    ck_assert_uint_eq(rig.loop->busy.credit, POLLS_CREDIT);
    trace_expect("timer");
}
END_TEST

/* --- what a poll finds ---------------------------------------------------- */

START_TEST(what_comes_within_the_time_is_found_without_a_wait)
{
    polls_credit(POLLS_CREDIT);
    polls_act((unsigned)_i, polls_feed);
    ck_assert_int_eq(rig_wait(), 1);
    trace_expect("in r");
    polls_were((unsigned)_i, 0);
    ck_assert_uint_eq(rig_stats().selects, (unsigned)_i);
    ck_assert_uint_eq(rig_stats().turns, 1);
    ck_assert_uint_eq(rig_stats().spins, 0);
}
END_TEST

static void
tell_post(struct leat_loop *loop, void *arg)
{
    (void)loop;
    trace("%s", (const char *)arg);
}

static void
post(void)
{
    ck_assert_int_eq(leat_loop_post(rig.loop, tell_post, (void *)"post"), 0);
}

START_TEST(a_post_is_found_by_a_poll)
{
    polls_credit(POLLS_CREDIT);
    polls_act(7, post);
    rig_wait();
    trace_expect("post");
    polls_were(7, 0);
}
END_TEST

static void
send_signal(void)
{
    ck_assert_int_eq(raise(SIGUSR1), 0);
}

static void
tell_signal(struct leat_loop *loop, int signo, void *user)
{
    (void)loop;
    (void)signo;
    trace("%s", (const char *)user);
}

START_TEST(a_signal_is_found_by_a_poll)
{
    ck_assert_int_eq(
        leat_signal_watch(rig.loop, SIGUSR1, tell_signal, (void *)"signal"), 0);
    polls_credit(POLLS_CREDIT);
    polls_act(7, send_signal);
    rig_wait();
    trace_expect("signal");
    polls_were(7, 0);
    leat_signal_unwatch(rig.loop, SIGUSR1);
}
END_TEST

/* --- how long ------------------------------------------------------------- */

START_TEST(a_poll_in_vain_is_as_long_as_asked_for_and_then_it_waits)
{
    int64_t start_us = clock_now();
    polls_credit(POLLS_CREDIT);
    leat_timer_start(&polls.timer, 1000, 0);
    rig_wait();
    ck_assert_int_eq(rig.wait_us, 1000 - POLLS_WINDOW);
    ck_assert_int_eq(clock_now() - start_us, 1000);
    polls_were(POLLS_WINDOW, 1);
    ck_assert_uint_eq(rig_stats().selects, POLLS_WINDOW + 1);
    trace_expect("timer");
}
END_TEST

START_TEST(a_poll_does_not_outlast_the_next_timer)
{
    int64_t start_us = clock_now();
    polls_credit(POLLS_CREDIT);
    leat_timer_start(&polls.timer, _i, 0);
    rig_wait();
    ck_assert_int_eq(clock_now() - start_us, _i);
    polls_were((unsigned)_i, 0);
    trace_expect("timer");
}
END_TEST

START_TEST(a_poll_does_not_outlast_the_callers_time)
{
    int64_t start_us = clock_now();
    polls_credit(POLLS_CREDIT);
    leat_timer_start(&polls.timer, 20, 0);
    ck_assert_int_eq(leat_loop_step(rig.loop, 10), 0);
    ck_assert_int_eq(clock_now() - start_us, 10);
    polls_were(10, 0);
    ck_assert_int_eq(leat_loop_step(rig.loop, INT64_MAX), 1);
    polls_were(10, 0);
    trace_expect("timer");
}
END_TEST

static void
wait_and_feed(void)
{
    polls_count();
    if (rig.wait_us != 0)
        polls_feed();
}

START_TEST(a_wait_without_an_end_is_one_after_a_poll_too)
{
    polls_credit(POLLS_CREDIT);
    rig.on_wait = wait_and_feed;
    rig_wait();
    ck_assert_int_eq(rig.wait_us, -1);
    polls_were(POLLS_WINDOW, 1);
    trace_expect("in r");
}
END_TEST

START_TEST(a_time_beyond_all_clocks_polls_until_the_timer)
{
    polls_open(INT64_MAX);
    polls_credit(POLLS_CREDIT);
    leat_timer_start(&polls.timer, 300, 0);
    rig_wait();
    polls_were(300, 0);
    trace_expect("timer");
}
END_TEST

/* --- what goes wrong ------------------------------------------------------ */

START_TEST(a_poll_ends_with_what_a_wait_ends_with)
{
    static const int errors[] = {EINTR, ENOMEM, EINVAL};
    static const int results[] = {0, 0, -EINVAL};
    polls_credit(POLLS_CREDIT);
    leat_timer_start(&polls.timer, 1000, 0);
    fault_once("select", 5, errors[_i]);
    ck_assert_int_eq(leat_loop_step(rig.loop, -1), results[_i]);
    polls_were(5, 0);
    ck_assert_uint_eq(rig.loop->busy.credit, POLLS_CREDIT - 1);
    ck_assert_uint_eq(rig_noted("select-failed"), errors[_i] == ENOMEM);
    trace_expect("");
}
END_TEST

START_TEST(out_of_memory_it_waits_without_polls)
{
    polls_credit(POLLS_CREDIT);
    leat_timer_start(&polls.timer, 1000, 0);
    fault_once("select", 5, ENOMEM);
    rig_wait();
    polls_were(5, 0);
    rig_wait();
    ck_assert_int_eq(rig.wait_us, 995);
    polls_were(0, 1);
    trace_expect("timer");
}
END_TEST

static void
stand_still(void)
{
    if (rig.wait_us == 0)
        polls.made++;
    else
        polls.blocks++;
}

START_TEST(a_clock_that_stands_still_does_not_keep_it_polling)
{
    polls_credit(POLLS_CREDIT);
    rig.on_wait = stand_still;
    leat_timer_start(&polls.timer, 1000, 0);
    rig_wait();
    polls_were(64, 1);
    trace_expect("timer");
}
END_TEST

START_TEST(a_clock_that_fails_ends_the_poll)
{
    polls_credit(POLLS_CREDIT);
    leat_timer_start(&polls.timer, 1000, 0);
    fault_once("clock_gettime", 3, EINVAL); /* the first in the poll */
    rig_wait();
    polls_were(1, 1);
    trace_expect("timer");
}
END_TEST

static void
add_polls_were(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, polls_setup, rig_teardown);
    tcase_add_loop_test(tcase, without_busy_poll_a_wait_is_one_select, -1, 1);
    tcase_add_test(tcase, a_step_that_may_not_wait_never_polls);
    tcase_add_test(tcase, law5_a_wait_of_zero_is_one_select_with_busy_poll_too);
    tcase_add_test(tcase, prepare_asks_a_host_for_the_wait_and_not_for_polls);
    tcase_add_test(tcase, a_post_is_found_by_a_poll);
    tcase_add_test(
        tcase, a_poll_in_vain_is_as_long_as_asked_for_and_then_it_waits);
    tcase_add_loop_test(
        tcase, a_poll_does_not_outlast_the_next_timer, 1, POLLS_WINDOW + 1);
    tcase_add_test(tcase, a_poll_does_not_outlast_the_callers_time);
    tcase_add_test(tcase, a_time_beyond_all_clocks_polls_until_the_timer);
    tcase_add_loop_test(tcase, a_poll_ends_with_what_a_wait_ends_with, 0, 3);
    tcase_add_test(tcase, out_of_memory_it_waits_without_polls);
    tcase_add_test(tcase, a_clock_that_stands_still_does_not_keep_it_polling);
    tcase_add_test(tcase, a_clock_that_fails_ends_the_poll);
}

/* A pipe, whose other end is the test's, needs a real kernel. */
static void
add_real(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, polls_setup_pipe, rig_teardown);
    tcase_add_loop_test(tcase,
        what_comes_within_the_time_is_found_without_a_wait, 1,
        POLLS_WINDOW + 1);
    tcase_add_test(tcase, a_signal_is_found_by_a_poll);
    tcase_add_test(tcase, a_wait_without_an_end_is_one_after_a_poll_too);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("busy");
    TCase *tcase = tcase_create("counted");
    add_polls_were(tcase);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("found");
    add_real(tcase);
    suite_add_tcase(suite, tcase);
    return suite;
}
