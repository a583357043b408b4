/*
 * test_loop.c - run, step, stop; the order of a turn; and that a quiet loop
 * sleeps.
 */
#include <leat/leat.h>

#include <signal.h>
#include <sys/socket.h>

#include "loop/loop.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"
#include "support/trace.h"
#include "support/watcher.h"

static struct leat_timer timer;

static void
tell_timer(struct leat_timer *which, void *user)
{
    (void)which;
    trace("%s", (const char *)user);
}

static void
tell_post(struct leat_loop *loop, void *arg)
{
    (void)loop;
    trace("%s", (const char *)arg);
}

static void
tell_signal(struct leat_loop *loop, int signo, void *user)
{
    (void)loop;
    (void)signo;
    trace("%s", (const char *)user);
}

static void
setup(void)
{
    rig_setup();
    leat_timer_init(&timer, rig.loop, tell_timer, (void *)"timer");
}

START_TEST(loop_counts_what_it_did)
{
    int fds[2];
    rig_pipe(fds);
    watcher(fds[1], LEAT_WRITABLE, "out");
    leat_timer_start(&timer, 0, 5);
    rig_turns(3);
    struct leat_loop_stats stats = rig_stats();
    ck_assert_uint_eq(stats.turns, 3);
    ck_assert_uint_eq(stats.selects, 3);
    ck_assert_uint_eq(stats.callbacks, 4);
    ck_assert_uint_eq(stats.timers, 1);
    leat_timer_stop(&timer);
}
END_TEST

/* --- run, step, stop ------------------------------------------------------ */

START_TEST(run_returns_at_once_where_nothing_can_call_back)
{
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    ck_assert_uint_eq(rig.waits, 0);
}
END_TEST

START_TEST(run_goes_on_until_the_last_timer_has_fired)
{
    int64_t start = clock_now();
    leat_timer_start(&timer, 300, 0);
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    trace_expect("timer");
    ck_assert_int_eq(clock_now() - start, 300);
}
END_TEST

static void
close_it(struct leat_watch *watch, unsigned ready, void *user)
{
    watcher_tells(watch, ready, user);
    leat_watch_close(watch);
}

START_TEST(run_goes_on_until_the_last_watch_is_closed)
{
    int fds[2];
    rig_pipe(fds);
    watcher_with(close_it, fds[1], LEAT_WRITABLE, "out");
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    trace_expect("out w");
}
END_TEST

START_TEST(run_goes_on_until_the_last_deferred_work_is_done)
{
    struct leat__node node;
    leat__list_init(&node);
    rig.loop->dying.run = leat__list_init;
    leat__defer_add(&rig.loop->dying, &node);
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    ck_assert_uint_eq(rig_stats().turns, 1);
}
END_TEST

START_TEST(stop_before_run_makes_the_next_one_return_at_once)
{
    leat_timer_start(&timer, 0, 0);
    leat_loop_stop(rig.loop);
    leat_loop_stop(rig.loop);
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    trace_expect("");
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    trace_expect("timer");
}
END_TEST

START_TEST(step_tells_how_many_callbacks_ran)
{
    int fds[2];
    ck_assert_int_eq(leat_loop_step(rig.loop, 0), 0);
    rig_pair(fds);
    watcher_feed(fds[1]);
    watcher(fds[0], WATCH_ALL, "pair");
    leat_timer_start(&timer, 0, 0);
    ck_assert_int_eq(leat_loop_step(rig.loop, 0), 3);
    trace_expect("pair r, pair w, timer");
}
END_TEST

static void
take_an_hour(struct leat_timer *which, void *user)
{
    int64_t now = leat_loop_now(rig.loop);
    tell_timer(which, user);
    clock_advance(3600 * SEC);
    ck_assert_int_eq(leat_loop_now(rig.loop), now);
}

START_TEST(now_stands_still_during_a_turn)
{
    leat_timer_init(&timer, rig.loop, take_an_hour, (void *)"hour");
    leat_timer_start(&timer, 7, 0);
    int64_t start = clock_now();
    rig_wait();
    ck_assert_int_eq(leat_loop_now(rig.loop), start + 7);
    rig_turn();
    ck_assert_int_eq(leat_loop_now(rig.loop), clock_now());
    trace_expect("hour");
}
END_TEST

/* --- the order of a turn -------------------------------------------------- */

static void
tell_held(struct leat__node *node)
{
    (void)node;
    trace("held");
}

static void
tell_dirty(struct leat__node *node)
{
    (void)node;
    trace("flush");
}

static void
tell_dying(struct leat__node *node)
{
    (void)node;
    trace("reap");
}

static void
tell_early(struct leat__io *io, unsigned ready)
{
    (void)io;
    (void)ready;
    trace("early");
}

