/*
 * test_pair.c - leat_conn_pair: what a pair has of its own. What it has in
 * common with sockets is in test_ends.c and test_ends_over.c.
 */
#include "ends.h"

#include <leat/error.h>
#include <leat/sets.h>

#include <errno.h>
#include <string.h>

#include "net/net.h"

#define KIB ((size_t)1024)

/* How long the loop would wait now. */
static int64_t
wait_us(void)
{
    struct leat_sets sets;
    ck_assert_int_eq(leat_loop_prepare(rig.loop, &sets), 0);
    return sets.timeout_us;
}

/* --- run ------------------------------------------------------------------ */

static void
wake(struct leat_loop *loop, void *arg)
{
    (void)arg;
    leat_loop_stop(loop);
}

static void
post_the_end(void)
{
    ck_assert_int_eq(leat_loop_post(rig.loop, wake, NULL), 0);
}

/* How often run waits before it returns by itself, or is stopped. */
static unsigned
waits_of_run(void)
{
    unsigned before = rig.waits;
    rig.on_wait = post_the_end;
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    rig.on_wait = NULL;
    return rig.waits - before;
}

/* No descriptor of theirs says so. */
START_TEST(run_goes_on_while_there_is_one_connection_and_no_longer)
{
    ends_meet(WIRE_PAIR);
    ck_assert_uint_eq(waits_of_run(), 1);
    leat_conn_close(one->conn);
    peers_turns(3);
    ck_assert_uint_eq(rig_stats().conns, 1);
    ck_assert_uint_eq(waits_of_run(), 1);
    leat_conn_close(other->conn);
    peers_turns(3);
    ck_assert_uint_eq(rig_stats().conns, 0);
    ck_assert_uint_eq(waits_of_run(), 0);
}
END_TEST

/* --- made ----------------------------------------------------------------- */

START_TEST(pair_has_ids_users_and_no_address)
{
    struct leat_addr addr;
    ends_meet(WIRE_PAIR);
    ck_assert_uint_ne(one->id, other->id);
    ck_assert_ptr_eq(leat_conn_find(rig.loop, one->id), one->conn);
    ck_assert_ptr_eq(leat_conn_find(rig.loop, other->id), other->conn);
    ck_assert_ptr_eq(leat_conn_user(one->conn), one);
    ck_assert_ptr_eq(leat_conn_user(other->conn), other);
    ck_assert_ptr_eq(leat_conn_loop(other->conn), rig.loop);
    ck_assert_int_eq(leat_conn_peer(one->conn, &addr), -ENOTCONN);
    ck_assert_int_eq(leat_conn_at_mark(one->conn), -EINVAL);
    ck_assert_uint_eq(rig_stats().conns, 2);
}
END_TEST

START_TEST(pair_is_never_told_on_open)
{
    ends_meet(WIRE_PAIR);
    side_send(one, "x");
    peers_turns(5);
    ck_assert_uint_eq(one->count[OPEN] + other->count[OPEN], 0);
    ck_assert_str_eq(other->story, "d");
}
END_TEST

START_TEST(pair_refuses_what_it_cannot_use)
{
    struct leat_conn *out[2];
    void *users[2] = {NULL, NULL};
    ends_config[_i].idle_us = -1;
    memset(out, 1, sizeof out);
    ck_assert_int_eq(
        leat_conn_pair(out, rig.loop, ends_config, users), -EINVAL);
    ck_assert_ptr_null(out[0]);
    ck_assert_ptr_null(out[1]);
    ends_config[_i] = (struct leat_conn_config){.ops = NULL};
    ck_assert_int_eq(
        leat_conn_pair(out, rig.loop, ends_config, users), -EINVAL);
    ck_assert_uint_eq(rig_stats().conns, 0);
}
END_TEST

