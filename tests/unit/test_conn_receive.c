/*
 * test_conn_receive.c - the receive buffer of an accepted connection: narrow
 * until the peer has shown that it takes what it is sent, by the calls that are
 * made for it.
 */
#include "peers.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/net.h"
#include "sys/sys.h"

#define KIB ((size_t)1024)
#define NARROW (2 * 56 * 1024) /* the kernel tells twice what it was told */
#define WIDE (2 * 192 * 1024)
#define WIDEN_AT (512 * KIB)
/* The call by which the listener asks whether it can be had. */
#define ASKED 8

static struct peer *peer;
static struct side *side;

/* Where the system has no such option all is as it was before there was. */
static bool
is_there(void)
{
    int fd = leat__sys_socket(AF_INET, SOCK_STREAM);
    ck_assert_int_ge(fd, 0);
    int error = leat__sys_lock_buffers(fd, 0);
    ck_assert_int_eq(leat__sys_close(fd), 0);
    ck_assert(error == 0 || error == -ENOPROTOOPT);
    return error == 0;
}

static void
meet(void)
{
    peers.act[DATA] = act_echo;
    if (peers.listener == NULL)
        peers_listen(OVER_TCP4);
    kernel_reset_calls();
    side = peers_meet(&peer);
}

static int
size_of(int name)
{
    int value = -1;
    socklen_t len = sizeof value;
    ck_assert_int_eq(
        getsockopt(side->conn->io.fd, SOL_SOCKET, name, &value, &len), 0);
    return value;
}

/* The peer says so much in all, and has heard it. */
static void
talk(size_t to)
{
    while (peer->len < to) {
        size_t more = to - peer->len < 16 * KIB ? to - peer->len : 16 * KIB;
        size_t then = peer->len + more;
        peer_say_keyed(peer, 1, more);
        turn_until(peer_has(peer, then));
    }
}

/* It sends what it can and reads nothing, until nothing moves. */
static void
flood(void)
{
    static unsigned char bytes[64 * 1024];
    for (unsigned idle = 0; idle < 50; idle++) {
        while (send(peer->fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
            idle = 0;
        peers_turn();
    }
}

START_TEST(an_accepted_one_begins_narrow)
{
    if (!is_there())
        return;
    meet();
    ck_assert_uint_eq(kernel_calls("setsockopt"), 1);
    ck_assert_int_eq(size_of(SO_RCVBUF), NARROW);
    talk(WIDEN_AT - 1);
    ck_assert_uint_eq(kernel_calls("setsockopt"), 1);
    ck_assert_int_eq(size_of(SO_RCVBUF), NARROW);
}
END_TEST

START_TEST(who_takes_what_it_is_sent_gets_a_wide_one_once)
{
    if (!is_there())
        return;
    meet();
    talk(WIDEN_AT);
    ck_assert_uint_eq(kernel_calls("setsockopt"), 3);
    ck_assert_int_ge(size_of(SO_RCVBUF), WIDE);
    talk(3 * WIDEN_AT);
    ck_assert_uint_eq(kernel_calls("setsockopt"), 3);
}
END_TEST

/* Though its queue takes more than the 512 KiB. */
START_TEST(who_takes_nothing_keeps_a_narrow_one)
{
    if (!is_there())
        return;
    peers.config.conn.queue.limit = 8 * WIDEN_AT;
    peers.config.conn.queue.high = 4 * WIDEN_AT;
    meet();
    flood();
    ck_assert_uint_ge(side->len, 2 * WIDEN_AT);
    ck_assert_int_eq(size_of(SO_RCVBUF), NARROW);
    ck_assert_uint_eq(kernel_calls("setsockopt"), 1);
}
END_TEST

START_TEST(a_configured_size_stays)
{
    peers.config.conn.rcvbuf = 60000;
    meet();
    talk(WIDEN_AT);
    ck_assert_uint_eq(kernel_calls("setsockopt"), 0);
    ck_assert_int_eq(size_of(SO_RCVBUF), 2 * 60000);
}
END_TEST

START_TEST(it_can_be_left_to_the_kernel)
{
    peers.config.conn.rcvbuf = LEAT_OFF;
    meet();
    talk(WIDEN_AT);
    ck_assert_uint_eq(kernel_calls("setsockopt"), 0);
}
END_TEST

START_TEST(without_the_option_it_is_left_to_the_kernel)
{
    if (!is_there())
        return;
    fault_once("setsockopt", ASKED, ENOPROTOOPT);
    meet();
    talk(WIDEN_AT);
    ck_assert_uint_eq(kernel_calls("setsockopt"), 0);
    ck_assert_uint_eq(rig_noted("option-refused"), 0);
}
END_TEST

START_TEST(a_refused_narrow_one_is_noted_and_harmless)
{
    if (!is_there())
        return;
    peers_listen(OVER_TCP4);
    fault_once("setsockopt", 1, ENOMEM);
    meet();
    talk(WIDEN_AT);
    ck_assert_uint_eq(kernel_calls("setsockopt"), 1);
    ck_assert_uint_eq(rig_noted("option-refused"), 1);
}
END_TEST

/* Either of the two calls. */
START_TEST(a_refused_wide_one_is_noted_and_harmless)
{
    if (!is_there())
        return;
    meet();
    fault_once("setsockopt", (unsigned)_i, ENOMEM);
    talk(2 * WIDEN_AT);
    ck_assert_uint_eq(kernel_calls("setsockopt"), 1u + (unsigned)_i);
    ck_assert_uint_eq(rig_noted("option-refused"), 1);
}
END_TEST

START_TEST(a_configured_send_buffer_stays_locked)
{
    if (!is_there())
        return;
    peers.config.conn.sndbuf = 50000;
    meet();
    talk(3 * WIDEN_AT);
    ck_assert_uint_eq(kernel_calls("setsockopt"), 3);
    ck_assert_int_eq(size_of(SO_SNDBUF), 2 * 50000);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("conn_receive");
    TCase *tcase = tcase_create("conn_receive");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_test(tcase, an_accepted_one_begins_narrow);
    tcase_add_test(tcase, who_takes_what_it_is_sent_gets_a_wide_one_once);
    tcase_add_test(tcase, who_takes_nothing_keeps_a_narrow_one);
    tcase_add_test(tcase, a_configured_size_stays);
    tcase_add_test(tcase, it_can_be_left_to_the_kernel);
    tcase_add_test(tcase, without_the_option_it_is_left_to_the_kernel);
    tcase_add_test(tcase, a_refused_narrow_one_is_noted_and_harmless);
    tcase_add_loop_test(tcase, a_refused_wide_one_is_noted_and_harmless, 1, 3);
    tcase_add_test(tcase, a_configured_send_buffer_stays_locked);
    suite_add_tcase(suite, tcase);
    return suite;
}
