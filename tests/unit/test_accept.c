/*
 * test_accept.c - who is let in, who waits, and what a failed accept means.
 */
#include "peers.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "net/socket.h"

static void
connect_many(int n)
{
    for (int i = 0; i < n; i++)
        peer_connect(0);
}

/* --- limits --------------------------------------------------------------- */

START_TEST(listener_max_lets_others_wait)
{
    struct peer *peer[3];
    peers.config.max = 2;
    peers_listen((enum transport)_i);
    for (int i = 0; i < 3; i++)
        peer[i] = peer_connect(0);
    peers_turns(5);
    ck_assert_uint_eq(rig_stats().accepted, 2);
    ck_assert_uint_eq(leat_listener_conns(peers.listener), 2);
    unsigned long calls = kernel_calls("accept4");
    peers_turns(10);
    ck_assert_uint_eq(kernel_calls("accept4"), calls); /* it is not asked */
    leat_conn_close(peers.side[0].conn);
    peers_turns(2);
    ck_assert_uint_eq(rig_stats().accepted, 3);
    peer_text(peer[2], "x");
    turn_until(peers.side[2].len == 1);
}
END_TEST

START_TEST(max_conns_of_the_loop_pauses_all_listeners)
{
    struct leat_listener *second;
    rig_open(&(struct leat_loop_config){.max_conns = 3});
    peers_listen(OVER_TCP4);
    ck_assert_int_eq(
        leat_listener_open(&second, rig.loop, "0", &peers.config), 0);
    connect_many(5);
    struct leat_listener *first = peers.listener;
    peers.listener = second;
    connect_many(2);
    peers.listener = first;
    peers_turns(5);
    ck_assert_uint_eq(rig_stats().accepted, 3);
    leat_conn_close(peers.side[0].conn);
    leat_conn_close(peers.side[1].conn);
    peers_turns(3);
    ck_assert_uint_eq(rig_stats().accepted, 5);
    ck_assert_uint_eq(rig_stats().conns, 3);
}
END_TEST

/* One place is free in each turn, and six wait for it at the first listener. */
START_TEST(the_only_place_goes_round_among_listeners)
{
    struct leat_listener *second;
    unsigned place = 0;
    rig_open(&(struct leat_loop_config){.max_conns = 1});
    peers_listen(OVER_TCP4);
    ck_assert_int_eq(
        leat_listener_open(&second, rig.loop, "127.0.0.1:0", &peers.config), 0);
    struct leat_listener *first = peers.listener;
    connect_many(6);
    peers.listener = second;
    connect_many(1);
    peers.listener = first;
    for (unsigned i = 0; i < 7; i++) {
        turn_until(peers.sides == i + 1);
        if (leat_listener_conns(second) == 1)
            place = i;
        leat_conn_close(peers.side[i].conn);
    }
    ck_assert_uint_eq(place, 1);
}
END_TEST

START_TEST(listener_opened_at_max_conns_waits)
{
    struct peer *far;
    rig_open(&(struct leat_loop_config){.max_conns = 1});
    struct side *side = peers_adopt_pair(&far);
    peers_listen(OVER_TCP4);
    connect_many(1);
    peers_turns(4);
    ck_assert_uint_eq(rig_stats().accepted, 0);
    leat_conn_close(side->conn);
    peers_turns(2);
    ck_assert_uint_eq(rig_stats().accepted, 1);
}
END_TEST

START_TEST(place_is_free_again_in_the_turn_a_connection_ends)
{
    peers.config.max = 1;
    peers_listen(OVER_TCP4);
    connect_many(2);
    turn_until(peers.sides == 1);
    leat_conn_close(peers.side[0].conn);
    peers_turn();
    ck_assert_uint_eq(peers.side[0].count[CLOSE], 1);
    ck_assert_uint_eq(peers.listener->pauses, 0);
    peers_turn();
    ck_assert_uint_eq(peers.sides, 2);
}
END_TEST

/* --- pausing -------------------------------------------------------------- */

START_TEST(paused_listener_accepts_nobody)
{
    peers_listen(OVER_TCP4);
    leat_listener_pause(peers.listener);
    leat_listener_pause(peers.listener);
    connect_many(2);
    peers_turns(5);
    ck_assert_uint_eq(kernel_calls("accept4"), 0);
    leat_listener_resume(peers.listener);
    leat_listener_resume(peers.listener);
    turn_until(rig_stats().accepted == 2);
}
END_TEST

static void
pause_listener(struct side *side)
{
    (void)side;
    leat_listener_pause(peers.listener);
}

START_TEST(pausing_in_on_open_stops_the_batch)
{
    peers.act[OPEN] = pause_listener;
    peers_listen(OVER_TCP4);
    connect_many(3);
    turn_until(peers.sides == 1);
    peers_turns(3);
    ck_assert_uint_eq(peers.sides, 1);
    leat_listener_resume(peers.listener);
    peers_turn();
    ck_assert_uint_eq(peers.sides, 2);
}
END_TEST

/* --- on_accept ------------------------------------------------------------ */

static int verdict;
static unsigned asked;
static struct leat_addr asker;

static int
decide(struct leat_listener *listener, const struct leat_addr *peer, void *user)
{
    ck_assert_ptr_eq(listener, peers.listener);
    ck_assert_ptr_eq(user, &peers);
    asked++;
    asker = *peer;
    return verdict;
}

