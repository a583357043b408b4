/*
 * test_warm.c - law 9: once the same pattern of sizes and connections has run
 * for a while, the allocator is not called any more.
 */
#include "peers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dice.h"

#define KIB ((size_t)1024)
/* Every size of a pattern comes twice. */
#define WARM_UP_LEAST 12

/* Rounds of a pattern: after the first third none may call the allocator. Under
 * valgrind, which sets LEAT_OPS, there are fewer. */
static void
assert_warm(void (*round)(unsigned i))
{
    size_t warm_up = dice_env("LEAT_OPS", 6000) / 100;
    if (warm_up < WARM_UP_LEAST)
        warm_up = WARM_UP_LEAST;
    size_t rounds = warm_up * 3;
    uint64_t allocs = 0;
    unsigned long calls = 0;
    for (unsigned i = 0; i < rounds; i++) {
        if (i == warm_up) {
            allocs = rig_stats().allocs;
            calls = kernel_calls("realloc");
        }
        round(i);
    }
    ck_assert_uint_eq(rig_stats().allocs, allocs);
    ck_assert_uint_eq(kernel_calls("realloc"), calls);
    ck_assert_uint_ge(rig_stats().turns, rounds);
}

#define PEERS 4

static struct peer *peer[PEERS];

static void
echo_round(unsigned i)
{
    static const size_t size[] = {1, 64, 100, 1000, 5000, 20000};
    size_t n = size[i % 6];
    for (unsigned k = 0; k < PEERS; k++) {
        peer[k]->len = 0;
        peer_say_keyed(peer[k], k, n);
    }
    for (unsigned k = 0; k < PEERS; k++) {
        turn_until(peer_has(peer[k], n));
        ck_assert(key_is(peer[k]->bytes, k, 0, n));
    }
}

START_TEST(law9_warm_echo_makes_no_allocator_call)
{
    peers.act[DATA] = act_echo;
    peers_listen((enum transport)_i);
    for (int k = 0; k < PEERS; k++)
        peers_meet(&peer[k]);
    assert_warm(echo_round);
}
END_TEST

static void
fan_out_round(unsigned i)
{
    struct leat_message *message;
    char text[200];
    memset(text, (int)('a' + i % 26), sizeof text);
    ck_assert_int_eq(
        leat_message_create(&message, rig.loop, text, sizeof text), 0);
    for (int n = 0; n < 5; n++) /* past the two places in the queue itself */
        for (int k = 0; k < PEERS; k++)
            ck_assert_int_eq(
                leat_conn_send_message(peers.side[k].conn, message), 0);
    leat_message_unref(message);
    for (int k = 0; k < PEERS; k++) {
        turn_until(peer_has(peer[k], 1000));
        peer[k]->len = 0;
    }
}

START_TEST(law9_warm_fan_out_makes_no_allocator_call)
{
    peers_listen(OVER_TCP4);
    for (int k = 0; k < PEERS; k++)
        peers_meet(&peer[k]);
    assert_warm(fan_out_round);
}
END_TEST

static void
come_and_go_round(unsigned i)
{
    static const struct leat_conn_ops none;
    struct leat_conn_config config = {.ops = &none, .idle_us = SEC};
    struct leat_conn *conn[4];
    int fds[4][2];
    for (int k = 0; k < 4; k++) {
        ck_assert_int_eq(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds[k]), 0);
        ck_assert_int_eq(
            leat_conn_adopt(&conn[k], rig.loop, fds[k][0], &config, NULL), 0);
        ledger_adopt(fds[k][0]);
    }
    ck_assert_int_eq(leat_conn_couple(conn[i % 4], conn[(i + 1) % 4]), 0);
    ck_assert_int_eq(leat_conn_send(conn[0], "hello", 5), 0);
    peers_turn();
    for (int k = 0; k < 4; k++) {
        leat_conn_close(conn[k]);
        close(fds[k][1]);
    }
    peers_turn();
}

START_TEST(law9_warm_coming_and_going_makes_no_allocator_call)
{
    assert_warm(come_and_go_round);
}
END_TEST

static void
frames_round(unsigned i)
{
    (void)i;
    struct side *side = &peers.side[0];
    unsigned before = side->count[MESSAGE];
    side->len = 0;
    peer_text(peer[0], "one\ntwo\nthree and ha");
    peers_turns(2);
    peer_text(peer[0], "lf\n");
    turn_until(side->count[MESSAGE] == before + 3);
    peers_turn();
}

START_TEST(law9_warm_frames_make_no_allocator_call)
{
    peers.config.conn.frame.kind = LEAT_LINE;
    peers_listen(OVER_TCP4);
    peers_meet(&peer[0]);
    assert_warm(frames_round);
}
END_TEST

static void
resume(struct side *side)
{
    leat_conn_resume(side->conn);
}

static void
held_round(unsigned i)
{
    struct side *side = &peers.side[0];
    unsigned before = side->count[MESSAGE];
    side->len = 0;
    (void)i;
    peers.act[MESSAGE] = act_pause;
    peer_text(peer[0], "one\ntwo\nthree\n");
    turn_until(side->count[MESSAGE] == before + 1);
    peers.act[MESSAGE] = resume;
    leat_conn_resume(side->conn);
    turn_until(side->count[MESSAGE] == before + 3);
}

START_TEST(law9_warm_held_input_makes_no_allocator_call)
{
    peers.config.conn.frame.kind = LEAT_LINE;
    peers_listen(OVER_TCP4);
    peers_meet(&peer[0]);
    assert_warm(held_round);
}
END_TEST

START_TEST(law9_memory_comes_back_after_a_burst)
{
    peers_listen(OVER_TCP4);
    peers_meet(&peer[0]);
    size_t before = rig_stats().pool;
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(side_send_keyed(&peers.side[0], 1, 0, 60 * KIB), 0);
    turn_until(peer_has(peer[0], 600 * KIB));
    ck_assert_uint_gt(rig_stats().pool, before + 500 * KIB);
    for (int i = 0; i < 200; i++) { /* the last minute's peak, and one more */
        clock_advance(1 * SEC);
        peers_turns(1);
    }
    ck_assert_uint_le(rig_stats().pool, before + 2 * KIB);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("warm");
    TCase *tcase = tcase_create("warm");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_loop_test(
        tcase, law9_warm_echo_makes_no_allocator_call, 0, TRANSPORTS);
    tcase_add_test(tcase, law9_warm_fan_out_makes_no_allocator_call);
    tcase_add_test(tcase, law9_warm_coming_and_going_makes_no_allocator_call);
    tcase_add_test(tcase, law9_warm_frames_make_no_allocator_call);
    tcase_add_test(tcase, law9_warm_held_input_makes_no_allocator_call);
    tcase_add_test(tcase, law9_memory_comes_back_after_a_burst);
    suite_add_tcase(suite, tcase);
    return suite;
}