static void
defer_three(struct leat__node node[3])
{
    struct leat__defer *lists[3] = {
        &rig.loop->dying, &rig.loop->dirty, &rig.loop->held};
    const leat__defer_fn run[3] = {tell_dying, tell_dirty, tell_held};
    for (int i = 0; i < 3; i++) {
        leat__list_init(&node[i]);
        lists[i]->run = run[i];
        leat__defer_add(lists[i], &node[i]);
    }
}

/* Armed from the last to the first, and the stand-in for a listener has the
 * highest number. */
START_TEST(turn_goes_through_its_phases_in_order)
{
    int fds[2];
    struct leat__node node[3];
    struct leat__io early = {.on_ready = tell_early, .is_early = true};
    defer_three(node);
    leat_timer_start(&timer, 0, 0);
    rig_tcp(fds);
    watcher(fds[0], WATCH_ALL, "socket");
    ck_assert_int_eq(send(fds[1], "a", 1, 0), 1);
    ck_assert_int_eq(send(fds[1], "!", 1, MSG_OOB), 1);
    early.fd = rig_dup(fds[0], 600);
    ck_assert_int_eq(
        leat__fdset_add(&rig.loop->fds, leat__loop_alloc(rig.loop), &early), 0);
    leat__fdset_want(&rig.loop->fds, &early, LEAT_READABLE);
    ck_assert_int_eq(leat_loop_post(rig.loop, tell_post, (void *)"post"), 0);
    ck_assert_int_eq(
        leat_signal_watch(rig.loop, SIGUSR1, tell_signal, (void *)"signal"), 0);
    raise(SIGUSR1);

    rig_turn();
    trace_expect("signal, post, socket x, early, held, socket r, socket w, "
                 "timer, flush, reap");
    leat__fdset_remove(&rig.loop->fds, &early);
}
END_TEST

/* --- a quiet loop --------------------------------------------------------- */

/* A thousand messages at once, which all go back to the pool. */
static void
have_a_burst(void)
{
    struct leat_message *messages[1000];
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(
            leat_message_create(&messages[i], rig.loop, NULL, 1000), 0);
    for (int i = 0; i < 1000; i++)
        leat_message_unref(messages[i]);
}

/* How often the loop wakes up from now until some time later. */
static unsigned
wakes_in(int64_t us)
{
    unsigned before = rig.waits;
    leat_timer_start(&timer, us, 0);
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    trace_expect("timer");
    return rig.waits - before;
}

START_TEST(quiet_loop_wakes_up_for_nothing_in_an_hour)
{
    ck_assert_uint_eq(wakes_in(3600 * SEC), 1);
}
END_TEST

START_TEST(quiet_loop_gives_its_surplus_back_and_then_sleeps)
{
    have_a_burst();
    size_t peak = rig_stats().pool;
    ck_assert_uint_ge(peak, 1000000);
    ck_assert_uint_le(wakes_in(60 * SEC), 61); /* once a second at most */
    ck_assert_uint_le(wakes_in(180 * SEC), 181);
    ck_assert_uint_lt(rig_stats().pool, peak / 100);
    ck_assert_uint_eq(wakes_in(3600 * SEC), 1);
    ck_assert_uint_eq(rig_stats().timers, 0);
}
END_TEST

START_TEST(loop_with_nothing_but_a_surplus_has_nothing_to_run_for)
{
    have_a_burst();
    rig_turn();
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    ck_assert_uint_eq(rig.waits, 1);
}
END_TEST

static void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, loop_counts_what_it_did);
    tcase_add_test(tcase, run_returns_at_once_where_nothing_can_call_back);
    tcase_add_test(tcase, run_goes_on_until_the_last_timer_has_fired);
    tcase_add_test(tcase, run_goes_on_until_the_last_watch_is_closed);
    tcase_add_test(tcase, run_goes_on_until_the_last_deferred_work_is_done);
    tcase_add_test(tcase, stop_before_run_makes_the_next_one_return_at_once);
    tcase_add_test(tcase, step_tells_how_many_callbacks_ran);
    tcase_add_test(tcase, now_stands_still_during_a_turn);
    tcase_add_test(tcase, turn_goes_through_its_phases_in_order);
    tcase_add_test(tcase, quiet_loop_wakes_up_for_nothing_in_an_hour);
    tcase_add_test(tcase, quiet_loop_gives_its_surplus_back_and_then_sleeps);
    tcase_add_test(
        tcase, loop_with_nothing_but_a_surplus_has_nothing_to_run_for);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("loop");
    TCase *tcase = tcase_create("loop");
    tcase_add_checked_fixture(tcase, setup, rig_teardown);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    return suite;
}
