/*
 * test_frames_net.c - frames on connections, and input that is held because it
 * may not be delivered yet.
 */
#include "peers.h"

#include <leat/error.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KIB ((size_t)1024)

static struct peer *peer;
static struct side *side;

static void
meet_framed(enum leat_framing kind, size_t size, size_t max)
{
    peers.config.conn.frame =
        (struct leat_frame_config){.kind = kind, .size = size, .max = max};
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
}

/* --- whole frames, however they come -------------------------------------- */

/* _i bytes at a time; 0 all at once. */
START_TEST(lines_come_whole_however_they_are_cut)
{
    static const char text[] = "one\ntwo\r\n\nfour \r four\n";
    meet_framed(LEAT_LINE, 0, 0);
    peer_say_in_pieces(peer, text, sizeof text - 1, (size_t)_i);
    turn_until(side->count[MESSAGE] == 4);
    ck_assert(side_has(side, "onetwofour \r four"));
    ck_assert_uint_eq(side->cut[0], 3);
    ck_assert_uint_eq(side->cut[1], 3);
    ck_assert_uint_eq(side->cut[2], 0);
    ck_assert_uint_eq(side->cut[3], 11);
    ck_assert_uint_eq(leat_conn_partial(side->conn), 0);
}
END_TEST

START_TEST(fixed_frames_come_whole_however_they_are_cut)
{
    meet_framed(LEAT_FIXED, 16, 0);
    unsigned char bytes[64];
    key_fill(bytes, 1, 0, sizeof bytes);
    peer_say_in_pieces(peer, bytes, sizeof bytes, (size_t)_i);
    turn_until(side->count[MESSAGE] == 4);
    ck_assert(key_is(side->bytes, 1, 0, 64));
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(side->cut[i], 16);
}
END_TEST

START_TEST(prefixed_frames_come_whole_however_they_are_cut)
{
    static const char bytes[] = "\0\3abc\0\0\0\1x";
    meet_framed(LEAT_PREFIX, 2, 0);
    peer_say_in_pieces(peer, bytes, 10, (size_t)_i);
    turn_until(side->count[MESSAGE] == 3);
    ck_assert(side_has(side, "abcx"));
    ck_assert_uint_eq(side->cut[1], 0);
}
END_TEST

START_TEST(partial_tells_how_much_has_come)
{
    meet_framed(LEAT_FIXED, 16, 0);
    for (size_t i = 1; i < 16; i++) {
        peer_text(peer, "x");
        turn_until(leat_conn_partial(side->conn) == i);
        ck_assert_uint_eq(side->count[MESSAGE], 0);
        ck_assert_uint_eq(rig_stats().memory, i);
    }
    peer_text(peer, "x");
    turn_until(side->count[MESSAGE] == 1);
    ck_assert_uint_eq(leat_conn_partial(side->conn), 0);
    peers_turn();
    ck_assert_uint_eq(rig_stats().memory, 0);
}
END_TEST

/* --- the end of the stream ------------------------------------------------ */

START_TEST(last_line_without_an_ending_is_delivered_at_eof)
{
    meet_framed(LEAT_LINE, 0, 0);
    peer_text(peer, "one\ntwo");
    peer_half_close(peer);
    turn_until(side->count[ENDED] == 1);
    ck_assert_str_eq(side->story, "omme");
    ck_assert(side_has(side, "onetwo"));
    ck_assert_uint_eq(side->partial, 0);
}
END_TEST

START_TEST(stream_that_ends_with_a_line_has_no_last_line)
{
    meet_framed(LEAT_LINE, 0, 0);
    peer_text(peer, "one\n");
    peer_half_close(peer);
    turn_until(side->count[ENDED] == 1);
    ck_assert_str_eq(side->story, "ome");
}
END_TEST

START_TEST(frame_cut_off_by_eof_is_not_delivered)
{
    meet_framed(_i == 0 ? LEAT_FIXED : LEAT_PREFIX, _i == 0 ? 16 : 1, 0);
    peer_text(peer, "\x10"
                    "0123456");
    peer_half_close(peer);
    turn_until(side->count[ENDED] == 1);
    ck_assert_str_eq(side->story, "oe");
    ck_assert_uint_eq(side->partial, 8);
}
END_TEST

/* The peer half-closes after each number of bytes: whole frames are delivered,
 * a last line too, and a frame that was cut off never. */
