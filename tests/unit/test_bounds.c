/*
 * test_bounds.c - law 9: memory is bounded, and warm it is not asked for. And
 * law 8: what one peer does to itself, it does to itself.
 */
#include "peers.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "net/socket.h"

#define KIB ((size_t)1024)

static struct peer *peer[40];
static struct side *side[40];

static void
open_with_memory(size_t max_memory)
{
    rig_open(&(struct leat_loop_config){.max_memory = max_memory});
    peers_listen(OVER_TCP4);
}

static void
meet_many(int n)
{
    for (int i = 0; i < n; i++)
        side[i] = peers_meet(&peer[i]);
}

/* --- the bound ------------------------------------------------------------ */

START_TEST(law9_the_largest_queue_is_shed_at_max_memory)
{
    open_with_memory(1025 * KIB); /* with a little for the headers */
    meet_many(3);
    ck_assert_int_eq(side_send_keyed(side[0], 1, 0, 300 * KIB), 0);
    ck_assert_int_eq(side_send_keyed(side[1], 1, 0, 500 * KIB), 0);
    ck_assert_int_eq(side_send_keyed(side[2], 2, 0, 224 * KIB), 0); /* full */
    ck_assert_uint_eq(rig_stats().shed, 0);
    ck_assert_int_eq(leat_conn_send(side[2]->conn, "x", 1), 0);
    ck_assert_uint_eq(rig_stats().shed, 1); /* its block is 2 KiB */
    ck_assert_uint_eq(rig_noted("shed"), 1);
    ck_assert_ptr_null(leat_conn_find(rig.loop, side[1]->id));
    turn_until(peer_has(peer[0], 300 * KIB));
    turn_until(peer_has(peer[2], 224 * KIB + 1));
    ck_assert_int_eq(side[1]->reason, -EDQUOT);
    ck_assert_uint_eq(side[1]->stats.bytes_lost, 500 * KIB);
    ck_assert(key_is(peer[2]->bytes, 2, 0, 224 * KIB));
}
END_TEST

START_TEST(law9_the_sender_itself_may_be_the_largest)
{
    open_with_memory(512 * KIB);
    meet_many(2);
    ck_assert_int_eq(side_send_keyed(side[0], 1, 0, 400 * KIB), 0);
    ck_assert_int_eq(side_send_keyed(side[0], 1, 0, 200 * KIB), -ESHUTDOWN);
    peers_turn();
    ck_assert_int_eq(side[0]->reason, -EDQUOT);
    ck_assert_uint_eq(side[1]->count[CLOSE], 0);
}
END_TEST

START_TEST(law9_message_larger_than_all_memory_costs_nobody)
{
    open_with_memory(256 * KIB);
    meet_many(3);
    for (int i = 0; i < 3; i++)
        side_send(side[i], "waiting");
    ck_assert_int_eq(side_send_keyed(side[0], 1, 0, 300 * KIB), -ENOMEM);
    ck_assert_uint_eq(rig_stats().shed, 0);
    for (int i = 0; i < 3; i++)
        turn_until(peer_heard(peer[i], "waiting"));
}
END_TEST

START_TEST(law9_what_a_full_queue_refuses_sheds_nobody)
{
    peers.config.conn.queue.policy = (enum leat_policy)_i;
    open_with_memory(1300 * KIB);
    meet_many(2);
    ck_assert_int_eq(side_send_keyed(side[0], 1, 0, 1000 * KIB), 0);
    ck_assert_int_eq(side_send_keyed(side[1], 1, 0, 200 * KIB), 0);
    int error = side_send_keyed(side[0], 1, 0, 200 * KIB); /* limit is 1 MiB */
    ck_assert_int_eq(error, _i == LEAT_REFUSE ? -ENOBUFS : 0);
    ck_assert_uint_eq(rig_stats().shed, 0);
    ck_assert_uint_eq(rig_stats().drops, 1);
}
END_TEST

START_TEST(law9_shared_message_counts_once)
{
    struct leat_message *message;
    open_with_memory(300 * KIB);
    meet_many(10);
    ck_assert_int_eq(
        leat_message_create(&message, rig.loop, NULL, 200 * KIB), 0);
    key_fill(leat_message_bytes(message), 5, 0, 200 * KIB);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(leat_conn_send_message(side[i]->conn, message), 0);
    leat_message_unref(message);
    ck_assert_uint_eq(rig_stats().shed, 0);
    ck_assert_uint_eq(rig_stats().memory, 200 * KIB);
    for (int i = 0; i < 10; i++)
        turn_until(peer_has(peer[i], 200 * KIB));
}
END_TEST

