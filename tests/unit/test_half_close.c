/*
 * test_half_close.c - who says that nothing more comes still gets the answers;
 * over sockets and between the two of a pair.
 */
#include "ends.h"

#include <leat/error.h>

#include <errno.h>
#include <sys/socket.h>

#define BIG (600 * 1024)

static void
half_close(struct side *side)
{
    leat_conn_half_close(side->conn);
}

static void
say_bye(struct side *side)
{
    side_send(side, "bye");
    leat_conn_end(side->conn);
}

START_TEST(half_close_sends_what_is_queued_then_the_end)
{
    other_acts(ENDED, say_bye);
    ends_meet((enum wire)_i);
    side_send(one, "last words");
    half_close(one);
    turn_until(other->count[CLOSE] == 1);
    ck_assert(side_has(other, "last words"));
    ck_assert_str_eq(other->story, "dec");
    ck_assert_int_eq(other->reason, LEAT_EOF);
}
END_TEST

START_TEST(half_closed_connection_is_still_read)
{
    other_acts(ENDED, say_bye);
    ends_meet((enum wire)_i);
    half_close(one);
    turn_until(one->count[CLOSE] == 1);
    ck_assert(side_has(one, "bye"));
    ck_assert_int_eq(one->reason, LEAT_EOF);
}
END_TEST

/* on_eof does nothing, and yet nobody has to end it. */
START_TEST(half_closed_connection_ends_itself_after_the_peer)
{
    ends_meet((enum wire)_i);
    half_close(one);
    turn_until(other->count[ENDED] == 1);
    ck_assert_uint_eq(one->count[CLOSE], 0);
    half_close(other);
    turn_until(one->count[CLOSE] == 1 && other->count[CLOSE] == 1);
    ck_assert_str_eq(one->story, "ec");
    ck_assert_str_eq(other->story, "ec");
    ck_assert_int_eq(one->reason, LEAT_EOF);
    ck_assert_int_eq(other->reason, LEAT_EOF);
}
END_TEST

START_TEST(half_close_waits_for_a_slow_reader)
{
    ends_meet((enum wire)_i);
    leat_conn_pause(other->conn);
    ck_assert_int_eq(side_send_keyed(one, 7, 0, BIG), 0);
    half_close(one);
    peers_turns(20);
    ck_assert_uint_eq(other->count[ENDED], 0);
    leat_conn_resume(other->conn);
    turn_until(other->count[ENDED] == 1);
    ck_assert_uint_eq(other->len, BIG);
    ck_assert(key_is(other->bytes, 7, 0, BIG));
}
END_TEST

START_TEST(half_closed_connection_refuses_to_send)
{
    ends_meet((enum wire)_i);
    half_close(one);
    ck_assert_int_eq(leat_conn_send(one->conn, "x", 1), -ESHUTDOWN);
    peers_turns(3);
    ck_assert_int_eq(leat_conn_send(one->conn, "x", 1), -ESHUTDOWN);
    turn_until(other->count[ENDED] == 1);
    ck_assert_uint_eq(other->len, 0);
}
END_TEST

START_TEST(half_close_twice_is_one)
{
    ends_meet(WIRE_TCP4);
    kernel_reset_calls();
    half_close(one);
    half_close(one);
    peers_turns(3);
    half_close(one);
    peers_turns(3);
    ck_assert_uint_eq(kernel_calls("shutdown"), 1);
    turn_until(other->count[ENDED] == 1);
}
END_TEST

START_TEST(half_close_then_end_discards_the_answer)
{
    ends_meet((enum wire)_i);
    half_close(one);
    turn_until(other->count[ENDED] == 1);
    leat_conn_end(one->conn);
    say_bye(other);
    turn_until(one->count[CLOSE] == 1 && other->count[CLOSE] == 1);
    ck_assert_uint_eq(one->len, 0);
    ck_assert_str_eq(one->story, "c");
}
END_TEST

START_TEST(half_close_after_end_or_close_changes_nothing)
{
    ends_meet((enum wire)_i);
    leat_conn_end(one->conn);
    half_close(one);
    leat_conn_close(other->conn);
    half_close(other);
    turn_until(one->count[CLOSE] == 1 && other->count[CLOSE] == 1);
    ck_assert_int_eq(other->reason, 0);
}
END_TEST

