/*
 * test_drain.c - leat_conn_drain: served until the peer pauses, then ended,
 * and gone as soon as the peer's kernel has everything.
 */
#include "peers.h"

#include <leat/error.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define KIB ((size_t)1024)

static struct peer *peer, *reader;
static struct side *side, *sink;

/* Whether the peer's kernel has acknowledged the FIN is looked at by a timer:
 * it may take its time, and nothing tells. */
static void
await_close(void)
{
    for (unsigned tries = 0; side->count[CLOSE] == 0; tries++) {
        peers_try(tries, "a drained connection is closed");
        clock_advance(10 * MSEC);
    }
}

START_TEST(idle_peer_is_gone_at_once)
{
    peers_listen((enum transport)_i);
    side = peers_meet(&peer);
    leat_conn_drain(side->conn);
    ck_assert_uint_eq(side->count[CLOSE], 0); /* it only marks */
    /* That FIN is acknowledged 40 ms late does not matter. */
    peers_turns(2);
    ck_assert_uint_eq(side->count[CLOSE], 1);
    ck_assert_int_eq(side->reason, 0);
    ck_assert(peer_is_over(peer));
    ck_assert(peer->is_ended);
}
END_TEST

START_TEST(what_was_received_is_answered_first)
{
    peers.act[DATA] = act_echo;
    peers_listen((enum transport)_i);
    side = peers_meet(&peer);
    leat_conn_pause(side->conn);
    ssize_t n = 0, sent = 0;
    unsigned char bytes[4096];
    for (int i = 0; i < 100 && n >= 0; i++) { /* more than one recv takes */
        key_fill(bytes, 3, (size_t)sent, sizeof bytes);
        n = send(peer->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        sent += n > 0 ? n : 0;
    }
    leat_conn_resume(side->conn);
    leat_conn_drain(side->conn);
    turn_until(peer_is_over(peer));
    ck_assert(peer->is_ended);
    ck_assert_uint_eq(peer->len, (size_t)sent);
    ck_assert(key_is(peer->bytes, 3, 0, peer->len));
    await_close();
    ck_assert_uint_eq(side->stats.bytes_lost, 0);
}
END_TEST

START_TEST(held_frames_are_delivered_first)
{
    peers.config.conn.frame.kind = LEAT_LINE;
    peers.act[MESSAGE] = act_pause;
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    peer_text(peer, "a\nb\nc\n");
    turn_until(side->count[MESSAGE] == 1);
    leat_conn_drain(side->conn);
    peers_turns(5);
    ck_assert_uint_eq(side->count[CLOSE], 0); /* paused: it goes on waiting */
    peers.act[MESSAGE] = act_echo;
    leat_conn_resume(side->conn);
    await_close();
    ck_assert_str_eq(side->story, "ommmc");
    ck_assert(peer_heard(peer, "bc"));
}
END_TEST

START_TEST(queue_is_sent_to_a_slow_reader_first)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    for (int i = 0; i < 200; i++) { /* until the kernel holds no more */
        (void)side_send_keyed(side, 1, 0, 64 * KIB);
        peers_turn();
    }
    uint64_t taken = rig_stats().bytes_out;
    struct leat_conn_stats stats;
    leat_conn_stats(side->conn, &stats);
    ck_assert_uint_gt(stats.queued_bytes, 0);
    leat_conn_drain(side->conn);
    peers_turns(20);
    ck_assert_uint_eq(side->count[CLOSE], 0);
    turn_until(peer_is_over(peer));
    ck_assert(peer->is_ended);
    ck_assert_uint_eq(peer->len, taken + stats.queued_bytes);
    await_close();
    ck_assert_uint_eq(side->stats.bytes_lost, 0);
}
END_TEST

START_TEST(peer_that_speaks_while_the_queue_is_sent_is_heard)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    struct leat_conn_stats stats = {0};
    for (int i = 0; i < 200; i++) { /* until the kernel holds no more */
        (void)side_send_keyed(side, 1, 0, 64 * KIB);
        peers_turn();
        leat_conn_stats(side->conn, &stats);
        if (stats.queued_bytes > 0 && !leat_conn_is_full(side->conn))
            break;
    }
    ck_assert(!leat_conn_is_full(side->conn)); /* it is read still */
    leat_conn_drain(side->conn);
    peers_turns(5);
    peer_text(peer, "one more thing");
    turn_until(side_has(side, "one more thing"));
    turn_until(peer_is_over(peer));
    await_close();
    ck_assert_str_eq(side->story, "odc");
}
END_TEST

START_TEST(half_closed_peer_is_answered_and_ended)
{
    peers.act[DATA] = act_echo;
    peers_listen((enum transport)_i);
    side = peers_meet(&peer);
    peer_text(peer, "last");
    peer_half_close(peer);
    leat_conn_drain(side->conn);
    await_close();
    ck_assert(peer_heard(peer, "last"));
    ck_assert_str_eq(side->story, "odec");
    ck_assert_int_eq(side->reason, LEAT_EOF);
}
END_TEST