START_TEST(half_close_after_every_byte)
{
    static const struct leat_frame_config kind[] = {{.kind = LEAT_LINE},
        {.kind = LEAT_FIXED, .size = 3}, {.kind = LEAT_PREFIX, .size = 1}};
    static const char *const stream[] = {"ab\nc\n", "abcdef", "\2ab\1c"};
    static const unsigned frames[][7] = {
        {0, 1, 1, 1, 2, 2}, {0, 0, 0, 1, 1, 1, 2}, {0, 0, 0, 1, 1, 2}};
    peers.config.conn.frame = kind[_i];
    peers_listen(OVER_TCP4);
    for (size_t k = 0; k <= strlen(stream[_i]); k++) {
        side = peers_meet(&peer);
        if (k > 0)
            peer_say(peer, stream[_i], k);
        peer_half_close(peer);
        turn_until(side->count[ENDED] == 1);
        ck_assert_uint_eq(side->count[MESSAGE], frames[_i][k]);
        leat_conn_end(side->conn);
        turn_until(side->count[CLOSE] == 1);
        ck_assert_int_eq(side->reason, LEAT_EOF);
    }
}
END_TEST

START_TEST(pausing_in_the_last_line_keeps_eof_back)
{
    peers.act[MESSAGE] = act_pause;
    meet_framed(LEAT_LINE, 0, 0);
    peer_text(peer, "the last");
    peer_half_close(peer);
    turn_until(side->count[MESSAGE] == 1);
    peers_turns(3);
    ck_assert_str_eq(side->story, "om");
    leat_conn_resume(side->conn);
    turn_until(side->count[ENDED] == 1);
    ck_assert_str_eq(side->story, "ome"); /* the line once, and then the end */
}
END_TEST

static void
destroy_loop(struct side *at)
{
    (void)at;
    leat_loop_destroy(rig.loop);
}

START_TEST(destroying_the_loop_in_the_last_line_tells_no_eof)
{
    meet_framed(LEAT_LINE, 0, 0);
    peer_text(peer, "the last");
    turn_until(leat_conn_partial(side->conn) == 8);
    peer_half_close(peer);
    peers.act[MESSAGE] = destroy_loop;
    int result = 0;
    for (int i = 0; i < 100 && result >= 0; i++)
        result = leat_loop_step(rig.loop, 0);
    rig.loop = NULL;
    ck_assert_int_eq(result, -ECANCELED);
    ck_assert_str_eq(side->story, "omc");
}
END_TEST

START_TEST(last_line_too_long_is_emsgsize)
{
    meet_framed(LEAT_LINE, 0, 4);
    peer_text(peer, "abcd\r"); /* one too many without an LF */
    peer_half_close(peer);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, -EMSGSIZE);
    ck_assert_str_eq(side->story, "oc");
}
END_TEST

/* --- too long ------------------------------------------------------------- */

START_TEST(line_over_limit_is_refused_once)
{
    meet_framed(LEAT_LINE, 0, 100);
    char flood[101];
    memset(flood, 'x', sizeof flood);
    peer_say_in_pieces(peer, flood, 100, (size_t)_i);
    ck_assert_uint_eq(side->count[CLOSE], 0);
    peer_text(peer, "x");
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, -EMSGSIZE);
    ck_assert_uint_eq(side->stats.held_bytes, 1); /* received in vain */
    ck_assert_str_eq(side->story, "oc");
}
END_TEST

START_TEST(flood_without_newline_takes_bounded_memory)
{
    meet_framed(LEAT_LINE, 0, 0);
    char *flood = malloc(64 * KIB);
    memset(flood, 'x', 64 * KIB);
    peer_say(peer, flood, 64 * KIB);
    free(flood);
    turn_until(leat_conn_partial(side->conn) == 64 * KIB);
    ck_assert_uint_le(rig_stats().pool, 400 * KIB);
    peer_text(peer, "y");
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, -EMSGSIZE);
}
END_TEST

START_TEST(prefix_over_the_limit_is_refused_before_its_bytes)
{
    meet_framed(LEAT_PREFIX, 4, 1000);
    peer_say_in_pieces(peer, "\0\0\3\xe9", 4, (size_t)_i);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, -EMSGSIZE);
}
END_TEST

