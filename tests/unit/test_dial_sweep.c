/*
 * test_dial_sweep.c - dials and a pair in use while the nth call of a kind
 * fails, once or from then on, for every n until it passes untouched: nothing
 * is left behind, no invariant breaks, and afterwards the same loop dials as if
 * nothing had been.
 */
#include "ends.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/net.h"
#include "quick.h"

static const struct {
    const char *call;
    int error;
} site[] = {
    {"socket", EMFILE},
    {"setsockopt", ENOMEM},
    {"connect", EAGAIN},
    {"connect", ECONNREFUSED},
    {"connect", EINTR},
    {"connect", ENETUNREACH},
    {"getpeername", ENOTCONN},
    {"getpeername", ENOBUFS},
    {"getsockname", ENOBUFS},
    {"getsockopt", ENOMEM},
    {"recv", EAGAIN},
    {"recv", ECONNRESET},
    {"recv", ENOMEM},
    {"send", EAGAIN},
    {"send", ENOBUFS},
    {"send", EPIPE},
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

static struct leat_addr addr[3]; /* dead, live, live */
static int listener;

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
answer(struct side *side)
{
    (void)!leat_conn_send(side->conn, side->now, side->now_len);
    if (side->len > 20)
        leat_conn_end(side->conn);
}

/* As dial_all, where it may fail. */
static struct leat_conn *
dial(size_t from, size_t count)
{
    struct side *side = &peers.side[peers.sides];
    int error =
        leat_dial(&side->conn, rig.loop, addr + from, count, &dialing, side);
    if (error != 0) {
        quick_assert(side->conn == NULL);
        return NULL;
    }
    peers.sides++;
    side->id = leat_conn_id(side->conn);
    (void)!leat_conn_send(side->conn, "hello ", 6);
    return side->conn;
}

static void
make_pair(void)
{
    struct leat_conn *conns[2];
    struct side *side = &peers.side[peers.sides];
    void *users[2] = {side, side + 1};
    if (leat_conn_pair(conns, rig.loop, ends_config, users) != 0)
        return;
    for (int i = 0; i < 2; i++) {
        side[i].conn = conns[i];
        side[i].id = leat_conn_id(conns[i]);
    }
    peers.sides += 2;
    (void)!leat_conn_send(conns[0], "to and fro ", 11);
}

/* Whoever has got through is answered, one is reset. */
static void
serve(void)
{
    for (int i = 0;; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        struct peer *peer = peer_of(fd);
        (void)!send(fd, "who is there?", 13, MSG_NOSIGNAL);
        live(2);
        if (i == 1)
            peer_reset(peer);
        live(2);
        peer_hear(peer);
        if (peer->fd >= 0)
            peer_close(peer);
    }
}

static void
play(void)
{
    struct leat_conn *early = dial(0, 3);
    if (early != NULL)
        leat_conn_half_close(early);
    struct leat_conn *brief = dial(1, 1);
    if (brief != NULL)
        leat_conn_drain(brief);
    (void)dial(1, 1);
    (void)dial(0, 1); /* nobody will answer that one */
    make_pair();
    live(4);
    serve();
    live(4);
}

/* The same loop dials, and loses nothing. */
static void
assert_second_wind(void)
{
    for (unsigned i = 0; i < peers.sides; i++)
        if (peers.side[i].conn != NULL)
            leat_conn_close(peers.side[i].conn);
    clock_advance(15 * SEC);
    live(3);
    serve(); /* who is still in the backlog */
    struct leat_conn *conn = dial(0, 2);
    struct side *side = &peers.side[peers.sides - 1];
    ck_assert_ptr_nonnull(conn);
    turn_until(side->count[OPEN] == 1);
    struct peer *peer = plain_accept(listener);
    turn_until(peer_heard(peer, "hello "));
    leat_conn_close(conn);
    turn_until(rig_stats().conns == 0);
    peer_close(peer);
    ck_assert_uint_eq(ledger_fds(), 2); /* the loop's own */
    ck_assert_uint_eq(rig_stats().memory, 0);
}

/* Tell each round from the ones before: all of them are over. */
static void
forget_sides(void)
{
    for (size_t i = 0; i < peers.sides; i++) {
        ck_assert_uint_eq(peers.side[i].count[CLOSE], 1);
        free(peers.side[i].bytes);
    }
    memset(peers.side, 0, sizeof peers.side);
    peers.sides = 0;
}

static bool
sweep_round(int chosen, unsigned nth, bool is_sticky)
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

START_TEST(nth_call_failing_leaves_a_loop_that_dials)
{
    rig.may_spin = true; /* some faults are wake-ups for nothing */
    peers.act[DATA] = answer;
    addr[0] = addr_dead();
    listener = plain_listen(OVER_TCP4, &addr[1]);
    ck_assert_int_eq(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
    addr[2] = addr[1];
    unsigned nth = 1;
    while (sweep_round(_i % SITES, nth, _i >= SITES))
        ck_assert_uint_lt(nth++, CALLS_MOST);
    ck_assert_uint_gt(nth, 1);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("dial_sweep");
    TCase *tcase = tcase_create("dial_sweep");
    tcase_add_checked_fixture(tcase, ends_setup, ends_teardown);
    tcase_add_loop_test(
        tcase, nth_call_failing_leaves_a_loop_that_dials, 0, SITES + STICKY);
    suite_add_tcase(suite, tcase);
    return suite;
}
