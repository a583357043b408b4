/*
 * test_timer.c - timers: when they fire, in what order, and when they do not.
 */
#include <leat/timer.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "support/dice.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"
#include "support/timer_rig.h"

static struct leat_timer one, two, three;

static void
setup(void)
{
    rig_setup();
    timer_make(&one, "one");
    timer_make(&two, "two");
    timer_make(&three, "three");
}

/* --- when ----------------------------------------------------------------- */

START_TEST(timer_fires_at_its_deadline_and_not_before)
{
    leat_timer_start(&one, 5 * MSEC, 0);
    timer_after(5 * MSEC - 1);
    trace_expect("");
    timer_after(1);
    trace_expect("one");
    timer_after(SEC);
    trace_expect("");
}
END_TEST

START_TEST(timers_fire_in_the_order_of_their_deadlines)
{
    leat_timer_start(&three, 30, 0);
    leat_timer_start(&one, 10, 0);
    leat_timer_start(&two, 20, 0);
    timer_after(30);
    trace_expect("one, two, three");
}
END_TEST

START_TEST(timers_of_one_deadline_fire_in_the_order_they_were_started)
{
    leat_timer_start(&two, 10, 0);
    leat_timer_start(&three, 10, 0);
    leat_timer_start(&one, 10, 0);
    leat_timer_start(&two, 10, 0); /* anew: behind the others */
    timer_after(10);
    trace_expect("three, one, two");
}
END_TEST

START_TEST(timer_started_anew_has_only_the_new_deadline)
{
    leat_timer_start(&one, 10, 0);
    leat_timer_start(&one, 20, 0);
    timer_after(10);
    trace_expect("");
    timer_after(10);
    trace_expect("one");
    ck_assert_uint_eq(rig_stats().timers, 0);
}
END_TEST

START_TEST(timer_delays_of_0_and_below_are_due_at_once)
{
    leat_timer_start(&one, 0, 0);
    leat_timer_start(&two, -1, 0);
    leat_timer_start(&three, INT64_MIN, 0);
    rig_turn();
    trace_expect("one, two, three");
}
END_TEST

START_TEST(timer_for_the_end_of_time_does_not_overflow)
{
    leat_timer_start(&one, INT64_MAX, INT64_MAX);
    leat_timer_start(&two, INT64_MAX - 1, 0);
    timer_after(365 * 24 * 3600 * SEC);
    trace_expect("");
    ck_assert_uint_eq(rig_stats().timers, 2);
    leat_timer_stop(&one);
    leat_timer_stop(&two);
}
END_TEST

/* The turn is long: what is started late in it counts from then. */
static void
start_two_late(struct leat_timer *timer, void *user)
{
    timer_tell(timer, user);
    clock_advance(7);
    leat_timer_start(&two, 10, 0);
}

START_TEST(timer_delay_counts_from_a_fresh_clock_reading)
{
    leat_timer_init(&one, rig.loop, start_two_late, (void *)"one");
    leat_timer_start(&one, 0, 0);
    rig_turn();
    timer_after(9);
    trace_expect("one");
    timer_after(1);
    trace_expect("two");
}
END_TEST

START_TEST(timers_ignore_wall_clock)
{
    leat_timer_start(&one, 100, 100);
    clock_shift_wall(3600 * SEC);
    rig_turns(2);
    trace_expect("");
    clock_shift_wall(-2 * 3600 * SEC);
    timer_after(100);
    trace_expect("one");
    clock_shift_wall(-3600 * SEC);
    timer_after(100);
    trace_expect("one");
    leat_timer_stop(&one);
}
END_TEST

/* --- inside callbacks ----------------------------------------------------- */

static void
start_again(struct leat_timer *timer, void *user)
{
    timer_tell(timer, user);
    leat_timer_start(timer, 0, 0);
}

START_TEST(timer_of_0_started_in_a_timer_runs_in_the_next_turn)
{
    leat_timer_init(&one, rig.loop, start_again, (void *)"one");
    leat_timer_start(&one, 0, 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(rig_turn(), 1);
        trace_expect("one");
    }
    leat_timer_stop(&one);
}
END_TEST

static void
start_two(struct leat_timer *timer, void *user)
{
    timer_tell(timer, user);
    leat_timer_start(&two, 0, 0);
}

