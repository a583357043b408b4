/*
 * test_ends.c - two connections that are each other's peer: bytes, frames and
 * back-pressure, over TCP, unix sockets and a pair alike.
 */
#include "ends.h"

#include <leat/error.h>

#include <errno.h>
#include <string.h>

#include "net/net.h"

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

/* --- bytes ---------------------------------------------------------------- */

START_TEST(text_goes_there_and_back)
{
    ends_meet((enum wire)_i);
    other_acts(DATA, act_echo);
    side_send(one, "hello");
    turn_until(side_has(one, "hello"));
    ck_assert_str_eq(one->story, "d");
    ck_assert_str_eq(other->story, "d");
    ck_assert_uint_eq(stats_of(one).bytes_out, 5);
    ck_assert_uint_eq(stats_of(one).bytes_in, 5);
    ck_assert_uint_eq(stats_of(other).msgs_in, 1);
    ck_assert_uint_eq(stats_of(other).msgs_out, 1);
}
END_TEST

START_TEST(one_byte_at_a_time_arrives_in_order)
{
    ends_meet((enum wire)_i);
    other_acts(DATA, act_echo);
    for (size_t i = 0; i < 100; i++) {
        ck_assert_int_eq(side_send_keyed(one, 2, i, 1), 0);
        turn_until(one->len == i + 1);
    }
    ck_assert(key_is(one->bytes, 2, 0, 100));
}
END_TEST

/* What each side has sent of its stream, whose key is its place. */
static size_t sent[2], wanted;

static unsigned
key_of(const struct side *side)
{
    return side == other;
}

/* Send on while there is room: never refused, as high is below the limit. */
static void
feed(struct side *side)
{
    size_t *at = &sent[key_of(side)];
    while (*at < wanted && !is_full(side)) {
        size_t n = 5000 + *at % 40000;
        n = n < wanted - *at ? n : wanted - *at;
        ck_assert_int_eq(side_send_keyed(side, key_of(side), *at, n), 0);
        *at += n;
    }
}

/* Neither sends because of what it gets, so neither waits for its own queue. */
static void
feed_both(size_t bytes)
{
    sent[0] = sent[1] = 0;
    wanted = bytes;
    leat_conn_uncouple(one->conn, one->conn);
    leat_conn_uncouple(other->conn, other->conn);
    one_acts(DRAIN, feed);
    other_acts(DRAIN, feed);
    feed(one);
    feed(other);
}

static void
expect_all(const struct side *side, size_t bytes)
{
    turn_until(side->len >= bytes);
    ck_assert_uint_eq(side->len, bytes);
    ck_assert(key_is(side->bytes, !key_of(side), 0, bytes));
}

START_TEST(megabyte_each_way_at_once_arrives_whole)
{
    ends_meet((enum wire)_i);
    feed_both(MIB + 1);
    expect_all(one, MIB + 1);
    expect_all(other, MIB + 1);
    ck_assert_uint_eq(rig_stats().drops, 0);
    ck_assert_uint_eq(rig_stats().memory, 0);
    ck_assert_uint_eq(rig_stats().bytes_in, 2 * (MIB + 1));
    ck_assert_uint_ge(one->count[DRAIN], 3);
}
END_TEST

START_TEST(megabyte_is_echoed_whole)
{
    ends_meet((enum wire)_i);
    other_acts(DATA, act_echo);
    sent[0] = 0;
    wanted = MIB;
    leat_conn_uncouple(one->conn, one->conn);
    one_acts(DRAIN, feed);
    feed(one);
    turn_until(one->len >= MIB);
    ck_assert(key_is(one->bytes, 0, 0, MIB));
    ck_assert_uint_eq(one->len, MIB);
}
END_TEST

START_TEST(many_messages_are_many_and_in_order)
{
    /* Under this policy none is merged with another. */
    ends_config[0].queue.policy = LEAT_DROP_NEW;
    ends_meet((enum wire)_i);
    for (size_t i = 0; i < 3000; i++)
        ck_assert_int_eq(side_send_keyed(one, 9, i, 1), 0);
    ck_assert_uint_eq(stats_of(one).queued_msgs, 3000);
    turn_until(other->len == 3000);
    ck_assert(key_is(other->bytes, 9, 0, 3000));
    ck_assert_uint_eq(rig_stats().drops, 0);
}
END_TEST

