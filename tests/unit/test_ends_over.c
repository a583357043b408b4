/*
 * test_ends_over.c - two connections that are each other's peer: how they end,
 * over TCP, unix sockets and a pair alike.
 */
#include "ends.h"

#include <leat/error.h>

#include <errno.h>
#include <string.h>

#include "net/net.h"

#define KIB ((size_t)1024)

static bool
both_closed(void)
{
    return one->count[CLOSE] + other->count[CLOSE] == 2;
}

/* --- end ------------------------------------------------------------------ */

START_TEST(end_delivers_what_is_queued_then_eof)
{
    ends_meet((enum wire)_i);
    other_acts(ENDED, act_end);
    ck_assert_int_eq(side_send_keyed(one, 0, 0, 600 * KIB), 0);
    leat_conn_end(one->conn);
    turn_until(both_closed());
    ck_assert_uint_eq(other->len, 600 * KIB);
    ck_assert(key_is(other->bytes, 0, 0, 600 * KIB));
    ck_assert_int_eq(one->reason, 0);
    ck_assert_int_eq(other->reason, LEAT_EOF);
    ck_assert_uint_eq(one->stats.bytes_lost, 0);
    ck_assert_str_eq(one->story + strspn(one->story, "r"), "c");
}
END_TEST

START_TEST(after_eof_the_other_may_still_send)
{
    ends_meet((enum wire)_i);
    leat_conn_end(one->conn);
    turn_until(other->count[ENDED] == 1);
    for (unsigned i = 1; i <= 3; i++) {
        side_send(other, "more");
        turn_until(stats_of(one).bytes_in == 4 * (uint64_t)i);
    }
    ck_assert_str_eq(one->story, ""); /* its input is discarded */
    leat_conn_end(other->conn);
    turn_until(both_closed());
    ck_assert_int_eq(other->reason, LEAT_EOF);
    ck_assert_uint_eq(other->stats.bytes_lost, 0);
}
END_TEST

START_TEST(on_eof_may_still_answer)
{
    ends_config[1].frame.kind = LEAT_LINE;
    ends_meet((enum wire)_i);
    other_acts(MESSAGE, act_echo);
    other_acts(ENDED, act_end);
    side_send(one, "no newline");
    leat_conn_end(one->conn);
    turn_until(both_closed());
    ck_assert_uint_eq(one->stats.bytes_in, 10);
    ck_assert_str_eq(other->story, "mec");
}
END_TEST

START_TEST(without_on_eof_the_other_ends_too)
{
    own_ops.on_eof = NULL;
    ends_meet((enum wire)_i);
    side_send(one, "bye");
    leat_conn_end(one->conn);
    turn_until(both_closed());
    ck_assert_str_eq(other->story, "dc");
    ck_assert_int_eq(other->reason, LEAT_EOF);
    ck_assert_int_eq(one->reason, 0);
}
END_TEST

START_TEST(both_may_end_at_once)
{
    ends_meet((enum wire)_i);
    side_send(one, "goodbye");
    side_send(other, "farewell");
    leat_conn_end(one->conn);
    leat_conn_end(other->conn);
    turn_until(both_closed());
    ck_assert_str_eq(one->story, "c");
    ck_assert_str_eq(other->story, "c");
    ck_assert_int_eq(one->reason, 0);
    ck_assert_int_eq(other->reason, 0);
    ck_assert_uint_eq(one->stats.bytes_in, 8);
    ck_assert_uint_eq(other->stats.bytes_in, 7);
}
END_TEST

START_TEST(one_may_end_while_the_other_is_full)
{
    ends_meet((enum wire)_i);
    leat_conn_pause(one->conn);
    size_t sent = 0;
    for (unsigned quiet = 0; quiet < 50; quiet++) {
        uint64_t before = rig_stats().bytes_out;
        while (!is_full(other)) {
            ck_assert_int_eq(side_send_keyed(other, 1, sent, 50 * KIB), 0);
            sent += 50 * KIB;
        }
        peers_turn();
        if (rig_stats().bytes_out != before)
            quiet = 0;
    }
    side_send(one, "last words");
    leat_conn_end(one->conn); /* which reads what it will not use */
    turn_until(other->count[ENDED] == 1);
    ck_assert(side_has(other, "last words"));
    leat_conn_end(other->conn);
    turn_until(both_closed());
    ck_assert_uint_eq(one->stats.bytes_in, sent);
    ck_assert_uint_eq(other->stats.bytes_lost, 0);
}
END_TEST

START_TEST(end_waits_five_seconds_for_the_other_to_end)
{
    ends_meet((enum wire)_i);
    leat_conn_end(one->conn);
    turn_until(other->count[ENDED] == 1);
    clock_advance(5 * SEC - 1);
    peers_turn();
    ck_assert_uint_eq(one->count[CLOSE], 0);
    clock_advance(1);
    peers_turn();
    ck_assert_uint_eq(one->count[CLOSE], 1);
    ck_assert_int_eq(one->reason, 0);
}
END_TEST

