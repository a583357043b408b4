/*
 * test_timer_at.c - timers that are started for a time, as those of src/net.
 */
#include <leat/timer.h>

#include "loop/loop.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"
#include "support/timer_rig.h"

static struct leat_timer one, two;

static void
setup(void)
{
    rig_setup();
    timer_make(&one, "one");
    timer_make(&two, "two");
}

START_TEST(timer_started_for_a_time_fires_then_and_not_before)
{
    leat__timer_start_at(&one, clock_now() + 10);
    ck_assert_uint_eq(rig_stats().timers, 1);
    timer_after(9);
    trace_expect("");
    timer_after(1);
    trace_expect("one");
}
END_TEST

START_TEST(timer_started_for_a_time_that_is_past_is_due_at_once)
{
    leat_timer_start(&two, 0, 0);
    leat__timer_start_at(&one, clock_now() - 10);
    rig_turn();
    trace_expect("one, two");
}
END_TEST

START_TEST(timer_started_for_another_time_has_only_that_one)
{
    leat__timer_start_at(&one, clock_now() + 10);
    leat__timer_start_at(&one, clock_now() + 20);
    ck_assert_uint_eq(rig_stats().timers, 1);
    timer_after(19);
    trace_expect("");
    timer_after(1);
    trace_expect("one");
    timer_after(SEC);
    trace_expect("");
}
END_TEST

START_TEST(timer_started_for_a_time_has_lost_its_period)
{
    leat_timer_start(&one, 10, 10);
    leat__timer_start_at(&one, clock_now() + 15);
    timer_after(15);
    trace_expect("one");
    ck_assert_uint_eq(rig_stats().timers, 0);
    timer_after(SEC);
    trace_expect("");
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("timer_at");
    TCase *tcase = tcase_create("timer_at");
    tcase_add_checked_fixture(tcase, setup, rig_teardown);
    tcase_add_test(tcase, timer_started_for_a_time_fires_then_and_not_before);
    tcase_add_test(tcase, timer_started_for_a_time_that_is_past_is_due_at_once);
    tcase_add_test(tcase, timer_started_for_another_time_has_only_that_one);
    tcase_add_test(tcase, timer_started_for_a_time_has_lost_its_period);
    suite_add_tcase(suite, tcase);
    return suite;
}