START_TEST(message_may_be_shared_by_both)
{
    struct leat_message *message;
    ends_meet((enum wire)_i);
    int error = leat_message_create(&message, rig.loop, "to all", 6);
    ck_assert_int_eq(error, 0);
    ck_assert_int_eq(leat_conn_send_message(one->conn, message), 0);
    ck_assert_int_eq(leat_conn_send_message(other->conn, message), 0);
    ck_assert_uint_eq(rig_stats().memory, 6);
    leat_message_unref(message);
    turn_until(side_has(one, "to all") && side_has(other, "to all"));
    ck_assert_uint_eq(rig_stats().memory, 0);
}
END_TEST

static void
take_time(struct side *side)
{
    (void)side;
    clock_advance(1000);
}

START_TEST(small_time_budget_loses_nothing)
{
    ends_meet((enum wire)_i);
    leat_loop_set_budget(rig.loop, 1);
    one_acts(DATA, take_time);
    other_acts(DATA, take_time);
    feed_both(600 * KIB);
    expect_all(one, 600 * KIB);
    expect_all(other, 600 * KIB);
}
END_TEST

/* --- frames --------------------------------------------------------------- */

START_TEST(lines_are_put_together_and_taken_apart)
{
    ends_config[1].frame.kind = LEAT_LINE;
    ends_meet((enum wire)_i);
    side_send(one, "first\r\nsec");
    turn_until(other->count[MESSAGE] == 1);
    side_send(one, "ond\n\nlast");
    turn_until(other->count[MESSAGE] == 3);
    leat_conn_end(one->conn);
    turn_until(other->count[ENDED] == 1);
    ck_assert(side_has(other, "firstsecondlast"));
    ck_assert_str_eq(other->story, "mmmme");
    ck_assert_uint_eq(other->cut[2], 0);
}
END_TEST

START_TEST(prefixed_frames_come_whole)
{
    ends_config[1].frame =
        (struct leat_frame_config){.kind = LEAT_PREFIX, .size = 2};
    static const char stream[] = "\0\3abc\0\0\0\1d";
    ends_meet((enum wire)_i);
    for (size_t i = 0; i < 8; i++)
        ck_assert_int_eq(leat_conn_send(one->conn, &stream[i], 1), 0);
    turn_until(other->count[MESSAGE] == 2);
    ck_assert_int_eq(leat_conn_send(one->conn, "\1d", 2), 0);
    turn_until(other->count[MESSAGE] == 3);
    ck_assert(side_has(other, "abcd"));
}
END_TEST

START_TEST(frame_that_is_cut_off_is_told_by_its_length)
{
    ends_config[1].frame =
        (struct leat_frame_config){.kind = LEAT_FIXED, .size = 16};
    ends_meet((enum wire)_i);
    side_send(one, "sixteen octets, ");
    side_send(one, "and ten");
    leat_conn_end(one->conn);
    turn_until(other->count[ENDED] == 1);
    ck_assert_str_eq(other->story, "me");
    ck_assert_uint_eq(other->partial, 7);
}
END_TEST

START_TEST(frame_that_is_too_long_ends_with_emsgsize)
{
    ends_config[1].frame =
        (struct leat_frame_config){.kind = LEAT_LINE, .max = 10};
    ends_meet((enum wire)_i);
    side_send(one, "short\nmuch too long\n");
    turn_until(other->count[CLOSE] == 1);
    ck_assert_int_eq(other->reason, -EMSGSIZE);
    ck_assert(side_has(other, "short"));
    turn_until(one->count[ENDED] + one->count[CLOSE] > 0);
}
END_TEST

static void
answer_with_a_kib(struct side *side)
{
    size_t n = side->count[MESSAGE] - 1;
    ck_assert_int_eq(side_send_keyed(side, 5, n * KIB, KIB), 0);
}