START_TEST(end_waits_on_while_the_other_sends)
{
    ends_meet((enum wire)_i);
    leat_conn_end(one->conn);
    turn_until(other->count[ENDED] == 1);
    clock_advance(3 * SEC);
    side_send(other, "still here");
    turn_until(stats_of(one).bytes_in == 10);
    clock_advance(3 * SEC);
    peers_turns(2);
    ck_assert_uint_eq(one->count[CLOSE], 0);
    clock_advance(2 * SEC);
    turn_until(one->count[CLOSE] == 1);
}
END_TEST

/* --- drain ---------------------------------------------------------------- */

/* FIN is acknowledged in no time, but asked about by a timer. */
static void
turn_by_turn_until_closed(const struct side *side)
{
    for (unsigned i = 0; i < 1000 && side->count[CLOSE] == 0; i++) {
        peers_turn();
        clock_advance(10 * MSEC);
    }
    ck_assert_uint_eq(side->count[CLOSE], 1);
}

START_TEST(drain_serves_until_the_other_is_quiet)
{
    ends_meet((enum wire)_i);
    other_acts(DATA, act_echo);
    ck_assert_int_eq(side_send_keyed(one, 4, 0, 200 * KIB), 0);
    turn_until(stats_of(one).queued_bytes == 0); /* it pauses after that */
    leat_conn_drain(other->conn);
    turn_until(one->count[ENDED] == 1);
    ck_assert_uint_eq(one->len, 200 * KIB);
    ck_assert(key_is(one->bytes, 4, 0, one->len));
    turn_by_turn_until_closed(other); /* though one has not ended */
    ck_assert_int_eq(other->reason, 0);
    ck_assert_uint_eq(other->stats.bytes_lost, 0);
}
END_TEST

START_TEST(drain_of_a_quiet_one_ends_at_once)
{
    ends_meet((enum wire)_i);
    leat_conn_drain(other->conn);
    turn_until(one->count[ENDED] == 1);
    turn_by_turn_until_closed(other);
    ck_assert_str_eq(other->story, "c");
    ck_assert_int_eq(other->reason, 0);
}
END_TEST

START_TEST(both_may_drain)
{
    ends_meet((enum wire)_i);
    side_send(one, "goodbye");
    side_send(other, "farewell");
    leat_conn_drain(one->conn);
    leat_conn_drain(other->conn);
    turn_by_turn_until_closed(one);
    turn_by_turn_until_closed(other);
    ck_assert(side_has(one, "farewell"));
    ck_assert(side_has(other, "goodbye"));
}
END_TEST

/* --- close and abort ------------------------------------------------------ */

START_TEST(close_loses_what_is_queued_and_counts_it)
{
    ends_meet((enum wire)_i);
    ck_assert_int_eq(side_send_keyed(one, 0, 0, 600 * KIB), 0);
    leat_conn_close(one->conn);
    ck_assert_int_eq(leat_conn_send(one->conn, "x", 1), -ESHUTDOWN);
    turn_until(other->count[ENDED] == 1);
    ck_assert_uint_eq(other->len, 0);
    ck_assert_str_eq(one->story, "c");
    ck_assert_int_eq(one->reason, 0);
    ck_assert_uint_eq(one->stats.bytes_lost, 600 * KIB);
}
END_TEST

START_TEST(sending_to_one_who_has_closed_fails)
{
    ends_meet((enum wire)_i);
    leat_conn_close(one->conn);
    turn_until(other->count[ENDED] == 1);
    int error = 0;
    for (unsigned i = 0; i < 100 && error == 0 && other->conn; i++) {
        error = leat_conn_send(other->conn, "anybody?", 8);
        peers_turn();
    }
    ck_assert(error == 0 || error == -EPIPE || error == -ECONNRESET);
    turn_until(other->count[CLOSE] == 1);
    ck_assert(other->reason == -EPIPE || other->reason == -ECONNRESET);
    ck_assert_uint_ge(other->stats.bytes_lost + other->stats.bytes_out, 8);
}
END_TEST

START_TEST(abort_is_a_reset)
{
    ends_meet((enum wire)_i);
    side_send(one, "never sent");
    leat_conn_abort(one->conn);
    if (_i == WIRE_UNIX) { /* which knows no reset */
        turn_until(other->count[ENDED] == 1);
        return;
    }
    turn_until(both_closed());
    ck_assert_int_eq(one->reason, -ECONNABORTED);
    ck_assert_int_eq(other->reason, -ECONNRESET);
    ck_assert_str_eq(other->story, "c");
}
END_TEST