START_TEST(law9_held_input_counts_and_is_shed)
{
    peers.config.conn.frame =
        (struct leat_frame_config){.kind = LEAT_FIXED, .size = 60 * KIB};
    open_with_memory(260 * KIB); /* four blocks of 64 KiB */
    meet_many(4);
    for (int i = 0; i < 4; i++) { /* frames that are never completed */
        peer_say_keyed(peer[i], 1, 45 * KIB + (size_t)i * KIB);
        turn_until(
            leat_conn_partial(side[i]->conn) == 45 * KIB + (size_t)i * KIB);
    }
    ck_assert_uint_eq(rig_stats().memory, 186 * KIB);
    struct peer *last;
    side[4] = peers_adopt_pair(&last);
    peer_say_keyed(last, 1, 20 * KIB);
    turn_until(rig_stats().shed == 1);
    turn_until(side[0]->count[CLOSE] == 1); /* all take the same: the first */
    ck_assert_int_eq(side[0]->reason, -EDQUOT);
    ck_assert_uint_le(rig_stats().stored, 260 * KIB);
}
END_TEST

START_TEST(law9_memory_is_what_tiny_messages_take_not_what_they_say)
{
    struct leat_message *message;
    open_with_memory(256 * KIB);
    meet_many(1);
    ck_assert_int_eq(leat_message_create(&message, rig.loop, "shared", 6), 0);
    for (int i = 0; i < 4000; i++) {
        if (leat_conn_send_message(side[0]->conn, message) != 0 ||
            leat_conn_send(side[0]->conn, "x", 1) != 0)
            break;
        ck_assert_uint_le(rig_stats().stored, 256 * KIB);
        ck_assert_uint_le(rig_stats().pool, 1024 * KIB);
    }
    leat_message_unref(message);
    peers_turn();
}
END_TEST

/* One byte for all, again and again: what grows is the rings. */
START_TEST(law9_what_refers_to_shared_messages_is_bounded_too)
{
    struct leat_group *group;
    size_t most = 64 * sizeof(void *) * KIB;
    peers.config.conn.queue.policy = LEAT_DROP_OLD;
    open_with_memory(most);
    meet_many(40);
    ck_assert_int_eq(leat_group_create(&group, rig.loop), 0);
    for (int i = 0; i < 40; i++)
        ck_assert_int_eq(leat_group_add(group, side[i]->conn), 0);
    for (int i = 0; i < 1500; i++) {
        struct leat_message *message;
        ck_assert_int_eq(leat_message_create(&message, rig.loop, "x", 1), 0);
        (void)leat_group_send(group, message, NULL, NULL);
        leat_message_unref(message);
        size_t used = rig.loop->pool.stored + rig.loop->pool.rings;
        ck_assert_uint_le(used, most + 17 * KIB); /* one ring beyond */
    }
    ck_assert_uint_ge(rig_stats().shed, 1);
    ck_assert_uint_ge(leat_group_count(group), 1);
    leat_group_destroy(group);
}
END_TEST

START_TEST(law9_who_shares_a_backlog_is_not_shed_for_one_who_does_not)
{
    struct leat_message *message;
    open_with_memory(900 * KIB);
    meet_many(6);
    ck_assert_int_eq(
        leat_message_create(&message, rig.loop, NULL, 400 * KIB), 0);
    key_fill(leat_message_bytes(message), 5, 0, 400 * KIB);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(leat_conn_send_message(side[i]->conn, message), 0);
    leat_message_unref(message);
    ck_assert_int_eq(side_send_keyed(side[5], 1, 0, 300 * KIB), 0);
    ck_assert_int_eq(side_send_keyed(side[5], 1, 300 * KIB, 300 * KIB),
        -ESHUTDOWN); /* it has the most of its own */
    peers_turn();
    ck_assert_int_eq(side[5]->reason, -EDQUOT);
    ck_assert_uint_eq(rig_stats().shed, 1);
    for (int i = 0; i < 5; i++)
        turn_until(peer_has(peer[i], 400 * KIB));
}
END_TEST

/* --- 80 % ----------------------------------------------------------------- */

