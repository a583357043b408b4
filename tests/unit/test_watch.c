/*
 * test_watch.c - other people's descriptors on the loop.
 */
#include <leat/watch.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"
#include "support/trace.h"
#include "support/watcher.h"

/* --- contract ------------------------------------------------------------- */

START_TEST(watch_reports_readable_when_there_is_something_to_read)
{
    int fds[2];
    rig_pipe(fds);
    watcher_with(watcher_reads, fds[0], LEAT_READABLE, "in");
    ck_assert_int_eq(rig_turn(), 0);
    watcher_feed(fds[1]);
    ck_assert_int_eq(rig_turn(), 1);
    ck_assert_int_eq(rig_turn(), 0);
    trace_expect("in r");
}
END_TEST

START_TEST(watch_reports_again_while_the_cause_stands)
{
    int fds[2];
    rig_pipe(fds);
    watcher(fds[0], LEAT_READABLE, "in");
    watcher(fds[1], LEAT_WRITABLE, "out");
    watcher_feed(fds[1]);
    rig_turns(2);
    trace_expect("in r, out w, in r, out w");
}
END_TEST

START_TEST(watch_reports_urgent_bytes_before_readable_ones)
{
    int fds[2];
    rig_tcp(fds);
    watcher(fds[0], WATCH_ALL, "socket");
    ck_assert_int_eq(send(fds[1], "!", 1, MSG_OOB), 1);
    ck_assert_int_eq(send(fds[1], "a", 1, 0), 1);
    rig_turn();
    trace_expect("socket x, socket r, socket w");
}
END_TEST

START_TEST(watch_without_events_hears_nothing_and_keeps_its_number)
{
    int fds[2];
    struct leat_watch *second;
    rig_pipe(fds);
    struct leat_watch *watch = watcher(fds[0], 0, "in");
    watcher_feed(fds[1]);
    rig_turns(3);
    trace_expect("");
    ck_assert_int_eq(leat_watch_fd(watch), fds[0]);
    ck_assert_int_eq(
        leat_watch_open(&second, rig.loop, fds[0], 0, watcher_tells, NULL),
        -EEXIST);
    ck_assert_ptr_null(second);
}
END_TEST

START_TEST(watch_set_changes_what_is_waited_for)
{
    int fds[2];
    rig_pair(fds);
    struct leat_watch *watch = watcher(fds[0], LEAT_READABLE, "pair");
    watcher_feed(fds[1]);
    ck_assert_int_eq(leat_watch_set(watch, LEAT_WRITABLE), 0);
    rig_turn();
    trace_expect("pair w");
    ck_assert_int_eq(leat_watch_set(watch, 0), 0);
    rig_turn();
    trace_expect("");
    ck_assert_int_eq(leat_watch_set(watch, WATCH_ALL), 0);
    rig_turn();
    trace_expect("pair r, pair w");
}
END_TEST

START_TEST(watch_open_refuses_what_cannot_be_watched)
{
    struct leat_watch *watch = (void *)&rig;
    int fds[2];
    rig_pipe(fds);
    ck_assert_int_eq(leat_watch_open(&watch, rig.loop, -1, LEAT_READABLE,
                         watcher_tells, NULL),
        -EINVAL);
    ck_assert_ptr_null(watch);
    ck_assert_int_eq(
        leat_watch_open(&watch, rig.loop, fds[0], 16, watcher_tells, NULL),
        -EINVAL);
    ck_assert_int_eq(leat_watch_open(&watch, rig.loop, fds[0], LEAT_FAILED,
                         watcher_tells, NULL),
        -EINVAL);
    ck_assert_int_eq(
        leat_watch_open(&watch, rig.loop, fds[0], 0, NULL, NULL), -EINVAL);
}
END_TEST

/* Room is made by the number: one out of thin air must not cost gigabytes. */
START_TEST(watch_open_refuses_a_number_that_is_not_open)
{
    struct leat_watch *watch;
    int fds[2];
    size_t blocks = ledger_blocks();
    rig_pipe(fds);
    rig_drop(fds[1]);
    const int numbers[] = {fds[1], 1 << 20, INT_MAX};
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(leat_watch_open(&watch, rig.loop, numbers[i],
                             LEAT_READABLE, watcher_tells, NULL),
            -EBADF);
    ck_assert_ptr_null(watch);
    ck_assert_uint_eq(ledger_blocks(), blocks);
}
END_TEST

