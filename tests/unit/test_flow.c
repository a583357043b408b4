/*
 * test_flow.c - when a connection is read: the room rule, coupling, pausing,
 * on_drain. Back-pressure reaches the peer, and no byte is lost by it.
 */
#include "peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/net.h"

#define KIB ((size_t)1024)

static struct peer *peer, *reader;
static struct side *side, *sink;

static bool
is_read(const struct side *of)
{
    return leat__park_wanted(rig.loop, &of->conn->io) & LEAT_READABLE;
}

/* --- L7: the room rule ---------------------------------------------------- */

START_TEST(law7_echo_to_one_who_does_not_read_stops_reading)
{
    peers.act[DATA] = act_echo; /* which asserts that nothing is refused */
    peers_listen((enum transport)_i);
    side = peers_meet(&peer);
    size_t sent = 0;
    unsigned char bytes[4096];
    for (unsigned tries = 0; tries < 200; tries++) { /* flood, never read */
        key_fill(bytes, 6, sent, sizeof bytes);
        ssize_t n =
            send(peer->fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            sent += (size_t)n;
            tries = 0;
        }
        peers_turn();
        ck_assert(is_read(side) != leat_conn_is_full(side->conn));
    }
    ck_assert(leat_conn_is_full(side->conn));
    ck_assert(!is_read(side));
    struct leat_conn_stats now;
    leat_conn_stats(side->conn, &now);
    ck_assert_uint_le(now.queued_bytes, 256 * KIB + 64 * KIB);
    turn_until(peer_has(peer, sent)); /* it reads at last, and gets all */
    ck_assert(key_is(peer->bytes, 6, 0, sent));
    turn_until(is_read(side));
    ck_assert_uint_eq(side->count[DRAIN], rig_stats().drops + 1);
}
END_TEST

START_TEST(law7_small_limits_never_refuse_an_echo)
{
    /* The smallest there are: low below high, and room for a chunk. */
    peers.config.conn.queue =
        (struct leat_queue_config){.low = 1, .high = 2, .limit = 2 + 68 * KIB};
    peers.act[DATA] = act_echo;
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    peer_say_keyed(peer, 1, 500000);
    turn_until(peer_has(peer, 500000));
    ck_assert(key_is(peer->bytes, 1, 0, 500000));
    ck_assert_uint_eq(rig_stats().drops, 0);
}
END_TEST

/* --- coupling ------------------------------------------------------------- */

static void
forward(struct side *from)
{
    if (from != side)
        return;
    ck_assert_int_eq(leat_conn_send(sink->conn, from->now, from->now_len), 0);
}

static void
meet_pair(void)
{
    peers.config.conn.queue.high = 16 * KIB;
    peers.act[DATA] = forward;
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    sink = peers_meet(&reader);
}

START_TEST(law7_source_is_read_only_while_its_target_has_room)
{
    meet_pair();
    ck_assert_int_eq(leat_conn_couple(side->conn, sink->conn), 0);
    size_t total = (size_t)3 << 20, sent = 0;
    while (!leat_conn_is_full(sink->conn)) {
        unsigned char bytes[4096];
        key_fill(bytes, 8, sent, sizeof bytes);
        peer_say(peer, bytes, sizeof bytes);
        sent += sizeof bytes;
        peers_turn();
    }
    ck_assert(!is_read(side));
    ck_assert_uint_le(rig_stats().memory, 16 * KIB + 64 * KIB);
    while (sent < total) {
        unsigned char bytes[65536];
        key_fill(bytes, 8, sent, sizeof bytes);
        for (size_t at = 0; at < sizeof bytes;) {
            ssize_t n = send(peer->fd, bytes + at, sizeof bytes - at,
                MSG_DONTWAIT | MSG_NOSIGNAL);
            at += n > 0 ? (size_t)n : 0;
            peers_turn();
            peer_hear(reader);
        }
        sent += sizeof bytes;
    }
    turn_until(peer_has(reader, sent));
    ck_assert(key_is(reader->bytes, 8, 0, sent));
    turn_until(is_read(side));
}
END_TEST

