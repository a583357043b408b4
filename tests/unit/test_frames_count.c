/*
 * test_frames_count.c - each byte of framed input is told, or it is counted as
 * held or as discarded: once, and at any time.
 */
#include "peers.h"

#include <string.h>

static struct peer *peer;
static struct side *side;

static void
meet_lines(void)
{
    peers.config.conn.frame.kind = LEAT_LINE;
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
}

static struct leat_conn_stats
counters(void)
{
    struct leat_conn_stats stats;
    leat_conn_stats(side->conn, &stats);
    return stats;
}

/* The line came in two pieces, so it was put together in memory of its own,
 * which nobody takes back while the connection may not be served on. */
START_TEST(a_frame_that_was_delivered_is_held_no_more)
{
    peers.act[MESSAGE] = act_pause;
    meet_lines();
    peer_text(peer, "on");
    turn_until(counters().held_bytes == 2);
    peer_text(peer, "e\ntwo\nthr");
    turn_until(side->count[MESSAGE] == 1);
    ck_assert_uint_eq(counters().held_bytes, strlen("two\nthr"));
    leat_conn_resume(side->conn);
    turn_until(side->count[MESSAGE] == 2);
    ck_assert_uint_eq(counters().held_bytes, 3);
}
END_TEST

START_TEST(the_last_line_that_was_delivered_is_held_no_more)
{
    meet_lines();
    peers.act[MESSAGE] = act_pause;
    peer_text(peer, "bye");
    peer_half_close(peer);
    turn_until(side->count[MESSAGE] == 1);
    ck_assert_uint_eq(counters().held_bytes, 0);
    leat_conn_resume(side->conn);
    turn_until(side->count[ENDED] == 1);
    leat_conn_end(side->conn);
}
END_TEST

/* The rest of what one recv brought is as what the next one brings. */
START_TEST(what_follows_the_message_that_ends_a_connection_is_discarded)
{
    peers.act[MESSAGE] = act_end;
    meet_lines();
    peer_text(peer, _i == 0 ? "quit\nhello\nhel" : "quit\n");
    turn_until(side->count[MESSAGE] == 1);
    if (_i == 1)
        peer_text(peer, "hello\nhel");
    peer_half_close(peer);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_uint_eq(side->count[MESSAGE], 1);
    ck_assert_uint_eq(side->stats.bytes_in, strlen("quit\nhello\nhel"));
    ck_assert_uint_eq(side->stats.bytes_discarded, strlen("hello\nhel"));
    ck_assert_uint_eq(side->stats.held_bytes, 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("frames_count");
    TCase *tcase = tcase_create("frames_count");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_test(tcase, a_frame_that_was_delivered_is_held_no_more);
    tcase_add_test(tcase, the_last_line_that_was_delivered_is_held_no_more);
    tcase_add_loop_test(tcase,
        what_follows_the_message_that_ends_a_connection_is_discarded, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
