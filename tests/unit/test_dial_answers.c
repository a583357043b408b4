/*
 * test_dial_answers.c - how an attempt ends: told by SO_ERROR, by a peer that
 * has reset before we looked, by a socket that has met itself, by a wake-up for
 * nothing.
 */
#include "ends.h"

#include <leat/error.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/net.h"

static struct leat_addr addr[2];
static struct side *side;
static struct peer *peer;

/* --- how an attempt ends -------------------------------------------------- */

static int outcome; /* of SO_ERROR */

static int
no_peer(int fd, struct sockaddr *to, socklen_t *len)
{
    (void)fd;
    (void)to;
    (void)len;
    errno = ENOTCONN;
    return -1;
}

static int
tell_outcome(int fd, int level, int name, void *value, socklen_t *len)
{
    if (level != SOL_SOCKET || name != SO_ERROR)
        return getsockopt(fd, level, name, value, len);
    memcpy(value, &outcome, sizeof outcome);
    return 0;
}

START_TEST(so_error_is_the_reason_of_on_close)
{
    static const int errors[] = {ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH,
        ENETUNREACH, EACCES, ECONNABORTED, ENOBUFS};
    (void)plain_listen(OVER_TCP4, &addr[0]);
    struct leat_sys *own = kernel_own();
    own->getpeername = no_peer;
    own->getsockopt = tell_outcome;
    outcome = errors[_i];
    side = dial_one(&addr[0]);
    expect_close(side, -errors[_i]);
}
END_TEST

START_TEST(outcome_that_cannot_be_asked_for_is_a_failure)
{
    addr[0] = addr_dead();
    fault_once("getsockopt", 1, ENOMEM);
    side = dial_one(&addr[0]);
    expect_close(side, -ENOMEM);
}
END_TEST

START_TEST(peer_that_cannot_be_asked_for_is_a_failure)
{
    (void)plain_listen(OVER_TCP4, &addr[0]);
    addr[1] = addr[0];
    fault_once("getpeername", 1, ENOBUFS);
    side = dial_all(addr, 2);
    turn_until(side->count[OPEN] == 1);
    ck_assert_uint_eq(kernel_calls("connect"), 2);
}
END_TEST

START_TEST(wake_up_for_nothing_waits_on)
{
    rig.may_spin = true;
    (void)plain_listen(OVER_TCP4, &addr[0]);
    fault_once("getpeername", 1, ENOTCONN); /* and SO_ERROR says 0 */
    side = dial_one(&addr[0]);
    peers_turn();
    ck_assert_str_eq(side->story, "");
    ck_assert_uint_eq(rig_stats().spins, 1);
    peers_turn();
    ck_assert_str_eq(side->story, "o");
    ck_assert_uint_eq(kernel_calls("connect"), 1);
}
END_TEST

/* --- a peer that has reset before we looked ------------------------------- */

START_TEST(greeting_before_a_reset_is_not_lost)
{
    int listener = plain_listen(OVER_TCP4, &addr[0]);
    addr[1] = addr_dead(); /* not tried: somebody has answered */
    side = dial_all(addr, 2);
    side_send(side, "too late");
    peer = plain_accept(listener);
    ck_assert_int_eq(send(peer->fd, "TEST", 4, 0), 4);
    if (_i == 1) /* then the error is EPIPE */
        peer_half_close(peer);
    peer_reset(peer);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_str_eq(side->story, "odc");
    ck_assert(side_has(side, "TEST"));
    ck_assert_int_eq(side->reason, _i == 1 ? -EPIPE : -ECONNRESET);
    ck_assert_uint_eq(side->stats.bytes_lost, 8);
    ck_assert_uint_eq(kernel_calls("connect"), 1);
}
END_TEST

static int late_send;

static void
send_late(struct side *of)
{
    late_send = leat_conn_send(of->conn, "x", 1);
}

