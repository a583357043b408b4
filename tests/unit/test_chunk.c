/*
 * test_chunk.c - input that is sent on as it came: the chunk that recv filled
 * is queued itself, and nobody can tell but by the copy that is not made.
 */
#include "peers.h"

#include <errno.h>

#include "net/net.h"

/* More than half of a chunk: a copy would need as large a block. */
#define MANY ((size_t)60000)
#define HALF (LEAT__CHUNK / 2)

static struct peer *peer;
static struct side *side, *other;
static struct peer *other_peer;

static void
setup(void)
{
    peers_setup();
    side = peers_adopt_pair(&peer);
}

static struct leat__net *
net(void)
{
    return rig.loop->net;
}

/* The newest message of a queue is the chunk that is being delivered. */
static bool
has_chunk(const struct side *of)
{
    const struct leat__queue *queue = &of->conn->queue;
    return queue->count > 0 &&
           leat__queue_at(queue, queue->count - 1) == net()->chunk;
}

/* What the test does with its first n bytes. */
static size_t first;
static bool was_shared;

static void
send_first(struct side *of)
{
    ck_assert_int_eq(leat_conn_send(of->conn, of->now, first), 0);
    was_shared = has_chunk(of);
}

static void
say_one_chunk(void)
{
    peer_say_keyed(peer, 1, MANY);
    turn_until(side->len == MANY);
    ck_assert_uint_eq(side->cut[0], MANY);
}

/* --- who gets it ---------------------------------------------------------- */

START_TEST(more_than_half_a_chunk_is_queued_without_a_copy)
{
    peers.act[DATA] = send_first;
    first = MANY;
    say_one_chunk();
    ck_assert(was_shared);
    turn_until(peer_has(peer, MANY));
    ck_assert(key_is(peer->bytes, 1, 0, MANY));
}
END_TEST

START_TEST(the_beginning_of_a_chunk_is_queued_if_its_block_would_be_as_large)
{
    peers.act[DATA] = send_first;
    first = _i == 0 ? HALF : HALF + 1;
    say_one_chunk();
    ck_assert_int_eq(was_shared, _i == 1);
    turn_until(peer_has(peer, first));
    ck_assert(key_is(peer->bytes, 1, 0, first));
}
END_TEST

static void
echo_and_compare(struct side *of)
{
    act_echo(of);
    ck_assert_int_eq(has_chunk(of), of->now == net()->chunk->bytes);
}

START_TEST(a_frame_that_begins_a_chunk_is_queued_without_a_copy)
{
    peers.config.conn.frame = (struct leat_frame_config){
        .kind = LEAT_FIXED, .size = 40000, .max = 40000};
    other = peers_adopt_pair(&other_peer);
    peers.act[MESSAGE] = echo_and_compare;
    peer_say_keyed(other_peer, 1, MANY); /* one and a half */
    turn_until(peer_has(other_peer, 40000));
    ck_assert_uint_eq(other->count[MESSAGE], 1);
    peer_say_keyed(other_peer, 2, 20000);
    turn_until(peer_has(other_peer, 80000));
    ck_assert(key_is(other_peer->bytes, 1, 0, MANY));
    ck_assert(key_is(other_peer->bytes + MANY, 2, 0, 20000));
}
END_TEST

static void
send_the_rest(struct side *of)
{
    ck_assert_int_eq(leat_conn_send(of->conn, of->now + 1, of->now_len - 1), 0);
    was_shared = has_chunk(of);
}

START_TEST(what_begins_inside_a_chunk_is_copied)
{
    peers.act[DATA] = send_the_rest;
    say_one_chunk();
    ck_assert(!was_shared);
    turn_until(peer_has(peer, MANY - 1));
    ck_assert(key_is(peer->bytes, 1, 1, MANY - 1));
}
END_TEST

static void
send_to_both(struct side *of)
{
    if (of != side)
        return;
    act_echo(of);
    ck_assert_int_eq(leat_conn_send(other->conn, of->now, of->now_len), 0);
    ck_assert(has_chunk(side) && has_chunk(other));
    ck_assert_uint_eq(rig.loop->pool.stored, net()->chunk->block);
    /* Of another length: it is no longer what is queued. */
    ck_assert_int_eq(leat_conn_send(other->conn, of->now, of->now_len - 1), 0);
    ck_assert(!has_chunk(other));
}

