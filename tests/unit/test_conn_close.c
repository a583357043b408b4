/*
 * test_conn_close.c - end, close and abort: what leaves, what is lost, when
 * on_close comes and what may be done after it was asked for.
 */
#include "peers.h"

#include <leat/error.h>

#include <errno.h>
#include <string.h>

#define MUCH ((size_t)600 * 1024)

/* --- end ------------------------------------------------------------------ */

START_TEST(end_sends_everything_then_fin)
{
    peers_listen((enum transport)_i);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    ck_assert_int_eq(side_send_keyed(side, 7, 0, MUCH), 0);
    leat_conn_end(side->conn);
    turn_until(peer_is_over(peer));
    ck_assert(peer->is_ended);
    ck_assert_uint_eq(peer->len, MUCH);
    ck_assert(key_is(peer->bytes, 7, 0, MUCH));
    ck_assert_uint_eq(side->count[CLOSE], 0); /* the peer has not ended yet */
    peer_close(peer);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, 0);
    ck_assert_uint_eq(side->stats.bytes_lost, 0);
}
END_TEST

START_TEST(end_reads_on_so_that_no_reply_is_reset)
{
    peers_listen((enum transport)_i);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    side_send(side, "bye");
    leat_conn_end(side->conn);
    peers_turn();
    peer_say_keyed(peer, 1, MUCH); /* unread, it would reset our reply */
    turn_until(peer_heard(peer, "bye") && peer_is_over(peer));
    peer_half_close(peer);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_str_eq(side->story, "oc");
    ck_assert_int_eq(side->reason, 0);
    ck_assert_uint_eq(side->stats.bytes_in, MUCH);
    ck_assert_uint_eq(side->len, 0);
}
END_TEST

START_TEST(end_waits_five_seconds_without_progress)
{
    peers_listen((enum transport)_i);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    leat_conn_end(side->conn);
    peers_turn();
    clock_advance(5 * SEC - 1);
    peers_turn();
    ck_assert_uint_eq(side->count[CLOSE], 0);
    clock_advance(1);
    peers_turns(1);
    ck_assert_uint_eq(side->count[CLOSE], 1);
    ck_assert_int_eq(side->reason, 0);
}
END_TEST

START_TEST(end_waits_on_while_the_peer_sends)
{
    peers_listen((enum transport)_i);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    leat_conn_end(side->conn);
    peers_turn();
    clock_advance(3 * SEC);
    peer_text(peer, "still here");
    turn_until(rig_stats().bytes_in == 10);
    clock_advance(3 * SEC);
    peers_turns(2);
    ck_assert_uint_eq(side->count[CLOSE], 0);
    clock_advance(2 * SEC);
    peers_turns(2);
    ck_assert_uint_eq(side->count[CLOSE], 1);
}
END_TEST

START_TEST(end_waits_thirty_seconds_at_most_whatever_comes)
{
    peers_listen((enum transport)_i);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    leat_conn_end(side->conn);
    peers_turn();
    size_t said = 0;
    for (; said < 29; said++) {
        clock_advance(SEC);
        peer_text(peer, "x");
        turn_until(rig_stats().bytes_in == said + 1);
        ck_assert_uint_eq(side->count[CLOSE], 0);
    }
    clock_advance(5 * SEC);
    peers_turns(2);
    ck_assert_uint_eq(side->count[CLOSE], 1);
    ck_assert_uint_eq(side->stats.bytes_discarded, said);
}
END_TEST

/* So many that what is kept for the first few is not enough. */
START_TEST(without_memory_what_comes_after_the_end_waits_and_is_counted)
{
    enum { MANY = 100, SAID = 10 };
    static struct peer *peer[MANY];
    peers_listen(OVER_TCP4);
    for (int i = 0; i < MANY; i++) {
        peers_meet(&peer[i]);
        leat_conn_end(peers.side[i].conn);
    }
    peers_turns(3);
    int fault = fault_sticky("realloc", 1, ENOMEM);
    for (int i = 0; i < MANY; i++)
        peer_say_keyed(peer[i], 1, SAID);
    peers_turns(5);
    ck_assert_uint_gt(fault_fired(fault), 0);
    ck_assert_uint_lt(rig_stats().bytes_in, MANY * SAID);
    fault_release(fault);
    clock_advance(10 * MSEC);
    turn_until(rig_stats().bytes_in == MANY * SAID);
    for (int i = 0; i < MANY; i++)
        peer_close(peer[i]);
    turn_until(rig_stats().closed == MANY);
    for (int i = 0; i < MANY; i++)
        ck_assert_uint_eq(peers.side[i].stats.bytes_discarded, SAID);
}
END_TEST

START_TEST(end_asked_for_twice_is_once)
{
    peers_listen(OVER_TCP4);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    leat_conn_end(side->conn);
    leat_conn_end(side->conn);
    peers_turn();
    leat_conn_end(side->conn);
    turn_until(peer_is_over(peer));
    ck_assert_uint_eq(kernel_calls("shutdown"), 1);
    peer_close(peer);
    turn_until(side->count[CLOSE] == 1);
}
END_TEST

