/*
 * test_wake.c - the pipe that ends a wait: what is in it, and how much of it a
 * turn takes.
 */
#include <leat/signal.h>

#include <limits.h>
#include <signal.h>

#include "loop/loop.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"
#include "support/trace.h"
#include "sys/sys.h"

static void
tell_post(struct leat_loop *loop, void *arg)
{
    (void)loop;
    (void)arg;
    trace("post");
}

static void
tell_signal(struct leat_loop *loop, int signo, void *user)
{
    (void)loop;
    (void)user;
    trace("signal %d", signo);
}

/* The first, and one of the last; valgrind keeps 64 to itself. */
static const int numbers[] = {1, 62};

START_TEST(post_is_no_signal)
{
    ck_assert_int_eq(
        leat_signal_watch(rig.loop, numbers[_i], tell_signal, NULL), 0);
    ck_assert_int_eq(leat_loop_post(rig.loop, tell_post, NULL), 0);
    rig_turns(3);
    trace_expect("post");
}
END_TEST

START_TEST(signal_in_the_pipe_is_told_by_its_number)
{
    ck_assert_int_eq(
        leat_signal_watch(rig.loop, numbers[_i], tell_signal, NULL), 0);
    leat__sys_notify(rig.loop->wake_write, (unsigned char)numbers[_i]);
    rig_turns(3);
    trace_expect(_i == 0 ? "signal 1" : "signal 62");
}
END_TEST

/* The program's own calls go on, and no handler interrupts ours. */
START_TEST(signal_handler_restarts_calls_and_lets_no_other_signal_in)
{
    struct sigaction action;

    ck_assert_int_eq(
        leat_signal_watch(rig.loop, SIGUSR1, tell_signal, NULL), 0);
    ck_assert_int_eq(sigaction(SIGUSR1, NULL, &action), 0);
    ck_assert_int_eq(action.sa_flags & SA_RESTART, SA_RESTART);
    ck_assert_int_eq(sigismember(&action.sa_mask, SIGUSR2), 1);
    ck_assert_int_eq(sigismember(&action.sa_mask, SIGTERM), 1);
}
END_TEST

START_TEST(signal_unwatch_of_no_signal_is_harmless)
{
    const int none[] = {INT_MIN, -1, 0, LEAT__SIGNAL_MAX + 1, INT_MAX};

    ck_assert_int_eq(
        leat_signal_watch(rig.loop, SIGUSR1, tell_signal, NULL), 0);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        leat_signal_unwatch(rig.loop, none[i]);
    ck_assert_int_eq(rig.loop->signals.count, 1);
}
END_TEST

START_TEST(law6_a_turn_takes_512_wake_ups_and_the_rest_comes_next)
{
    for (int i = 0; i < 1000; i++)
        leat__wake_ring(rig.loop);
    ck_assert_int_eq(leat__sys_unread(rig.loop->wake.fd), 1000);
    rig_turn();
    ck_assert_int_eq(leat__sys_unread(rig.loop->wake.fd), 488);
    rig_turn();
    ck_assert_int_eq(leat__sys_unread(rig.loop->wake.fd), 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("wake");
    TCase *tcase = tcase_create("wake");
    tcase_add_checked_fixture(tcase, rig_setup, rig_teardown);
    tcase_add_loop_test(tcase, post_is_no_signal, 0, 2);
    tcase_add_loop_test(tcase, signal_in_the_pipe_is_told_by_its_number, 0, 2);
    tcase_add_test(
        tcase, signal_handler_restarts_calls_and_lets_no_other_signal_in);
    tcase_add_test(tcase, signal_unwatch_of_no_signal_is_harmless);
    tcase_add_test(
        tcase, law6_a_turn_takes_512_wake_ups_and_the_rest_comes_next);
    suite_add_tcase(suite, tcase);
    return suite;
}
