/*
 * test_dial_early.c - what may be asked of a connection that is dialed and not
 * connected yet, and what its first callbacks may do.
 */
#include "ends.h"

#include <leat/error.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "net/net.h"

static struct leat_addr addr;
static int listener;
static struct side *side;
static struct peer *peer;

/* Dial somebody who will answer; nothing has been told yet. */
static void
dial_someone(enum transport transport)
{
    listener = plain_listen(transport, &addr);
    side = dial_one(&addr);
}

static void
meet(void)
{
    peer = plain_accept(listener);
    turn_until(side->count[OPEN] == 1);
}

/* --- sent to -------------------------------------------------------------- */

START_TEST(what_is_sent_before_leaves_after)
{
    dial_someone((enum transport)_i);
    side_send(side, "one ");
    side_send(side, "two ");
    meet();
    side_send(side, "three");
    turn_until(peer_heard(peer, "one two three"));
    ck_assert_str_eq(side->story, "o");
    ck_assert_uint_eq(rig_stats().bytes_out, 13);
}
END_TEST

START_TEST(queue_that_is_full_before_drains_after)
{
    dialing.conn.queue.high = 4096;
    dial_someone(OVER_TCP4);
    size_t sent = 0;
    while (side_send_keyed(side, 1, sent, 4096) == 0)
        sent += 4096;
    ck_assert(is_full(side));
    ck_assert_int_eq(side_send_keyed(side, 1, sent, 4096), -ENOBUFS);
    peer = plain_accept(listener);
    turn_until(peer_has(peer, sent));
    ck_assert(key_is(peer->bytes, 1, 0, sent));
    ck_assert_str_eq(side->story, "or");
}
END_TEST

START_TEST(source_is_not_read_while_its_dialed_target_is_full)
{
    struct peer *feeder;
    dialing.conn.queue.high = 4096;
    struct side *source = peers_adopt_pair(&feeder);
    dial_someone(OVER_TCP4);
    ck_assert_int_eq(leat_conn_couple(source->conn, side->conn), 0);
    ck_assert_int_eq(side_send_keyed(side, 1, 0, 4096), 0);
    peer_text(feeder, "patience");
    ck_assert(!leat__conn_may_receive(source->conn));
    peer = plain_accept(listener);
    turn_until(source->len == 8);
}
END_TEST

START_TEST(law9_dialed_connection_is_shed_like_any_other)
{
    rig_open(&(struct leat_loop_config){.max_memory = 18000});
    addr = addr_deaf();
    side = dial_one(&addr);
    struct side *small = dial_one(&addr);
    ck_assert_int_eq(side_send_keyed(side, 1, 0, 9000), 0);
    ck_assert_int_eq(side_send_keyed(small, 1, 0, 2000), 0);
    peers_turn();
    ck_assert_int_eq(side->reason, -EDQUOT);
    ck_assert_uint_eq(side->stats.bytes_lost, 9000);
    ck_assert_uint_eq(stats_of(small).queued_bytes, 2000);
}
END_TEST

/* --- ended ---------------------------------------------------------------- */

START_TEST(end_before_sends_everything_then_fin)
{
    dial_someone((enum transport)_i);
    side_send(side, "farewell");
    leat_conn_end(side->conn);
    ck_assert_int_eq(leat_conn_send(side->conn, "x", 1), -ESHUTDOWN);
    peer = plain_accept(listener);
    turn_until(peer_is_over(peer));
    ck_assert(peer->is_ended && peer_heard(peer, "farewell"));
    peer_close(peer);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_str_eq(side->story, "c"); /* it was not to be told */
    ck_assert_int_eq(side->reason, 0);
}
END_TEST

START_TEST(end_before_and_nothing_sent_is_fin)
{
    dial_someone(OVER_TCP4);
    leat_conn_end(side->conn);
    peer = plain_accept(listener);
    turn_until(peer_is_over(peer));
    ck_assert(peer->is_ended);
    peer_close(peer);
    turn_until(side->count[CLOSE] == 1);
}
END_TEST

START_TEST(end_before_an_answer_that_does_not_come_times_out)
{
    addr = addr_deaf();
    side = dial_one(&addr);
    side_send(side, "never");
    leat_conn_end(side->conn);
    peers_turns(2);
    ck_assert_str_eq(side->story, "");
    clock_advance(10 * SEC);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, -ETIMEDOUT);
    ck_assert_uint_eq(side->stats.bytes_lost, 5);
}
END_TEST