START_TEST(held_input_waits_for_room)
{
    ends_config[1].frame.kind = LEAT_LINE;
    ends_config[1].queue.high = 4 * KIB;
    ends_meet((enum wire)_i);
    other_acts(MESSAGE, answer_with_a_kib);
    for (int i = 0; i < 50; i++)
        side_send(one, "line\n");
    turn_until(other->count[MESSAGE] > 0);
    ck_assert_uint_eq(other->count[MESSAGE], 4); /* to high and no further */
    ck_assert_uint_eq(stats_of(other).held_bytes, 46 * 5);
    turn_until(one->len >= 50 * KIB);
    ck_assert(key_is(one->bytes, 5, 0, 50 * KIB));
    ck_assert_uint_eq(other->count[MESSAGE], 50);
    ck_assert_uint_eq(stats_of(other).held_bytes, 0);
    ck_assert_uint_eq(rig_stats().drops, 0);
}
END_TEST

START_TEST(held_input_waits_for_resume)
{
    ends_config[1].frame.kind = LEAT_LINE;
    ends_meet((enum wire)_i);
    other_acts(MESSAGE, act_pause);
    side_send(one, "a\nb\nc\n");
    leat_conn_end(one->conn);
    for (unsigned i = 1; i <= 3; i++) {
        turn_until(other->count[MESSAGE] == i);
        peers_turns(5);
        ck_assert_uint_eq(other->count[MESSAGE], i);
        ck_assert_uint_eq(other->count[ENDED], 0);
        leat_conn_resume(other->conn);
    }
    turn_until(other->count[ENDED] == 1);
}
END_TEST

/* --- back-pressure -------------------------------------------------------- */

/* Until no more leaves: the kernel has no room, or there is none. */
static void
feed_until_stuck(struct side *side)
{
    uint64_t before = 0;
    sent[0] = sent[1] = 0;
    wanted = 64 * MIB;
    for (unsigned quiet = 0; quiet < 50; quiet++) {
        feed(side);
        peers_turn();
        if (rig_stats().bytes_out != before)
            quiet = 0;
        before = rig_stats().bytes_out;
    }
}

START_TEST(reader_that_pauses_stops_the_sender)
{
    ends_meet((enum wire)_i);
    leat_conn_pause(one->conn);
    feed_until_stuck(other);
    ck_assert(is_full(other));
    ck_assert_str_eq(one->story, "");
    ck_assert_uint_le(rig_stats().memory, 320 * KIB);
    size_t total = sent[1];
    other_acts(DRAIN, NULL);
    leat_conn_resume(one->conn);
    turn_until(one->len >= total);
    ck_assert_uint_eq(one->len, total);
    ck_assert(key_is(one->bytes, 1, 0, total));
    ck_assert(!is_full(other));
}
END_TEST

/* So that a megabyte is more than anybody's buffers. */
static void
meet_with_little_room(enum wire wire)
{
    for (int i = 0; i < 2; i++)
        ends_config[i].sndbuf = ends_config[i].rcvbuf = 64 * KIB;
    ends_meet(wire);
}

START_TEST(sender_that_is_full_is_not_read)
{
    meet_with_little_room((enum wire)_i);
    other_acts(DATA, act_echo);
    leat_conn_uncouple(one->conn, one->conn);
    leat_conn_pause(one->conn);
    sent[0] = 0;
    wanted = MIB;
    for (unsigned i = 0; i < 500; i++) {
        feed(one);
        peers_turn();
        ck_assert(!is_full(other) || !leat__conn_may_receive(other->conn));
    }
    ck_assert(is_full(one) && is_full(other));
    ck_assert_uint_le(rig_stats().memory, 640 * KIB);
    one_acts(DRAIN, feed);
    leat_conn_resume(one->conn);
    feed(one);
    turn_until(one->len == wanted);
    ck_assert(key_is(one->bytes, 0, 0, wanted));
    ck_assert_uint_eq(rig_stats().drops, 0);
}
END_TEST

