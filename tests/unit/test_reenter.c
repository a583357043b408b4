/*
 * test_reenter.c - what may be done inside a callback: every kind of callback
 * with every action.
 *
 * Flush and reap are played by nodes of the test's own on the loop's lists.
 */
#include <leat/sets.h>
#include <leat/signal.h>
#include <leat/timer.h>

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

#include "loop/loop.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"
#include "support/trace.h"
#include "support/watcher.h"

enum entry {
    POST,
    SIGNAL,
    URGENT,
    READABLE,
    LOST,
    HELD,
    WRITABLE,
    TIMER,
    FLUSH,
    REAP,
    ENTRIES
};

static void (*act)(void); /* what the callback does; once */
static unsigned entered;
static bool is_over; /* nobody may be called any more */
static struct leat_watch *own, *bystander;
static struct leat_timer timer, other;
static struct leat__node node;

static void
enter(void)
{
    ck_assert(!is_over);
    entered++;
    if (entered == 1)
        act();
}

/* --- kinds of callbacks --------------------------------------------------- */

static void
on_post(struct leat_loop *loop, void *arg)
{
    (void)loop;
    (void)arg;
    enter();
}

static void
on_signal(struct leat_loop *loop, int signo, void *user)
{
    (void)loop;
    (void)signo;
    (void)user;
    enter();
}

static void
on_watch(struct leat_watch *watch, unsigned ready, void *user)
{
    (void)user;
    if (ready != LEAT_FAILED)
        ck_assert_int_eq(leat_watch_set(watch, 0), 0); /* once is enough */
    enter();
}

static void
on_timer(struct leat_timer *which, void *user)
{
    (void)which;
    (void)user;
    enter();
}

static void
on_node(struct leat__node *which)
{
    ck_assert_ptr_eq(which, &node);
    leat__loop_calls(rig.loop);
    enter();
}

/* --- arming them ---------------------------------------------------------- */

static void
arm_watch(unsigned events)
{
    int fds[2];
    rig_tcp(fds);
    own = watcher_with(on_watch, fds[0], events, "own");
    ck_assert_int_eq(send(fds[1], "a", 1, 0), 1);
    if (events == LEAT_EXCEPTIONAL)
        ck_assert_int_eq(send(fds[1], "!", 1, MSG_OOB), 1);
}

static void
arm_lost(void)
{
    int fds[2];
    rig_pipe(fds);
    own = watcher_with(on_watch, fds[0], LEAT_READABLE, "own");
    rig_drop(fds[0]);
}

static void
arm_node(struct leat__defer *list)
{
    leat__list_init(&node);
    list->run = on_node;
    leat__defer_add(list, &node);
}

static void
arm_phase_3(enum entry entry)
{
    if (entry == POST)
        ck_assert_int_eq(leat_loop_post(rig.loop, on_post, NULL), 0);
    if (entry == SIGNAL) {
        ck_assert_int_eq(
            leat_signal_watch(rig.loop, SIGUSR1, on_signal, NULL), 0);
        raise(SIGUSR1);
    }
    if (entry == URGENT)
        arm_watch(LEAT_EXCEPTIONAL);
    if (entry == READABLE)
        arm_watch(LEAT_READABLE);
    if (entry == LOST)
        arm_lost();
    if (entry == HELD)
        arm_node(&rig.loop->held);
}

static void
arm(int entry, void (*action)(void))
{
    act = action;
    arm_phase_3((enum entry)entry);
    if (entry == WRITABLE)
        arm_watch(LEAT_WRITABLE);
    if (entry == TIMER)
        leat_timer_start(&timer, 0, 0);
    if (entry == FLUSH)
        arm_node(&rig.loop->dirty);
    if (entry == REAP)
        arm_node(&rig.loop->dying);
}

/* Always ready; keeps run going. */
static void
stand_by(struct leat_watch *watch, unsigned ready, void *user)
{
    (void)watch;
    (void)ready;
    (void)user;
    ck_assert(!is_over);
    ck_assert_uint_lt(rig_stats().turns, 20);
}

