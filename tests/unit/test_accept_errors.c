/*
 * test_accept_errors.c - each errno of accept(2) has a meaning: the next one is
 * tried, or the listener pauses and backs off, or it is lost. None ends the
 * daemon, none spins.
 */
#include "peers.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/socket.h"

static struct peer *served;
static struct side *serving;

/* One connection that is served all along, and n more in the backlog. */
static void
listen_with_one_served(int n)
{
    peers.act[DATA] = act_echo;
    peers_listen(OVER_TCP4);
    serving = peers_meet(&served);
    for (int i = 0; i < n; i++)
        peer_connect(0);
}

static void
assert_served(void)
{
    size_t before = served->len;
    peer_text(served, "x");
    turn_until(peer_has(served, before + 1));
}

/* --- of the new connection ------------------------------------------------ */

static const int theirs[] = {ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT,
    EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, ETIMEDOUT, EPERM};

START_TEST(error_of_the_new_connection_is_counted_and_the_next_tried)
{
    listen_with_one_served(3);
    fault_once("accept4", 1, theirs[_i]);
    peers_turn();
    ck_assert_uint_eq(rig_stats().accepted, 4);
    ck_assert_uint_eq(rig_stats().accept_errors, 1);
    ck_assert_uint_eq(rig_noted("accept-error"), 1);
    ck_assert_int_eq(rig.note.error, -theirs[_i]);
    assert_served();
}
END_TEST

START_TEST(errors_of_new_connections_are_bounded_in_a_turn)
{
    listen_with_one_served(1);
    int fault = fault_sticky("accept4", 1, ECONNABORTED);
    peers_turn();
    ck_assert_uint_eq(fault_fired(fault), 16);
    fault_release(fault);
    turn_until(rig_stats().accepted == 2);
}
END_TEST

START_TEST(errors_without_end_pause_the_listener)
{
    listen_with_one_served(1);
    int fault = fault_sticky("accept4", 1, theirs[_i]);
    peers_turns(20);
    ck_assert_uint_eq(fault_fired(fault), 64);
    ck_assert_uint_eq(rig_noted("accept-paused"), 1);
    assert_served();
    fault_release(fault);
    clock_advance(100 * MSEC);
    turn_until(rig_stats().accepted == 2);
}
END_TEST

START_TEST(interrupted_accept_is_made_again)
{
    listen_with_one_served(1);
    fault_times("accept4", 1, 3, EINTR);
    peers_turn();
    ck_assert_uint_eq(rig_stats().accepted, 2);
    ck_assert_uint_eq(rig_stats().accept_errors, 0);
}
END_TEST

static const int nothing[] = {EAGAIN, EWOULDBLOCK};

START_TEST(accept_that_finds_nobody_is_no_error)
{
    rig.may_spin = true;
    listen_with_one_served(1);
    fault_once("accept4", 1, nothing[_i]);
    peers_turn();
    ck_assert_uint_eq(rig_stats().accepted, 1);
    turn_until(rig_stats().accepted == 2);
    ck_assert_uint_eq(rig_stats().accept_errors, 0);
}
END_TEST

/* --- of the process, or the machine --------------------------------------- */

static const int ours[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};

START_TEST(accept_emfile_pauses_and_recovers)
{
    listen_with_one_served(2);
    int fault = fault_sticky("accept4", 1, ours[_i]);
    peers_turns(20);
    ck_assert_uint_eq(fault_fired(fault), 1); /* no spin, no second try */
    ck_assert_uint_eq(rig_noted("accept-paused"), 1);
    ck_assert_int_eq(rig.note.error, -ours[_i]);
    assert_served();
    fault_release(fault);
    clock_advance(100 * MSEC - 1);
    peers_turns(2);
    ck_assert_uint_eq(rig_stats().accepted, 1);
    clock_advance(1);
    peers_turns(2);
    ck_assert_uint_eq(rig_stats().accepted, 3);
    ck_assert_uint_eq(rig_noted("accept-resumed"), 1);
}
END_TEST

