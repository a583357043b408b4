/*
 * test_park_errors.c - parking fails, and nobody is the worse for it.
 */
#include "park_crowd.h"

#include <errno.h>
#include <unistd.h>

static void
expect_note(const char *key, int error)
{
    ck_assert_uint_eq(rig_noted(key), 1);
    ck_assert_str_eq(rig.note.key, key);
    ck_assert_int_eq(rig.note.level, LEAT_NOTE_WARN);
    ck_assert_int_eq(rig.note.error, error);
    ck_assert_int_eq(rig.note.fd, -1);
}

static void
expect_nobody_parked_for_a_second(int error)
{
    ck_assert_uint_eq(parked(), 0);
    expect_note("park-failed", error);
    ask(0);
    kernel_reset_calls();
    be_quiet();
    ck_assert_uint_eq(
        kernel_calls("epoll_create1") + kernel_calls("epoll_ctl"), 0);
    clock_advance(SEC);
    be_quiet();
    ck_assert_uint_eq(parked(), CROWD);
}

START_TEST(without_a_queue_all_stay_awake_and_it_is_tried_again)
{
    use(LEAT_PARK_AUTO);
    fault_once("epoll_create1", 1, EMFILE);
    meet(CROWD);
    be_quiet();
    expect_nobody_parked_for_a_second(-EMFILE);
}
END_TEST

START_TEST(who_may_not_join_stays_awake_and_tries_again)
{
    use(LEAT_PARK_AUTO);
    fault_once("epoll_ctl", 1, ENOSPC);
    meet(CROWD);
    be_quiet();
    expect_nobody_parked_for_a_second(-ENOSPC);
}
END_TEST

/* What is closed is one that would join, not the queue. */
START_TEST(a_queue_is_kept_where_the_one_that_joins_is_lost)
{
    use(LEAT_PARK_AUTO);
    fault_once("epoll_ctl", 1, EBADF);
    meet(CROWD);
    be_quiet();
    int queue = rig.loop->park.io.fd;
    expect_nobody_parked_for_a_second(-EBADF);
    ck_assert_int_eq(rig.loop->park.io.fd, queue);
    ck_assert_uint_eq(kernel_calls("epoll_create1"), 0); /* since */
}
END_TEST

START_TEST(a_queue_that_does_not_let_go_is_given_up)
{
    meet_crowd();
    fault_once("epoll_ctl", 1, ENOMEM); /* it stays in */
    leat_conn_close(peers.side[5].conn);
    peers_turn();
    expect_note("park-stale", 0);
    ck_assert_uint_eq(parked(), 0);
    ck_assert_uint_eq(rig_stats().conns, CROWD - 1);
    ask(0);
    be_quiet();
    ck_assert_uint_eq(parked(), 0); /* not at once */
    clock_advance(SEC);
    be_quiet();
    ck_assert_uint_eq(parked(), CROWD - 1);
    ask(1);
}
END_TEST

START_TEST(a_queue_closed_behind_our_back_costs_nobody)
{
    meet_crowd();
    int queue = rig.loop->park.io.fd;
    ledger_disown(queue);
    ck_assert_int_eq(close(queue), 0);
    peers_turn();
    ck_assert_uint_eq(parked(), 0);
    ck_assert_uint_eq(rig_stats().conns, CROWD);
    for (int i = 0; i < CROWD; i++)
        ask(i);
}
END_TEST

START_TEST(an_empty_queue_closed_behind_our_back_is_missed_by_the_next)
{
    meet_crowd();
    for (int i = 0; i < CROWD; i++) {
        leat_conn_pause(peers.side[i].conn);
        leat_conn_resume(peers.side[i].conn);
    }
    ck_assert_uint_eq(parked(), 0);
    int queue = rig.loop->park.io.fd;
    ledger_disown(queue);
    ck_assert_int_eq(close(queue), 0);
    if (_i == 1) /* it is somebody else's already */
        rig_dup(peer[0]->fd, queue);
    be_quiet();
    expect_nobody_parked_for_a_second(_i == 1 ? -EINVAL : -EBADF);
    for (int i = 0; i < CROWD; i++)
        ask(i);
}
END_TEST

/* With no queue yet. */
static void
meet_awake(void)
{
    use(LEAT_PARK_OFF);
    meet(CROWD);
    rig.loop->config.park = LEAT_PARK_AUTO;
}

START_TEST(without_memory_all_stay_awake_and_it_is_tried_again)
{
    meet_awake();
    int fault = fault_once("realloc", 1, ENOMEM);
    be_quiet();
    ck_assert_uint_eq(fault_fired(fault), 1);
    expect_nobody_parked_for_a_second(-ENOMEM);
}
END_TEST

START_TEST(a_queue_that_does_not_tell_is_given_up)
{
    meet_crowd();
    fault_once("epoll_wait", 1, ENOMEM);
    ask(8);
    expect_nobody_parked_for_a_second(-ENOMEM);
}
END_TEST

/* The number may be somebody else's by now. */
START_TEST(a_queue_that_is_none_any_more_is_given_up_and_not_closed)
{
    static const int errors[] = {EBADF, EINVAL};
    meet_crowd();
    int queue = rig.loop->park.io.fd;
    fault_once("epoll_wait", 1, errors[_i]);
    ask(8);
    ck_assert(ledger_has_fd(queue));
    ledger_disown(queue);
    ck_assert_int_eq(close(queue), 0);
    expect_nobody_parked_for_a_second(-errors[_i]);
}
END_TEST

START_TEST(a_queue_beyond_what_select_can_watch_is_closed_again)
{
    meet_awake();
    int limit = rig.loop->fds.limit;
    rig.loop->fds.limit = dup(peer[0]->fd);
    ck_assert_int_eq(close(rig.loop->fds.limit), 0);
    size_t fds = ledger_fds();
    be_quiet();
    ck_assert_uint_eq(ledger_fds(), fds);
    rig.loop->fds.limit = limit;
    expect_nobody_parked_for_a_second(-ERANGE);
}
END_TEST

START_TEST(a_signal_during_the_taking_loses_nothing)
{
    meet_crowd();
    fault_once("epoll_wait", 1, EINTR);
    rig.may_spin = true;
    ask(8);
    ck_assert_uint_eq(parked(), CROWD);
    ck_assert_uint_eq(rig_noted("park-failed"), 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("park_errors");
    TCase *tcase = tcase_create("park_errors");

    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_test(tcase, without_a_queue_all_stay_awake_and_it_is_tried_again);
    tcase_add_test(tcase, who_may_not_join_stays_awake_and_tries_again);
    tcase_add_test(tcase, a_queue_is_kept_where_the_one_that_joins_is_lost);
    tcase_add_test(tcase, a_queue_that_does_not_let_go_is_given_up);
    tcase_add_test(tcase, a_queue_closed_behind_our_back_costs_nobody);
    tcase_add_loop_test(tcase,
        an_empty_queue_closed_behind_our_back_is_missed_by_the_next, 0, 2);
    tcase_add_test(tcase, without_memory_all_stay_awake_and_it_is_tried_again);
    tcase_add_test(tcase, a_queue_that_does_not_tell_is_given_up);
    tcase_add_loop_test(
        tcase, a_queue_that_is_none_any_more_is_given_up_and_not_closed, 0, 2);
    tcase_add_test(tcase, a_queue_beyond_what_select_can_watch_is_closed_again);
    tcase_add_test(tcase, a_signal_during_the_taking_loses_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