START_TEST(watch_set_refuses_unknown_events_and_changes_nothing)
{
    int fds[2];
    rig_pipe(fds);
    struct leat_watch *watch = watcher(fds[1], LEAT_WRITABLE, "out");
    ck_assert_int_eq(leat_watch_set(watch, LEAT_FAILED), -EINVAL);
    ck_assert_int_eq(leat_watch_set(watch, 1u << 31), -EINVAL);
    rig_turn();
    trace_expect("out w");
}
END_TEST

START_TEST(watch_open_without_memory_changes_nothing)
{
    struct leat_watch *watch = NULL;
    int fds[2];
    rig_pipe(fds);
    int high = rig_dup(fds[0], 700); /* beyond the first capacity */
    watcher_feed(fds[1]);
    unsigned nth = 0;
    for (int error = -ENOMEM; error != 0; nth++) {
        ck_assert_uint_lt(nth, 100);
        size_t blocks = ledger_blocks();
        int fault = fault_once("realloc", nth + 1, ENOMEM);
        error = leat_watch_open(&watch, rig.loop, high, LEAT_READABLE,
            watcher_tells, (void *)"high");
        ck_assert_int_eq(error, fault_fired(fault) > 0 ? -ENOMEM : 0);
        ck_assert(error == 0 || watch == NULL);
        fault_release(fault);
        if (error != 0)
            ck_assert_uint_eq(ledger_blocks(), blocks);
        ck_assert_int_eq(rig_turn(), error == 0 ? 1 : 0);
    }
    ck_assert_uint_gt(nth, 4);
    trace_expect("high r");
}
END_TEST

START_TEST(watch_never_touches_the_descriptor)
{
    int fds[2];
    rig_pipe(fds);
    watcher_feed(fds[1]);
    struct leat_watch *watch = watcher(fds[0], LEAT_READABLE, "in");
    rig_turns(3);
    leat_watch_close(watch);
    leat_watch_close(NULL);
    ck_assert_uint_eq(kernel_calls("close"), 0);
    char bytes[2];
    ck_assert_int_eq(read(fds[0], bytes, 2), 1);
}
END_TEST