START_TEST(close_before_loses_what_was_sent_and_counts_it)
{
    dial_someone((enum transport)_i);
    side_send(side, "lost");
    leat_conn_close(side->conn);
    ck_assert_ptr_null(leat_conn_find(rig.loop, side->id));
    peers_turn();
    ck_assert_str_eq(side->story, "c");
    ck_assert_int_eq(side->reason, 0);
    ck_assert_uint_eq(side->stats.bytes_lost, 4);
    peer = plain_accept(listener);
    turn_until(peer_is_over(peer));
    ck_assert_uint_eq(peer->len, 0);
}
END_TEST

START_TEST(abort_before_resets)
{
    dial_someone(OVER_TCP4);
    peer = plain_accept(listener);
    leat_conn_abort(side->conn);
    peers_turn();
    ck_assert_str_eq(side->story, "c");
    ck_assert_int_eq(side->reason, -ECONNABORTED);
    turn_until(peer_is_over(peer));
    ck_assert_int_eq(peer->error, ECONNRESET);
}
END_TEST

START_TEST(drain_before_serves_until_the_peer_pauses)
{
    peers.act[DATA] = act_echo;
    dial_someone((enum transport)_i);
    side_send(side, "first ");
    leat_conn_drain(side->conn);
    peers_turns(1);
    peer = plain_accept(listener);
    turn_until(peer_heard(peer, "first ") && peer_is_over(peer));
    peer_close(peer);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_str_eq(side->story, "oc");
    ck_assert_int_eq(side->reason, 0);
}
END_TEST

START_TEST(drain_over_a_unix_socket_waits_for_no_reader)
{
    dial_someone(OVER_UNIX);
    side_send(side, "kept");
    leat_conn_drain(side->conn);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_str_eq(side->story, "oc");
    peer = plain_accept(listener);
    turn_until(peer_heard(peer, "kept") && peer_is_over(peer));
}
END_TEST

START_TEST(drain_of_an_unanswered_dial_waits_for_the_answer)
{
    addr = addr_deaf();
    side = dial_one(&addr);
    leat_conn_drain(side->conn);
    peers_turns(5);
    ck_assert_str_eq(side->story, "");
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    ck_assert_int_eq(side->reason, -ETIMEDOUT);
}
END_TEST

START_TEST(destroying_the_loop_ends_a_dial)
{
    addr = addr_deaf();
    side = dial_one(&addr);
    side_send(side, "never");
    struct side *second = dial_one(&addr);
    rig_close();
    ck_assert_str_eq(side->story, "c");
    ck_assert_int_eq(side->reason, -ECANCELED);
    ck_assert_int_eq(second->reason, -ECANCELED);
}
END_TEST

/* --- read ----------------------------------------------------------------- */

START_TEST(pause_before_holds_after)
{
    dial_someone((enum transport)_i);
    leat_conn_pause(side->conn);
    meet();
    peer_text(peer, "hello");
    peers_turns(5);
    ck_assert_str_eq(side->story, "o");
    leat_conn_resume(side->conn);
    turn_until(side_has(side, "hello"));
}
END_TEST

START_TEST(pause_and_resume_before_change_nothing)
{
    dial_someone(OVER_TCP4);
    leat_conn_pause(side->conn);
    leat_conn_resume(side->conn);
    peers_turn();
    ck_assert_str_eq(side->story, "o");
    meet();
    peer_text(peer, "hello");
    turn_until(side_has(side, "hello"));
}
END_TEST

START_TEST(idle_counts_from_the_connection)
{
    dialing.conn.idle_us = SEC;
    dialing.timeout_us = 100 * SEC;
    addr = addr_deaf();
    struct side *deaf = dial_one(&addr);
    dial_someone((enum transport)_i);
    clock_advance(5 * SEC);
    meet();
    clock_advance(SEC - 1);
    peers_turns(2);
    ck_assert_str_eq(side->story, "o");
    clock_advance(1);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, -ETIME);
    ck_assert_str_eq(deaf->story, "");
}
END_TEST

/* --- inside callbacks ----------------------------------------------------- */

static void
send_word(struct side *of)
{
    side_send(of, "word");
}

START_TEST(on_open_may_send)
{
    peers.act[OPEN] = send_word;
    dial_someone((enum transport)_i);
    peers_turn(); /* phase 4, and out in phase 6 of the same turn */
    ck_assert_uint_eq(rig_stats().bytes_out, 4);
    peer = plain_accept(listener);
    turn_until(peer_heard(peer, "word"));
}
END_TEST

