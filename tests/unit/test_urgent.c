/*
 * test_urgent.c - urgent data: told once per mark, kept in its place, never a
 * reason to spin.
 */
#include "peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define BEFORE ((size_t)240 * 1024)

static const enum transport over[] = {OVER_TCP4, OVER_TCP6, OVER_UNIX};

static struct peer *peer;
static struct side *side;

static void
meet(int i)
{
    peers.act[DATA] = act_echo;
    peers_listen(over[i]);
    side = peers_meet(&peer);
}

/* How many selects a loop makes that has nothing to do. */
static void
assert_quiet(void)
{
    uint64_t spins = rig_stats().spins;
    peers_turns(3);
    ck_assert_uint_eq(rig_stats().spins, spins);
    uint64_t callbacks = rig_stats().callbacks;
    peers_turns(10);
    ck_assert_uint_eq(rig_stats().callbacks, callbacks);
}

START_TEST(urgent_byte_stays_in_its_place)
{
    meet(_i);
    peer_text(peer, "ab");
    peer_urgent(peer, '!');
    peer_text(peer, "cd");
    turn_until(peer_heard(peer, "ab!cd"));
    ck_assert(side_has(side, "ab!cd"));
    ck_assert_uint_eq(side->count[URGENT], 1);
    assert_quiet();
}
END_TEST

START_TEST(urgent_byte_alone_is_told_before_it_is_read)
{
    meet(_i);
    peer_urgent(peer, '!');
    turn_until(peer_heard(peer, "!"));
    ck_assert_str_eq(side->story, "oud");
    assert_quiet();
}
END_TEST

static int marks[16];
static size_t mark_count;

static void
note_mark(struct side *at)
{
    marks[mark_count++ % 16] = leat_conn_at_mark(at->conn);
}

/* The bytes before the mark come in a piece of their own, so that the byte
 * that begins the next piece is the urgent one. */
START_TEST(at_mark_tells_the_place)
{
    mark_count = 0;
    peers.act[URGENT] = note_mark;
    meet(_i);
    peers.act[DATA] = note_mark;
    peer_text(peer, "ab");
    peer_urgent(peer, '!');
    peer_text(peer, "cd");
    turn_until(side->len == 5);
    ck_assert_uint_eq(mark_count, 3);
    ck_assert_int_eq(marks[0], 0); /* on_urgent: two bytes are before it */
    ck_assert_int_eq(marks[1], 1); /* after "ab": the next one is it */
    ck_assert_int_eq(marks[2], 0); /* after "!cd" */
    ck_assert_uint_eq(side->cut[0], 2);
    ck_assert_uint_eq(side->cut[1], 3);
}
END_TEST

START_TEST(each_mark_is_told_once)
{
    meet(_i);
    for (unsigned i = 1; i <= 5; i++) {
        peer_text(peer, "abc");
        peer_urgent(peer, '!');
        turn_until(side->len == 4 * i);
        ck_assert_uint_eq(side->count[URGENT], i);
    }
    turn_until(peer_heard(peer, "abc!abc!abc!abc!abc!"));
    assert_quiet();
}
END_TEST

