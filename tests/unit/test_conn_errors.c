/*
 * test_conn_errors.c - what each errno of recv and send means for a connection,
 * and that it means nothing to the others.
 */
#include "bystander.h"
#include "peers.h"

#include <leat/error.h>

#include <errno.h>
#include <signal.h>
#include <string.h>

static struct peer *peer;
static struct side *side;

/* --- recv ----------------------------------------------------------------- */

static const int fatal[] = {ECONNRESET, ETIMEDOUT, EPIPE, ENETUNREACH,
    EHOSTUNREACH, ECONNABORTED, ENOTCONN, EIO};
#define FATALS ((int)(sizeof fatal / sizeof fatal[0]))

START_TEST(recv_error_closes_with_it)
{
    side = meet_beside_another(&peer);
    peer_text(peer, "in time");
    turn_until(peer_heard(peer, "in time"));
    int fault = fault_once("recv", 1, fatal[_i]);
    peer_text(peer, "late");
    turn_until(side->count[CLOSE] == 1);
    ck_assert_uint_eq(fault_fired(fault), 1);
    ck_assert_int_eq(side->reason, -fatal[_i]);
    ck_assert_str_eq(side->story, "odc");
    other_is_unharmed();
}
END_TEST

static const int harmless[] = {EAGAIN, EINTR};

START_TEST(recv_that_finds_nothing_changes_nothing)
{
    rig.may_spin = true; /* a wake-up for nothing is what is made here */
    side = meet_beside_another(&peer);
    fault_times("recv", 1, 5, harmless[_i]);
    peer_text(peer, "hello");
    turn_until(peer_heard(peer, "hello"));
    ck_assert_str_eq(side->story, "od");
    other_is_unharmed();
}
END_TEST

START_TEST(recv_interrupted_for_ever_does_not_hold_the_turn)
{
    rig.may_spin = true;
    side = meet_beside_another(&peer);
    int fault = fault_sticky("recv", 1, EINTR);
    peer_text(peer, "hello");
    turn_until(fault_fired(fault) > 0);
    ck_assert_uint_le(fault_fired(fault), 9); /* bounded within a turn */
    fault_release(fault);
    turn_until(peer_heard(peer, "hello"));
}
END_TEST

static const int starving[] = {ENOMEM, ENOBUFS};

START_TEST(recv_without_memory_is_tried_again_in_10_ms)
{
    side = meet_beside_another(&peer);
    int fault = fault_sticky("recv", 1, starving[_i]);
    peer_text(peer, "hello");
    turn_until(fault_fired(fault) == 1);
    peers_turns(5);
    ck_assert_uint_eq(fault_fired(fault), 1); /* nobody polls */
    clock_advance(10 * MSEC);
    peers_turns(2);
    ck_assert_uint_eq(fault_fired(fault), 2);
    fault_release(fault);
    clock_advance(10 * MSEC);
    turn_until(peer_heard(peer, "hello"));
    other_is_unharmed();
}
END_TEST

START_TEST(recv_without_memory_for_3_s_closes)
{
    side = meet_beside_another(&peer);
    int fault = fault_sticky("recv", 1, starving[_i]);
    peer_text(peer, "hello");
    turn_until(fault_fired(fault) == 1);
    for (int i = 0; i < 299; i++) {
        clock_advance(10 * MSEC);
        peers_turns(2);
    }
    ck_assert_uint_eq(side->count[CLOSE], 0);
    clock_advance(10 * MSEC);
    peers_turns(2);
    ck_assert_uint_eq(side->count[CLOSE], 1);
    ck_assert_int_eq(side->reason, -starving[_i]);
    fault_release(fault);
    other_is_unharmed();
}
END_TEST

/* No byte moves between the two: the kernel has no room, not no memory. */
START_TEST(starving_once_in_a_while_is_not_starving_for_long)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    fault_once("send", 1, ENOBUFS);
    fault_once("send", 2, EAGAIN);
    fault_once("send", 3, ENOBUFS);
    side_send(side, "x");
    peers_turn();
    clock_advance(10 * MSEC);
    peers_turn();
    clock_advance(10 * SEC);
    peers_turn();
    ck_assert_uint_eq(side->count[CLOSE], 0);
    clock_advance(10 * MSEC);
    turn_until(peer_heard(peer, "x"));
}
END_TEST