static void
forward(struct side *from)
{
    if (from == side && sink->conn != NULL)
        ck_assert_int_eq(
            leat_conn_send(sink->conn, from->now, from->now_len), 0);
}

/* Nothing of its own tells a drained source that its target has room again. */
START_TEST(coupled_source_drains_once_its_target_has_room)
{
    peers.config.conn.queue.high = 16 * KIB;
    peers.act[DATA] = forward;
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    sink = peers_meet(&reader);
    ck_assert_int_eq(leat_conn_couple(side->conn, sink->conn), 0);
    while (!leat_conn_is_full(sink->conn)) {
        ck_assert_int_eq(side_send_keyed(sink, 1, 0, 8 * KIB), 0);
        peers_turn();
    }
    uint64_t before = rig_stats().bytes_out;
    struct leat_conn_stats stats;
    leat_conn_stats(sink->conn, &stats);
    peer_text(peer, "through");
    leat_conn_drain(side->conn);
    peers_turns(10);
    ck_assert_uint_eq(side->count[DATA], 0);
    turn_until(peer_has(reader, before + stats.queued_bytes + 7));
    await_close();
    ck_assert_str_eq(side->story, "odc");
}
END_TEST

START_TEST(drain_after_end_no_longer_waits_for_the_peer)
{
    peers_listen((enum transport)_i);
    side = peers_meet(&peer);
    side_send(side, "bye");
    leat_conn_end(side->conn);
    peers_turns(3);
    ck_assert_uint_eq(side->count[CLOSE], 0);
    leat_conn_drain(side->conn);
    await_close();
    ck_assert(peer_heard(peer, "bye"));
}
END_TEST

START_TEST(drain_before_end_does_the_same)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    leat_conn_drain(side->conn);
    side_send(side, "bye");
    leat_conn_end(side->conn);
    await_close();
    ck_assert(peer_heard(peer, "bye"));
}
END_TEST

/* Closing over unread input would reset what the peer has not read yet. */
START_TEST(input_after_fin_is_read_before_the_close)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    leat_conn_end(side->conn);
    peers_turns(2);
    peer_text(peer, "too late, but no reason for a reset");
    leat_conn_drain(side->conn);
    await_close();
    ck_assert(peer_is_over(peer));
    ck_assert(peer->is_ended);
}
END_TEST

START_TEST(draining_twice_is_harmless)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    leat_conn_drain(side->conn);
    leat_conn_drain(side->conn);
    await_close();
}
END_TEST

START_TEST(drain_with_a_failing_output_ends_with_the_error)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    fault_once("send", 1, ECONNRESET);
    side_send(side, "x");
    leat_conn_drain(side->conn);
    await_close();
    ck_assert_int_eq(side->reason, -ECONNRESET);
}
END_TEST

START_TEST(drain_while_starving_ends_when_there_is_memory)
{
    peers.act[DATA] = act_echo;
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    fault_once("recv", 1, ENOMEM);
    peer_text(peer, "hungry");
    leat_conn_drain(side->conn);
    peers_turns(3);
    clock_advance(10 * MSEC);
    await_close();
    ck_assert(peer_heard(peer, "hungry"));
}
END_TEST

START_TEST(drain_does_not_spin_while_it_waits)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    leat_conn_pause(side->conn);
    leat_conn_drain(side->conn);
    peers_turns(2);
    uint64_t turns = rig_stats().turns;
    ck_assert_int_eq(leat_loop_step(rig.loop, 1 * SEC), 0);
    ck_assert_int_eq(rig.wait_us, 1 * SEC); /* the whole of it was waited */
    ck_assert_uint_eq(rig_stats().turns, turns + 1);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("drain");
    TCase *tcase = tcase_create("drain");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_loop_test(tcase, idle_peer_is_gone_at_once, 0, TRANSPORTS);
    tcase_add_loop_test(
        tcase, what_was_received_is_answered_first, 0, TRANSPORTS);
    tcase_add_test(tcase, held_frames_are_delivered_first);
    tcase_add_test(tcase, queue_is_sent_to_a_slow_reader_first);
    tcase_add_test(tcase, peer_that_speaks_while_the_queue_is_sent_is_heard);
    tcase_add_loop_test(
        tcase, half_closed_peer_is_answered_and_ended, 0, TRANSPORTS);
    tcase_add_test(tcase, coupled_source_drains_once_its_target_has_room);
    tcase_add_loop_test(
        tcase, drain_after_end_no_longer_waits_for_the_peer, 0, TRANSPORTS);
    tcase_add_test(tcase, drain_before_end_does_the_same);
    tcase_add_test(tcase, input_after_fin_is_read_before_the_close);
    tcase_add_test(tcase, draining_twice_is_harmless);
    tcase_add_test(tcase, drain_with_a_failing_output_ends_with_the_error);
    tcase_add_test(tcase, drain_while_starving_ends_when_there_is_memory);
    tcase_add_test(tcase, drain_does_not_spin_while_it_waits);
    suite_add_tcase(suite, tcase);
    return suite;
}
