/*
 * test_net_laws.c - the laws of the turn that connections have to keep; those
 * of the loop alone are in its own tests.
 */
#include "peers.h"

#include <leat/error.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/socket.h"

static struct peer *peer;
static struct side *side;

static void
meet(void)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
}

static bool
wants_to_write(const struct side *of)
{
    return leat__park_wanted(rig.loop, &of->conn->io) & LEAT_WRITABLE;
}

/* --- L1, L2 --------------------------------------------------------------- */

START_TEST(law1_send_queues_and_neither_sends_nor_calls_back)
{
    meet();
    kernel_reset_calls();
    uint64_t callbacks = rig_stats().callbacks;
    for (int i = 0; i < 100; i++)
        side_send(side, "0123456789");
    ck_assert_uint_eq(kernel_calls("send") + kernel_calls("sendmsg"), 0);
    ck_assert_uint_eq(rig_stats().callbacks, callbacks);
    struct leat_conn_stats stats;
    leat_conn_stats(side->conn, &stats);
    ck_assert_uint_eq(stats.queued_bytes, 1000);
    peers_turn();
    ck_assert_uint_eq(kernel_calls("send") + kernel_calls("sendmsg"), 1);
    turn_until(peer_has(peer, 1000));
}
END_TEST

START_TEST(law1_full_queue_under_close_only_marks)
{
    peers.config.conn.queue.policy = LEAT_CLOSE;
    meet();
    while (side_send_keyed(side, 1, 0, 100000) == 0)
        ck_assert(leat_conn_find(rig.loop, side->id) != NULL);
    ck_assert_uint_eq(side->count[CLOSE], 0);
    peers_turn();
    ck_assert_int_eq(side->reason, -ENOBUFS);
}
END_TEST

static void
close_and_look(struct side *at)
{
    unsigned long closes = kernel_calls("close");
    leat_conn_close(at->conn);
    ck_assert_uint_eq(at->count[CLOSE], 0);
    ck_assert_uint_eq(kernel_calls("close"), closes);
    ck_assert_uint_eq(leat_conn_id(at->conn), at->id); /* not freed */
}

START_TEST(law2_close_marks_and_on_close_comes_once_in_phase_7)
{
    peers.act[DATA] = close_and_look;
    meet();
    peer_text(peer, "x");
    turn_until(side->count[DATA] == 1);
    ck_assert_str_eq(side->story, "odc");
    peers_turns(5);
    ck_assert_uint_eq(side->count[CLOSE], 1);
    ck_assert_uint_eq(rig_stats().closed, 1);
}
END_TEST

static void
close_all_sides(struct side *at)
{
    (void)at;
    for (size_t i = 0; i < peers.sides; i++)
        leat_conn_close(peers.side[i].conn);
}

START_TEST(law2_closing_others_closes_each_once)
{
    struct peer *each[8];
    peers_listen(OVER_TCP4);
    for (int i = 0; i < 8; i++)
        peers_meet(&each[i]);
    peers.act[DATA] = close_all_sides;
    for (int i = 0; i < 8; i++)
        peer_text(each[i], "ready, all of them");
    turn_until(rig_stats().closed == 8);
    unsigned served = 0;
    for (int i = 0; i < 8; i++) {
        ck_assert_uint_eq(peers.side[i].count[CLOSE], 1);
        served += peers.side[i].count[DATA];
    }
    ck_assert_uint_eq(served, 1); /* the others were closed before their turn */
}
END_TEST

/* --- L3 ------------------------------------------------------------------- */

static struct side *heir;
static int number;

static void
give_the_number_away(struct side *at)
{
    struct peer *far;
    (void)at;
    number = peers.listener->socket[0].io.fd;
    leat_listener_close(peers.listener);
    heir = peers_adopt_pair(&far); /* gets the lowest free number */
    peer_text(far, "x");
}

/* The listener was found readable in the turn in which its number went to a
 * connection that has something to read, too. */
START_TEST(law3_stale_readiness_never_reaches_new_owner)
{
    peers.act[URGENT] = give_the_number_away;
    meet();
    heir = NULL;
    peer_urgent(peer, '!');
    (void)peer_connect(0);
    turn_until(heir != NULL);
    ck_assert_int_eq(heir->conn->io.fd, number);
    ck_assert_uint_eq(heir->count[DATA], 0);
    peers_turn();
    ck_assert_uint_eq(heir->count[DATA], 1);
}
END_TEST

/* --- L4 ------------------------------------------------------------------- */

