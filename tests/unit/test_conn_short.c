/*
 * test_conn_short.c - calls that do less than they were asked, and the calls
 * that end a descriptor.
 */
#include "bystander.h"
#include "peers.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/net.h"

static struct peer *peer;
static struct side *side;

/* --- short and blocked ---------------------------------------------------- */

START_TEST(short_sends_of_every_length_keep_order)
{
    char text[40];
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    for (size_t n = 1; n < 32; n++) {
        int one = fault_short_sticky("send", 1, n);
        int many = fault_short_sticky("sendmsg", 1, n);
        size_t before = peer->len;
        for (size_t i = 0; i < 4; i++) /* a lone message, then packed ones */
            ck_assert_int_eq(side_send_keyed(side, 5, i * 9, 9), 0);
        turn_until(peer_has(peer, before + 36));
        memcpy(text, peer->bytes + before, 36);
        ck_assert(key_is(text, 5, 0, 36));
        fault_release(one);
        fault_release(many);
    }
    ck_assert_uint_eq(peer->len, 31 * 36);
}
END_TEST

static void
hear_all(struct leat_timer *timer, void *user)
{
    (void)timer, (void)user;
    peer_hear(peer);
}

START_TEST(retry_that_sends_all_waits_for_room_no_more)
{
    char some[4096] = {0};
    size_t all = 0;
    ssize_t n;
    side = peers_adopt_pair(&peer);
    while ((n = send(side->conn->io.fd, some, sizeof some, MSG_DONTWAIT)) > 0)
        all += (size_t)n;
    /* In one turn there is no memory to receive and no room to send; it is let
     * rest. Before it is looked at again the peer takes all. */
    struct leat_timer timer;
    leat_timer_init(&timer, rig.loop, hear_all, NULL);
    leat_timer_start(&timer, 10 * MSEC, 0);
    side_send(side, "0123456789");
    peer_text(peer, "x");
    fault_once("recv", 1, ENOBUFS);
    peers_turn();
    ck_assert(side->conn->is_blocked && side->conn->is_starved);
    clock_advance(10 * MSEC);
    peers_turn();
    ck_assert(!side->conn->is_blocked);
    ck_assert_uint_eq(leat__park_wanted(rig.loop, &side->conn->io),
        LEAT_READABLE | LEAT_EXCEPTIONAL);
    turn_until(peer_has(peer, all + 10));
}
END_TEST

/* The same, but a part of it has left: whichever comes first, the timer or the
 * room, sends the rest. */
START_TEST(who_waits_for_memory_and_for_room_is_served_by_either)
{
    side = peers_adopt_pair(&peer);
    side_send(side, "0123456789");
    peer_text(peer, "x");
    fault_once("recv", 1, ENOBUFS);
    fault_short("send", 1, 4);
    peers_turn();
    ck_assert(side->conn->is_blocked && side->conn->is_starved);
    ck_assert_uint_eq(side->conn->queue.bytes, 6);
    if (_i == 1)
        clock_advance(10 * MSEC);
    turn_until(peer_heard(peer, "0123456789"));
    clock_advance(10 * MSEC);
    turn_until(side_has(side, "x"));
    ck_assert(!side->conn->is_blocked && !side->conn->is_starved);
}
END_TEST

START_TEST(short_receives_of_every_length_keep_order)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    for (size_t n = 1; n < 32; n++) {
        int fault = fault_short_sticky("recv", 1, n);
        size_t before = side->len;
        peer_say_keyed(peer, 5, 36);
        turn_until(side->len == before + 36);
        ck_assert(key_is(side->bytes + before, 5, 0, 36));
        fault_release(fault);
    }
}
END_TEST

START_TEST(send_that_would_block_waits_for_room)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    int fault = fault_once("send", 1, _i == 0 ? EAGAIN : EWOULDBLOCK);
    side_send(side, "hello");
    peers_turn();
    ck_assert_uint_eq(fault_fired(fault), 1);
    ck_assert(!peer_heard(peer, "hello"));
    turn_until(peer_heard(peer, "hello"));
    uint64_t turns = rig_stats().callbacks;
    peers_turns(5); /* and write interest is off again */
    ck_assert_uint_eq(rig_stats().callbacks, turns);
}
END_TEST

