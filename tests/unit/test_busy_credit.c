/*
 * test_busy_credit.c - when busy poll stops, and when it begins again.
 */
#include "loop/loop.h"
#include "support/kernel.h"
#include "support/polls.h"
#include "support/run.h"

/* --- when it stops, and when it begins ------------------------------------ */

START_TEST(a_loop_to_which_nothing_comes_stops_polling)
{
    polls_credit(POLLS_CREDIT);
    leat_timer_start(&polls.timer, 1000, 1000);
    for (int i = 0; i < POLLS_CREDIT; i++) {
        rig_wait();
        polls_were(POLLS_WINDOW, 1);
    }
    for (int i = 0; i < 100; i++) {
        rig_wait();
        polls_were(0, 1);
    }
    leat_timer_stop(&polls.timer);
}
END_TEST

/* A timer that is due before the time is over is no message. */
START_TEST(a_fast_timer_alone_is_not_polled_for)
{
    polls_credit(POLLS_CREDIT);
    leat_timer_start(&polls.timer, 10, 10);
    for (int i = 0; i < POLLS_CREDIT; i++)
        rig_wait();
    polls_were(POLLS_CREDIT * 10, 0);
    for (int i = 0; i < 100; i++)
        rig_wait();
    polls_were(0, 100);
    leat_timer_stop(&polls.timer);
}
END_TEST

static int64_t gap_us;

/* While it blocks, something comes after so long. */
static void
come_later(void)
{
    polls_count();
    if (rig.wait_us != 0) {
        clock_advance(gap_us);
        polls_feed();
    }
}

START_TEST(messages_that_come_soon_begin_it)
{
    gap_us = 2 * POLLS_WINDOW; /* being woken up takes time, too */
    rig.on_wait = come_later;
    for (int i = 0; i < 4; i++)
        rig_wait();
    polls_were(0, 4);
    for (unsigned i = 1; i < 2 * POLLS_CREDIT; i++) {
        polls_act(20, polls_feed);
        rig_wait();
        polls_were(20, 0);
        ck_assert_uint_eq(
            rig.loop->busy.credit, i < POLLS_CREDIT ? i + 1 : POLLS_CREDIT);
    }
}
END_TEST

START_TEST(messages_that_come_late_do_not_begin_it)
{
    gap_us = 2 * POLLS_WINDOW + 1;
    rig.on_wait = come_later;
    for (int i = 0; i < 100; i++)
        rig_wait();
    polls_were(0, 100);
}
END_TEST

/* Each fifth wait tries. */
START_TEST(messages_that_come_just_too_late_are_seldom_polled_for)
{
    gap_us = POLLS_WINDOW + 1;
    rig.on_wait = come_later;
    for (int i = 0; i < 100; i++)
        rig_wait();
    polls_were(20 * POLLS_WINDOW, 100);
}
END_TEST

/* No wait would have slept for it. */
START_TEST(what_the_first_look_finds_earns_no_credit)
{
    polls_credit(1);
    for (int i = 0; i < 100; i++) {
        polls_feed();
        rig_wait();
        ck_assert_uint_eq(rig.loop->busy.credit, 1);
    }
    polls_were(100, 0);
}
END_TEST

START_TEST(a_late_message_among_the_soon_ones_is_forgiven)
{
    polls_credit(POLLS_CREDIT);
    gap_us = 1000;
    rig.on_wait = come_later;
    for (int i = 0; i < 100; i++) {
        polls_act(i % 2 == 0 ? 20 : 1000, polls_feed);
        rig_wait();
        ck_assert_uint_ge(polls.made, 20);
        polls.made = 0;
    }
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("busy_credit");
    TCase *tcase = tcase_create("timers");
    tcase_add_checked_fixture(tcase, polls_setup, rig_teardown);
    tcase_add_test(tcase, a_loop_to_which_nothing_comes_stops_polling);
    tcase_add_test(tcase, a_fast_timer_alone_is_not_polled_for);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("messages");
    tcase_add_checked_fixture(tcase, polls_setup_pipe, rig_teardown);
    tcase_add_test(tcase, messages_that_come_soon_begin_it);
    tcase_add_test(tcase, messages_that_come_late_do_not_begin_it);
    tcase_add_test(
        tcase, messages_that_come_just_too_late_are_seldom_polled_for);
    tcase_add_test(tcase, what_the_first_look_finds_earns_no_credit);
    tcase_add_test(tcase, a_late_message_among_the_soon_ones_is_forgiven);
    suite_add_tcase(suite, tcase);
    return suite;
}