START_TEST(mark_far_ahead_is_told_once_and_loses_nothing)
{
    meet(_i);
    peers.act[DATA] = NULL;
    leat_conn_pause(side->conn);
    int size = (int)BEFORE * 2;
    (void)setsockopt(peer->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    unsigned char *bytes = malloc(BEFORE);
    key_fill(bytes, 9, 0, BEFORE);
    size_t in = 0;
    for (ssize_t n; in < BEFORE; in += (size_t)n) {
        n = send(peer->fd, bytes + in, BEFORE - in, MSG_DONTWAIT);
        if (n < 0) { /* the kernels hold no more: let it be read meanwhile */
            leat_conn_resume(side->conn);
            peers_turns(2);
            n = 0;
        }
    }
    peer_urgent(peer, '!');
    leat_conn_resume(side->conn);
    turn_until(side->len == BEFORE + 1);
    ck_assert(key_is(side->bytes, 9, 0, BEFORE));
    ck_assert_int_eq(side->bytes[BEFORE], '!');
    ck_assert_uint_eq(side->count[URGENT], 1);
    free(bytes);
    assert_quiet();
}
END_TEST

START_TEST(second_mark_before_the_first_is_read_replaces_it)
{
    meet(_i);
    leat_conn_pause(side->conn);
    peer_text(peer, "ab");
    peer_urgent(peer, '!');
    peer_text(peer, "cd");
    peer_urgent(peer, '?');
    peer_text(peer, "ef");
    leat_conn_resume(side->conn);
    turn_until(peer_heard(peer, "ab!cd?ef"));
    ck_assert_uint_eq(side->count[URGENT], 1);
    assert_quiet();
}
END_TEST

static void
second_mark(struct side *at)
{
    if (at->count[URGENT] != 1)
        return;
    peer_urgent(peer, '?');
    peer_text(peer, "end");
}

/* It comes between the telling and the reading. */
START_TEST(second_mark_while_the_first_is_told_loses_nothing)
{
    peers.act[URGENT] = second_mark;
    meet(_i);
    peer_text(peer, "ab");
    peer_urgent(peer, '!');
    turn_until(peer_heard(peer, "ab!?end"));
    ck_assert_uint_ge(side->count[URGENT], 1);
    ck_assert_uint_le(side->count[URGENT], 2);
    assert_quiet();
    peer_urgent(peer, '#'); /* and the next one is told as ever */
    unsigned told = side->count[URGENT];
    turn_until(side->count[URGENT] == told + 1);
    turn_until(peer_heard(peer, "ab!?end#"));
}
END_TEST

START_TEST(paused_connection_is_not_told_and_does_not_spin)
{
    meet(_i);
    leat_conn_pause(side->conn);
    peer_text(peer, "ab");
    peer_urgent(peer, '!');
    assert_quiet();
    ck_assert_uint_eq(side->count[URGENT], 0);
    leat_conn_resume(side->conn);
    turn_until(peer_heard(peer, "ab!"));
    ck_assert_uint_eq(side->count[URGENT], 1);
    assert_quiet();
}
END_TEST

START_TEST(pausing_in_on_urgent_stops_the_reading)
{
    peers.act[URGENT] = act_pause;
    meet(_i);
    peer_text(peer, "ab");
    peer_urgent(peer, '!');
    turn_until(side->count[URGENT] == 1);
    ck_assert_uint_eq(side->count[DATA], 0);
    assert_quiet();
    leat_conn_resume(side->conn);
    turn_until(peer_heard(peer, "ab!"));
    ck_assert_uint_eq(side->count[URGENT], 1);
    assert_quiet();
}
END_TEST

START_TEST(urgent_while_the_queue_is_full_waits)
{
    peers.config.conn.queue = (struct leat_queue_config){.high = 4096};
    meet(_i);
    size_t sent = 0;
    while (!leat_conn_is_full(side->conn)) { /* a peer that does not read */
        if (side_send_keyed(side, 2, sent, 4096) == 0)
            sent += 4096;
        peers_turn();
    }
    peer_urgent(peer, '!');
    peer_text(peer, "ab");
    assert_quiet();
    ck_assert_uint_eq(side->count[URGENT], 0);
    turn_until(peer_has(peer, sent + 3));
    ck_assert(key_is(peer->bytes, 2, 0, sent));
    ck_assert_mem_eq(peer->bytes + sent, "!ab", 3);
    ck_assert_uint_eq(side->count[URGENT], 1);
}
END_TEST

START_TEST(urgent_without_on_urgent_is_only_read)
{
    peers.config.conn.ops = &peers_ops_without_eof;
    meet(_i);
    peer_text(peer, "ab");
    peer_urgent(peer, '!');
    peer_text(peer, "cd");
    turn_until(peer_heard(peer, "ab!cd"));
    assert_quiet();
}
END_TEST

START_TEST(urgent_after_end_is_discarded_quietly)
{
    meet(_i);
    leat_conn_end(side->conn);
    peers_turn();
    peer_text(peer, "ab");
    peer_urgent(peer, '!');
    peers_turns(3);
    ck_assert_uint_eq(side->count[URGENT], 0);
    assert_quiet();
    peer_half_close(peer);
    turn_until(side->count[CLOSE] == 1);
}
END_TEST

START_TEST(mark_that_cannot_be_asked_for_loses_nothing)
{
    meet(_i);
    int fault = fault_sticky("ioctl", 1, ENOTTY);
    peer_text(peer, "ab");
    peer_urgent(peer, '!');
    peer_text(peer, "cd");
    turn_until(peer_heard(peer, "ab!cd"));
    ck_assert_int_eq(leat_conn_at_mark(side->conn), -ENOTTY);
    assert_quiet();
    fault_release(fault);
}
END_TEST

START_TEST(at_mark_passes_on_what_the_kernel_says)
{
    side = peers_adopt_pair(&peer);
    fault_once("ioctl", 1, EINVAL);
    ck_assert_int_eq(leat_conn_at_mark(side->conn), -EINVAL);
    ck_assert_int_eq(leat_conn_at_mark(side->conn), 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("urgent");
    TCase *tcase = tcase_create("urgent");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_loop_test(tcase, urgent_byte_stays_in_its_place, 0, 3);
    tcase_add_loop_test(
        tcase, urgent_byte_alone_is_told_before_it_is_read, 0, 3);
    tcase_add_loop_test(tcase, at_mark_tells_the_place, 0, 3);
    tcase_add_loop_test(tcase, each_mark_is_told_once, 0, 3);
    tcase_add_loop_test(
        tcase, mark_far_ahead_is_told_once_and_loses_nothing, 0, 3);
    tcase_add_loop_test(
        tcase, second_mark_before_the_first_is_read_replaces_it, 0, 3);
    tcase_add_loop_test(
        tcase, second_mark_while_the_first_is_told_loses_nothing, 0, 3);
    tcase_add_loop_test(
        tcase, paused_connection_is_not_told_and_does_not_spin, 0, 3);
    tcase_add_loop_test(tcase, pausing_in_on_urgent_stops_the_reading, 0, 3);
    tcase_add_loop_test(tcase, urgent_while_the_queue_is_full_waits, 0, 3);
    tcase_add_loop_test(tcase, urgent_without_on_urgent_is_only_read, 0, 3);
    tcase_add_loop_test(tcase, urgent_after_end_is_discarded_quietly, 0, 3);
    tcase_add_loop_test(
        tcase, mark_that_cannot_be_asked_for_loses_nothing, 0, 3);
    tcase_add_test(tcase, at_mark_passes_on_what_the_kernel_says);
    suite_add_tcase(suite, tcase);
    return suite;
}