START_TEST(timer_started_in_a_timer_waits_even_where_others_are_due)
{
    leat_timer_init(&one, rig.loop, start_two, (void *)"one");
    leat_timer_start(&one, 5, 0);
    leat_timer_start(&three, 10, 0);
    timer_after(10);
    trace_expect("one, three");
    rig_turn();
    trace_expect("two");
}
END_TEST

static void
stop_others(struct leat_timer *timer, void *user)
{
    timer_tell(timer, user);
    leat_timer_stop(&one);
    leat_timer_stop(&two);
    leat_timer_stop(&three);
}

START_TEST(timer_that_is_due_never_fires_once_it_is_stopped)
{
    leat_timer_init(&one, rig.loop, stop_others, (void *)"one");
    leat_timer_start(&one, 0, 1);
    leat_timer_start(&two, 0, 0);
    leat_timer_start(&three, 0, 1);
    ck_assert_int_eq(rig_turn(), 1);
    timer_after(SEC);
    trace_expect("one");
    ck_assert_uint_eq(rig_stats().timers, 0);
}
END_TEST

static void
free_it(struct leat_timer *timer, void *user)
{
    timer_tell(timer, user);
    leat_timer_stop(timer);
    free(timer);
}

START_TEST(timer_storage_may_be_released_in_its_callback)
{
    for (int64_t period_us = 0; period_us <= 10; period_us += 10) {
        struct leat_timer *timer = malloc(sizeof *timer);
        leat_timer_init(timer, rig.loop, free_it, (void *)"freed");
        leat_timer_start(timer, 10, period_us);
    }
    timer_after(10);
    timer_after(100);
    trace_expect("freed, freed");
}
END_TEST

START_TEST(timer_stopped_twice_or_never_started_is_left_as_it_is)
{
    leat_timer_stop(&one);
    leat_timer_start(&one, 10, 0);
    leat_timer_stop(&one);
    leat_timer_stop(&one);
    timer_after(10);
    trace_expect("");
}
END_TEST

/* --- periodic ------------------------------------------------------------- */

START_TEST(timer_with_a_period_fires_every_period)
{
    leat_timer_start(&one, 5, 20);
    timer_after(5);
    trace_expect("one");
    timer_after(19);
    trace_expect("");
    timer_after(1);
    trace_expect("one");
    timer_after(20);
    trace_expect("one");
    leat_timer_stop(&one);
}
END_TEST

START_TEST(timer_with_the_shortest_period_fires_every_microsecond)
{
    leat_timer_start(&one, 1, 1);
    for (int i = 0; i < 3; i++) {
        timer_after(1);
        trace_expect("one");
    }
    leat_timer_stop(&one);
}
END_TEST

START_TEST(timer_after_a_long_stall_fires_once_and_in_its_old_rhythm)
{
    leat_timer_start(&one, 20, 20);
    timer_after(3600 * SEC + 7); /* 180 000 000 beats, and 7 us into the next */
    ck_assert_int_eq(rig_turns(3), 0);
    trace_expect("one");
    timer_after(12);
    trace_expect("");
    timer_after(1);
    trace_expect("one");
    leat_timer_stop(&one);
}
END_TEST

START_TEST(timer_that_is_exactly_a_period_late_fires_once)
{
    leat_timer_start(&one, 20, 20);
    timer_after(40);
    trace_expect("one");
    rig_turn();
    trace_expect("");
    timer_after(20);
    trace_expect("one");
    leat_timer_stop(&one);
}
END_TEST

static void
change_period(struct leat_timer *timer, void *user)
{
    timer_tell(timer, user);
    leat_timer_start(timer, 3, 50);
}

START_TEST(timer_with_a_period_may_be_started_anew_in_its_callback)
{
    leat_timer_init(&one, rig.loop, change_period, (void *)"one");
    leat_timer_start(&one, 10, 10);
    timer_after(10);
    timer_after(2);
    trace_expect("one");
    timer_after(1);
    trace_expect("one");
    ck_assert_uint_eq(rig_stats().timers, 1);
    leat_timer_stop(&one);
}
END_TEST

/* --- the clock fails ------------------------------------------------------ */

START_TEST(timer_waits_where_the_clock_fails_and_fires_when_it_is_back)
{
    leat_timer_start(&one, 10, 0);
    rig_turn();
    int64_t before = leat_loop_now(rig.loop);
    clock_advance(10);
    int fault = fault_sticky("clock_gettime", 1, EINVAL);
    rig_turn();
    trace_expect("");
    ck_assert_str_eq(rig.note.key, "clock-failed");
    ck_assert_int_eq(rig.note.error, -EINVAL);
    ck_assert_int_eq(rig.note.fd, -1);
    ck_assert_int_eq(leat_loop_now(rig.loop), before);
    fault_release(fault);
    rig_turn();
    trace_expect("one");
}
END_TEST