START_TEST(frame_without_memory_closes_with_enomem)
{
    meet_framed(LEAT_FIXED, 1000, 0);
    int fault = fault_once("realloc", 1, ENOMEM);
    peer_text(peer, "part of it");
    turn_until(side->count[CLOSE] == 1);
    ck_assert_uint_eq(fault_fired(fault), 1);
    ck_assert_int_eq(side->reason, -ENOMEM);
}
END_TEST

/* --- held input ----------------------------------------------------------- */

START_TEST(pausing_in_on_message_holds_the_rest)
{
    peers.act[MESSAGE] = act_pause;
    meet_framed(LEAT_LINE, 0, 0);
    peer_text(peer, "a\nb\nc\nd");
    unsigned long receives = 0;
    for (unsigned i = 1; i <= 3; i++) {
        turn_until(side->count[MESSAGE] == i);
        peers_turns(3);
        ck_assert_uint_eq(side->count[MESSAGE], i); /* one at a time */
        struct leat_conn_stats stats;
        leat_conn_stats(side->conn, &stats);
        ck_assert_uint_eq(stats.held_bytes, 7 - 2 * i);
        ck_assert_uint_eq(rig_stats().memory, 7 - 2 * i);
        if (i == 1)
            receives = kernel_calls("recv");
        leat_conn_resume(side->conn);
    }
    peers_turns(2);
    ck_assert_uint_eq(leat_conn_partial(side->conn), 1);
    ck_assert_uint_le(kernel_calls("recv"), receives); /* without a recv */
    ck_assert(side_has(side, "abc"));
}
END_TEST

static void
send_16k(struct side *at)
{
    ck_assert_int_eq(
        side_send_keyed(at, 2, 16 * KIB * (at->count[MESSAGE] - 1), 16 * KIB),
        0);
}

/* A line makes 16 KiB of reply; the queue is full at 32 KiB. */
START_TEST(held_input_waits_for_room_and_comes_in_order)
{
    peers.config.conn.queue.high = 32 * KIB;
    peers.act[MESSAGE] = send_16k;
    meet_framed(LEAT_LINE, 0, 0);
    char text[400];
    for (size_t i = 0; i < 200; i++) {
        text[2 * i] = (char)('a' + i % 26);
        text[2 * i + 1] = '\n';
    }
    peer_say(peer, text, sizeof text);
    peers_turns(100);
    ck_assert(leat_conn_is_full(side->conn));
    ck_assert_uint_lt(side->count[MESSAGE], 200);
    turn_until(peer_has(peer, 200 * 16 * KIB));
    ck_assert(key_is(peer->bytes, 2, 0, 200 * 16 * KIB));
    ck_assert_uint_eq(side->count[MESSAGE], 200);
    for (size_t i = 0; i < 200; i++)
        ck_assert_int_eq(side->bytes[i], (char)('a' + i % 26));
    ck_assert_uint_eq(rig_stats().drops, 0);
}
END_TEST

START_TEST(eof_comes_after_what_is_held)
{
    peers.act[MESSAGE] = act_pause;
    meet_framed(LEAT_LINE, 0, 0);
    peer_text(peer, "a\nb\nc");
    peer_half_close(peer);
    for (unsigned i = 1; i <= 3; i++) {
        turn_until(side->count[MESSAGE] == i);
        peers_turns(2);
        ck_assert_uint_eq(side->count[ENDED], 0);
        leat_conn_resume(side->conn);
    }
    turn_until(side->count[ENDED] == 1);
    ck_assert_str_eq(side->story, "ommme");
}
END_TEST

START_TEST(held_input_is_dropped_when_it_ends)
{
    peers.act[MESSAGE] = act_pause;
    meet_framed(LEAT_LINE, 0, 0);
    peer_text(peer, "a\nb\nc");
    turn_until(side->count[MESSAGE] == 1);
    if (_i == 0)
        leat_conn_end(side->conn);
    else if (_i == 1)
        leat_conn_close(side->conn);
    else
        leat_conn_abort(side->conn);
    peers_turns(2);
    ck_assert_uint_eq(rig_stats().memory, 0);
    ck_assert_uint_eq(side->count[MESSAGE], 1);
}
END_TEST

