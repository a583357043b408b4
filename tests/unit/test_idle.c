/*
 * test_idle.c - the idle timeout: fires for who neither sends nor takes, and
 * costs nothing per message.
 */
#include "peers.h"

#include <errno.h>

#include "net/net.h"

static struct peer *peer;
static struct side *side;

static void
meet_idle(enum transport transport)
{
    peers.config.conn.idle_us = 10 * SEC;
    peers_listen(transport);
    side = peers_meet(&peer);
}

static void
pass(int64_t us)
{
    clock_advance(us);
    peers_turns(2);
}

START_TEST(silent_peer_is_closed_with_etime)
{
    meet_idle((enum transport)_i);
    pass(10 * SEC - 1);
    ck_assert_uint_eq(side->count[CLOSE], 0);
    pass(1);
    ck_assert_uint_eq(side->count[CLOSE], 1);
    ck_assert_int_eq(side->reason, -ETIME);
}
END_TEST

START_TEST(received_bytes_count_as_life)
{
    meet_idle(OVER_TCP4);
    for (int i = 0; i < 5; i++) {
        pass(9 * SEC);
        peer_text(peer, "x");
        turn_until(side->len == (size_t)i + 1);
    }
    pass(9 * SEC);
    ck_assert_uint_eq(side->count[CLOSE], 0);
    pass(1 * SEC);
    ck_assert_int_eq(side->reason, -ETIME);
}
END_TEST

START_TEST(bytes_taken_by_the_kernel_count_as_life)
{
    meet_idle(OVER_TCP4);
    for (int i = 0; i < 5; i++) {
        pass(9 * SEC);
        side_send(side, "x");
        peers_turn();
    }
    pass(9 * SEC);
    ck_assert_uint_eq(side->count[CLOSE], 0);
    pass(1 * SEC);
    ck_assert_int_eq(side->reason, -ETIME);
}
END_TEST

START_TEST(never_reader_is_idle_though_we_have_much_to_say)
{
    meet_idle((enum transport)_i);
    for (int i = 0; i < 200; i++) {
        (void)side_send_keyed(side, 1, 0, 65536);
        peers_turn();
    }
    ck_assert(leat_conn_is_full(side->conn));
    pass(10 * SEC);
    ck_assert_int_eq(side->reason, -ETIME);
    ck_assert_uint_gt(side->stats.bytes_lost, 0);
}
END_TEST

START_TEST(paused_connection_times_out_too)
{
    meet_idle(OVER_TCP4);
    leat_conn_pause(side->conn);
    peer_text(peer, "unread");
    pass(10 * SEC);
    ck_assert_int_eq(side->reason, -ETIME);
}
END_TEST

START_TEST(no_timeout_is_the_default)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    pass(1000 * 3600 * SEC);
    ck_assert_uint_eq(side->count[CLOSE], 0);
    ck_assert_uint_eq(rig_stats().timers, 0);
}
END_TEST

START_TEST(messages_do_not_touch_the_timer)
{
    peers.act[DATA] = act_echo;
    meet_idle(OVER_TCP4);
    uint64_t before = rig.loop->timer_sequence;
    for (size_t i = 1; i <= 100; i++) {
        peer_text(peer, "x");
        turn_until(peer_has(peer, i));
    }
    /* One start is the pool's, to give its surplus back. */
    ck_assert_uint_le(rig.loop->timer_sequence, before + 1);
}
END_TEST

START_TEST(idle_timer_sleeps_on_for_what_is_left)
{
    meet_idle(OVER_TCP4);
    pass(6 * SEC);
    peer_text(peer, "x");
    turn_until(side->len == 1);
    uint64_t before = rig.loop->timer_sequence;
    for (int i = 0; i < 9; i++)
        pass(1 * SEC); /* it fires once in this, and sets itself anew */
    ck_assert_uint_le(rig.loop->timer_sequence, before + 2);
    ck_assert_uint_eq(side->count[CLOSE], 0);
    pass(1 * SEC);
    ck_assert_uint_eq(side->count[CLOSE], 1);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("idle");
    TCase *tcase = tcase_create("idle");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_loop_test(tcase, silent_peer_is_closed_with_etime, 0, TRANSPORTS);
    tcase_add_test(tcase, received_bytes_count_as_life);
    tcase_add_test(tcase, bytes_taken_by_the_kernel_count_as_life);
    tcase_add_loop_test(
        tcase, never_reader_is_idle_though_we_have_much_to_say, 0, TRANSPORTS);
    tcase_add_test(tcase, paused_connection_times_out_too);
    tcase_add_test(tcase, no_timeout_is_the_default);
    tcase_add_test(tcase, messages_do_not_touch_the_timer);
    tcase_add_test(tcase, idle_timer_sleeps_on_for_what_is_left);
    suite_add_tcase(suite, tcase);
    return suite;
}