START_TEST(on_open_may_end_close_or_abort)
{
    static const act_fn acts[] = {act_end, act_close, act_abort};
    static const int reasons[] = {0, 0, -ECONNABORTED};
    peers.act[OPEN] = acts[_i];
    dial_someone(OVER_TCP4);
    peer = plain_accept(listener);
    turn_until(peer_is_over(peer));
    peer_close(peer);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_str_eq(side->story, "oc");
    ck_assert_int_eq(side->reason, reasons[_i]);
}
END_TEST

static unsigned redials;

static void
dial_again(struct side *of)
{
    (void)of;
    if (redials == 0)
        return;
    redials--;
    side = dial_one(&addr);
}

START_TEST(on_close_may_dial_again)
{
    addr = addr_dead();
    redials = 3;
    peers.act[CLOSE] = dial_again;
    side = dial_one(&addr);
    turn_until(peers.sides == 4 && side->count[CLOSE] == 1);
    ck_assert_uint_eq(rig_stats().closed, 4);
    ck_assert_uint_eq(rig_stats().conns, 0);
}
END_TEST

START_TEST(on_open_may_dial_again)
{
    redials = 5;
    peers.act[OPEN] = dial_again;
    dial_someone(OVER_TCP4);
    turn_until(peers.sides == 6 && side->count[OPEN] == 1);
    ck_assert_uint_eq(rig_stats().conns, 6);
}
END_TEST

static int late_result;

static void
dial_too_late(struct side *of)
{
    struct leat_conn *conn = of->conn;
    late_result = leat_dial(&conn, rig.loop, &addr, 1, &dialing, NULL);
    ck_assert_ptr_null(conn);
}

START_TEST(dial_while_the_loop_is_destroyed_is_refused)
{
    addr = addr_deaf();
    peers.act[CLOSE] = dial_too_late;
    side = dial_one(&addr);
    rig_close();
    ck_assert_int_eq(late_result, -ESHUTDOWN);
}
END_TEST

static void
destroy_loop(struct side *of)
{
    (void)of;
    leat_loop_destroy(rig.loop);
}

START_TEST(on_open_may_destroy_the_loop)
{
    peers.act[OPEN] = destroy_loop;
    dial_someone(OVER_TCP4);
    struct side *second = dial_one(&addr);
    ck_assert_int_eq(leat_loop_step(rig.loop, 0), -ECANCELED);
    rig.loop = NULL;
    ck_assert_uint_eq(side->count[OPEN] + second->count[OPEN], 1);
    ck_assert_int_eq(side->reason, -ECANCELED);
    ck_assert_int_eq(second->reason, -ECANCELED);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("dial_early");
    TCase *tcase = tcase_create("dial_early");
    tcase_add_checked_fixture(tcase, ends_setup, ends_teardown);
    tcase_add_loop_test(tcase, what_is_sent_before_leaves_after, 0, TRANSPORTS);
    tcase_add_test(tcase, queue_that_is_full_before_drains_after);
    tcase_add_test(tcase, source_is_not_read_while_its_dialed_target_is_full);
    tcase_add_test(tcase, law9_dialed_connection_is_shed_like_any_other);
    tcase_add_loop_test(
        tcase, end_before_sends_everything_then_fin, 0, TRANSPORTS);
    tcase_add_test(tcase, end_before_and_nothing_sent_is_fin);
    tcase_add_test(tcase, end_before_an_answer_that_does_not_come_times_out);
    tcase_add_loop_test(
        tcase, close_before_loses_what_was_sent_and_counts_it, 0, TRANSPORTS);
    tcase_add_test(tcase, abort_before_resets);
    tcase_add_loop_test(
        tcase, drain_before_serves_until_the_peer_pauses, 0, TRANSPORTS);
    tcase_add_test(tcase, drain_over_a_unix_socket_waits_for_no_reader);
    tcase_add_test(tcase, drain_of_an_unanswered_dial_waits_for_the_answer);
    tcase_add_test(tcase, destroying_the_loop_ends_a_dial);
    tcase_add_loop_test(tcase, pause_before_holds_after, 0, TRANSPORTS);
    tcase_add_test(tcase, pause_and_resume_before_change_nothing);
    tcase_add_loop_test(tcase, idle_counts_from_the_connection, 0, TRANSPORTS);
    tcase_add_loop_test(tcase, on_open_may_send, 0, TRANSPORTS);
    tcase_add_loop_test(tcase, on_open_may_end_close_or_abort, 0, 3);
    tcase_add_test(tcase, on_close_may_dial_again);
    tcase_add_test(tcase, on_open_may_dial_again);
    tcase_add_test(tcase, dial_while_the_loop_is_destroyed_is_refused);
    tcase_add_test(tcase, on_open_may_destroy_the_loop);
    suite_add_tcase(suite, tcase);
    return suite;
}