START_TEST(law9_accepting_stops_above_80_percent_and_goes_on_below)
{
    open_with_memory(1000 * KIB);
    meet_many(2);
    while (rig_noted("memory-high") == 0) { /* two peers that do not read */
        for (int i = 0; i < 2; i++)
            (void)side_send_keyed(side[i], 1, 0, 20 * KIB);
        peers_turn();
    }
    ck_assert_uint_gt(rig_stats().stored, 800 * KIB);
    ck_assert_uint_eq(rig_stats().shed, 0);
    peer_connect(0);
    peers_turns(5);
    ck_assert_uint_eq(rig_stats().accepted, 2);
    turn_until(
        (peer_hear(peer[0]), peer_hear(peer[1]), rig_noted("memory-low") == 1));
    peers_turns(2);
    ck_assert_uint_eq(rig_stats().accepted, 3);
    ck_assert_uint_eq(rig_noted("memory-high"), 1);
}
END_TEST

START_TEST(law9_listener_opened_above_80_percent_waits_too)
{
    open_with_memory(1000 * KIB);
    meet_many(1);
    ck_assert_int_eq(side_send_keyed(side[0], 1, 0, 900 * KIB), 0);
    ck_assert_int_eq(leat_conn_send(side[0]->conn, "x", 1), 0);
    ck_assert_uint_eq(rig_noted("memory-high"), 1);
    struct leat_listener *second;
    ck_assert_int_eq(
        leat_listener_open(&second, rig.loop, "127.0.0.1:0", &peers.config), 0);
    ck_assert_uint_eq(second->pauses, LEAT__PAUSE_MEMORY);
    turn_until(peer_has(peer[0], 900 * KIB + 1));
    peers_turn();
    ck_assert_uint_eq(second->pauses, 0);
}
END_TEST

START_TEST(law9_failed_output_opens_the_gate_again)
{
    open_with_memory(1000 * KIB);
    meet_many(1);
    ck_assert_int_eq(side_send_keyed(side[0], 1, 0, 900 * KIB), 0);
    ck_assert_int_eq(leat_conn_send(side[0]->conn, "x", 1), 0);
    leat_conn_pause(side[0]->conn);       /* so that it stays */
    fault_once("sendmsg", 1, ECONNRESET); /* two messages */
    peers_turn();
    ck_assert_uint_eq(rig_stats().memory, 0);
    ck_assert_uint_eq(rig_noted("memory-low"), 1);
    peer_connect(0);
    turn_until(rig_stats().accepted == 2);
}
END_TEST

/* Peers that read nothing, up to 80 %. */
static void
fill_to_the_gate(int n)
{
    meet_many(n);
    while (rig_noted("memory-high") == 0) {
        for (int i = 0; i < n; i++)
            (void)side_send_keyed(side[i], 1, 0, 20 * KIB);
        peers_turn();
    }
    peer_connect(0);
}

START_TEST(law9_who_takes_nothing_does_not_shut_the_gate_for_ever)
{
    open_with_memory(2000 * KIB);
    fill_to_the_gate(4);
    ck_assert_uint_eq(rig_stats().accepted, 4);
    clock_advance(SEC - 1);
    peers_turns(3);
    ck_assert_uint_eq(rig_stats().shed, 0);
    ck_assert_uint_eq(rig_stats().accepted, 4);
    clock_advance(1);
    peers_turns(3);
    ck_assert_uint_eq(rig_stats().shed, 2); /* of four: as few as will do */
    ck_assert_uint_eq(rig_noted("shed"), 2);
    ck_assert_uint_le(rig_stats().stored, 1000 * KIB);
    ck_assert_uint_eq(rig_stats().accepted, 5);
    clock_advance(10 * SEC);
    peers_turns(3);
    ck_assert_uint_eq(rig_stats().shed, 2); /* the gate is open */
}
END_TEST

/* Take a part of what the kernel has for a peer, and see leat send on. */
static void
take_a_little(int i)
{
    struct leat_conn_stats before, now;
    unsigned char bytes[64 * KIB];
    leat_conn_stats(side[i]->conn, &before);
    now = before;
    turn_until((recv(peer[i]->fd, bytes, sizeof bytes, MSG_DONTWAIT),
        leat_conn_stats(side[i]->conn, &now),
        now.bytes_out > before.bytes_out));
}

START_TEST(law9_who_takes_a_little_is_not_shed_however_large)
{
    open_with_memory(3000 * KIB);
    meet_many(4);
    while (rig_stats().stored < 2800 * KIB) {
        for (int i = 0; i < 4; i++)
            (void)side_send_keyed(side[i], 1, 0, (i == 0 ? 25 : 20) * KIB);
        peers_turn();
    }
    clock_advance(SEC / 2);
    take_a_little(0);
    clock_advance(SEC / 2);
    peers_turns(3);
    ck_assert_uint_ge(rig_stats().shed, 1);
    ck_assert_uint_le(rig_stats().stored, 1500 * KIB);
    ck_assert_ptr_nonnull(leat_conn_find(rig.loop, side[0]->id));
    ck_assert_uint_eq(rig_noted("memory-low"), 1);
}
END_TEST