START_TEST(watch_left_open_is_closed_with_the_loop)
{
    int fds[2];
    rig_pipe(fds);
    watcher(fds[0], LEAT_READABLE, "in");
    watcher(fds[1], LEAT_WRITABLE, "out");
    rig_close();
    ck_assert_uint_eq(ledger_blocks(), 0);
    ck_assert_int_eq(fcntl(fds[0], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}
END_TEST

/* --- law 3 ---------------------------------------------------------------- */

static struct leat_watch *peer[2];
static int next_fd;

static void
close_the_other(struct leat_watch *watch, unsigned ready, void *user)
{
    watcher_tells(watch, ready, user);
    int other = peer[0] == watch;
    leat_watch_close(peer[other]);
    peer[other] = NULL;
}

/* Whichever comes first keeps the other from being called. */
START_TEST(callback_cancels_next_ready_peer)
{
    int fds[2];
    rig_pipe(fds);
    watcher_feed(fds[1]);
    peer[0] = watcher_with(close_the_other, fds[0], LEAT_READABLE, "first");
    peer[1] = watcher_with(
        close_the_other, rig_dup(fds[0], 700), LEAT_READABLE, "second");
    ck_assert_int_eq(rig_turn(), 1);
    trace_expect("first r");
}
END_TEST

static void
stop_asking(struct leat_watch *watch, unsigned ready, void *user)
{
    watcher_tells(watch, ready, user);
    ck_assert_int_eq(leat_watch_set(peer[1], 0), 0);
    ck_assert_int_eq(leat_watch_set(peer[1], WATCH_ALL), 0);
}

START_TEST(law3_a_bit_taken_away_and_given_back_waits_for_the_next_turn)
{
    int fds[2];
    rig_pipe(fds);
    watcher_feed(fds[1]);
    peer[0] = watcher_with(stop_asking, fds[0], LEAT_READABLE, "first");
    peer[1] = watcher(rig_dup(fds[0], 700), LEAT_READABLE, "second");
    ck_assert_int_eq(rig_turn(), 1);
    leat_watch_close(peer[0]);
    ck_assert_int_eq(rig_turn(), 1);
    trace_expect("first r, second r");
}
END_TEST

/* The second's number goes to another file, which is ready too, and to
 * another watch, all while the second's readiness waits to be told. */
static void
replace_the_other(struct leat_watch *watch, unsigned ready, void *user)
{
    watcher_tells(watch, ready, user);
    int fd = leat_watch_fd(peer[1]);
    leat_watch_close(peer[1]);
    ck_assert_int_eq(dup2(next_fd, fd), fd);
    peer[1] = watcher(fd, WATCH_ALL, "newcomer");
    leat_watch_close(watch);
}

START_TEST(law3_readiness_found_in_a_turn_never_reaches_a_later_owner)
{
    int fds[2], others[2];
    rig_pipe(fds);
    rig_pair(others);
    watcher_feed(fds[1]);
    next_fd = others[0];
    watcher_with(replace_the_other, fds[0], LEAT_READABLE, "first");
    peer[1] = watcher(rig_dup(fds[0], 700), LEAT_READABLE, "second");
    rig_turn();
    trace_expect("first r");
    rig_turn();
    trace_expect("newcomer w");
}
END_TEST

/* As above, the way it happens: close gives the number back, and the next
 * descriptor that is opened gets it. */
static void
reuse_the_number(struct leat_watch *watch, unsigned ready, void *user)
{
    int fds[2];
    watcher_tells(watch, ready, user);
    int fd = leat_watch_fd(peer[1]);
    leat_watch_close(peer[1]);
    rig_drop(fd);
    rig_pair(fds);
    ck_assert(fds[0] == fd || fds[1] == fd);
    watcher(fd, WATCH_ALL, "newcomer");
    leat_watch_close(watch);
}

START_TEST(stale_readiness_never_reaches_new_owner)
{
    int fds[2];
    rig_pipe(fds);
    watcher_feed(fds[1]);
    watcher_with(reuse_the_number, fds[0], LEAT_READABLE, "first");
    int reused = rig_keep(fcntl(fds[0], F_DUPFD_CLOEXEC, 0));
    ck_assert_int_gt(reused, fds[0]);
    peer[1] = watcher(reused, LEAT_READABLE, "second");
    rig_turn();
    trace_expect("first r");
    rig_turn();
    trace_expect("newcomer w");
}
END_TEST

static void
open_another(struct leat_watch *watch, unsigned ready, void *user)
{
    watcher_tells(watch, ready, user);
    watcher(next_fd, WATCH_ALL, "added");
    leat_watch_close(watch);
}

START_TEST(law3_what_is_added_in_a_turn_is_looked_at_in_the_next)
{
    int fds[2];
    rig_pair(fds);
    watcher_feed(fds[1]);
    next_fd = rig_dup(fds[0], 600); /* the set grows while it is scanned */
    watcher_with(open_another, fds[0], LEAT_READABLE, "adder");
    ck_assert_int_eq(rig_turn(), 1);
    trace_expect("adder r");
    rig_turn();
    trace_expect("added r, added w");
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("watch");
    TCase *tcase = tcase_create("watch");
    tcase_add_checked_fixture(tcase, rig_setup, rig_teardown);
    tcase_add_test(
        tcase, watch_reports_readable_when_there_is_something_to_read);
    tcase_add_test(tcase, watch_reports_again_while_the_cause_stands);
    tcase_add_test(tcase, watch_reports_urgent_bytes_before_readable_ones);
    tcase_add_test(
        tcase, watch_without_events_hears_nothing_and_keeps_its_number);
    tcase_add_test(tcase, watch_set_changes_what_is_waited_for);
    tcase_add_test(tcase, watch_open_refuses_what_cannot_be_watched);
    tcase_add_test(tcase, watch_open_refuses_a_number_that_is_not_open);
    tcase_add_test(tcase, watch_set_refuses_unknown_events_and_changes_nothing);
    tcase_add_test(tcase, watch_open_without_memory_changes_nothing);
    tcase_add_test(tcase, watch_never_touches_the_descriptor);
    tcase_add_test(tcase, watch_left_open_is_closed_with_the_loop);
    tcase_add_test(tcase, callback_cancels_next_ready_peer);
    tcase_add_test(
        tcase, law3_a_bit_taken_away_and_given_back_waits_for_the_next_turn);
    tcase_add_test(
        tcase, law3_readiness_found_in_a_turn_never_reaches_a_later_owner);
    tcase_add_test(tcase, stale_readiness_never_reaches_new_owner);
    tcase_add_test(
        tcase, law3_what_is_added_in_a_turn_is_looked_at_in_the_next);
    suite_add_tcase(suite, tcase);
    return suite;
}