START_TEST(ending_in_a_held_message_delivers_no_more)
{
    peers.act[MESSAGE] = act_pause;
    meet_framed(LEAT_LINE, 0, 0);
    peer_text(peer, "a\nb\nc\n");
    turn_until(side->count[MESSAGE] == 1);
    peers.act[MESSAGE] = _i == 0 ? act_end : act_close;
    leat_conn_resume(side->conn);
    peers_turns(3);
    ck_assert_uint_eq(side->count[MESSAGE], 2);
    ck_assert_uint_eq(rig_stats().memory, 0);
}
END_TEST

START_TEST(closing_in_a_message_counts_what_was_not_delivered)
{
    peers.act[MESSAGE] = _i == 0 ? act_close : act_pause;
    meet_framed(LEAT_LINE, 0, 0);
    peer_text(peer, "a\nb\nc\n");
    turn_until(side->count[MESSAGE] == 1);
    peers.act[MESSAGE] = _i == 1 ? act_end : act_close;
    if (_i > 0)
        leat_conn_resume(side->conn); /* the rest was held */
    peer_half_close(peer);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_uint_eq(side->stats.held_bytes, _i == 0 ? 4 : 2);
    ck_assert_uint_eq(side->count[MESSAGE], _i == 0 ? 1 : 2);
}
END_TEST

START_TEST(holding_without_memory_closes_with_enomem)
{
    peers.act[MESSAGE] = act_pause;
    meet_framed(LEAT_LINE, 0, 0);
    peer_text(peer, "a\nb\n");
    int fault = fault_once("realloc", 1, ENOMEM);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_uint_eq(fault_fired(fault), 1);
    ck_assert_int_eq(side->reason, -ENOMEM);
    ck_assert_uint_eq(side->stats.held_bytes, 2);
}
END_TEST

START_TEST(budget_puts_frames_off_without_losing_one)
{
    meet_framed(LEAT_LINE, 0, 0);
    peers.act[MESSAGE] = NULL;
    leat_loop_set_budget(rig.loop, 1);
    clock_thaw(); /* each callback takes some time */
    peer_text(peer, "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    turn_until(side->count[MESSAGE] == 9);
    ck_assert(side_has(side, "123456789"));
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("frames_net");
    TCase *tcase = tcase_create("frames_net");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_loop_test(tcase, lines_come_whole_however_they_are_cut, 0, 8);
    tcase_add_loop_test(
        tcase, fixed_frames_come_whole_however_they_are_cut, 0, 18);
    tcase_add_loop_test(
        tcase, prefixed_frames_come_whole_however_they_are_cut, 0, 8);
    tcase_add_test(tcase, partial_tells_how_much_has_come);
    tcase_add_test(tcase, last_line_without_an_ending_is_delivered_at_eof);
    tcase_add_test(tcase, stream_that_ends_with_a_line_has_no_last_line);
    tcase_add_loop_test(tcase, frame_cut_off_by_eof_is_not_delivered, 0, 2);
    tcase_add_loop_test(tcase, half_close_after_every_byte, 0, 3);
    tcase_add_test(tcase, pausing_in_the_last_line_keeps_eof_back);
    tcase_add_test(tcase, destroying_the_loop_in_the_last_line_tells_no_eof);
    tcase_add_test(tcase, last_line_too_long_is_emsgsize);
    tcase_add_loop_test(tcase, line_over_limit_is_refused_once, 0, 3);
    tcase_add_test(tcase, flood_without_newline_takes_bounded_memory);
    tcase_add_loop_test(
        tcase, prefix_over_the_limit_is_refused_before_its_bytes, 0, 2);
    tcase_add_test(tcase, frame_without_memory_closes_with_enomem);
    tcase_add_test(tcase, pausing_in_on_message_holds_the_rest);
    tcase_add_test(tcase, held_input_waits_for_room_and_comes_in_order);
    tcase_add_test(tcase, eof_comes_after_what_is_held);
    tcase_add_loop_test(tcase, held_input_is_dropped_when_it_ends, 0, 3);
    tcase_add_loop_test(tcase, ending_in_a_held_message_delivers_no_more, 0, 2);
    tcase_add_loop_test(
        tcase, closing_in_a_message_counts_what_was_not_delivered, 0, 3);
    tcase_add_test(tcase, holding_without_memory_closes_with_enomem);
    tcase_add_test(tcase, budget_puts_frames_off_without_losing_one);
    suite_add_tcase(suite, tcase);
    return suite;
}