START_TEST(each_failed_allocation_leaves_nothing_behind)
{
    struct leat_conn *out[2];
    void *users[2] = {NULL, NULL};
    static const struct leat_conn_ops none;
    ends_config[0].ops = ends_config[1].ops = &none;
    bool has_fired = true;
    unsigned nth = 0;
    while (has_fired) {
        rig_open(NULL);
        int fault = fault_once("realloc", ++nth, ENOMEM);
        int error = leat_conn_pair(out, rig.loop, ends_config, users);
        has_fired = fault_fired(fault) > 0;
        fault_release(fault);
        ck_assert_int_eq(error, has_fired ? -ENOMEM : 0);
        ck_assert_uint_eq(rig_stats().conns, has_fired ? 0 : 2);
        ck_assert(has_fired == (out[0] == NULL && out[1] == NULL));
        error = leat_conn_pair(out, rig.loop, ends_config, users);
        ck_assert_int_eq(error, 0);
    }
    ck_assert_uint_ge(nth, 5);
}
END_TEST

static int late_result;

static void
pair_too_late(struct side *side)
{
    (void)side;
    struct leat_conn *out[2];
    void *users[2] = {NULL, NULL};
    late_result = leat_conn_pair(out, rig.loop, ends_config, users);
    ck_assert_ptr_null(out[0]);
}

START_TEST(pair_while_the_loop_is_destroyed_is_refused)
{
    ends_meet(WIRE_PAIR);
    one_acts(CLOSE, pair_too_late);
    rig_close();
    ck_assert_int_eq(late_result, -ESHUTDOWN);
}
END_TEST

/* --- turns ---------------------------------------------------------------- */

START_TEST(what_is_sent_leaves_in_phase_6_and_arrives_in_the_next_3)
{
    ends_meet(WIRE_PAIR);
    side_send(one, "hello");
    ck_assert_int_eq(wait_us(), 0);
    peers_turn();
    ck_assert_uint_eq(other->len, 0);
    ck_assert_uint_eq(stats_of(one).bytes_out, 0);
    peers_turn();
    ck_assert(side_has(other, "hello"));
    ck_assert_uint_eq(stats_of(one).bytes_out, 5);
    ck_assert_uint_eq(stats_of(one).queued_bytes, 0);
}
END_TEST

/* One of the two is served after the other has answered in this very turn. */
static void
play(struct side *side)
{
    ck_assert_uint_eq(side->now_len, 3); /* without that answer */
    act_echo(side);
}

START_TEST(nothing_is_received_in_the_turn_that_sent_it)
{
    ends_meet(WIRE_PAIR);
    one_acts(DATA, play);
    other_acts(DATA, play);
    side_send(one, "to ");
    side_send(other, "fro");
    peers_turns(51);
    ck_assert_uint_eq(one->len, 50 * 3);
    ck_assert_uint_eq(other->len, 50 * 3);
}
END_TEST

START_TEST(law6_a_turn_brings_a_chunk_at_most)
{
    ends_meet(WIRE_PAIR);
    ck_assert_int_eq(side_send_keyed(one, 3, 0, 600 * KIB), 0);
    for (unsigned i = 0; i < 11; i++)
        peers_turn();
    ck_assert_uint_eq(other->count[DATA], 10);
    for (int i = 0; i < 9; i++)
        ck_assert_uint_eq(other->cut[i], 64 * KIB);
    ck_assert(key_is(other->bytes, 3, 0, 600 * KIB));
}
END_TEST

START_TEST(law5_waits_for_nothing_that_cannot_go_on)
{
    ends_meet(WIRE_PAIR);
    ck_assert_int_ne(wait_us(), 0);
    leat_conn_pause(other->conn);
    side_send(one, "wait");
    peers_turns(2);
    ck_assert_int_ne(wait_us(), 0); /* queued, and nobody may take it */
    leat_conn_resume(other->conn);
    ck_assert_int_eq(wait_us(), 0);
    peers_turn();
    ck_assert(side_has(other, "wait"));
    peers_turn();
    ck_assert_int_ne(wait_us(), 0);
}
END_TEST

/* select() for the wait, the clock and memory are all it needs. */
START_TEST(pair_makes_no_system_call)
{
    static const char *const may[] = {
        "select", "clock_gettime", "realloc", "free"};
    own_ops.on_eof = NULL;
    ends_meet(WIRE_PAIR);
    kernel_reset_calls();
    other_acts(DATA, act_echo);
    side_send(one, "hello");
    peers_turns(5);
    ck_assert(side_has(one, "hello"));
    leat_conn_end(one->conn);
    leat_conn_drain(other->conn);
    peers_turns(10);
    ck_assert_uint_eq(rig_stats().conns, 0);
    const char *name;
    for (unsigned i = 0; (name = kernel_call_name(i)) != NULL; i++) {
        bool is_allowed = false;
        for (size_t j = 0; j < sizeof may / sizeof may[0]; j++)
            is_allowed |= strcmp(name, may[j]) == 0;
        ck_assert_msg(is_allowed || kernel_calls(name) == 0, "%s", name);
    }
}
END_TEST

