/*
 * test_conn_send.c - what leat_conn_send says, and what the queue does with a
 * message: limits, policies, sharing.
 */
#include "peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KIB ((size_t)1024)
#define LIMIT (128 * KIB)

static struct peer *peer;
static struct side *side;

/* A connection whose queue holds 128 KiB. */
static void
meet_with(enum leat_policy policy)
{
    peers.config.conn.queue = (struct leat_queue_config){
        .limit = LIMIT, .high = 32 * KIB, .policy = policy};
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
}

static size_t
queued_bytes(void)
{
    struct leat_conn_stats stats;
    leat_conn_stats(side->conn, &stats);
    return stats.queued_bytes;
}

/* --- what is refused ------------------------------------------------------ */

START_TEST(empty_message_is_einval)
{
    meet_with((enum leat_policy)_i);
    ck_assert_int_eq(leat_conn_send(side->conn, "x", 0), -EINVAL);
    ck_assert_uint_eq(queued_bytes(), 0);
}
END_TEST

START_TEST(message_over_the_limit_is_emsgsize_under_every_policy)
{
    meet_with((enum leat_policy)_i);
    struct leat_message *large;
    ck_assert_int_eq(leat_message_create(&large, rig.loop, NULL, LIMIT + 1), 0);
    memset(leat_message_bytes(large), 0, LIMIT + 1);
    ck_assert_int_eq(side_send_keyed(side, 1, 0, LIMIT + 1), -EMSGSIZE);
    ck_assert_int_eq(leat_conn_send_message(side->conn, large), -EMSGSIZE);
    leat_message_unref(large);
    ck_assert_uint_eq(queued_bytes(), 0);
    ck_assert_uint_eq(rig_stats().drops, 0);
    ck_assert_int_eq(side_send_keyed(side, 1, 0, LIMIT), 0); /* just fits */
    turn_until(peer_has(peer, LIMIT));
    ck_assert_uint_eq(side->count[CLOSE], 0);
}
END_TEST

START_TEST(full_queue_under_refuse_is_enobufs_and_loses_nothing)
{
    meet_with(LEAT_REFUSE);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(side_send_keyed(side, 1, i * 32 * KIB, 32 * KIB), 0);
    ck_assert_int_eq(leat_conn_send(side->conn, "x", 1), -ENOBUFS);
    ck_assert_uint_eq(queued_bytes(), LIMIT);
    ck_assert_uint_eq(rig_stats().drops, 1);
    turn_until(peer_has(peer, LIMIT));
    ck_assert(key_is(peer->bytes, 1, 0, LIMIT));
    ck_assert_int_eq(leat_conn_send(side->conn, "x", 1), 0);
}
END_TEST

START_TEST(full_queue_under_drop_new_keeps_the_old)
{
    meet_with(LEAT_DROP_NEW);
    for (size_t i = 0; i < 6; i++)
        ck_assert_int_eq(side_send_keyed(side, 1, i * 32 * KIB, 32 * KIB), 0);
    turn_until(peer_has(peer, LIMIT));
    peers_turns(2);
    ck_assert(!peer_has(peer, LIMIT + 1));
    ck_assert(key_is(peer->bytes, 1, 0, LIMIT));
    leat_conn_close(side->conn);
    peers_turn();
    ck_assert_uint_eq(side->stats.drops, 2);
    ck_assert_uint_eq(side->stats.msgs_out, 4);
}
END_TEST

START_TEST(full_queue_under_drop_old_keeps_the_new)
{
    meet_with(LEAT_DROP_OLD);
    for (size_t i = 0; i < 6; i++)
        ck_assert_int_eq(side_send_keyed(side, 1, i * 32 * KIB, 32 * KIB), 0);
    ck_assert_uint_eq(queued_bytes(), LIMIT);
    turn_until(peer_has(peer, LIMIT));
    ck_assert(key_is(peer->bytes, 1, 64 * KIB, LIMIT));
    ck_assert_uint_eq(rig_stats().drops, 2);
}
END_TEST

START_TEST(half_sent_message_is_never_dropped)
{
    meet_with(LEAT_DROP_OLD);
    fault_short("send", 1, 100);
    ck_assert_int_eq(side_send_keyed(side, 1, 0, 32 * KIB), 0);
    peers_turn();
    for (size_t i = 1; i < 8; i++)
        ck_assert_int_eq(side_send_keyed(side, 1, i * 32 * KIB, 32 * KIB), 0);
    turn_until(peer_has(peer, LIMIT));
    ck_assert_uint_eq(peer->len, LIMIT);
    ck_assert(key_is(peer->bytes, 1, 0, 32 * KIB));
    ck_assert(key_is(peer->bytes + 32 * KIB, 1, 160 * KIB, 96 * KIB));
}
END_TEST

