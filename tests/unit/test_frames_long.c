/*
 * test_frames_long.c - connections whose lines may be too long: they are told,
 * skipped, and nothing else changes.
 */
#include "peers.h"

#include <leat/error.h>

#include <stdlib.h>
#include <string.h>

#define KIB ((size_t)1024)

static struct peer *peer;
static struct side *side;

static void
meet_lines(size_t max)
{
    peers.config.conn.frame = (struct leat_frame_config){
        .kind = LEAT_LINE, .max = max, .skip_long = true};
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
}

START_TEST(long_line_is_told_and_the_next_one_served)
{
    static const char text[] = "one\nfar too long\r\ntwo\nlonger";
    meet_lines(4);
    peer_say_in_pieces(peer, text, sizeof text - 1, (size_t)_i);
    turn_until(side->count[MESSAGE] == 4);
    ck_assert(side_has(side, "onefar twolong"));
    ck_assert_uint_eq(side->longs, 2);
    peer_half_close(peer);
    turn_until(side->count[ENDED] == 1);
    ck_assert_str_eq(side->story, "ommmme"); /* no last line */
    ck_assert_int_eq(side->count[CLOSE], 0);
}
END_TEST

START_TEST(flood_without_newline_is_told_once_and_takes_no_memory)
{
    meet_lines(0);
    size_t before = rig_stats().pool;
    char *flood = malloc(64 * KIB);
    memset(flood, 'x', 64 * KIB);
    for (int i = 0; i < 40; i++) {
        peer_say(peer, flood, 64 * KIB);
        peers_turns(1);
    }
    free(flood);
    turn_until(rig_stats().bytes_in == 40 * 64 * KIB);
    ck_assert_uint_eq(side->count[MESSAGE], 1);
    ck_assert_uint_eq(side->longs, 1);
    ck_assert_uint_eq(side->len, 64 * KIB);
    ck_assert_uint_eq(rig_stats().memory, 0);
    ck_assert_uint_le(rig_stats().pool, before + 400 * KIB);
    peer_text(peer, "\nstill here\n");
    turn_until(side->count[MESSAGE] == 2);
    ck_assert_uint_eq(side->cut[1], 10);
}
END_TEST

START_TEST(pausing_in_a_long_line_holds_what_follows)
{
    peers.act[MESSAGE] = act_pause;
    meet_lines(4);
    peer_text(peer, "too long\nnext\n");
    turn_until(side->count[MESSAGE] == 1);
    peers_turns(3);
    ck_assert_uint_eq(side->count[MESSAGE], 1);
    ck_assert_uint_eq(rig_stats().memory, 10); /* the rest of it too */
    leat_conn_resume(side->conn);
    turn_until(side->count[MESSAGE] == 2);
    ck_assert(side_has(side, "too next"));
    ck_assert_uint_eq(side->longs, 1);
}
END_TEST

static const act_fn ends[] = {act_end, act_close, act_abort};

START_TEST(ending_in_a_long_line_delivers_no_more)
{
    peers.act[MESSAGE] = ends[_i];
    meet_lines(4);
    peer_text(peer, "too long\nnext\n");
    turn_until(side->count[MESSAGE] == 1);
    peer_close(peer);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_str_eq(side->story, "omc");
    ck_assert_uint_eq(rig_stats().memory, 0);
}
END_TEST

START_TEST(last_line_too_long_at_eof_is_told)
{
    meet_lines(4);
    peer_text(peer, "abcd\r");
    peer_half_close(peer);
    turn_until(side->count[ENDED] == 1);
    ck_assert_str_eq(side->story, "ome");
    ck_assert_uint_eq(side->longs, 1);
    ck_assert(side_has(side, "abcd"));
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("frames_long");
    TCase *tcase = tcase_create("frames_long");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_loop_test(tcase, long_line_is_told_and_the_next_one_served, 0, 8);
    tcase_add_test(
        tcase, flood_without_newline_is_told_once_and_takes_no_memory);
    tcase_add_test(tcase, pausing_in_a_long_line_holds_what_follows);
    tcase_add_loop_test(tcase, ending_in_a_long_line_delivers_no_more, 0, 3);
    tcase_add_test(tcase, last_line_too_long_at_eof_is_told);
    suite_add_tcase(suite, tcase);
    return suite;
}