START_TEST(a_chunk_for_two_is_stored_once)
{
    other = peers_adopt_pair(&other_peer);
    peers.act[DATA] = send_to_both;
    say_one_chunk();
    turn_until(peer_has(peer, MANY) && peer_has(other_peer, 2 * MANY - 1));
    ck_assert(key_is(peer->bytes, 1, 0, MANY));
    ck_assert(key_is(other_peer->bytes, 1, 0, MANY));
    ck_assert(key_is(other_peer->bytes + MANY, 1, 0, MANY - 1));
    ck_assert_uint_eq(rig.loop->pool.stored, 0);
}
END_TEST

/* --- what becomes of it --------------------------------------------------- */

/* Echo until the peer, which takes nothing, has some pieces waiting. How many
 * there were. */
static unsigned
echo_until_full(void)
{
    unsigned pieces = 0;
    peers.act[DATA] = act_echo;
    for (; !leat_conn_is_full(side->conn); pieces++) {
        ck_assert_uint_lt(pieces, 100);
        peer_say_keyed(peer, pieces, MANY);
        peers_turns(3);
    }
    return pieces;
}

START_TEST(a_queued_chunk_is_not_written_to_again)
{
    unsigned pieces = echo_until_full();
    turn_until(peer_has(peer, pieces * MANY));
    for (unsigned i = 0; i < pieces; i++)
        ck_assert(key_is(peer->bytes + i * MANY, i, 0, MANY));
}
END_TEST

static const unsigned char *last;

static void
echo_and_look(struct side *of)
{
    last = of->now;
    act_echo(of);
}

START_TEST(a_chunk_that_has_left_is_filled_again)
{
    peers.act[DATA] = echo_and_look;
    const unsigned char *chunk = net()->chunk->bytes;
    for (unsigned i = 1; i <= 5; i++) {
        peer_say_keyed(peer, i, MANY);
        turn_until(peer_has(peer, i * MANY));
        ck_assert(key_is(peer->bytes + (i - 1) * MANY, i, 0, MANY));
        ck_assert_ptr_eq(last, chunk);
    }
}
END_TEST

START_TEST(the_spare_goes_back_when_it_is_not_needed)
{
    peers.act[DATA] = act_echo;
    say_one_chunk();
    turn_until(peer_has(peer, MANY));
    ck_assert_ptr_nonnull(net()->spare);
    clock_advance(SEC);
    peers_turns(2);
    ck_assert_ptr_null(net()->spare);
    peer_say_keyed(peer, 2, MANY);
    turn_until(peer_has(peer, 2 * MANY));
    ck_assert(key_is(peer->bytes + MANY, 2, 0, MANY));
}
END_TEST

START_TEST(a_quiet_loop_with_a_queued_chunk_does_not_wake_up)
{
    unsigned pieces = echo_until_full();
    ck_assert_uint_gt(net()->chunk->queued, 0);
    for (int i = 0; i < 150; i++) { /* the pool gives up what it has */
        clock_advance(SEC);
        peers_turn();
    }
    ck_assert_ptr_nonnull(net()->spare);
    ck_assert_int_eq(leat__wait_time(rig.loop, -1), -1);
    turn_until(peer_has(peer, pieces * MANY));
}
END_TEST

static void
send_pieces_and_echo(struct side *of)
{
    if (of != side)
        return;
    struct leat_message *piece;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(
            leat_message_create(&piece, rig.loop, "0123456789", 10), 0);
        ck_assert_int_eq(leat_conn_send_message(other->conn, piece), 0);
        leat_message_unref(piece);
    }
    act_echo(of);
    ck_assert(has_chunk(of));
}

START_TEST(small_pieces_are_not_packed_into_a_queued_chunk)
{
    other = peers_adopt_pair(&other_peer);
    peers.act[DATA] = send_pieces_and_echo;
    kernel_reset_calls();
    say_one_chunk();
    turn_until(peer_has(peer, MANY) && peer_has(other_peer, 30));
    ck_assert_uint_eq(kernel_calls("sendmsg"), 0);
    ck_assert(key_is(peer->bytes, 1, 0, MANY));
    ck_assert_mem_eq(other_peer->bytes, "012345678901234567890123456789", 30);
}
END_TEST

static void
send_and_abort(struct side *of)
{
    act_echo(of);
    ck_assert(has_chunk(of));
    leat_conn_abort(of->conn);
    /* Nobody has it queued any more, and it is still ours to look at. */
    ck_assert_uint_eq(rig.loop->pool.stored, 0);
    ck_assert(key_is(of->now, 1, 0, of->now_len));
    other = peers_adopt_pair(&other_peer);
    ck_assert_int_eq(leat_conn_send(other->conn, of->now, of->now_len), 0);
    ck_assert(has_chunk(other));
    ck_assert(key_is(of->now, 1, 0, of->now_len));
}