static void
setup(void)
{
    int fds[2];
    entered = 0;
    is_over = false;
    own = NULL;
    rig_setup();
    rig_pipe(fds);
    bystander = watcher_with(stand_by, fds[1], LEAT_WRITABLE, "bystander");
    leat_timer_init(&timer, rig.loop, on_timer, NULL);
    leat_timer_init(&other, rig.loop, on_timer, NULL);
}

/* --- actions -------------------------------------------------------------- */

static void
stop(void)
{
    leat_loop_stop(rig.loop);
}

START_TEST(callback_of_any_kind_may_stop_the_loop)
{
    arm(_i, stop);
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    ck_assert_uint_eq(entered, 1);
    ck_assert_uint_eq(rig_stats().turns, 1);
}
END_TEST

static void
destroy(void)
{
    leat_loop_destroy(rig.loop);
    is_over = true;
    leat_loop_destroy(rig.loop);
}

START_TEST(callback_of_any_kind_may_destroy_the_loop)
{
    arm(_i, destroy);
    ck_assert_int_eq(leat_loop_run(rig.loop), -ECANCELED);
    rig.loop = NULL;
    ck_assert_uint_eq(entered, 1);
    ck_assert_uint_eq(ledger_blocks() + ledger_fds(), 0);
}
END_TEST

START_TEST(callback_of_any_kind_may_destroy_the_loop_in_a_step)
{
    arm(_i, destroy);
    ck_assert_int_eq(leat_loop_step(rig.loop, 0), -ECANCELED);
    rig.loop = NULL;
    ck_assert_uint_eq(entered, 1);
}
END_TEST

static void
turn_inside(void)
{
    struct leat_sets sets;
    ck_assert_int_eq(leat_loop_run(rig.loop), -EBUSY);
    ck_assert_int_eq(leat_loop_step(rig.loop, 0), -EBUSY);
    ck_assert_int_eq(leat_loop_prepare(rig.loop, &sets), -EBUSY);
    ck_assert_int_eq(leat_loop_dispatch(rig.loop, NULL), -EBUSY);
}

START_TEST(callback_of_any_kind_cannot_turn_the_loop)
{
    arm(_i, turn_inside);
    rig_turns(2);
    ck_assert_uint_eq(entered, 1);
    ck_assert_uint_eq(rig_stats().turns, 2);
}
END_TEST

static void
start_other(void)
{
    leat_timer_start(&other, 0, 0);
}

START_TEST(callback_of_any_kind_may_start_a_timer)
{
    arm(_i, start_other);
    rig_turns(3);
    ck_assert_uint_eq(entered, 2);
    ck_assert_uint_eq(rig_stats().timers, 0);
}
END_TEST

static void
stop_timers(void)
{
    leat_timer_stop(&timer);
    leat_timer_stop(&other);
}

START_TEST(callback_of_any_kind_may_stop_timers_that_are_due)
{
    bool is_after_timers = _i == FLUSH || _i == REAP;
    arm(_i, stop_timers);
    leat_timer_start(&other, is_after_timers ? 1 : 0, 0);
    rig_turns(2);
    clock_advance(10);
    rig_turn();
    ck_assert_uint_eq(entered, 1);
}
END_TEST

static void
close_watches(void)
{
    leat_watch_close(own);
    leat_watch_close(bystander);
    is_over = true;
}

START_TEST(callback_of_any_kind_may_close_its_own_watch_and_others)
{
    arm(_i, close_watches);
    rig_turns(3);
    ck_assert_uint_eq(entered, 1);
    ck_assert_uint_eq(rig.loop->fds.count, 1); /* the wake-up pipe */
}
END_TEST

static uint64_t opened_in;

static void
note_turn(struct leat_watch *watch, unsigned ready, void *user)
{
    (void)watch;
    (void)ready;
    (void)user;
    ck_assert_uint_gt(rig_stats().turns, opened_in);
    trace("heard");
}

static void
open_ready_one(void)
{
    int fds[2];
    rig_pipe(fds);
    watcher_feed(fds[1]);
    watcher_with(note_turn, rig_dup(fds[0], 800), LEAT_READABLE, "new");
    opened_in = rig_stats().turns;
}

START_TEST(law3_callback_of_any_kind_opens_a_watch_for_the_next_turn)
{
    arm(_i, open_ready_one);
    while (entered == 0)
        rig_turn();
    trace_expect("");
    rig_turn();
    trace_expect("heard");
}
END_TEST

