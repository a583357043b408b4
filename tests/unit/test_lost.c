/*
 * test_lost.c - descriptors that are closed behind the loop's back: EBADF.
 */
#include <leat/sets.h>

#include <errno.h>
#include <unistd.h>

#include "loop/loop.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"
#include "support/trace.h"
#include "support/watcher.h"

static int fds[2];
static struct leat_watch *in, *out;

/* Both ends of a pipe are watched, and both are ready. */
static void
setup(void)
{
    rig_setup();
    rig_pipe(fds);
    watcher_feed(fds[1]);
    in = watcher(fds[0], LEAT_READABLE, "in");
    out = watcher(fds[1], LEAT_WRITABLE, "out");
}

START_TEST(lost_descriptor_fails_alone)
{
    rig_turn();
    trace_expect("in r, out w");
    rig_drop(fds[0]);
    ck_assert_int_eq(rig_turn(), 1);
    trace_expect("in failed");
    ck_assert_int_eq(rig_turns(2), 2);
    trace_expect("out w, out w");
}
END_TEST

START_TEST(lost_descriptor_is_looked_for_and_noted_once)
{
    rig_drop(fds[0]);
    rig_turn();
    unsigned long probes = kernel_calls("fcntl");
    rig_turns(2);
    ck_assert_uint_eq(kernel_calls("fcntl"), probes);
    ck_assert_uint_eq(rig_noted("fd-lost"), 1);
    ck_assert_int_eq(rig.note.level, LEAT_NOTE_WARN);
    ck_assert_int_eq(rig.note.error, -EBADF);
    ck_assert_int_eq(rig.note.fd, fds[0]);
}
END_TEST

START_TEST(lost_watch_cannot_be_set_and_can_be_closed)
{
    rig_drop(fds[0]);
    rig_turn();
    ck_assert_int_eq(leat_watch_set(in, LEAT_READABLE), -EBADF);
    ck_assert_int_eq(leat_watch_fd(in), fds[0]);
    leat_watch_close(in);
    rig_turn();
    trace_expect("in failed, out w");
}
END_TEST

START_TEST(lost_watch_left_open_ends_with_the_loop)
{
    rig_drop(fds[0]);
    rig_turn();
    rig_close();
    ck_assert_uint_eq(ledger_blocks(), 0);
}
END_TEST

START_TEST(lost_descriptors_are_all_told_in_one_turn)
{
    watcher(rig_dup(fds[0], 950), 0, "quiet");
    rig_drop(fds[0]);
    rig_drop(fds[1]);
    rig_drop(950); /* asked for nothing, and is told all the same */
    ck_assert_int_eq(rig_turn(), 3);
    trace_expect("in failed, out failed, quiet failed");
    ck_assert_int_eq(rig_turn(), 0);
}
END_TEST

/* The kernel said EBADF, yet all are open by now: nobody is to blame. */
START_TEST(lost_descriptor_that_is_not_found_fails_nobody)
{
    fault_once("select", 1, EBADF);
    ck_assert_int_eq(rig_turn(), 0);
    ck_assert_uint_eq(rig_noted("fd-lost"), 0);
    rig_turn();
    trace_expect("in r, out w");
}
END_TEST

START_TEST(lost_wake_up_pipe_ends_the_run)
{
    int pipe_fd = rig.loop->wake.fd;
    ck_assert_int_eq(close(pipe_fd), 0);
    ck_assert_int_eq(leat_loop_run(rig.loop), -EBADF);
    ck_assert_int_eq(leat_loop_step(rig.loop, 0), -EBADF);
    trace_expect("");
    ck_assert_int_eq(
        dup2(fds[0], pipe_fd), pipe_fd); /* for the loop to close */
}
END_TEST

static void
close_both(struct leat_watch *watch, unsigned ready, void *user)
{
    watcher_tells(watch, ready, user);
    leat_watch_close(in);
    leat_watch_close(out);
}

START_TEST(lost_watch_may_close_itself_and_other_lost_ones)
{
    leat_watch_close(in);
    in = watcher_with(close_both, fds[0], LEAT_READABLE, "in");
    rig_drop(fds[0]);
    rig_drop(fds[1]);
    ck_assert_int_eq(rig_turn(), 1);
    ck_assert_int_eq(rig_turn(), 0);
    trace_expect("in failed");
}
END_TEST

static void
open_anew(struct leat_watch *watch, unsigned ready, void *user)
{
    int fd = leat_watch_fd(watch);
    watcher_tells(watch, ready, user);
    ck_assert_int_eq(rig_dup(fds[1], fd), fd);
    watcher(fd, LEAT_WRITABLE, "new");
}