START_TEST(law4_write_interest_is_there_only_while_bytes_are_left)
{
    meet();
    ck_assert(!wants_to_write(side));
    side_send(side, "x");
    ck_assert(!wants_to_write(side)); /* nothing was tried yet */
    peers_turn();
    ck_assert(!wants_to_write(side)); /* and nothing is left */
    size_t sent = 0;
    while (!wants_to_write(side)) {
        ck_assert_int_eq(side_send_keyed(side, 1, sent, 200000), 0);
        sent += 200000;
        peers_turn();
    }
    turn_until(peer_has(peer, sent + 1));
    turn_until(!wants_to_write(side));
    ck_assert(key_is(peer->bytes + 1, 1, 0, sent));
}
END_TEST

START_TEST(law4_without_memory_a_timer_stands_in_for_write_interest)
{
    meet();
    fault_once("send", 1, ENOBUFS);
    side_send(side, "x");
    peers_turn();
    ck_assert(!wants_to_write(side));
    ck_assert_uint_ge(rig_stats().timers, 1);
    clock_advance(10 * MSEC);
    turn_until(peer_heard(peer, "x"));
    ck_assert(!wants_to_write(side));
}
END_TEST

/* --- L5 ------------------------------------------------------------------- */

START_TEST(law5_idle_connections_let_the_loop_wait)
{
    meet();
    peer_text(peer, "x");
    turn_until(side->len == 1);
    peers_turn();
    ck_assert_int_ne(leat__wait_time(rig.loop, -1), 0);
    side_send(side, "x"); /* dirty */
    ck_assert_int_eq(leat__wait_time(rig.loop, -1), 0);
    peers_turn();
    ck_assert_int_ne(leat__wait_time(rig.loop, -1), 0);
    leat_conn_close(side->conn); /* dying */
    ck_assert_int_eq(leat__wait_time(rig.loop, -1), 0);
    peers_turn();
    ck_assert_int_ne(leat__wait_time(rig.loop, -1), 0);
}
END_TEST

START_TEST(law5_held_input_counts_only_when_it_may_be_delivered)
{
    peers.config.conn.frame.kind = LEAT_LINE;
    peers.act[MESSAGE] = act_pause;
    meet();
    peer_text(peer, "a\nb\nc\n");
    turn_until(side->count[MESSAGE] == 1);
    ck_assert_int_ne(leat__wait_time(rig.loop, -1), 0);
    leat_conn_resume(side->conn);
    ck_assert_int_eq(leat__wait_time(rig.loop, -1), 0);
    peers_turn();
    ck_assert_uint_eq(side->count[MESSAGE], 2);
}
END_TEST

static void
send_more(struct side *at)
{
    if (at->count[DRAIN] == 1)
        side_send(at, "more");
}

START_TEST(law5_what_on_drain_queues_is_flushed_next_turn)
{
    peers.config.conn.queue.high = 4096;
    peers.act[DRAIN] = send_more;
    meet();
    ck_assert_int_eq(side_send_keyed(side, 1, 0, 5000), 0);
    turn_until(side->count[DRAIN] == 1);
    struct leat_conn_stats stats;
    leat_conn_stats(side->conn, &stats);
    ck_assert_uint_eq(stats.queued_bytes, 4);
    ck_assert_int_eq(leat__wait_time(rig.loop, -1), 0);
    peers_turn();
    leat_conn_stats(side->conn, &stats);
    ck_assert_uint_eq(stats.queued_bytes, 0);
}
END_TEST

/* --- L6 ------------------------------------------------------------------- */

START_TEST(law6_sixteen_accepts_a_socket_and_turn)
{
    peers_listen(OVER_TCP4);
    for (int i = 0; i < 40; i++)
        peer_connect(0);
    peers_turn();
    ck_assert_uint_eq(rig_stats().accepted, 16);
    peers_turn();
    ck_assert_uint_eq(rig_stats().accepted, 32);
    turn_until(rig_stats().accepted == 40);
}
END_TEST

START_TEST(law6_one_recv_of_64k_a_connection_and_turn)
{
    struct peer *second;
    meet();
    struct side *other = peers_meet(&second);
    leat_conn_pause(side->conn);
    leat_conn_pause(other->conn);
    char *bytes = calloc(1, 200000);
    ssize_t sent = send(peer->fd, bytes, 200000, MSG_DONTWAIT);
    ssize_t more = send(second->fd, bytes, 200000, MSG_DONTWAIT);
    free(bytes);
    ck_assert_int_gt(sent, 65536);
    ck_assert_int_gt(more, 65536);
    leat_conn_resume(side->conn);
    leat_conn_resume(other->conn);
    turn_until(side->count[DATA] > 0);
    ck_assert_uint_eq(side->count[DATA], 1);
    ck_assert_uint_le(side->cut[0], 65536);
    ck_assert_uint_eq(other->count[DATA], 1); /* in the same turn */
    turn_until(side->len == (size_t)sent && other->len == (size_t)more);
    for (unsigned i = 0; i < side->count[DATA]; i++)
        ck_assert_uint_le(side->cut[i], 65536);
}
END_TEST