START_TEST(law9_pair_once_warm_makes_no_allocator_call)
{
    uint64_t allocs = 0;
    for (int i = 0; i < 20; i++) {
        if (i == 3)
            allocs = rig_stats().allocs;
        ends_meet(WIRE_PAIR);
        ck_assert_int_eq(side_send_keyed(one, 3, 0, 50 * KIB), 0);
        turn_until(other->len == 50 * KIB);
        leat_conn_close(one->conn);
        leat_conn_close(other->conn);
        turn_until(rig_stats().conns == 0);
    }
    ck_assert_uint_eq(rig_stats().allocs, allocs);
}
END_TEST

START_TEST(drain_does_not_close_on_what_is_on_its_way)
{
    ends_meet(WIRE_PAIR);
    side_send(other, "late");
    leat_conn_drain(one->conn); /* finds nothing, and ends: phase 6 */
    peers_turn();
    ck_assert_uint_eq(one->count[CLOSE], 0);
    ck_assert_int_eq(wait_us(), 0);
    peers_turn();
    ck_assert_uint_eq(stats_of(one).bytes_in, 4);
    clock_advance(10 * MSEC);
    peers_turn();
    ck_assert_uint_eq(one->count[CLOSE], 1);
    leat_conn_end(other->conn);
    turn_until(other->count[CLOSE] == 1);
    ck_assert_int_eq(other->reason, LEAT_EOF);
    ck_assert_uint_eq(other->stats.bytes_lost, 0);
}
END_TEST

START_TEST(drain_of_both_takes_no_turn_for_nothing)
{
    own_ops.on_eof = NULL;
    ends_meet(WIRE_PAIR);
    leat_conn_end(one->conn);
    leat_conn_drain(other->conn);
    for (int i = 0; i < 5; i++)
        peers_turn();
    ck_assert_uint_eq(rig_stats().conns, 0);
}
END_TEST

/* --- lost ----------------------------------------------------------------- */

START_TEST(close_loses_what_the_other_has_not_taken)
{
    ends_meet(WIRE_PAIR);
    leat_conn_pause(other->conn);
    side_send(one, "sent, and not received");
    peers_turns(3);
    leat_conn_close(one->conn);
    leat_conn_resume(other->conn);
    turn_until(other->count[ENDED] == 1);
    ck_assert_uint_eq(other->len, 0);
    ck_assert_uint_eq(one->stats.bytes_lost, 22);
    ck_assert_uint_eq(rig_stats().bytes_lost, 22);
}
END_TEST

START_TEST(bytes_for_one_who_has_closed_are_lost_with_epipe)
{
    ends_meet(WIRE_PAIR);
    leat_conn_pause(one->conn);
    side_send(other, "not received");
    peers_turns(3);
    leat_conn_close(one->conn);
    turn_until(other->count[CLOSE] == 1);
    ck_assert_int_eq(other->reason, -EPIPE);
    ck_assert_uint_eq(other->stats.bytes_lost, 12);
}
END_TEST

START_TEST(paused_one_notices_an_abort_when_it_sends)
{
    ends_meet(WIRE_PAIR);
    leat_conn_pause(other->conn);
    leat_conn_abort(one->conn);
    peers_turns(3);
    ck_assert_str_eq(other->story, "");
    side_send(other, "hello?");
    peers_turn();
    ck_assert_int_eq(leat_conn_send(other->conn, "x", 1), -ECONNRESET);
    ck_assert_str_eq(other->story, "");
    leat_conn_resume(other->conn);
    peers_turn();
    ck_assert_str_eq(other->story, "c");
    ck_assert_int_eq(other->reason, -ECONNRESET);
}
END_TEST