/* The first of nine, of which four have room. */
START_TEST(kept_message_outlives_all_that_come_after_it)
{
    meet_with(LEAT_DROP_OLD);
    struct leat_message *kept;
    ck_assert_int_eq(leat_message_create(&kept, rig.loop, NULL, 32 * KIB), 0);
    key_fill(leat_message_bytes(kept), 2, 0, 32 * KIB);
    leat_message_keep(kept);
    ck_assert_int_eq(leat_conn_send_message(side->conn, kept), 0);
    leat_message_unref(kept);
    for (size_t i = 0; i < 8; i++)
        ck_assert_int_eq(side_send_keyed(side, 1, i * 32 * KIB, 32 * KIB), 0);
    ck_assert_uint_eq(queued_bytes(), LIMIT);
    turn_until(peer_has(peer, LIMIT));
    ck_assert(key_is(peer->bytes, 2, 0, 32 * KIB));
    ck_assert(key_is(peer->bytes + 32 * KIB, 1, 160 * KIB, 96 * KIB));
    ck_assert_uint_eq(rig_stats().drops, 5);
}
END_TEST

START_TEST(full_queue_under_close_closes_with_enobufs)
{
    meet_with(LEAT_CLOSE);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(side_send_keyed(side, 1, i * 32 * KIB, 32 * KIB), 0);
    ck_assert_int_eq(leat_conn_send(side->conn, "x", 1), -ENOBUFS);
    ck_assert_int_eq(leat_conn_send(side->conn, "x", 1), -ESHUTDOWN);
    peers_turn();
    ck_assert_int_eq(side->reason, -ENOBUFS);
    ck_assert_uint_eq(side->stats.bytes_lost, LIMIT);
}
END_TEST

START_TEST(slow_reader_hits_policy_not_heap)
{
    meet_with(LEAT_REFUSE);
    size_t sent = 0;
    unsigned refused = 0;
    for (int i = 0; i < 4000; i++) { /* 16 MB for one who reads nothing */
        int error = side_send_keyed(side, 1, sent, 4 * KIB);
        ck_assert(error == 0 || error == -ENOBUFS);
        sent += error == 0 ? 4 * KIB : 0;
        refused += error != 0;
        if (i % 8 == 0)
            peers_turn();
    }
    ck_assert_uint_gt(refused, 0);
    ck_assert_uint_le(rig_stats().memory, LIMIT);
    ck_assert_uint_le(rig_stats().pool, 4 * LIMIT);
    turn_until(peer_has(peer, sent)); /* what was accepted, it gets */
    ck_assert(key_is(peer->bytes, 1, 0, sent));
}
END_TEST

START_TEST(messages_are_bounded_in_number_too)
{
    peers.config.conn.queue =
        (struct leat_queue_config){.limit_msgs = 4, .policy = LEAT_DROP_NEW};
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    for (int i = 0; i < 6; i++)
        side_send(side, "x");
    ck_assert_uint_eq(rig_stats().drops, 2);
    turn_until(peer_heard(peer, "xxxx"));
}
END_TEST

START_TEST(send_without_memory_is_enomem_and_queues_nothing)
{
    meet_with(LEAT_REFUSE);
    unsigned nth = 1;
    for (int error = -ENOMEM; error != 0; nth++) {
        int armed = fault_once("realloc", nth, ENOMEM);
        error = side_send_keyed(side, 1, 0, 100 * KIB);
        fault_release(armed);
        ck_assert(error == 0 || error == -ENOMEM);
        ck_assert_uint_eq(queued_bytes(), error == 0 ? 100 * KIB : 0);
    }
    ck_assert_uint_gt(nth, 2);
    turn_until(peer_has(peer, 100 * KIB));
}
END_TEST

/* --- sharing -------------------------------------------------------------- */

START_TEST(message_for_many_is_stored_once)
{
    struct peer *each[20];
    struct leat_message *message;
    peers_listen(OVER_TCP4);
    for (int i = 0; i < 20; i++)
        peers_meet(&each[i]);
    ck_assert_int_eq(
        leat_message_create(&message, rig.loop, NULL, 60 * KIB), 0);
    key_fill(leat_message_bytes(message), 4, 0, 60 * KIB);
    ck_assert_uint_eq(leat_message_size(message), 60 * KIB);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(
            leat_conn_send_message(peers.side[i].conn, message), 0);
    ck_assert_uint_eq(rig_stats().memory, 60 * KIB);
    leat_message_unref(message);
    for (int i = 0; i < 20; i++) {
        turn_until(peer_has(each[i], 60 * KIB));
        ck_assert(key_is(each[i]->bytes, 4, 0, 60 * KIB));
    }
    ck_assert_uint_eq(rig_stats().memory, 0);
}
END_TEST

START_TEST(message_twice_in_one_queue_arrives_twice)
{
    struct leat_message *message;
    meet_with((enum leat_policy)_i);
    ck_assert_int_eq(leat_message_create(&message, rig.loop, "ab", 2), 0);
    ck_assert_int_eq(leat_conn_send_message(side->conn, message), 0);
    side_send(side, "cd"); /* is not appended to what others may hold */
    ck_assert_int_eq(leat_conn_send_message(side->conn, message), 0);
    ck_assert_mem_eq(leat_message_bytes(message), "ab", 2);
    ck_assert_uint_eq(leat_message_size(message), 2);
    leat_message_unref(message);
    turn_until(peer_heard(peer, "abcdab"));
}
END_TEST

