/*
 * test_signal.c - signals as callbacks of the loop.
 */
#include <leat/signal.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "loop/loop.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"
#include "support/trace.h"
#include "support/watcher.h"

static int heard[LEAT__SIGNAL_MAX + 1];

static void
tell(struct leat_loop *loop, int signo, void *user)
{
    ck_assert_ptr_eq(loop, rig.loop);
    heard[signo]++;
    trace("%s", (const char *)user);
}

static void
watch(int signo, const char *name)
{
    void *user = (void *)(uintptr_t)name;
    ck_assert_int_eq(leat_signal_watch(rig.loop, signo, tell, user), 0);
}

static void
setup(void)
{
    memset(heard, 0, sizeof heard);
    rig_setup();
}

static void (*handler_of(int signo))(int)
{
    struct sigaction action;
    ck_assert_int_eq(sigaction(signo, NULL, &action), 0);
    return action.sa_handler;
}

/* --- contract ------------------------------------------------------------- */

START_TEST(signal_is_told_in_the_next_turn_with_its_number_and_user)
{
    watch(SIGUSR1, "one");
    watch(SIGUSR2, "two");
    rig_turn();
    trace_expect("");
    raise(SIGUSR2);
    trace_expect(""); /* the handler calls nobody */
    ck_assert_int_eq(rig_turn(), 1);
    trace_expect("two");
    ck_assert_int_eq(rig_turn(), 0);
}
END_TEST

START_TEST(signal_watched_anew_calls_the_new_choice_only)
{
    watch(SIGUSR1, "old");
    unsigned long calls = kernel_calls("sigaction");
    watch(SIGUSR1, "new");
    ck_assert_uint_eq(kernel_calls("sigaction"), calls);
    raise(SIGUSR1);
    rig_turn();
    trace_expect("new");
}
END_TEST

START_TEST(signal_watch_refuses_what_cannot_be_caught)
{
    const int numbers[] = {INT_MIN, -1, 0, 65, INT_MAX, SIGKILL, SIGSTOP};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int error = leat_signal_watch(rig.loop, numbers[i], tell, NULL);
        ck_assert_int_eq(error, -EINVAL);
        leat_signal_unwatch(rig.loop, numbers[i]);
    }
    ck_assert_int_eq(leat_signal_watch(rig.loop, SIGUSR1, NULL, NULL), -EINVAL);
    ck_assert(handler_of(SIGUSR1) == SIG_DFL);
}
END_TEST

static void
hosts_own(int signo)
{
    (void)signo;
    trace("host");
}

/* The C library keeps some for itself, valgrind another one. */
static bool
can_catch(int signo)
{
    struct sigaction ours = {.sa_handler = hosts_own}, before;
    return sigaction(signo, &ours, &before) == 0 &&
           sigaction(signo, &before, NULL) == 0;
}

START_TEST(signal_watch_takes_every_number_that_sigaction_takes)
{
    int taken = 0;
    for (int signo = 1; signo <= LEAT__SIGNAL_MAX; signo++) {
        bool is_possible = can_catch(signo);
        int error = leat_signal_watch(rig.loop, signo, tell, (void *)"any");
        ck_assert_int_eq(error, is_possible ? 0 : -EINVAL);
        if (!is_possible)
            continue;
        ck_assert_int_eq(raise(signo), 0);
        rig_turn();
        ck_assert_int_eq(heard[signo], 1);
        taken++;
    }
    ck_assert_int_ge(taken, 50);
}
END_TEST