START_TEST(accept_backs_off_from_100_ms_to_1_s)
{
    static const int64_t pause_us[] = {100 * MSEC, 200 * MSEC, 400 * MSEC,
        800 * MSEC, 1 * SEC, 1 * SEC, 1 * SEC};
    listen_with_one_served(1);
    int fault = fault_sticky("accept4", 1, EMFILE);
    turn_until(fault_fired(fault) == 1);
    for (unsigned i = 0; i < 7; i++) {
        clock_advance(pause_us[i] - 1);
        peers_turns(2);
        ck_assert_uint_eq(fault_fired(fault), i + 1);
        clock_advance(1);
        peers_turns(2);
        ck_assert_uint_eq(fault_fired(fault), i + 2);
    }
    fault_release(fault);
    clock_advance(1 * SEC);
    turn_until(rig_stats().accepted == 2);
    fault = fault_once("accept4", 1, EMFILE); /* from the start again */
    peer_connect(0);
    turn_until(fault_fired(fault) == 1);
    clock_advance(100 * MSEC);
    peers_turns(2);
    ck_assert_uint_eq(rig_stats().accepted, 3);
}
END_TEST

START_TEST(accept_resumes_as_soon_as_a_connection_closes)
{
    listen_with_one_served(1);
    fault_once("accept4", 1, EMFILE);
    peers_turns(3);
    ck_assert_uint_eq(rig_stats().accepted, 1);
    leat_conn_close(serving->conn);
    peers_turns(2);
    ck_assert_uint_eq(rig_stats().accepted, 2);
    ck_assert_uint_eq(rig_noted("accept-resumed"), 1);
}
END_TEST

START_TEST(user_pause_outlasts_the_back_off)
{
    listen_with_one_served(1);
    fault_once("accept4", 1, EMFILE);
    peers_turns(2);
    leat_listener_pause(peers.listener);
    clock_advance(1 * SEC);
    peers_turns(3);
    ck_assert_uint_eq(rig_stats().accepted, 1);
    leat_listener_resume(peers.listener);
    turn_until(rig_stats().accepted == 2);
}
END_TEST

/* There is no later turn for who is in the backlog of a server that ends. */
START_TEST(drain_asks_again_while_the_listener_backs_off)
{
    listen_with_one_served(2);
    fault_once("accept4", 1, EMFILE);
    peers_turn();
    ck_assert_uint_eq(rig_noted("accept-paused"), 1);
    ck_assert_int_eq(leat_listener_drain(peers.listener), 2);
    ck_assert_uint_eq(rig_stats().accepted, 3);
    assert_served();
}
END_TEST

START_TEST(closing_a_listener_that_backs_off_leaves_no_timer)
{
    listen_with_one_served(1);
    fault_once("accept4", 1, EMFILE);
    peers_turns(2);
    size_t timers = rig_stats().timers;
    leat_listener_close(peers.listener);
    ck_assert_uint_eq(rig_stats().timers, timers - 1);
    clock_advance(1 * SEC);
    peers_turns(2);
}
END_TEST

START_TEST(backing_off_pauses_all_sockets_of_the_listener)
{
    ck_assert_int_eq(
        leat_listener_open(&peers.listener, rig.loop, "0", &peers.config), 0);
    peer_connect(0);
    peer_connect(1);
    int fault = fault_sticky("accept4", 1, EMFILE);
    peers_turns(5);
    ck_assert_uint_eq(fault_fired(fault), 1);
    fault_release(fault);
    clock_advance(100 * MSEC);
    turn_until(rig_stats().accepted == 2);
}
END_TEST

/* --- our own mistakes ----------------------------------------------------- */

static const int broken[] = {EINVAL, ENOTSOCK, EFAULT};

START_TEST(broken_listener_is_lost_alone)
{
    listen_with_one_served(1);
    fault_once("accept4", 1, broken[_i]);
    peers_turns(3);
    ck_assert_uint_eq(rig_noted("listener-failed"), 1);
    ck_assert_int_eq(rig.note.error, -broken[_i]);
    assert_served();
    leat_listener_pause(peers.listener); /* all this is harmless still */
    leat_listener_resume(peers.listener);
    ck_assert_int_eq(leat_listener_drain(peers.listener), 0);
    ck_assert_uint_eq(rig_fds(), 3);
    leat_listener_close(peers.listener);
    assert_served();
}
END_TEST