START_TEST(a_chunk_whose_queue_is_gone_stays_until_the_callback_is_over)
{
    peers.act[DATA] = send_and_abort;
    say_one_chunk();
    turn_until(peer_has(other_peer, MANY));
    ck_assert(key_is(other_peer->bytes, 1, 0, MANY));
}
END_TEST

static void
send_and_go_on(struct side *of)
{
    act_echo(of);
    ck_assert(has_chunk(of));
    ck_assert_int_eq(side_send_keyed(of, 1, MANY, 100), 0);
}

START_TEST(what_is_sent_behind_a_chunk_comes_behind_it)
{
    peers.act[DATA] = send_and_go_on;
    say_one_chunk();
    turn_until(peer_has(peer, MANY + 100));
    ck_assert(key_is(peer->bytes, 1, 0, MANY + 100));
}
END_TEST

static void
echo_without_memory(struct side *of)
{
    int armed = fault_sticky("realloc", 1, ENOMEM);
    ck_assert_int_eq(leat_conn_send(of->conn, of->now, of->now_len), -ENOMEM);
    fault_release(armed);
    ck_assert_uint_eq(of->conn->queue.count, 0);
    act_echo(of);
}

static void
send_in_two(struct side *of)
{
    size_t rest = MANY - first;
    ck_assert_int_eq(leat_conn_send(of->conn, of->now, first), 0);
    ck_assert(has_chunk(of));
    ck_assert_int_eq(leat_conn_send(of->conn, of->now + first, rest), 0);
    ck_assert(!has_chunk(of));
    /* The rest costs a block of its own. */
    ck_assert_uint_eq(
        rig.loop->pool.stored, net()->chunk->block + leat__message_block(rest));
}

START_TEST(a_chunk_that_is_sent_in_two_parts_arrives_whole)
{
    peers.act[DATA] = send_in_two;
    first = HALF + 1;
    say_one_chunk();
    turn_until(peer_has(peer, MANY));
    ck_assert(key_is(peer->bytes, 1, 0, MANY));
}
END_TEST

START_TEST(without_memory_for_the_next_chunk_nothing_is_queued)
{
    peers.act[DATA] = echo_without_memory;
    say_one_chunk();
    turn_until(peer_has(peer, MANY));
    ck_assert(key_is(peer->bytes, 1, 0, MANY));
}
END_TEST

START_TEST(an_echo_of_chunks_allocates_nothing_once_warm)
{
    peers.act[DATA] = act_echo;
    uint64_t allocs = 0;
    for (size_t all = MANY; all <= 10 * MANY; all += MANY) {
        peer_say_keyed(peer, 1, MANY);
        turn_until(peer_has(peer, all));
        if (all <= 2 * MANY)
            allocs = rig.loop->pool.source.allocs;
    }
    ck_assert_uint_eq(rig.loop->pool.source.allocs, allocs);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("chunk");
    TCase *tcase = tcase_create("chunk");
    tcase_add_checked_fixture(tcase, setup, peers_teardown);
    tcase_add_test(tcase, more_than_half_a_chunk_is_queued_without_a_copy);
    tcase_add_loop_test(tcase,
        the_beginning_of_a_chunk_is_queued_if_its_block_would_be_as_large, 0,
        2);
    tcase_add_test(tcase, a_frame_that_begins_a_chunk_is_queued_without_a_copy);
    tcase_add_test(tcase, what_begins_inside_a_chunk_is_copied);
    tcase_add_test(tcase, a_chunk_for_two_is_stored_once);
    tcase_add_test(tcase, a_queued_chunk_is_not_written_to_again);
    tcase_add_test(tcase, a_chunk_that_has_left_is_filled_again);
    tcase_add_test(tcase, the_spare_goes_back_when_it_is_not_needed);
    tcase_add_test(tcase, a_quiet_loop_with_a_queued_chunk_does_not_wake_up);
    tcase_add_test(tcase, small_pieces_are_not_packed_into_a_queued_chunk);
    tcase_add_test(
        tcase, a_chunk_whose_queue_is_gone_stays_until_the_callback_is_over);
    tcase_add_test(tcase, what_is_sent_behind_a_chunk_comes_behind_it);
    tcase_add_test(tcase, a_chunk_that_is_sent_in_two_parts_arrives_whole);
    tcase_add_test(tcase, without_memory_for_the_next_chunk_nothing_is_queued);
    tcase_add_test(tcase, an_echo_of_chunks_allocates_nothing_once_warm);
    suite_add_tcase(suite, tcase);
    return suite;
}