START_TEST(signal_handler_is_given_back_by_unwatch_and_by_destroy)
{
    ck_assert(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
    ck_assert(signal(SIGUSR2, hosts_own) != SIG_ERR);
    watch(SIGUSR1, "one");
    watch(SIGUSR2, "two");
    leat_signal_unwatch(rig.loop, SIGUSR1);
    ck_assert(handler_of(SIGUSR1) == SIG_IGN);
    ck_assert(handler_of(SIGUSR2) != hosts_own);
    raise(SIGUSR1);
    ck_assert_int_eq(rig_turn(), 0);

    rig_close();
    raise(SIGUSR2);
    trace_expect("host");
    signal(SIGUSR1, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);
}
END_TEST

START_TEST(signal_unwatched_between_arrival_and_turn_is_not_told)
{
    watch(SIGUSR1, "one");
    raise(SIGUSR1);
    leat_signal_unwatch(rig.loop, SIGUSR1);
    leat_signal_unwatch(rig.loop, SIGUSR1);
    rig_turn();
    trace_expect("");
}
END_TEST

START_TEST(signal_handler_leaves_errno_alone)
{
    watch(SIGUSR1, "one");
    errno = ENOTDIR;
    int fault = fault_times("write", 1, 20, EINTR);
    raise(SIGUSR1);
    ck_assert_int_eq(errno, ENOTDIR);
    ck_assert_uint_eq(fault_fired(fault), 8); /* it does not try for ever */
    fault_release(fault);
}
END_TEST

/* --- who may have signals ------------------------------------------------- */

START_TEST(law10_a_second_loop_asking_for_signals_is_refused)
{
    struct leat_loop *second;
    ck_assert_int_eq(leat_loop_create(&second, NULL), 0);
    watch(SIGUSR1, "first");
    ck_assert_int_eq(leat_signal_watch(second, SIGUSR2, tell, NULL), -EBUSY);
    ck_assert(handler_of(SIGUSR2) == SIG_DFL);
    leat_signal_unwatch(second, SIGUSR1);
    raise(SIGUSR1);
    rig_turn();
    trace_expect("first");
    leat_loop_destroy(second);
    raise(SIGUSR1);
    rig_turn();
    trace_expect("first");
}
END_TEST

START_TEST(law10_signals_pass_to_another_loop_once_they_are_given_back)
{
    watch(SIGUSR1, "one");
    watch(SIGUSR2, "one");
    leat_signal_unwatch(rig.loop, SIGUSR1);
    struct leat_loop *first = rig.loop;
    rig.loop = NULL;
    rig_open(NULL);
    ck_assert_int_eq(leat_signal_watch(rig.loop, SIGUSR1, tell, NULL), -EBUSY);
    leat_loop_destroy(first);
    watch(SIGUSR1, "second");
    raise(SIGUSR1);
    rig_turn();
    trace_expect("second");
}
END_TEST

START_TEST(law10_no_signal_is_touched_unless_asked_for)
{
    int fds[2];
    rig_pipe(fds);
    watcher(fds[0], LEAT_READABLE, "in");
    rig_turns(5);
    rig_close();
    ck_assert_uint_eq(kernel_calls("sigaction"), 0);
}
END_TEST

/* --- failures ------------------------------------------------------------- */

START_TEST(signal_watch_without_memory_changes_nothing)
{
    fault_once("realloc", 1, ENOMEM);
    ck_assert_int_eq(leat_signal_watch(rig.loop, SIGUSR1, tell, NULL), -ENOMEM);
    ck_assert(handler_of(SIGUSR1) == SIG_DFL);
    watch(SIGUSR1, "one");
}
END_TEST

START_TEST(signal_watch_that_sigaction_refuses_leaves_signals_free)
{
    struct leat_loop *second;
    ck_assert_int_eq(leat_loop_create(&second, NULL), 0);
    fault_once("sigaction", 1, EINVAL);
    ck_assert_int_eq(leat_signal_watch(second, SIGUSR1, tell, NULL), -EINVAL);
    watch(SIGUSR1, "one");
    raise(SIGUSR1);
    rig_turn();
    trace_expect("one");
    leat_loop_destroy(second);
}
END_TEST

/* --- inside callbacks ----------------------------------------------------- */

static void
unwatch_other(struct leat_loop *loop, int signo, void *user)
{
    tell(loop, signo, user);
    leat_signal_unwatch(loop, SIGUSR1);
    leat_signal_unwatch(loop, SIGUSR2);
}

START_TEST(signal_unwatched_in_a_callback_is_not_told_in_that_turn)
{
    char name[] = "either";
    ck_assert_int_eq(
        leat_signal_watch(rig.loop, SIGUSR1, unwatch_other, name), 0);
    ck_assert_int_eq(
        leat_signal_watch(rig.loop, SIGUSR2, unwatch_other, name), 0);
    raise(SIGUSR2);
    raise(SIGUSR1);
    rig_turns(2);
    trace_expect("either");
}
END_TEST

static void
watch_other_anew(struct leat_loop *loop, int signo, void *user)
{
    tell(loop, signo, user);
    leat_signal_unwatch(loop, SIGUSR2);
    watch(SIGUSR2, "later");
}

START_TEST(law3_a_signal_never_reaches_who_asked_after_it_came)
{
    char name[] = "first";
    ck_assert_int_eq(
        leat_signal_watch(rig.loop, SIGUSR1, watch_other_anew, name), 0);
    watch(SIGUSR2, "second");
    raise(SIGUSR1);
    raise(SIGUSR2);
    rig_turns(2);
    trace_expect("first");
    raise(SIGUSR2);
    rig_turn();
    trace_expect("later");
}
END_TEST

static void
destroy(struct leat_loop *loop, int signo, void *user)
{
    tell(loop, signo, user);
    leat_loop_destroy(loop);
}

START_TEST(signal_callback_that_destroys_the_loop_is_the_last)
{
    char name[] = "last";
    ck_assert_int_eq(leat_signal_watch(rig.loop, SIGUSR1, destroy, name), 0);
    ck_assert_int_eq(leat_signal_watch(rig.loop, SIGUSR2, destroy, name), 0);
    raise(SIGUSR1);
    raise(SIGUSR2);
    ck_assert_int_eq(leat_loop_step(rig.loop, 0), -ECANCELED);
    rig.loop = NULL;
    trace_expect("last");
}
END_TEST

/* --- nothing is lost ------------------------------------------------------ */

static void
raise_once(void)
{
    rig.on_wait = NULL;
    raise(SIGTERM);
}

/* It comes after the timeout was reckoned and before select() is entered; the
 * wait is for ever. */
START_TEST(signal_before_wait_still_wakes)
{
    watch(SIGTERM, "term");
    rig.on_wait = raise_once;
    ck_assert_int_eq(rig_wait(), 1);
    trace_expect("term");
}
END_TEST

START_TEST(signal_that_interrupts_the_wait_is_told_in_the_next_turn)
{
    watch(SIGTERM, "term");
    rig.on_wait = raise_once;
    fault_once("select", 1, EINTR);
    rig_wait();
    ck_assert_int_eq(rig_wait(), 1);
    trace_expect("term");
}
END_TEST

START_TEST(signal_is_told_while_descriptors_are_always_ready)
{
    int fds[2];
    rig_pipe(fds);
    watch(SIGTERM, "term");
    watcher(fds[1], LEAT_WRITABLE, "busy");
    for (int i = 0; i < 100; i++) {
        raise(SIGTERM);
        rig_turn();
        trace_expect("term, busy w");
    }
}
END_TEST

START_TEST(signal_storm_under_load_loses_nothing_but_duplicates)
{
    int fds[2];
    rig_pipe(fds);
    watcher_feed(fds[1]);
    watch(SIGUSR1, "1");
    watch(SIGUSR2, "2");
    watch(SIGTERM, "t");
    struct leat_watch *busy = watcher(fds[0], LEAT_READABLE, "b");
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
        if (i % 100 == 99) /* behind more than one chunk of the pipe */
            ck_assert_int_eq(kill(getpid(), SIGUSR2), 0);
    }
    ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
    rig_turns(4);
    ck_assert_int_ge(heard[SIGUSR1], 1);
    ck_assert_int_ge(heard[SIGUSR2], 1);
    ck_assert_int_eq(heard[SIGTERM], 1);
    leat_watch_close(busy);
    ck_assert_int_eq(rig_turns(3), 0);
}
END_TEST