START_TEST(close_inside_on_data_then_send_is_eshutdown)
{
    ends_meet((enum wire)_i);
    other_acts(DATA, act_close);
    side_send(one, "x");
    turn_until(other->count[CLOSE] == 1);
    ck_assert_str_eq(other->story, "dc");
    turn_until(one->count[ENDED] + one->count[CLOSE] > 0);
}
END_TEST

static void
close_twin(struct side *side)
{
    leat_conn_close(side == one ? other->conn : one->conn);
}

START_TEST(the_other_may_be_closed_inside_a_callback)
{
    ends_meet((enum wire)_i);
    other_acts(DATA, close_twin);
    side_send(one, "x");
    turn_until(other->count[ENDED] == 1);
    ck_assert_str_eq(one->story, "c");
    ck_assert_str_eq(other->story, "de");
}
END_TEST

/* --- idle and gone -------------------------------------------------------- */

START_TEST(idle_one_is_closed)
{
    ends_config[0].idle_us = SEC;
    ends_meet((enum wire)_i);
    clock_advance(SEC - 1);
    peers_turn();
    ck_assert_uint_eq(one->count[CLOSE], 0);
    clock_advance(1);
    peers_turn();
    ck_assert_int_eq(one->reason, -ETIME);
    turn_until(other->count[ENDED] == 1);
}
END_TEST

START_TEST(bytes_either_way_are_activity)
{
    ends_config[0].idle_us = SEC;
    ends_meet((enum wire)_i);
    for (int i = 0; i < 6; i++) {
        clock_advance(SEC - 1);
        side_send(i % 2 ? one : other, "x");
        turn_until(one->len + other->len == (size_t)i + 1);
    }
    ck_assert_uint_eq(one->count[CLOSE], 0);
    clock_advance(SEC);
    peers_turns(2);
    ck_assert_int_eq(one->reason, -ETIME);
}
END_TEST

START_TEST(one_whose_bytes_nobody_takes_is_idle)
{
    ends_config[0].idle_us = SEC;
    ends_meet((enum wire)_i);
    leat_conn_pause(other->conn);
    for (unsigned quiet = 0; quiet < 50; quiet++) {
        uint64_t before = rig_stats().bytes_out;
        while (!is_full(one))
            ck_assert_int_eq(side_send_keyed(one, 0, 0, 50 * KIB), 0);
        peers_turn();
        if (rig_stats().bytes_out != before)
            quiet = 0;
    }
    clock_advance(SEC);
    peers_turns(2);
    ck_assert_int_eq(one->reason, -ETIME);
    ck_assert_uint_ge(one->stats.bytes_lost, 64 * KIB);
}
END_TEST

START_TEST(destroying_the_loop_ends_both)
{
    ends_meet((enum wire)_i);
    side_send(one, "lost");
    side_send(other, "lost too");
    if (_i % 2)
        peers_turn();
    leat_conn_end(other->conn);
    rig_close();
    ck_assert_int_eq(one->reason, -ECANCELED);
    ck_assert_int_eq(other->reason, -ECANCELED);
}
END_TEST

START_TEST(loop_runs_until_both_are_gone)
{
    own_ops.on_eof = NULL;
    ends_meet((enum wire)_i);
    other_acts(DATA, act_echo);
    one_acts(DATA, act_end);
    side_send(one, "ping");
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    ck_assert(both_closed());
    ck_assert_int_eq(one->reason, 0);
    ck_assert_int_eq(other->reason, LEAT_EOF);
    ck_assert(side_has(one, "ping"));
    ck_assert_uint_eq(rig_stats().conns, 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("ends_over");
    TCase *tcase = tcase_create("ends_over");
    tcase_add_checked_fixture(tcase, ends_setup, ends_teardown);
    const TTest *const tests[] = {end_delivers_what_is_queued_then_eof,
        after_eof_the_other_may_still_send, on_eof_may_still_answer,
        without_on_eof_the_other_ends_too, both_may_end_at_once,
        one_may_end_while_the_other_is_full,
        end_waits_five_seconds_for_the_other_to_end,
        end_waits_on_while_the_other_sends,
        drain_serves_until_the_other_is_quiet,
        drain_of_a_quiet_one_ends_at_once, both_may_drain,
        close_loses_what_is_queued_and_counts_it,
        sending_to_one_who_has_closed_fails, abort_is_a_reset,
        close_inside_on_data_then_send_is_eshutdown,
        the_other_may_be_closed_inside_a_callback, idle_one_is_closed,
        bytes_either_way_are_activity, one_whose_bytes_nobody_takes_is_idle,
        destroying_the_loop_ends_both, loop_runs_until_both_are_gone};
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_loop_test(tcase, tests[i], 0, WIRES);
    suite_add_tcase(suite, tcase);
    return suite;
}