START_TEST(law6_one_send_of_256k_a_connection_and_turn)
{
    meet();
    ck_assert_int_eq(side_send_keyed(side, 1, 0, 900000), 0);
    kernel_reset_calls();
    peers_turn();
    ck_assert_uint_eq(kernel_calls("send") + kernel_calls("sendmsg"), 1);
    ck_assert_uint_le(rig_stats().bytes_out, 256 * 1024);
    turn_until(peer_has(peer, 900000));
    ck_assert(key_is(peer->bytes, 1, 0, 900000));
}
END_TEST

START_TEST(law6_one_send_of_64_messages_a_connection_and_turn)
{
    peers.config.conn.queue.policy = LEAT_DROP_NEW; /* nothing is merged */
    meet();
    for (size_t i = 0; i < 200; i++)
        ck_assert_int_eq(side_send_keyed(side, 1, i * 10, 10), 0);
    for (uint64_t i = 1; i <= 4; i++) {
        peers_turn();
        ck_assert_uint_eq(rig_stats().bytes_out, i < 4 ? i * 640 : 2000);
    }
    turn_until(peer_has(peer, 2000));
    ck_assert(key_is(peer->bytes, 1, 0, 2000));
}
END_TEST

START_TEST(law6_nobody_ready_waits_more_than_two_turns)
{
    struct peer *each[40];
    peers_listen(OVER_TCP4);
    for (int i = 0; i < 40; i++)
        peers_meet(&each[i]);
    for (int i = 0; i < 40; i++)
        peer_text(each[i], "x");
    peers_turns(2);
    for (int i = 0; i < 40; i++)
        ck_assert_uint_eq(peers.side[i].count[DATA], 1);
}
END_TEST

static void
take_time(struct side *at)
{
    (void)at;
    clock_advance(10);
}

START_TEST(law6_busy_low_fd_does_not_starve)
{
    struct peer *each[4];
    peers_listen(OVER_TCP4);
    for (int i = 0; i < 4; i++)
        peers_meet(&each[i]);
    peers.act[DATA] = take_time;
    leat_loop_set_budget(rig.loop, 1); /* one callback uses it up */
    for (unsigned round = 1; round <= 8; round++) {
        peer_text(each[0], "busy");
        for (int i = 0; i < 4 && round == 1; i++)
            peer_text(each[i], "x");
        ck_assert_int_eq(peers_turn(), 1);
    }
    for (int i = 0; i < 4; i++)
        ck_assert_uint_ge(peers.side[i].count[DATA], 1);
    ck_assert(!leat_loop_more(rig.loop));
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("net_laws");
    TCase *tcase = tcase_create("net_laws");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_test(tcase, law1_send_queues_and_neither_sends_nor_calls_back);
    tcase_add_test(tcase, law1_full_queue_under_close_only_marks);
    tcase_add_test(tcase, law2_close_marks_and_on_close_comes_once_in_phase_7);
    tcase_add_test(tcase, law2_closing_others_closes_each_once);
    tcase_add_test(tcase, law3_stale_readiness_never_reaches_new_owner);
    tcase_add_test(
        tcase, law4_write_interest_is_there_only_while_bytes_are_left);
    tcase_add_test(
        tcase, law4_without_memory_a_timer_stands_in_for_write_interest);
    tcase_add_test(tcase, law5_idle_connections_let_the_loop_wait);
    tcase_add_test(tcase, law5_held_input_counts_only_when_it_may_be_delivered);
    tcase_add_test(tcase, law5_what_on_drain_queues_is_flushed_next_turn);
    tcase_add_test(tcase, law6_sixteen_accepts_a_socket_and_turn);
    tcase_add_test(tcase, law6_one_recv_of_64k_a_connection_and_turn);
    tcase_add_test(tcase, law6_one_send_of_256k_a_connection_and_turn);
    tcase_add_test(tcase, law6_one_send_of_64_messages_a_connection_and_turn);
    tcase_add_test(tcase, law6_nobody_ready_waits_more_than_two_turns);
    tcase_add_test(tcase, law6_busy_low_fd_does_not_starve);
    suite_add_tcase(suite, tcase);
    return suite;
}