START_TEST(two_who_stream_wait_for_each_other_until_one_is_uncoupled)
{
    meet_with_little_room((enum wire)_i);
    sent[0] = sent[1] = 0;
    wanted = MIB;
    one_acts(DRAIN, feed);
    other_acts(DRAIN, feed);
    feed(one);
    feed(other);
    for (unsigned i = 0; i < 500; i++)
        peers_turn();
    ck_assert(is_full(one) && is_full(other));
    leat_conn_uncouple(one->conn, one->conn);
    leat_conn_uncouple(one->conn, one->conn);
    turn_until(one->len == wanted && other->len == wanted);
    ck_assert(key_is(one->bytes, 1, 0, wanted));
    ck_assert(key_is(other->bytes, 0, 0, wanted));
}
END_TEST

START_TEST(coupling_to_itself_is_undone_and_done_again)
{
    ends_config[0].queue.high = 4 * KIB;
    ends_meet((enum wire)_i);
    ck_assert_int_eq(side_send_keyed(one, 0, 0, 4 * KIB), 0);
    ck_assert(!leat__conn_may_receive(one->conn));
    leat_conn_uncouple(one->conn, one->conn);
    ck_assert(leat__conn_may_receive(one->conn));
    ck_assert_int_eq(leat_conn_couple(one->conn, one->conn), 0);
    ck_assert_int_eq(leat_conn_couple(one->conn, one->conn), 0);
    ck_assert(!leat__conn_may_receive(one->conn));
    turn_until(other->len == 4 * KIB);
    peers_turn();
    ck_assert(leat__conn_may_receive(one->conn));
}
END_TEST

static struct side *sink;

static void
forward(struct side *side)
{
    ck_assert_int_eq(leat_conn_send(sink->conn, side->now, side->now_len), 0);
}

START_TEST(coupled_source_waits_for_its_target)
{
    struct peer *reader;
    ends_meet((enum wire)_i);
    peers.config.conn = (struct leat_conn_config){.ops = &own_ops};
    sink = peers_adopt_pair(&reader);
    ck_assert_int_eq(leat_conn_couple(other->conn, sink->conn), 0);
    other_acts(DATA, forward);
    feed_until_stuck(one);
    ck_assert(is_full(sink) && is_full(one));
    size_t total = sent[0];
    turn_until(peer_has(reader, total));
    ck_assert(key_is(reader->bytes, 0, 0, total));
    ck_assert_uint_eq(rig_stats().drops, 0);
}
END_TEST

START_TEST(law9_largest_queue_is_shed)
{
    rig_open(&(struct leat_loop_config){.max_memory = 100000});
    ends_meet((enum wire)_i);
    ck_assert_int_eq(side_send_keyed(one, 0, 0, 60000), 0);
    ck_assert_int_eq(side_send_keyed(other, 1, 0, 50000), 0);
    turn_until(one->count[CLOSE] == 1);
    ck_assert_int_eq(one->reason, -EDQUOT);
    ck_assert_uint_eq(one->stats.bytes_lost, 60000);
    turn_until(other->count[ENDED] + other->count[CLOSE] > 0);
    ck_assert_uint_eq(other->len, 0);
    ck_assert_uint_eq(rig_stats().shed, 1);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("ends");
    TCase *tcase = tcase_create("ends");
    tcase_add_checked_fixture(tcase, ends_setup, ends_teardown);
    const TTest *const tests[] = {text_goes_there_and_back,
        one_byte_at_a_time_arrives_in_order,
        megabyte_each_way_at_once_arrives_whole, megabyte_is_echoed_whole,
        many_messages_are_many_and_in_order, message_may_be_shared_by_both,
        small_time_budget_loses_nothing, lines_are_put_together_and_taken_apart,
        prefixed_frames_come_whole, frame_that_is_cut_off_is_told_by_its_length,
        frame_that_is_too_long_ends_with_emsgsize, held_input_waits_for_room,
        held_input_waits_for_resume, reader_that_pauses_stops_the_sender,
        sender_that_is_full_is_not_read,
        two_who_stream_wait_for_each_other_until_one_is_uncoupled,
        coupling_to_itself_is_undone_and_done_again,
        coupled_source_waits_for_its_target, law9_largest_queue_is_shed};
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_loop_test(tcase, tests[i], 0, WIRES);
    suite_add_tcase(suite, tcase);
    return suite;
}