START_TEST(on_open_of_one_that_has_reset_cannot_send)
{
    peers.act[OPEN] = send_late;
    int listener = plain_listen(OVER_TCP4, &addr[0]);
    side = dial_one(&addr[0]);
    peer_reset(plain_accept(listener));
    turn_until(side->count[CLOSE] == 1);
    ck_assert_str_eq(side->story, "oc");
    ck_assert_int_eq(late_send, -ECONNRESET);
    ck_assert_int_eq(side->reason, -ECONNRESET);
}
END_TEST

START_TEST(end_before_and_a_reset_is_the_reset)
{
    int listener = plain_listen(OVER_TCP4, &addr[0]);
    side = dial_one(&addr[0]);
    side_send(side, "lost");
    leat_conn_end(side->conn);
    peer_reset(plain_accept(listener));
    expect_close(side, -ECONNRESET);
    ck_assert_uint_eq(side->stats.bytes_lost, 4);
}
END_TEST

START_TEST(listener_that_goes_before_it_accepts_is_a_reset)
{
    int listener = plain_listen((enum transport)_i, &addr[0]);
    side = dial_one(&addr[0]);
    rig_drop(listener);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, -ECONNRESET);
    ck_assert_str_eq(side->story, "oc");
}
END_TEST

/* --- a socket that meets itself ------------------------------------------- */

/* Bind the socket to a port of its own and connect it there: TCP allows that,
 * by opening from both sides at once. */
static int
connect_to_itself(int fd, const struct sockaddr *to, socklen_t len)
{
    struct sockaddr_storage self;
    memcpy(&self, to, len);
    if (to->sa_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)&self)->sin6_port = 0;
    else
        ((struct sockaddr_in *)(void *)&self)->sin_port = 0;
    socklen_t self_len = len;
    ck_assert_int_eq(bind(fd, (void *)&self, len), 0);
    ck_assert_int_eq(getsockname(fd, (void *)&self, &self_len), 0);
    kernel_use(NULL);
    return connect(fd, (void *)&self, self_len);
}

START_TEST(connection_that_has_met_itself_is_refused)
{
    (void)plain_listen((enum transport)_i, &addr[0]);
    kernel_own()->connect = connect_to_itself;
    side = dial_one(&addr[0]);
    side_send(side, "is there anybody");
    expect_close(side, -ECONNREFUSED);
    ck_assert_uint_eq(side->stats.bytes_out, 0);
}
END_TEST

START_TEST(after_meeting_itself_the_next_address_is_tried)
{
    int listener = plain_listen((enum transport)_i, &addr[0]);
    addr[1] = addr[0];
    kernel_own()->connect = connect_to_itself;
    side = dial_all(addr, 2);
    side_send(side, "hi");
    turn_until(side->count[OPEN] == 1);
    peer = plain_accept(listener);
    turn_until(peer_heard(peer, "hi"));
    ck_assert_str_eq(side->story, "o");
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("dial_answers");
    TCase *tcase = tcase_create("dial_answers");
    tcase_add_checked_fixture(tcase, ends_setup, ends_teardown);
    tcase_add_loop_test(tcase, so_error_is_the_reason_of_on_close, 0, 7);
    tcase_add_test(tcase, outcome_that_cannot_be_asked_for_is_a_failure);
    tcase_add_test(tcase, peer_that_cannot_be_asked_for_is_a_failure);
    tcase_add_test(tcase, wake_up_for_nothing_waits_on);
    tcase_add_loop_test(tcase, greeting_before_a_reset_is_not_lost, 0, 2);
    tcase_add_test(tcase, on_open_of_one_that_has_reset_cannot_send);
    tcase_add_test(tcase, end_before_and_a_reset_is_the_reset);
    tcase_add_loop_test(
        tcase, listener_that_goes_before_it_accepts_is_a_reset, 0, TRANSPORTS);
    tcase_add_loop_test(
        tcase, connection_that_has_met_itself_is_refused, 0, OVER_UNIX);
    tcase_add_loop_test(
        tcase, after_meeting_itself_the_next_address_is_tried, 0, OVER_UNIX);
    suite_add_tcase(suite, tcase);
    return suite;
}