static void
post_one(void)
{
    ck_assert_int_eq(leat_loop_post(rig.loop, on_post, NULL), 0);
}

START_TEST(callback_of_any_kind_may_post)
{
    arm(_i, post_one);
    rig_turns(3);
    ck_assert_uint_eq(entered, 2);
}
END_TEST

static void
signal_oneself(void)
{
    ck_assert_int_eq(leat_signal_watch(rig.loop, SIGUSR2, on_signal, NULL), 0);
    raise(SIGUSR2);
    leat_signal_unwatch(rig.loop, SIGUSR1);
}

START_TEST(callback_of_any_kind_may_ask_for_signals)
{
    arm(_i, signal_oneself);
    rig_turns(3);
    ck_assert_uint_eq(entered, 2);
}
END_TEST

/* --- stop and destroy in detail ------------------------------------------- */

static void
stop_in_watch(struct leat_watch *watch, unsigned ready, void *user)
{
    watcher_tells(watch, ready, user);
    leat_loop_stop(rig.loop);
}

START_TEST(stop_lets_the_turn_end_first)
{
    int fds[2];
    rig_pair(fds);
    watcher_feed(fds[1]);
    watcher_with(stop_in_watch, fds[0], LEAT_READABLE, "first");
    watcher(fds[1], LEAT_WRITABLE, "second");
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    trace_expect("first r, second w");
}
END_TEST

static void
destroy_in_run(struct leat__node *which)
{
    (void)which;
    trace("run");
    leat_loop_destroy(rig.loop);
}

START_TEST(destroy_in_a_flush_leaves_the_other_dirty_ones_alone)
{
    struct leat__node nodes[2];
    rig.loop->dirty.run = destroy_in_run;
    for (int i = 0; i < 2; i++) {
        leat__list_init(&nodes[i]);
        leat__defer_add(&rig.loop->dirty, &nodes[i]);
    }
    ck_assert_int_eq(leat_loop_step(rig.loop, 0), -ECANCELED);
    rig.loop = NULL;
    trace_expect("run");
}
END_TEST

START_TEST(destroy_in_a_dispatch_cancels_it)
{
    arm(POST, destroy);
    struct leat_sets sets;
    ck_assert_int_eq(leat_loop_prepare(rig.loop, &sets), 0);
    ck_assert_int_eq(leat_loop_dispatch(rig.loop, &sets), -ECANCELED);
    rig.loop = NULL;
}
END_TEST

static void
add_tests(TCase *tcase)
{
    const int n = ENTRIES;
    tcase_add_loop_test(tcase, callback_of_any_kind_may_stop_the_loop, 0, n);
    tcase_add_loop_test(tcase, callback_of_any_kind_may_destroy_the_loop, 0, n);
    tcase_add_loop_test(
        tcase, callback_of_any_kind_may_destroy_the_loop_in_a_step, 0, n);
    tcase_add_loop_test(tcase, callback_of_any_kind_cannot_turn_the_loop, 0, n);
    tcase_add_loop_test(tcase, callback_of_any_kind_may_start_a_timer, 0, n);
    tcase_add_loop_test(
        tcase, callback_of_any_kind_may_stop_timers_that_are_due, 0, n);
    tcase_add_loop_test(
        tcase, callback_of_any_kind_may_close_its_own_watch_and_others, 0, n);
    tcase_add_loop_test(
        tcase, law3_callback_of_any_kind_opens_a_watch_for_the_next_turn, 0, n);
    tcase_add_loop_test(tcase, callback_of_any_kind_may_post, 0, n);
    tcase_add_loop_test(tcase, callback_of_any_kind_may_ask_for_signals, 0, n);
    tcase_add_test(tcase, stop_lets_the_turn_end_first);
    tcase_add_test(tcase, destroy_in_a_flush_leaves_the_other_dirty_ones_alone);
    tcase_add_test(tcase, destroy_in_a_dispatch_cancels_it);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("reenter");
    TCase *tcase = tcase_create("reenter");
    tcase_add_checked_fixture(tcase, setup, rig_teardown);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    return suite;
}