START_TEST(half_close_inside_on_data_still_gets_the_rest)
{
    one_acts(DATA, half_close);
    ends_meet((enum wire)_i);
    side_send(other, "first");
    turn_until(other->count[ENDED] == 1);
    side_send(other, "second");
    half_close(other);
    turn_until(one->count[CLOSE] == 1);
    ck_assert(side_has(one, "firstsecond"));
}
END_TEST

START_TEST(half_close_inside_on_eof_is_an_end)
{
    one_acts(ENDED, half_close);
    ends_meet((enum wire)_i);
    half_close(other);
    turn_until(one->count[CLOSE] == 1 && other->count[CLOSE] == 1);
    ck_assert_str_eq(one->story, "ec");
    ck_assert_int_eq(one->reason, LEAT_EOF);
}
END_TEST

/* The end was read, but not told: it is still to come. */
START_TEST(half_close_while_paused_tells_the_end_when_resumed)
{
    ends_meet((enum wire)_i);
    leat_conn_pause(one->conn);
    half_close(other);
    peers_turns(3);
    half_close(one);
    turn_until(other->count[CLOSE] == 1);
    ck_assert_uint_eq(one->count[ENDED], 0);
    leat_conn_resume(one->conn);
    turn_until(one->count[CLOSE] == 1);
    ck_assert_str_eq(one->story, "ec");
}
END_TEST

START_TEST(half_close_before_it_is_connected_comes_after)
{
    struct leat_addr addr;
    int listener = plain_listen(OVER_TCP4, &addr);
    struct side *side = dial_one(&addr);
    side_send(side, "early");
    half_close(side);
    struct peer *peer = plain_accept(listener);
    turn_until(peer_is_over(peer));
    ck_assert(peer_heard(peer, "early"));
    peer_text(peer, "late");
    turn_until(side_has(side, "late"));
    peer_half_close(peer);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_str_eq(side->story, "odec");
}
END_TEST

START_TEST(half_close_of_an_empty_dial_comes_after_on_open)
{
    struct leat_addr addr;
    int listener = plain_listen(OVER_UNIX, &addr);
    struct side *side = dial_one(&addr);
    half_close(side);
    struct peer *peer = plain_accept(listener);
    turn_until(peer_is_over(peer));
    ck_assert_str_eq(side->story, "o");
}
END_TEST

START_TEST(half_closed_connection_tells_of_a_reset)
{
    peers_listen(OVER_TCP4);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    half_close(side);
    turn_until(peer_is_over(peer));
    peer_reset(peer);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, -ECONNRESET);
}
END_TEST

START_TEST(half_closed_connection_goes_when_idle)
{
    ends_config[0].idle_us = SEC;
    ends_meet((enum wire)_i);
    half_close(one);
    turn_until(other->count[ENDED] == 1);
    clock_advance(2 * SEC);
    turn_until(one->count[CLOSE] == 1);
    ck_assert_int_eq(one->reason, -ETIME);
}
END_TEST

START_TEST(half_closed_connection_may_be_drained)
{
    other_acts(DATA, act_echo);
    ends_meet((enum wire)_i);
    side_send(one, "echo");
    half_close(one);
    turn_until(side_has(one, "echo"));
    leat_conn_drain(one->conn);
    turn_until(one->count[CLOSE] == 1);
    ck_assert_int_eq(one->reason, 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("half_close");
    TCase *tcase = tcase_create("half_close");
    tcase_add_checked_fixture(tcase, ends_setup, ends_teardown);
    const TTest *each_wire[] = {half_close_sends_what_is_queued_then_the_end,
        half_closed_connection_is_still_read,
        half_closed_connection_ends_itself_after_the_peer,
        half_close_waits_for_a_slow_reader,
        half_closed_connection_refuses_to_send,
        half_close_then_end_discards_the_answer,
        half_close_after_end_or_close_changes_nothing,
        half_close_inside_on_data_still_gets_the_rest,
        half_close_inside_on_eof_is_an_end,
        half_close_while_paused_tells_the_end_when_resumed,
        half_closed_connection_goes_when_idle,
        half_closed_connection_may_be_drained};
    for (size_t i = 0; i < sizeof each_wire / sizeof each_wire[0]; i++)
        tcase_add_loop_test(tcase, each_wire[i], 0, WIRES);
    tcase_add_test(tcase, half_close_twice_is_one);
    tcase_add_test(tcase, half_close_before_it_is_connected_comes_after);
    tcase_add_test(tcase, half_close_of_an_empty_dial_comes_after_on_open);
    tcase_add_test(tcase, half_closed_connection_tells_of_a_reset);
    suite_add_tcase(suite, tcase);
    return suite;
}