/* Below high each peer is read on, however much it leaves lying. */
START_TEST(law9_who_sends_and_takes_nothing_is_no_better)
{
    peers.config.conn.queue.high = 600 * KIB;
    open_with_memory(2000 * KIB);
    fill_to_the_gate(4);
    for (int i = 0; i < 8; i++) {
        uint64_t in = rig_stats().bytes_in;
        for (int j = 0; j < 4; j++)
            if (leat_conn_find(rig.loop, side[j]->id) != NULL)
                peer_text(peer[j], "x");
        turn_until(rig_stats().bytes_in > in);
        clock_advance(SEC / 4);
    }
    peers_turns(3);
    ck_assert_uint_eq(rig_stats().shed, 2);
    ck_assert_uint_eq(rig_stats().accepted, 5);
}
END_TEST

START_TEST(law9_without_a_listener_nobody_is_shed_below_100_percent)
{
    open_with_memory(2000 * KIB);
    fill_to_the_gate(4);
    leat_listener_close(peers.listener);
    peers.listener = NULL;
    clock_advance(5 * SEC);
    peers_turns(3);
    ck_assert_uint_eq(rig_stats().shed, 0);
}
END_TEST

/* --- L8 ------------------------------------------------------------------- */

static void
misbehave(struct peer *bad, int how)
{
    if (how == 0)
        peer_reset(bad);
    else if (how == 1)
        peer_close(bad);
    else if (how == 2)
        peer_half_close(bad);
    else if (how == 3)
        peer_urgent(bad, '!');
    else
        for (int i = 0; i < 50; i++) { /* floods, and reads nothing */
            char bytes[4096] = {0};
            (void)send(
                bad->fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
            peers_turn();
        }
}

START_TEST(law8_a_peers_failure_touches_that_peer_only)
{
    peers.act[DATA] = act_echo;
    peers_listen((enum transport)(_i % TRANSPORTS));
    meet_many(10);
    for (int round = 0; round < 5; round++) {
        size_t before = peer[1]->len;
        for (int i = 1; i < 10; i += 2)
            peer_say_keyed(peer[i], (unsigned)i, 2000);
        misbehave(peer[round * 2], _i / TRANSPORTS);
        for (int i = 1; i < 10; i += 2) {
            turn_until(peer_has(peer[i], before + 2000));
            ck_assert(key_is(peer[i]->bytes + before, (unsigned)i, 0, 2000));
        }
    }
    for (int i = 1; i < 10; i += 2)
        ck_assert_uint_eq(side[i]->count[CLOSE], 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("bounds");
    TCase *tcase = tcase_create("bounds");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_test(tcase, law9_the_largest_queue_is_shed_at_max_memory);
    tcase_add_test(tcase, law9_the_sender_itself_may_be_the_largest);
    tcase_add_test(tcase, law9_message_larger_than_all_memory_costs_nobody);
    tcase_add_loop_test(
        tcase, law9_what_a_full_queue_refuses_sheds_nobody, 0, 2);
    tcase_add_test(tcase, law9_shared_message_counts_once);
    tcase_add_test(tcase, law9_held_input_counts_and_is_shed);
    tcase_add_test(
        tcase, law9_memory_is_what_tiny_messages_take_not_what_they_say);
    tcase_add_test(tcase, law9_what_refers_to_shared_messages_is_bounded_too);
    tcase_add_test(
        tcase, law9_who_shares_a_backlog_is_not_shed_for_one_who_does_not);
    tcase_add_test(
        tcase, law9_accepting_stops_above_80_percent_and_goes_on_below);
    tcase_add_test(tcase, law9_listener_opened_above_80_percent_waits_too);
    tcase_add_test(tcase, law9_failed_output_opens_the_gate_again);
    tcase_add_test(
        tcase, law9_who_takes_nothing_does_not_shut_the_gate_for_ever);
    tcase_add_test(tcase, law9_who_takes_a_little_is_not_shed_however_large);
    tcase_add_test(tcase, law9_who_sends_and_takes_nothing_is_no_better);
    tcase_add_test(
        tcase, law9_without_a_listener_nobody_is_shed_below_100_percent);
    tcase_add_loop_test(
        tcase, law8_a_peers_failure_touches_that_peer_only, 0, 5 * TRANSPORTS);
    suite_add_tcase(suite, tcase);
    return suite;
}