static void
send_and_end(struct side *side)
{
    side_send(side, "the end");
    leat_conn_end(side->conn);
}

START_TEST(what_on_drain_sends_before_it_ends_arrives)
{
    peers.config.conn.queue = (struct leat_queue_config){.high = 4096};
    peers.act[DRAIN] = send_and_end;
    peers_listen((enum transport)_i);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    ck_assert_int_eq(side_send_keyed(side, 3, 0, 5000), 0);
    turn_until(peer_is_over(peer));
    ck_assert(peer->is_ended);
    ck_assert_uint_eq(peer->len, 5007);
    ck_assert_mem_eq(peer->bytes + 5000, "the end", 7);
    ck_assert_uint_eq(side->count[DRAIN], 1);
}
END_TEST

START_TEST(end_of_a_paused_connection_still_sees_the_peers_end)
{
    peers_listen(OVER_TCP4);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    leat_conn_pause(side->conn);
    peer_text(peer, "never read");
    leat_conn_end(side->conn);
    peer_half_close(peer);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_str_eq(side->story, "oc");
}
END_TEST

/* --- close and abort ------------------------------------------------------ */

START_TEST(close_drops_the_queue_and_counts_it)
{
    peers_listen((enum transport)_i);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    ck_assert_int_eq(side_send_keyed(side, 1, 0, 1000), 0);
    leat_conn_close(side->conn);
    ck_assert_uint_eq(side->count[CLOSE], 0); /* it only marks */
    peers_turn();
    ck_assert_uint_eq(side->count[CLOSE], 1);
    ck_assert_int_eq(side->reason, 0);
    ck_assert_uint_eq(side->stats.bytes_lost, 1000);
    ck_assert_uint_eq(rig_stats().bytes_lost, 1000);
    ck_assert_uint_eq(rig_stats().memory, 0);
    turn_until(peer_is_over(peer));
    ck_assert_uint_eq(peer->len, 0);
    ck_assert(peer->is_ended); /* FIN, no reset */
}
END_TEST

START_TEST(close_in_on_data_is_done_in_the_same_turn)
{
    peers.act[DATA] = act_close;
    peers_listen((enum transport)_i);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    peer_text(peer, "x");
    turn_until(side->count[DATA] == 1);
    ck_assert_str_eq(side->story, "odc");
}
END_TEST

START_TEST(abort_resets_the_peer)
{
    peers_listen(_i == 0 ? OVER_TCP4 : OVER_TCP6);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    ck_assert_int_eq(side_send_keyed(side, 1, 0, 10), 0);
    leat_conn_abort(side->conn);
    peers_turn();
    ck_assert_int_eq(side->reason, -ECONNABORTED);
    turn_until(peer_is_over(peer));
    ck_assert_int_eq(peer->error, ECONNRESET);
}
END_TEST

START_TEST(abort_that_cannot_reset_still_closes)
{
    peers_listen(OVER_TCP4);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    fault_once("setsockopt", 1, ENOMEM);
    leat_conn_abort(side->conn);
    peers_turn();
    ck_assert_int_eq(side->reason, -ECONNABORTED);
    turn_until(peer_is_over(peer));
}
END_TEST

START_TEST(the_first_to_end_it_gives_the_reason)
{
    peers_listen(OVER_TCP4);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    leat_conn_close(side->conn);
    leat_conn_abort(side->conn);
    leat_conn_end(side->conn);
    leat_conn_drain(side->conn);
    peers_turn();
    ck_assert_int_eq(side->reason, 0);
    turn_until(peer_is_over(peer));
    ck_assert(peer->is_ended);
}
END_TEST

START_TEST(close_after_end_does_not_wait_for_the_peer)
{
    peers_listen(OVER_TCP4);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    leat_conn_end(side->conn);
    peers_turns(2);
    ck_assert_uint_eq(side->count[CLOSE], 0);
    leat_conn_close(side->conn);
    peers_turn();
    ck_assert_uint_eq(side->count[CLOSE], 1);
}
END_TEST

/* --- after it ------------------------------------------------------------- */

static void (*const endings[])(struct leat_conn *conn) = {
    leat_conn_end, leat_conn_close, leat_conn_abort};

static int after_ending;

static void
end_then_send(struct side *side)
{
    struct leat_message *message;
    ck_assert_int_eq(leat_message_create(&message, rig.loop, "m", 1), 0);
    endings[after_ending](side->conn);
    ck_assert_int_eq(leat_conn_send(side->conn, "x", 1), -ESHUTDOWN);
    ck_assert_int_eq(leat_conn_send(side->conn, "", 0), -ESHUTDOWN);
    ck_assert_int_eq(leat_conn_send_message(side->conn, message), -ESHUTDOWN);
    leat_message_unref(message);
    ck_assert_int_eq(leat_conn_couple(side->conn, side->conn), -ESHUTDOWN);
}