/* So it is while the kernel has too little memory for TCP. */
START_TEST(writable_sockets_that_take_nothing_are_tried_every_10_ms)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    int fault = fault_sticky("send", 1, EAGAIN);
    side_send(side, "hello");
    for (unsigned n = 1; n <= 500; n++) { /* five seconds: it is not given up */
        peers_turns(5);
        ck_assert_uint_eq(fault_fired(fault), 2 * n);
        clock_advance(10 * MSEC);
    }
    fault_release(fault);
    turn_until(peer_heard(peer, "hello"));
}
END_TEST

START_TEST(send_interrupted_for_ever_does_not_hold_the_turn)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    int fault = fault_sticky("send", 1, EINTR);
    side_send(side, "hello");
    peers_turn();
    ck_assert_uint_eq(fault_fired(fault), 9);
    fault_release(fault);
    turn_until(peer_heard(peer, "hello"));
}
END_TEST

/* --- shutdown, close, and descriptors taken away -------------------------- */

START_TEST(shutdown_of_a_reset_connection_is_no_error)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    fault_once("shutdown", 1, ENOTCONN);
    leat_conn_end(side->conn);
    peers_turns(2);
    peer_close(peer);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, 0);
}
END_TEST

START_TEST(failed_close_is_not_made_again)
{
    peers_listen(OVER_TCP4);
    side = peers_meet(&peer);
    int fault = fault_once("close", 1, _i == 0 ? EINTR : EIO);
    unsigned long before = kernel_calls("close");
    leat_conn_close(side->conn);
    peers_turns(2);
    ck_assert_uint_eq(fault_fired(fault), 1);
    ck_assert_uint_eq(kernel_calls("close"), before + 1);
}
END_TEST

static int mark_in_close;

static void
ask_lost(struct side *at)
{
    struct leat_addr addr;
    mark_in_close = leat_conn_at_mark(at->conn);
    ck_assert_int_eq(leat_conn_peer(at->conn, &addr), -EBADF);
}

START_TEST(descriptor_closed_behind_our_back_fails_alone)
{
    side = meet_beside_another(&peer);
    struct peer *third;
    struct side *lost = peers_adopt_pair(&third);
    struct leat_addr addr;
    peers.act[CLOSE] = ask_lost;
    for (int fd = 3; fd < 64; fd++) /* the unix one that leat has */
        if (ledger_has_fd(fd) &&
            getpeername(fd, (void *)&addr.storage, &(socklen_t){128}) == 0 &&
            addr.storage.ss_family == AF_UNIX) {
            ledger_disown(fd);
            ck_assert_int_eq(close(fd), 0);
        }
    turn_until(lost->count[CLOSE] == 1);
    ck_assert_int_eq(lost->reason, -EBADF);
    ck_assert_int_eq(mark_in_close, -EBADF);
    ck_assert_uint_eq(rig_noted("fd-lost"), 1);
    peers.act[CLOSE] = NULL;
    other_is_unharmed();
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("conn_short");
    TCase *tcase = tcase_create("conn_short");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_test(tcase, short_sends_of_every_length_keep_order);
    tcase_add_test(tcase, retry_that_sends_all_waits_for_room_no_more);
    tcase_add_loop_test(
        tcase, who_waits_for_memory_and_for_room_is_served_by_either, 0, 2);
    tcase_add_test(tcase, short_receives_of_every_length_keep_order);
    tcase_add_loop_test(tcase, send_that_would_block_waits_for_room, 0, 2);
    tcase_add_test(
        tcase, writable_sockets_that_take_nothing_are_tried_every_10_ms);
    tcase_add_test(tcase, send_interrupted_for_ever_does_not_hold_the_turn);
    tcase_add_test(tcase, shutdown_of_a_reset_connection_is_no_error);
    tcase_add_loop_test(tcase, failed_close_is_not_made_again, 0, 2);
    tcase_add_test(tcase, descriptor_closed_behind_our_back_fails_alone);
    suite_add_tcase(suite, tcase);
    return suite;
}