/* Queue one message of that many bytes, and shared ones of 9 bytes behind it.
 */
static void
send_pieces(size_t first, unsigned pieces)
{
    ck_assert_int_eq(side_send_keyed(side, 5, 0, first), 0);
    for (size_t i = 0; i < pieces; i++) {
        struct leat_message *piece;
        ck_assert_int_eq(leat_message_create(&piece, rig.loop, NULL, 9), 0);
        key_fill(leat_message_bytes(piece), 5, first + i * 9, 9);
        ck_assert_int_eq(leat_conn_send_message(side->conn, piece), 0);
        leat_message_unref(piece);
    }
}

START_TEST(small_pieces_leave_as_one_and_large_ones_as_they_are)
{
    meet_with(LEAT_REFUSE);
    size_t first = _i == 0 ? 2048 - 18 : 2048 - 17;
    send_pieces(first, 2);
    kernel_reset_calls();
    peers_turn();
    ck_assert_uint_eq(kernel_calls("send"), _i == 0);
    ck_assert_uint_eq(kernel_calls("sendmsg"), _i == 1);
    turn_until(peer_has(peer, first + 18));
    ck_assert(key_is(peer->bytes, 5, 0, first + 18));
}
END_TEST

START_TEST(small_pieces_that_the_kernel_takes_in_part_keep_order)
{
    meet_with(LEAT_REFUSE);
    int fault = fault_short_sticky("send", 1, (size_t)_i);
    send_pieces(9, 20);
    turn_until(peer_has(peer, 9 * 21));
    ck_assert(key_is(peer->bytes, 5, 0, 9 * 21));
    fault_release(fault);
}
END_TEST

START_TEST(message_of_impossible_length_is_einval)
{
    struct leat_message *message = (struct leat_message *)&peers;
    ck_assert_int_eq(leat_message_create(&message, rig.loop, "", 0), -EINVAL);
    ck_assert_ptr_null(message);
    ck_assert_int_eq(
        leat_message_create(&message, rig.loop, NULL, SIZE_MAX), -EINVAL);
    fault_once("realloc", 1, ENOMEM);
    ck_assert_int_eq(leat_message_create(&message, rig.loop, "x", 1), -ENOMEM);
    ck_assert_ptr_null(message);
}
END_TEST

/* --- counters ------------------------------------------------------------- */

START_TEST(counters_add_up)
{
    peers.act[DATA] = act_echo;
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    peer_text(peer, "hello");
    turn_until(peer_heard(peer, "hello"));
    clock_advance(7 * SEC);
    peers_turn();
    struct leat_conn_stats now;
    leat_conn_stats(side->conn, &now);
    ck_assert_uint_eq(now.bytes_in, 5);
    ck_assert_uint_eq(now.bytes_out, 5);
    ck_assert_uint_eq(now.msgs_in, 1);
    ck_assert_uint_eq(now.msgs_out, 1);
    ck_assert_uint_eq(now.drops + now.bytes_lost + now.queued_bytes, 0);
    ck_assert_int_eq(now.open_us, 7 * SEC);
    ck_assert_uint_eq(rig_stats().msgs_in, 1);
    ck_assert_uint_eq(rig_stats().msgs_out, 1);
    ck_assert_uint_eq(rig_stats().conns, 1);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("conn_send");
    TCase *tcase = tcase_create("conn_send");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_loop_test(tcase, empty_message_is_einval, 0, 4);
    tcase_add_loop_test(
        tcase, message_over_the_limit_is_emsgsize_under_every_policy, 0, 4);
    tcase_add_test(tcase, full_queue_under_refuse_is_enobufs_and_loses_nothing);
    tcase_add_test(tcase, full_queue_under_drop_new_keeps_the_old);
    tcase_add_test(tcase, full_queue_under_drop_old_keeps_the_new);
    tcase_add_test(tcase, half_sent_message_is_never_dropped);
    tcase_add_test(tcase, kept_message_outlives_all_that_come_after_it);
    tcase_add_test(tcase, full_queue_under_close_closes_with_enobufs);
    tcase_add_test(tcase, slow_reader_hits_policy_not_heap);
    tcase_add_test(tcase, messages_are_bounded_in_number_too);
    tcase_add_test(tcase, send_without_memory_is_enomem_and_queues_nothing);
    tcase_add_test(tcase, message_for_many_is_stored_once);
    tcase_add_loop_test(tcase, message_twice_in_one_queue_arrives_twice, 0, 4);
    tcase_add_loop_test(
        tcase, small_pieces_leave_as_one_and_large_ones_as_they_are, 0, 2);
    tcase_add_loop_test(
        tcase, small_pieces_that_the_kernel_takes_in_part_keep_order, 1, 20);
    tcase_add_test(tcase, message_of_impossible_length_is_einval);
    tcase_add_test(tcase, counters_add_up);
    suite_add_tcase(suite, tcase);
    return suite;
}