START_TEST(signal_storms_between_turns_are_each_told)
{
    watch(SIGUSR1, "1");
    for (int i = 1; i <= 1000; i++) {
        raise(SIGUSR1);
        rig_turn();
        ck_assert_int_eq(heard[SIGUSR1], i);
        trace_init();
    }
}
END_TEST

START_TEST(signal_is_work_left_for_run)
{
    char name[] = "either";
    ck_assert_int_eq(
        leat_signal_watch(rig.loop, SIGUSR1, unwatch_other, name), 0);
    rig.on_wait = NULL;
    raise(SIGUSR1);
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    trace_expect("either");
}
END_TEST

static void
add_tests(TCase *tcase)
{
    tcase_add_test(
        tcase, signal_is_told_in_the_next_turn_with_its_number_and_user);
    tcase_add_test(tcase, signal_watched_anew_calls_the_new_choice_only);
    tcase_add_test(tcase, signal_watch_refuses_what_cannot_be_caught);
    tcase_add_test(tcase, signal_watch_takes_every_number_that_sigaction_takes);
    tcase_add_test(
        tcase, signal_handler_is_given_back_by_unwatch_and_by_destroy);
    tcase_add_test(
        tcase, signal_unwatched_between_arrival_and_turn_is_not_told);
    tcase_add_test(tcase, signal_handler_leaves_errno_alone);
    tcase_add_test(tcase, law10_a_second_loop_asking_for_signals_is_refused);
    tcase_add_test(
        tcase, law10_signals_pass_to_another_loop_once_they_are_given_back);
    tcase_add_test(tcase, law10_no_signal_is_touched_unless_asked_for);
    tcase_add_test(tcase, signal_watch_without_memory_changes_nothing);
    tcase_add_test(
        tcase, signal_watch_that_sigaction_refuses_leaves_signals_free);
    tcase_add_test(
        tcase, signal_unwatched_in_a_callback_is_not_told_in_that_turn);
    tcase_add_test(tcase, law3_a_signal_never_reaches_who_asked_after_it_came);
    tcase_add_test(tcase, signal_callback_that_destroys_the_loop_is_the_last);
    tcase_add_test(tcase, signal_before_wait_still_wakes);
    tcase_add_test(
        tcase, signal_that_interrupts_the_wait_is_told_in_the_next_turn);
    tcase_add_test(tcase, signal_is_told_while_descriptors_are_always_ready);
    tcase_add_test(tcase, signal_storm_under_load_loses_nothing_but_duplicates);
    tcase_add_test(tcase, signal_storms_between_turns_are_each_told);
    tcase_add_test(tcase, signal_is_work_left_for_run);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("signal");
    TCase *tcase = tcase_create("signal");
    tcase_add_checked_fixture(tcase, setup, rig_teardown);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    return suite;
}