static void
fill(struct side *of)
{
    while (!leat_conn_is_full(of->conn))
        ck_assert_int_eq(side_send_keyed(of, 1, 0, 8 * KIB), 0);
}

START_TEST(coupling_to_a_full_one_stops_reading_at_once)
{
    meet_pair();
    fill(sink);
    ck_assert(is_read(side));
    ck_assert_int_eq(leat_conn_couple(side->conn, sink->conn), 0);
    ck_assert(!is_read(side));
    ck_assert_int_eq(leat_conn_couple(side->conn, sink->conn), 0); /* again */
    leat_conn_uncouple(side->conn, sink->conn);
    ck_assert(is_read(side));
    leat_conn_uncouple(side->conn, sink->conn); /* nothing to undo */
    leat_conn_uncouple(sink->conn, side->conn);
}
END_TEST

START_TEST(one_full_target_of_many_is_enough)
{
    struct peer *third;
    meet_pair();
    struct side *free_one = peers_meet(&third);
    ck_assert_int_eq(leat_conn_couple(side->conn, free_one->conn), 0);
    ck_assert_int_eq(leat_conn_couple(side->conn, sink->conn), 0);
    fill(sink);
    ck_assert(!is_read(side));
    leat_conn_uncouple(side->conn, free_one->conn);
    ck_assert(!is_read(side));
    turn_until(peer_has(reader, 16 * KIB) && is_read(side));
}
END_TEST

START_TEST(target_that_ends_frees_its_sources)
{
    meet_pair();
    ck_assert_int_eq(leat_conn_couple(side->conn, sink->conn), 0);
    fill(sink);
    ck_assert(!is_read(side));
    leat_conn_close(sink->conn);
    ck_assert(is_read(side));
    peers_turns(2);
    ck_assert_uint_eq(rig_stats().conns, 1);
}
END_TEST

START_TEST(source_that_ends_leaves_its_target_alone)
{
    meet_pair();
    ck_assert_int_eq(leat_conn_couple(side->conn, sink->conn), 0);
    ck_assert_int_eq(leat_conn_couple(sink->conn, side->conn), 0);
    leat_conn_close(side->conn);
    peers_turns(2);
    ck_assert(is_read(sink));
    fill(sink);
    turn_until(peer_has(reader, 16 * KIB));
}
END_TEST

START_TEST(coupling_fails_cleanly)
{
    meet_pair();
    struct leat_loop *other;
    struct leat_conn *foreign;
    static const struct leat_conn_ops none;
    const struct leat_conn_config config = {.ops = &none};
    int fds[2];
    rig_pair(fds);
    int fd = dup(fds[0]);
    ck_assert_int_eq(leat_loop_create(&other, NULL), 0);
    ck_assert_int_eq(leat_conn_adopt(&foreign, other, fd, &config, NULL), 0);
    ledger_adopt(fd);
    ck_assert_int_eq(leat_conn_couple(side->conn, foreign), -EINVAL);
    leat_loop_destroy(other);

    fault_once("realloc", 1, ENOMEM);
    ck_assert_int_eq(leat_conn_couple(side->conn, sink->conn), -ENOMEM);
    ck_assert_int_eq(leat_conn_couple(side->conn, side->conn), 0);
    leat_conn_end(sink->conn);
    ck_assert_int_eq(leat_conn_couple(side->conn, sink->conn), -ESHUTDOWN);
    ck_assert_int_eq(leat_conn_couple(sink->conn, side->conn), -ESHUTDOWN);
}
END_TEST

/* --- pausing -------------------------------------------------------------- */

START_TEST(paused_connection_hears_nothing_until_resumed)
{
    peers_listen((enum transport)_i);
    side = peers_meet(&peer);
    leat_conn_pause(side->conn);
    leat_conn_pause(side->conn);
    peer_text(peer, "hello");
    peer_half_close(peer);
    peers_turns(5);
    ck_assert_str_eq(side->story, "o");
    leat_conn_resume(side->conn);
    turn_until(side->count[ENDED] == 1);
    ck_assert_str_eq(side->story, "ode");
}
END_TEST