START_TEST(held_input_is_delivered_before_the_reset)
{
    ends_config[1].frame.kind = LEAT_LINE;
    ends_meet(WIRE_PAIR);
    other_acts(MESSAGE, act_pause);
    side_send(one, "a\nb\nc\n");
    turn_until(other->count[MESSAGE] == 1);
    leat_conn_abort(one->conn);
    for (unsigned i = 2; i <= 3; i++) {
        leat_conn_resume(other->conn);
        peers_turn();
        ck_assert_uint_eq(other->count[MESSAGE], i);
    }
    leat_conn_resume(other->conn);
    turn_until(other->count[CLOSE] == 1);
    ck_assert_str_eq(other->story, "mmmc");
    ck_assert_int_eq(other->reason, -ECONNRESET);
}
END_TEST

START_TEST(oldest_are_dropped_but_never_one_that_is_partly_received)
{
    ends_config[0].queue = (struct leat_queue_config){
        .policy = LEAT_DROP_OLD, .limit = 256 * KIB, .high = 100 * KIB};
    ends_meet(WIRE_PAIR);
    ck_assert_int_eq(side_send_keyed(one, 1, 0, 100 * KIB), 0);
    ck_assert_int_eq(side_send_keyed(one, 2, 0, 100 * KIB), 0);
    peers_turns(2);
    ck_assert_uint_eq(other->len, 64 * KIB); /* of the first */
    ck_assert_int_eq(side_send_keyed(one, 3, 0, 150 * KIB), 0);
    turn_until(other->len == 250 * KIB);
    ck_assert_uint_eq(stats_of(one).drops, 1); /* the second */
    ck_assert(key_is(other->bytes, 1, 0, 100 * KIB));
    ck_assert(key_is(other->bytes + 100 * KIB, 3, 0, 150 * KIB));
}
END_TEST

START_TEST(coupled_to_its_own_twin_it_only_waits_longer)
{
    ends_config[0].queue.high = 4 * KIB;
    ends_meet(WIRE_PAIR);
    ck_assert_int_eq(leat_conn_couple(other->conn, one->conn), 0);
    ck_assert_int_eq(side_send_keyed(one, 1, 0, 4 * KIB), 0);
    peers_turns(5);
    ck_assert_uint_eq(other->len, 0); /* it could never be read */
    leat_conn_uncouple(other->conn, one->conn);
    turn_until(other->len == 4 * KIB);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("pair");
    TCase *tcase = tcase_create("pair");
    tcase_add_checked_fixture(tcase, ends_setup, ends_teardown);
    tcase_add_test(
        tcase, run_goes_on_while_there_is_one_connection_and_no_longer);
    tcase_add_test(tcase, pair_has_ids_users_and_no_address);
    tcase_add_test(tcase, pair_is_never_told_on_open);
    tcase_add_loop_test(tcase, pair_refuses_what_it_cannot_use, 0, 2);
    tcase_add_test(tcase, each_failed_allocation_leaves_nothing_behind);
    tcase_add_test(tcase, pair_while_the_loop_is_destroyed_is_refused);
    tcase_add_test(
        tcase, what_is_sent_leaves_in_phase_6_and_arrives_in_the_next_3);
    tcase_add_test(tcase, nothing_is_received_in_the_turn_that_sent_it);
    tcase_add_test(tcase, law6_a_turn_brings_a_chunk_at_most);
    tcase_add_test(tcase, law5_waits_for_nothing_that_cannot_go_on);
    tcase_add_test(tcase, pair_makes_no_system_call);
    tcase_add_test(tcase, law9_pair_once_warm_makes_no_allocator_call);
    tcase_add_test(tcase, drain_does_not_close_on_what_is_on_its_way);
    tcase_add_test(tcase, drain_of_both_takes_no_turn_for_nothing);
    tcase_add_test(tcase, close_loses_what_the_other_has_not_taken);
    tcase_add_test(tcase, bytes_for_one_who_has_closed_are_lost_with_epipe);
    tcase_add_test(tcase, paused_one_notices_an_abort_when_it_sends);
    tcase_add_test(tcase, held_input_is_delivered_before_the_reset);
    tcase_add_test(
        tcase, oldest_are_dropped_but_never_one_that_is_partly_received);
    tcase_add_test(tcase, coupled_to_its_own_twin_it_only_waits_longer);
    suite_add_tcase(suite, tcase);
    return suite;
}