START_TEST(starving_while_it_lingers_still_ends)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    leat_conn_end(side->conn);
    peers_turns(2);
    fault_once("recv", 1, ENOMEM);
    peer_text(peer, "x");
    turn_until(kernel_calls("recv") > 0);
    peers_turns(3);
    clock_advance(10 * MSEC);
    peers_turns(3);
    ck_assert_uint_eq(rig_stats().bytes_in, 1);
    clock_advance(5 * SEC);
    peers_turns(2);
    ck_assert_uint_eq(side->count[CLOSE], 1);
}
END_TEST

/* Dirty already when the kernel has no memory, it sends FIN in this turn, and
 * the wait for the peer's end needs the timer that was to end the starving. */
START_TEST(ending_while_it_starves_reads_on)
{
    peers.act[URGENT] = act_end;
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    int fault = fault_once("recv", 1, ENOMEM);
    peer_urgent(peer, '!');
    turn_until(fault_fired(fault) == 1);
    ck_assert_uint_eq(kernel_calls("shutdown"), 1);
    peer_half_close(peer);
    turn_until(side->count[CLOSE] == 1); /* the clock stands still */
    ck_assert_uint_eq(side->stats.bytes_in, 1);
}
END_TEST

/* --- what came before an error -------------------------------------------- */

START_TEST(bytes_before_a_reset_come_first)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    leat_conn_pause(side->conn);
    peer_text(peer, "last words");
    peer_reset(peer);
    leat_conn_resume(side->conn);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, -ECONNRESET);
    ck_assert(side_has(side, "last words"));
    ck_assert_str_eq(side->story, "odc"); /* no on_eof: it was cut */
}
END_TEST

START_TEST(reset_in_the_backlog_is_an_accepted_and_closed_connection)
{
    peers_listen(OVER_TCP4);
    peer = peer_connect(0);
    peer_reset(peer);
    turn_until(peers.sides == 1 && peers.side[0].count[CLOSE] == 1);
    ck_assert_str_eq(peers.side[0].story, "oc");
    ck_assert_int_eq(peers.side[0].reason, -ECONNRESET);
}
END_TEST

/* --- send ----------------------------------------------------------------- */

START_TEST(send_error_ends_output_and_input_is_read_to_its_end)
{
    side = meet_beside_another(&peer);
    peers.act[DATA] = NULL;
    int fault = fault_once("send", 1, fatal[_i]);
    side_send(side, "never");
    peers_turn();
    ck_assert_uint_eq(fault_fired(fault), 1);
    ck_assert_int_eq(leat_conn_send(side->conn, "x", 1), -fatal[_i]);
    peer_text(peer, "still heard");
    turn_until(side_has(side, "still heard"));
    ck_assert_uint_eq(side->count[CLOSE], 0);
    peer_half_close(peer); /* which is not orderly after an error */
    turn_until(side->count[CLOSE] == 1);
    ck_assert_str_eq(side->story, "odc");
    ck_assert_int_eq(side->reason, -fatal[_i]);
    ck_assert_uint_eq(side->stats.bytes_lost, 5);
    peers.act[DATA] = act_echo;
    other_is_unharmed();
}
END_TEST

START_TEST(send_error_after_eof_closes_at_once)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    peer_half_close(peer);
    turn_until(side->count[ENDED] == 1);
    fault_once("send", 1, EPIPE);
    side_send(side, "x");
    peers_turn();
    ck_assert_uint_eq(side->count[CLOSE], 1);
    ck_assert_int_eq(side->reason, -EPIPE);
}
END_TEST

START_TEST(send_error_while_ending_waits_for_the_peers_end)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    fault_once("send", 1, ECONNRESET);
    side_send(side, "x");
    leat_conn_end(side->conn);
    peers_turns(2);
    ck_assert_uint_eq(side->count[CLOSE], 0);
    clock_advance(5 * SEC);
    peers_turns(2);
    ck_assert_int_eq(side->reason, -ECONNRESET);
    ck_assert_uint_eq(side->stats.bytes_lost, 1);
}
END_TEST