START_TEST(on_accept_may_refuse_by_address)
{
    asked = 0;
    verdict = -EACCES;
    peers.config.on_accept = decide;
    peers.config.user = &peers;
    peers_listen(OVER_TCP4);
    struct peer *peer = peer_connect(0);
    turn_until(asked == 1);
    ck_assert_int_eq(asker.storage.ss_family, AF_INET);
    ck_assert_int_gt(leat_addr_port(&asker), 0);
    turn_until(peer_is_over(peer));
    ck_assert_int_eq(peer->error, ECONNRESET);
    ck_assert_uint_eq(rig_stats().refused, 1);
    ck_assert_uint_eq(rig_stats().conns, 0);
    verdict = 0;
    peers_meet(&peer);
    ck_assert_uint_eq(asked, 2);
}
END_TEST

static int
close_it(
    struct leat_listener *listener, const struct leat_addr *peer, void *user)
{
    (void)peer, (void)user;
    leat_listener_close(listener);
    return verdict;
}

START_TEST(closing_the_listener_in_on_accept)
{
    verdict = _i;
    peers.config.on_accept = close_it;
    peers_listen(OVER_TCP4);
    connect_many(3);
    turn_until(rig_stats().accepted == 1);
    peers_turns(3);
    ck_assert_uint_eq(rig_stats().accepted, 1);
    ck_assert_uint_eq(peers.sides, _i == 0 ? 1 : 0);
}
END_TEST

static int
destroy_loop(
    struct leat_listener *listener, const struct leat_addr *peer, void *user)
{
    (void)listener, (void)peer, (void)user;
    asked++;
    leat_loop_destroy(rig.loop);
    return 0;
}

START_TEST(destroying_the_loop_in_on_accept_opens_nothing)
{
    peers.config.on_accept = destroy_loop;
    peers_listen(OVER_TCP4);
    connect_many(2);
    struct leat_loop *loop = rig.loop;
    int result = 0;
    for (int i = 0; i < 100 && result >= 0; i++)
        result = leat_loop_step(loop, 0);
    rig.loop = NULL;
    ck_assert_int_eq(result, -ECANCELED);
    ck_assert_uint_eq(peers.sides, 0);
}
END_TEST

/* --- drain of a listener -------------------------------------------------- */

START_TEST(listener_drain_takes_the_whole_backlog)
{
    peers_listen(OVER_TCP4);
    connect_many(60);
    ck_assert_int_eq(leat_listener_drain(peers.listener), 60);
    ck_assert_uint_eq(peers.sides, 60);
    ck_assert_int_eq(leat_listener_drain(peers.listener), 0);
}
END_TEST

START_TEST(listener_drain_keeps_to_the_limits)
{
    peers.config.max = 5;
    peers_listen(OVER_TCP4);
    connect_many(8);
    ck_assert_int_eq(leat_listener_drain(peers.listener), 5);
}
END_TEST

START_TEST(listener_drain_counts_neither_refused_nor_failed_ones)
{
    peers.config.on_accept = decide;
    peers.config.user = &peers;
    verdict = -1;
    peers_listen(OVER_TCP4);
    connect_many(3);
    fault_once("accept4", 2, ECONNABORTED);
    ck_assert_int_eq(leat_listener_drain(peers.listener), 0);
    ck_assert_uint_eq(rig_stats().refused, 3);
}
END_TEST

START_TEST(listener_drain_may_lose_its_listener)
{
    verdict = 0;
    peers.config.on_accept = close_it;
    peers_listen(OVER_TCP4);
    connect_many(3);
    ck_assert_int_eq(leat_listener_drain(peers.listener), 1);
    ck_assert_uint_eq(peers.sides, 1);
}
END_TEST

START_TEST(listener_drain_may_lose_its_loop)
{
    peers.config.on_accept = destroy_loop;
    peers_listen(OVER_TCP4);
    connect_many(3);
    asked = 0;
    ck_assert_int_eq(leat_listener_drain(peers.listener), -ECANCELED);
    rig.loop = NULL;
    ck_assert_uint_eq(asked, 1);
    ck_assert_uint_eq(peers.sides, 0);
}
END_TEST

static int step_result;

static void
step_inside(struct side *side)
{
    (void)side;
    step_result = leat_loop_step(rig.loop, 0);
}

START_TEST(no_turn_can_be_made_inside_listener_drain)
{
    peers.act[OPEN] = step_inside;
    peers_listen(OVER_TCP4);
    connect_many(1);
    ck_assert_int_eq(leat_listener_drain(peers.listener), 1);
    ck_assert_int_eq(step_result, -EBUSY);
    peers_turns(2);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("accept");
    TCase *tcase = tcase_create("accept");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_loop_test(tcase, listener_max_lets_others_wait, 0, TRANSPORTS);
    tcase_add_test(tcase, max_conns_of_the_loop_pauses_all_listeners);
    tcase_add_test(tcase, the_only_place_goes_round_among_listeners);
    tcase_add_test(tcase, listener_opened_at_max_conns_waits);
    tcase_add_test(tcase, place_is_free_again_in_the_turn_a_connection_ends);
    tcase_add_test(tcase, paused_listener_accepts_nobody);
    tcase_add_test(tcase, pausing_in_on_open_stops_the_batch);
    tcase_add_test(tcase, on_accept_may_refuse_by_address);
    tcase_add_loop_test(tcase, closing_the_listener_in_on_accept, 0, 2);
    tcase_add_test(tcase, destroying_the_loop_in_on_accept_opens_nothing);
    tcase_add_test(tcase, listener_drain_takes_the_whole_backlog);
    tcase_add_test(tcase, listener_drain_keeps_to_the_limits);
    tcase_add_test(
        tcase, listener_drain_counts_neither_refused_nor_failed_ones);
    tcase_add_test(tcase, listener_drain_may_lose_its_listener);
    tcase_add_test(tcase, listener_drain_may_lose_its_loop);
    tcase_add_test(tcase, no_turn_can_be_made_inside_listener_drain);
    suite_add_tcase(suite, tcase);
    return suite;
}