START_TEST(pausing_in_on_data_keeps_eof_back)
{
    peers.act[DATA] = act_pause;
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    peer_text(peer, "hello");
    peer_half_close(peer);
    peers_turns(5);
    ck_assert_str_eq(side->story, "od");
    leat_conn_resume(side->conn);
    turn_until(side->count[ENDED] == 1);
}
END_TEST

START_TEST(paused_connection_still_sends)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    leat_conn_pause(side->conn);
    side_send(side, "hello");
    turn_until(peer_heard(peer, "hello"));
}
END_TEST

/* --- on_drain ------------------------------------------------------------- */

START_TEST(on_drain_comes_once_for_each_time_the_queue_was_full)
{
    peers.config.conn.queue.high = 16 * KIB;
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    for (unsigned i = 1; i <= 3; i++) {
        size_t before = peer->len;
        ck_assert(!leat_conn_is_full(side->conn));
        ck_assert_int_eq(side_send_keyed(side, 1, 0, 20 * KIB), 0);
        ck_assert(leat_conn_is_full(side->conn));
        turn_until(peer_has(peer, before + 20 * KIB));
        peers_turns(2);
        ck_assert_uint_eq(side->count[DRAIN], i);
    }
}
END_TEST

START_TEST(on_drain_does_not_come_below_high)
{
    peers.config.conn.queue.high = 16 * KIB;
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    ck_assert_int_eq(side_send_keyed(side, 1, 0, 16 * KIB - 1), 0);
    ck_assert(!leat_conn_is_full(side->conn));
    turn_until(peer_has(peer, 16 * KIB - 1));
    peers_turns(2);
    ck_assert_uint_eq(side->count[DRAIN], 0);
}
END_TEST

START_TEST(on_drain_waits_until_below_low)
{
    peers.config.conn.queue =
        (struct leat_queue_config){.high = 16 * KIB, .low = 4 * KIB};
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    ck_assert_int_eq(side_send_keyed(side, 1, 0, 16 * KIB), 0);
    int fault = fault_short("send", 1, 12 * KIB); /* 4 KiB are left */
    peers_turn();
    ck_assert_uint_eq(fault_fired(fault), 1);
    ck_assert_uint_eq(side->count[DRAIN], 0);
    ck_assert(leat_conn_is_full(side->conn));
    turn_until(side->count[DRAIN] == 1);
}
END_TEST

START_TEST(on_drain_does_not_come_after_end)
{
    peers.config.conn.queue.high = 16 * KIB;
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    ck_assert_int_eq(side_send_keyed(side, 1, 0, 20 * KIB), 0);
    leat_conn_end(side->conn);
    turn_until(peer_has(peer, 20 * KIB) && peer_is_over(peer));
    ck_assert_uint_eq(side->count[DRAIN], 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("flow");
    TCase *tcase = tcase_create("flow");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_loop_test(
        tcase, law7_echo_to_one_who_does_not_read_stops_reading, 0, TRANSPORTS);
    tcase_add_test(tcase, law7_small_limits_never_refuse_an_echo);
    tcase_add_test(tcase, law7_source_is_read_only_while_its_target_has_room);
    tcase_add_test(tcase, coupling_to_a_full_one_stops_reading_at_once);
    tcase_add_test(tcase, one_full_target_of_many_is_enough);
    tcase_add_test(tcase, target_that_ends_frees_its_sources);
    tcase_add_test(tcase, source_that_ends_leaves_its_target_alone);
    tcase_add_test(tcase, coupling_fails_cleanly);
    tcase_add_loop_test(
        tcase, paused_connection_hears_nothing_until_resumed, 0, TRANSPORTS);
    tcase_add_test(tcase, pausing_in_on_data_keeps_eof_back);
    tcase_add_test(tcase, paused_connection_still_sends);
    tcase_add_test(tcase, on_drain_comes_once_for_each_time_the_queue_was_full);
    tcase_add_test(tcase, on_drain_does_not_come_below_high);
    tcase_add_test(tcase, on_drain_waits_until_below_low);
    tcase_add_test(tcase, on_drain_does_not_come_after_end);
    suite_add_tcase(suite, tcase);
    return suite;
}