START_TEST(write_to_gone_peer_raises_no_signal)
{
    ck_assert(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    peers_listen((enum transport)_i);
    side = peers_meet(&peer);
    leat_conn_pause(side->conn);
    peer_close(peer);
    for (unsigned i = 0; i < 100 && side->conn != NULL; i++) {
        int error = leat_conn_send(side->conn, "x", 1);
        if (error != 0) {
            ck_assert_int_eq(error, -EPIPE);
            break;
        }
        peers_turn();
    }
    leat_conn_resume(side->conn);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, -EPIPE);
    ck_assert_uint_eq(side->count[ENDED], 0);
}
END_TEST

START_TEST(send_without_memory_is_tried_again_in_10_ms)
{
    side = meet_beside_another(&peer);
    int fault = fault_sticky("send", 1, starving[_i]);
    side_send(side, "hello");
    peers_turns(4);
    ck_assert_uint_eq(fault_fired(fault), 1);
    ck_assert_int_eq(leat_conn_send(side->conn, "!", 1), 0);
    peers_turns(2);
    ck_assert_uint_eq(fault_fired(fault), 1); /* the timer, and only it */
    clock_advance(10 * MSEC);
    peers_turns(2);
    ck_assert_uint_eq(fault_fired(fault), 2);
    fault_release(fault);
    clock_advance(10 * MSEC);
    turn_until(peer_heard(peer, "hello!"));
}
END_TEST

START_TEST(send_without_memory_for_3_s_closes)
{
    side = meet_beside_another(&peer);
    int fault = fault_sticky("send", 1, starving[_i]);
    side_send(side, "hello");
    for (int i = 0; i < 300; i++) {
        peers_turns(2);
        ck_assert_uint_eq(side->count[CLOSE], 0);
        clock_advance(10 * MSEC);
    }
    peers_turns(2);
    ck_assert_int_eq(side->reason, -starving[_i]);
    ck_assert_uint_eq(side->stats.bytes_lost, 5);
    fault_release(fault);
    other_is_unharmed();
}
END_TEST

START_TEST(idle_timeout_goes_on_after_starving)
{
    peers.config.conn.idle_us = 1 * SEC;
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    fault_once("send", 1, ENOBUFS);
    side_send(side, "x");
    peers_turn();
    clock_advance(10 * MSEC);
    peers_turns(2);
    clock_advance(1 * SEC);
    peers_turns(2);
    ck_assert_int_eq(side->reason, -ETIME);
}
END_TEST

static void
add_recv_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, recv_error_closes_with_it, 0, FATALS);
    tcase_add_loop_test(tcase, recv_that_finds_nothing_changes_nothing, 0, 2);
    tcase_add_test(tcase, recv_interrupted_for_ever_does_not_hold_the_turn);
    tcase_add_loop_test(
        tcase, recv_without_memory_is_tried_again_in_10_ms, 0, 2);
    tcase_add_loop_test(tcase, recv_without_memory_for_3_s_closes, 0, 2);
    tcase_add_test(tcase, starving_once_in_a_while_is_not_starving_for_long);
    tcase_add_test(tcase, starving_while_it_lingers_still_ends);
    tcase_add_test(tcase, ending_while_it_starves_reads_on);
    tcase_add_test(tcase, bytes_before_a_reset_come_first);
    tcase_add_test(
        tcase, reset_in_the_backlog_is_an_accepted_and_closed_connection);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("conn_errors");
    TCase *tcase = tcase_create("conn_errors");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    add_recv_tests(tcase);
    tcase_add_loop_test(
        tcase, send_error_ends_output_and_input_is_read_to_its_end, 0, FATALS);
    tcase_add_test(tcase, send_error_after_eof_closes_at_once);
    tcase_add_test(tcase, send_error_while_ending_waits_for_the_peers_end);
    tcase_add_loop_test(
        tcase, write_to_gone_peer_raises_no_signal, 0, TRANSPORTS);
    tcase_add_loop_test(
        tcase, send_without_memory_is_tried_again_in_10_ms, 0, 2);
    tcase_add_loop_test(tcase, send_without_memory_for_3_s_closes, 0, 2);
    tcase_add_test(tcase, idle_timeout_goes_on_after_starving);
    suite_add_tcase(suite, tcase);
    return suite;
}
