/*
 * test_watch_fds.c - a loop serves any number that a descriptor can have.
 */
#include <leat/watch.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "loop/loop.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"
#include "support/trace.h"
#include "support/watcher.h"

static const int numbers[] = {1023, 1024, 1025, 4095, 9999, 65535};
#define NUMBERS (sizeof numbers / sizeof *numbers)

START_TEST(watch_serves_fds_at_and_beyond_1024)
{
    int fds[2];
    rig_pipe(fds);
    if (numbers[_i] >= rig_nofile())
        return; /* this process cannot have it */
    int in = rig_dup(fds[0], numbers[_i]);
    watcher_with(watcher_reads, in, LEAT_READABLE, "in");
    watcher_feed(fds[1]);
    ck_assert_int_eq(rig_turns(2), 1);
    ck_assert_int_eq(rig.wait_nfds, in + 1);
    trace_expect("in r");
}
END_TEST

START_TEST(watch_serves_the_highest_fd_there_can_be)
{
    int fds[2];
    rig_pipe(fds);
    int high = rig_dup(fds[1], rig_nofile() - 1);
    watcher(high, LEAT_WRITABLE, "high");
    rig_turn();
    trace_expect("high w");
}
END_TEST

START_TEST(watch_serves_many_numbers_far_apart_in_one_turn)
{
    int fds[2];
    int served = 1;
    rig_pipe(fds);
    watcher_feed(fds[1]);
    watcher(fds[0], LEAT_READABLE, "low");
    for (size_t i = 0; i < NUMBERS && numbers[i] < rig_nofile(); i++, served++)
        watcher(rig_dup(fds[0], numbers[i]), LEAT_READABLE, "high");
    ck_assert_int_eq(rig_turn(), served);
    ck_assert_int_eq(rig_turn(), served);
}
END_TEST

static void
nothing(struct leat_watch *watch, unsigned ready, void *user)
{
    (void)watch, (void)ready, (void)user;
}

START_TEST(watch_of_what_select_cannot_see_is_refused)
{
    int fds[2];
    struct leat_watch *watch;
    rig_pipe(fds);
    ck_assert_int_gt(rig.loop->fds.limit, 65536); /* no limit of 1024 here */
    rig.loop->fds.limit = fds[1]; /* as on a platform that has one */
    ck_assert_int_eq(
        leat_watch_open(&watch, rig.loop, fds[1], LEAT_WRITABLE, nothing, NULL),
        -ERANGE);
    ck_assert_ptr_null(watch);
    ck_assert_int_eq(
        leat_watch_open(&watch, rig.loop, fds[0], 0, nothing, NULL), 0);
}
END_TEST

START_TEST(loop_serves_fd_zero)
{
    int fds[2];
    int saved = rig_keep(fcntl(0, F_DUPFD_CLOEXEC, 3));
    rig_pipe(fds);
    ck_assert_int_eq(dup2(fds[0], 0), 0);
    struct leat_watch *watch =
        watcher_with(watcher_reads, 0, LEAT_READABLE, "0");
    watcher_feed(fds[1]);
    ck_assert_int_eq(rig_turns(2), 1);
    trace_expect("0 r");
    leat_watch_close(watch);
    ck_assert_int_eq(dup2(saved, 0), 0);
}
END_TEST

/* The pipe of the loop itself, when the host had closed 0, 1 and 2. */
START_TEST(loop_lives_with_a_wake_up_pipe_at_fd_zero)
{
    rig_close();
    int saved = rig_keep(fcntl(0, F_DUPFD_CLOEXEC, 3));
    ck_assert_int_eq(close(0), 0);
    rig_open(NULL);
    ck_assert(ledger_has_fd(0));
    ck_assert_int_eq(rig_turns(3), 0);
    rig_close();
    ck_assert_int_eq(dup2(saved, 0), 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("watch_fds");
    TCase *tcase = tcase_create("watch_fds");
    tcase_add_checked_fixture(tcase, rig_setup, rig_teardown);
    tcase_add_loop_test(
        tcase, watch_serves_fds_at_and_beyond_1024, 0, (int)NUMBERS);
    tcase_add_test(tcase, watch_serves_the_highest_fd_there_can_be);
    tcase_add_test(tcase, watch_serves_many_numbers_far_apart_in_one_turn);
    tcase_add_test(tcase, watch_of_what_select_cannot_see_is_refused);
    tcase_add_test(tcase, loop_serves_fd_zero);
    tcase_add_test(tcase, loop_lives_with_a_wake_up_pipe_at_fd_zero);
    suite_add_tcase(suite, tcase);
    return suite;
}