/* --- the end of the loop -------------------------------------------------- */

START_TEST(timer_is_stopped_by_the_end_of_its_loop)
{
    leat_timer_start(&one, 10, 0);
    leat_timer_start(&two, 20, 20);
    rig_close();
    ck_assert(!one.is_started && !two.is_started);
    /* Nothing left to do; above all, nothing that touches the loop. */
    leat_timer_stop(&one);
    leat_timer_stop(&two);
    trace_expect("");
}
END_TEST

/* --- many ----------------------------------------------------------------- */

#define MANY 1000

static struct leat_timer many[MANY];
static int64_t deadline[MANY];
static int64_t latest;
static size_t fired;

static void
in_order(struct leat_timer *timer, void *user)
{
    (void)user;
    int64_t mine = deadline[timer - many];
    ck_assert_int_ge(mine, latest);
    ck_assert_int_le(mine, leat_loop_now(rig.loop));
    latest = mine;
    fired++;
}

/* Some fire, some are stopped, some are started anew, by chance. */
START_TEST(timers_by_the_thousand_fire_once_each_and_in_order)
{
    struct dice dice;
    size_t started = 0;
    dice_init(&dice, "timers");
    fired = 0;
    for (size_t i = 0; i < MANY; i++)
        leat_timer_init(&many[i], rig.loop, in_order, NULL);
    for (size_t n = 0; n < 2 * MANY; n++) {
        size_t i = dice_roll(&dice, MANY);
        int64_t delay = (int64_t)dice_roll(&dice, 5000);
        bool is_stop = dice_roll(&dice, 4) == 0;
        started -= many[i].is_started;
        started += !is_stop;
        deadline[i] = clock_now() + delay;
        if (is_stop)
            leat_timer_stop(&many[i]);
        else
            leat_timer_start(&many[i], delay, 0);
    }
    ck_assert_uint_eq(rig_stats().timers, started);
    latest = 0;
    for (int i = 0; i < 50; i++)
        timer_after(100);
    ck_assert_uint_eq(fired, started);
}
END_TEST

static void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, timer_fires_at_its_deadline_and_not_before);
    tcase_add_test(tcase, timers_fire_in_the_order_of_their_deadlines);
    tcase_add_test(
        tcase, timers_of_one_deadline_fire_in_the_order_they_were_started);
    tcase_add_test(tcase, timer_started_anew_has_only_the_new_deadline);
    tcase_add_test(tcase, timer_delays_of_0_and_below_are_due_at_once);
    tcase_add_test(tcase, timer_for_the_end_of_time_does_not_overflow);
    tcase_add_test(tcase, timer_delay_counts_from_a_fresh_clock_reading);
    tcase_add_test(tcase, timers_ignore_wall_clock);
    tcase_add_test(tcase, timer_of_0_started_in_a_timer_runs_in_the_next_turn);
    tcase_add_test(
        tcase, timer_started_in_a_timer_waits_even_where_others_are_due);
    tcase_add_test(tcase, timer_that_is_due_never_fires_once_it_is_stopped);
    tcase_add_test(tcase, timer_storage_may_be_released_in_its_callback);
    tcase_add_test(
        tcase, timer_stopped_twice_or_never_started_is_left_as_it_is);
    tcase_add_test(tcase, timer_with_a_period_fires_every_period);
    tcase_add_test(
        tcase, timer_with_the_shortest_period_fires_every_microsecond);
    tcase_add_test(
        tcase, timer_after_a_long_stall_fires_once_and_in_its_old_rhythm);
    tcase_add_test(tcase, timer_that_is_exactly_a_period_late_fires_once);
    tcase_add_test(
        tcase, timer_with_a_period_may_be_started_anew_in_its_callback);
    tcase_add_test(
        tcase, timer_waits_where_the_clock_fails_and_fires_when_it_is_back);
    tcase_add_test(tcase, timer_is_stopped_by_the_end_of_its_loop);
    tcase_add_test(tcase, timers_by_the_thousand_fire_once_each_and_in_order);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("timer");
    TCase *tcase = tcase_create("timer");
    tcase_add_checked_fixture(tcase, setup, rig_teardown);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    return suite;
}
