/*
 * test_net_sweep.c - a whole scenario with the nth call of a kind failing, for
 * every n until it passes untouched: nothing is left behind, no invariant
 * breaks, and afterwards the same loop serves as if nothing had been.
 */
#include "peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/net.h"

static const struct {
    const char *call;
    int error;
} site[] = {
    {"socket", EMFILE},
    {"bind", EADDRINUSE},
    {"listen", EADDRINUSE},
    {"getsockname", ENOBUFS},
    {"setsockopt", ENOMEM},
    {"accept4", EMFILE},
    {"accept4", ENOMEM},
    {"accept4", ECONNABORTED},
    {"accept4", EAGAIN},
    {"accept4", EINVAL},
    {"recv", ECONNRESET},
    {"recv", ENOMEM},
    {"recv", EAGAIN},
    {"recv", EINTR},
    {"send", EPIPE},
    {"send", ENOBUFS},
    {"send", EAGAIN},
    {"send", EINTR},
    {"sendmsg", ECONNRESET},
    {"sendmsg", ENOMEM},
    {"sendmsg", EAGAIN},
    {"shutdown", ENOTCONN},
    {"close", EINTR},
    {"close", EIO},
    {"ioctl", EINVAL},
    {"clock_gettime", EINVAL},
    {"realloc", ENOMEM},
    {"select", EINTR}, /* from here on once only: a loop must wait */
    {"select", ENOMEM},
};
#define SITES ((int)(sizeof site / sizeof site[0]))
#define STICKY (SITES - 2)

/* More calls of a kind than the scenario makes. */
#define CALLS_MOST 400

static struct leat_listener *listener;
static int chosen; /* of site */

/* Some time passes, so that what waits for a timer gets its turn. */
static void
live(unsigned n)
{
    for (; n > 0; n--) {
        peers_turn();
        clock_advance(10 * MSEC);
    }
}

static void
echo_some(struct side *side)
{
    (void)!leat_conn_send(side->conn, side->now, side->now_len);
    (void)!leat_conn_send(side->conn, "\n", 1);
}

static void
say(struct peer *peer, const char *text, int flags)
{
    (void)!send(peer->fd, text, strlen(text), flags | MSG_NOSIGNAL);
    live(2);
}

static int
open_socket(void)
{
    return leat_listener_open(
        &listener, rig.loop, "127.0.0.1:0", &peers.config);
}

/* Two peers talk, one is urgent, one half-closes, one is drained. */
static void
play(void)
{
    if (open_socket() != 0)
        return;
    peers.listener = listener;
    struct peer *one = peer_connect(0), *two = peer_connect(0);
    live(3);
    say(one, "first\nsecond\n", 0);
    say(two, "to be continued", 0);
    say(one, "!", MSG_OOB);
    say(two, " here\n", 0);
    (void)shutdown(one->fd, SHUT_WR);
    live(3);
    struct leat__net *net = rig.loop->net;
    if (!leat__list_is_empty(&net->conns))
        leat_conn_drain(
            LEAT__CONTAINER(net->conns.next, struct leat_conn, all));
    live(3);
    peer_close(two);
    live(3);
}

/* The same loop serves, and loses nothing. */
static void
assert_second_wind(void)
{
    clock_advance(2 * SEC);
    live(2);
    if (peers.listener != NULL)
        leat_listener_close(peers.listener);
    peers.listener = NULL;
    ck_assert_int_eq(open_socket(), 0);
    peers.listener = listener;
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    peer_text(peer, "again\n");
    turn_until(peer_heard(peer, "again\n")); /* body and line feed */
    leat_conn_close(side->conn);
    leat_listener_close(peers.listener);
    peers.listener = NULL;
    clock_advance(6 * SEC); /* nobody lingers longer */
    live(3);
    ck_assert_uint_eq(rig_stats().conns, 0);
    ck_assert_uint_eq(ledger_fds(), 2);
    ck_assert_uint_eq(rig_stats().memory, 0);
}

/* Tell each round from the ones before: all of them are over. */
static void
forget_sides(void)
{
    for (size_t i = 0; i < peers.sides; i++)
        ck_assert_uint_eq(peers.side[i].count[CLOSE], 1);
    for (size_t i = 0; i < peers.sides; i++)
        free(peers.side[i].bytes);
    memset(peers.side, 0, sizeof peers.side);
    peers.sides = 0;
}

static bool
sweep_round(unsigned nth, bool is_sticky)
{
    const char *call = site[chosen].call;
    int error = site[chosen].error;
    int fault = is_sticky ? fault_sticky(call, nth, error)
                          : fault_once(call, nth, error);
    play();
    bool is_hit = fault_fired(fault) > 0;
    fault_release(fault);
    assert_second_wind();
    forget_sides();
    return is_hit;
}

START_TEST(nth_call_failing_leaves_a_loop_that_serves)
{
    rig.may_spin = true; /* some faults are wake-ups for nothing */
    peers.config.conn.frame.kind = LEAT_LINE;
    peers.act[MESSAGE] = echo_some;
    peers.act[ENDED] = act_end;
    chosen = _i % SITES;
    unsigned nth = 1;
    /* What is merged is one piece, and goes by send(). */
    if (strcmp(site[chosen].call, "sendmsg") == 0)
        peers.config.conn.queue.policy = LEAT_DROP_NEW;
    while (sweep_round(nth, _i >= SITES))
        ck_assert_uint_lt(nth++, CALLS_MOST);
    ck_assert_uint_gt(nth, 1);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("net_sweep");
    TCase *tcase = tcase_create("net_sweep");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_loop_test(
        tcase, nth_call_failing_leaves_a_loop_that_serves, 0, SITES + STICKY);
    suite_add_tcase(suite, tcase);
    return suite;
}