START_TEST(listener_closed_behind_our_back_is_lost_alone)
{
    listen_with_one_served(0);
    int fd = peers.listener->socket[0].io.fd;
    ledger_disown(fd);
    ck_assert_int_eq(close(fd), 0);
    turn_until(rig_noted("listener-failed") == 1);
    ck_assert_uint_eq(rig_noted("fd-lost"), 1);
    assert_served();
    leat_listener_close(peers.listener);
    assert_served();
}
END_TEST

START_TEST(ebadf_from_accept_does_not_close_the_number)
{
    listen_with_one_served(1);
    int fd = peers.listener->socket[0].io.fd;
    fault_once("accept4", 1, EBADF);
    peers_turns(2);
    ck_assert_uint_eq(rig_noted("listener-failed"), 1);
    ck_assert(ledger_has_fd(fd)); /* it may be somebody else's by now */
    ledger_disown(fd);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

/* --- accepted, and then no room for it ------------------------------------ */

START_TEST(accepted_without_memory_is_reset_and_counted)
{
    listen_with_one_served(0);
    struct peer *poor = peer_connect(0);
    int fault = fault_once("realloc", 1, ENOMEM);
    turn_until(rig_stats().accepted == 2);
    ck_assert_uint_eq(fault_fired(fault), 1);
    ck_assert_uint_eq(rig_stats().refused, 1);
    turn_until(peer_is_over(poor));
    ck_assert_int_eq(poor->error, ECONNRESET);
    assert_served();
    struct peer *rich;
    peers_meet(&rich);
}
END_TEST

START_TEST(accepted_without_memory_at_any_step_leaves_nothing)
{
    unsigned nth = 1;
    for (bool hit = true; hit; nth++) { /* a fresh loop each time */
        rig_open(NULL);
        peers_listen(OVER_TCP4);
        peer_connect(0);
        int fault = fault_once("realloc", nth, ENOMEM);
        turn_until(rig_stats().accepted == 1);
        /* That it could not be parked hurts nobody. */
        hit = fault_fired(fault) > 0 && rig_noted("park-failed") == 0;
        fault_release(fault);
        ck_assert_uint_eq(rig_stats().refused, hit ? 1 : 0);
        ck_assert_uint_eq(rig_stats().conns, hit ? 0 : 1);
        ck_assert_uint_eq(rig_fds(), hit ? 3 : 4);
        ck_assert_uint_lt(nth, 20);
    }
    ck_assert_uint_ge(nth, 3);
}
END_TEST

#define COUNT(list) ((int)(sizeof(list) / sizeof(list)[0]))

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("accept_errors");
    TCase *tcase = tcase_create("accept_errors");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_loop_test(tcase,
        error_of_the_new_connection_is_counted_and_the_next_tried, 0,
        COUNT(theirs));
    tcase_add_test(tcase, errors_of_new_connections_are_bounded_in_a_turn);
    tcase_add_loop_test(
        tcase, errors_without_end_pause_the_listener, 0, COUNT(theirs));
    tcase_add_test(tcase, interrupted_accept_is_made_again);
    tcase_add_loop_test(
        tcase, accept_that_finds_nobody_is_no_error, 0, COUNT(nothing));
    tcase_add_loop_test(
        tcase, accept_emfile_pauses_and_recovers, 0, COUNT(ours));
    tcase_add_test(tcase, accept_backs_off_from_100_ms_to_1_s);
    tcase_add_test(tcase, accept_resumes_as_soon_as_a_connection_closes);
    tcase_add_test(tcase, user_pause_outlasts_the_back_off);
    tcase_add_test(tcase, drain_asks_again_while_the_listener_backs_off);
    tcase_add_test(tcase, closing_a_listener_that_backs_off_leaves_no_timer);
    tcase_add_test(tcase, backing_off_pauses_all_sockets_of_the_listener);
    tcase_add_loop_test(tcase, broken_listener_is_lost_alone, 0, COUNT(broken));
    tcase_add_test(tcase, listener_closed_behind_our_back_is_lost_alone);
    tcase_add_test(tcase, ebadf_from_accept_does_not_close_the_number);
    tcase_add_test(tcase, accepted_without_memory_is_reset_and_counted);
    tcase_add_test(tcase, accepted_without_memory_at_any_step_leaves_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