START_TEST(close_in_callback_then_send_is_eshutdown)
{
    after_ending = _i;
    peers.act[DATA] = end_then_send;
    peers_listen(OVER_TCP4);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    peer_text(peer, "go");
    turn_until(side->count[DATA] == 1);
    if (endings[_i] == leat_conn_end) {
        peer_text(peer, "unheard");
        peer_half_close(peer);
    }
    turn_until(side->count[CLOSE] == 1);
    ck_assert_str_eq(side->story, "odc");
    ck_assert_uint_eq(rig_stats().drops, 0);
}
END_TEST

static void
use_all(struct side *side)
{
    struct leat_conn *conn = side->conn;
    struct leat_addr addr;
    ck_assert_int_eq(leat_conn_send(conn, "x", 1), -ESHUTDOWN);
    leat_conn_end(conn);
    leat_conn_drain(conn);
    leat_conn_close(conn);
    leat_conn_abort(conn);
    leat_conn_pause(conn);
    leat_conn_resume(conn);
    leat_conn_uncouple(conn, conn);
    ck_assert(!leat_conn_is_full(conn));
    ck_assert_uint_eq(leat_conn_partial(conn), 0);
    ck_assert_int_eq(leat_conn_peer(conn, &addr), 0);
    ck_assert_int_eq(leat_conn_at_mark(conn), 0);
    ck_assert_ptr_null(leat_conn_find(rig.loop, side->id));
    ck_assert_uint_eq(leat_conn_id(conn), side->id);
}

START_TEST(everything_may_be_called_in_on_close)
{
    peers.act[CLOSE] = use_all;
    peers_listen(OVER_TCP4);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    leat_conn_close(side->conn);
    peers_turns(3);
    ck_assert_str_eq(side->story, "oc");
    ck_assert_int_eq(side->reason, 0);
}
END_TEST

static void
close_next(struct side *side)
{
    if (side + 1 < peers.side + peers.sides && side[1].conn != NULL)
        leat_conn_close(side[1].conn);
}

START_TEST(close_asked_for_in_phase_7_is_done_next_turn)
{
    struct peer *peer;
    peers.act[CLOSE] = close_next;
    for (int i = 0; i < 4; i++)
        peers_adopt_pair(&peer);
    leat_conn_close(peers.side[0].conn);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(rig_stats().closed, i);
        peers_turn();
    }
    ck_assert_uint_eq(rig_stats().closed, 4);
}
END_TEST

START_TEST(destroying_the_loop_closes_with_ecanceled)
{
    peers_listen(OVER_TCP4);
    struct peer *peer[3];
    for (int i = 0; i < 3; i++)
        peers_meet(&peer[i]);
    peers.act[CLOSE] = close_next; /* no second on_close comes of it */
    leat_conn_end(peers.side[2].conn);
    leat_loop_destroy(rig.loop);
    rig.loop = NULL;
    ck_assert_int_eq(peers.side[0].reason, -ECANCELED);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(peers.side[i].count[CLOSE], 1);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("conn_close");
    TCase *tcase = tcase_create("conn_close");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_loop_test(tcase, end_sends_everything_then_fin, 0, TRANSPORTS);
    tcase_add_loop_test(
        tcase, end_reads_on_so_that_no_reply_is_reset, 0, TRANSPORTS);
    tcase_add_loop_test(
        tcase, end_waits_five_seconds_without_progress, 0, TRANSPORTS);
    tcase_add_loop_test(
        tcase, end_waits_on_while_the_peer_sends, 0, TRANSPORTS);
    tcase_add_loop_test(
        tcase, end_waits_thirty_seconds_at_most_whatever_comes, 0, TRANSPORTS);
    tcase_add_test(tcase, end_asked_for_twice_is_once);
    tcase_add_loop_test(
        tcase, what_on_drain_sends_before_it_ends_arrives, 0, TRANSPORTS);
    tcase_add_test(tcase, end_of_a_paused_connection_still_sees_the_peers_end);
    tcase_add_loop_test(
        tcase, close_drops_the_queue_and_counts_it, 0, TRANSPORTS);
    tcase_add_loop_test(
        tcase, close_in_on_data_is_done_in_the_same_turn, 0, TRANSPORTS);
    tcase_add_loop_test(tcase, abort_resets_the_peer, 0, 2);
    tcase_add_test(tcase, abort_that_cannot_reset_still_closes);
    tcase_add_test(tcase, the_first_to_end_it_gives_the_reason);
    tcase_add_test(tcase, close_after_end_does_not_wait_for_the_peer);
    tcase_add_loop_test(tcase, close_in_callback_then_send_is_eshutdown, 0, 3);
    tcase_add_test(
        tcase, without_memory_what_comes_after_the_end_waits_and_is_counted);
    tcase_add_test(tcase, everything_may_be_called_in_on_close);
    tcase_add_test(tcase, close_asked_for_in_phase_7_is_done_next_turn);
    tcase_add_test(tcase, destroying_the_loop_closes_with_ecanceled);
    suite_add_tcase(suite, tcase);
    return suite;
}