START_TEST(lost_number_may_be_watched_again_in_the_callback)
{
    leat_watch_close(in);
    leat_watch_close(out);
    in = watcher_with(open_anew, fds[0], LEAT_READABLE, "in");
    rig_drop(fds[0]);
    ck_assert_int_eq(rig_turns(3), 3);
    trace_expect("in failed, new w, new w");
    leat_watch_close(in);
    rig_turn();
    trace_expect("new w");
}
END_TEST

static void
destroy(struct leat_watch *watch, unsigned ready, void *user)
{
    watcher_tells(watch, ready, user);
    leat_loop_destroy(rig.loop);
}

START_TEST(lost_watch_that_destroys_the_loop_is_the_last_to_be_called)
{
    leat_watch_close(in);
    in = watcher_with(destroy, fds[0], LEAT_READABLE, "in");
    rig_drop(fds[0]);
    rig_drop(fds[1]);
    ck_assert_int_eq(leat_loop_step(rig.loop, 0), -ECANCELED);
    rig.loop = NULL;
    trace_expect("in failed");
}
END_TEST

static void
let_time_pass(void)
{
    clock_advance(50);
}

static void
tell_time(struct leat_watch *watch, unsigned ready, void *user)
{
    watcher_tells(watch, ready, user);
    ck_assert_int_eq(leat_loop_now(rig.loop), clock_now());
}

START_TEST(lost_watch_is_told_in_phase_3_at_the_time_of_the_turn)
{
    leat_watch_close(in);
    in = watcher_with(tell_time, fds[0], LEAT_READABLE, "in");
    rig_drop(fds[0]);
    rig.on_wait = let_time_pass;
    rig_turn();
    trace_expect("in failed");
}
END_TEST

static void
take_time(struct leat_watch *watch, unsigned ready, void *user)
{
    watcher_tells(watch, ready, user);
    clock_advance(50);
}

START_TEST(lost_descriptors_are_told_one_by_one_within_a_budget)
{
    for (int i = 0; i < 3; i++)
        watcher_with(take_time, rig_dup(fds[0], 900 + i), 0, "lost");
    for (int i = 0; i < 3; i++)
        rig_drop(900 + i);
    leat_watch_close(out);
    rig_drop(fds[0]);
    leat_loop_set_budget(rig.loop, 1);
    rig_turn();
    trace_expect("in failed, lost failed");
    ck_assert(leat_loop_more(rig.loop));
    rig_turns(2);
    trace_expect("lost failed, lost failed");
    ck_assert_int_eq(rig_turn(), 0);
    ck_assert_uint_eq(rig_noted("fd-lost"), 4);
}
END_TEST

/* A host's own select() said EBADF; leat finds out whether it was one of its
 * own by a step. */
START_TEST(lost_descriptor_in_a_hosts_wait_is_found_by_a_step)
{
    struct leat_sets sets;
    rig_drop(fds[0]);
    ck_assert_int_eq(leat_loop_prepare(rig.loop, &sets), 0);
    ck_assert_int_eq(leat_loop_dispatch(rig.loop, NULL), 0);
    trace_expect("");
    ck_assert_int_eq(leat_loop_step(rig.loop, 0), 1);
    trace_expect("in failed");
}
END_TEST

static void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, lost_descriptor_fails_alone);
    tcase_add_test(tcase, lost_descriptor_is_looked_for_and_noted_once);
    tcase_add_test(tcase, lost_watch_cannot_be_set_and_can_be_closed);
    tcase_add_test(tcase, lost_watch_left_open_ends_with_the_loop);
    tcase_add_test(tcase, lost_descriptors_are_all_told_in_one_turn);
    tcase_add_test(tcase, lost_descriptor_that_is_not_found_fails_nobody);
    tcase_add_test(tcase, lost_wake_up_pipe_ends_the_run);
    tcase_add_test(tcase, lost_watch_may_close_itself_and_other_lost_ones);
    tcase_add_test(tcase, lost_number_may_be_watched_again_in_the_callback);
    tcase_add_test(
        tcase, lost_watch_that_destroys_the_loop_is_the_last_to_be_called);
    tcase_add_test(
        tcase, lost_watch_is_told_in_phase_3_at_the_time_of_the_turn);
    tcase_add_test(tcase, lost_descriptors_are_told_one_by_one_within_a_budget);
    tcase_add_test(tcase, lost_descriptor_in_a_hosts_wait_is_found_by_a_step);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("lost");
    TCase *tcase = tcase_create("lost");
    tcase_add_checked_fixture(tcase, setup, rig_teardown);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    return suite;
}
