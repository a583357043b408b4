/*
 * test_conn_options.c - socket options: what a connection gets, from the
 * listener or of its own, and that only fitting ones are asked for.
 */
#include "peers.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "net/net.h"
#include "sys/sys.h"

static struct side *side;

static int
option(int level, int name)
{
    int value = -1;
    socklen_t len = sizeof value;
    ck_assert_int_eq(
        getsockopt(side->conn->io.fd, level, name, &value, &len), 0);
    return value;
}

static void
meet_over(enum transport transport)
{
    struct peer *peer;
    peers_listen(transport);
    side = peers_meet(&peer);
}

static const enum transport tcp[] = {OVER_TCP4, OVER_TCP6};

START_TEST(defaults_protect)
{
    meet_over(tcp[_i]);
    ck_assert_int_ne(option(SOL_SOCKET, SO_OOBINLINE), 0);
    ck_assert_int_ne(option(IPPROTO_TCP, TCP_NODELAY), 0);
    ck_assert_int_eq(option(IPPROTO_TCP, TCP_NOTSENT_LOWAT), 16 * 1024);
    ck_assert_int_ne(option(SOL_SOCKET, SO_KEEPALIVE), 0);
    ck_assert_int_eq(option(IPPROTO_TCP, TCP_KEEPIDLE), 60);
    ck_assert_int_eq(option(IPPROTO_TCP, TCP_KEEPINTVL), 10);
    ck_assert_int_eq(option(IPPROTO_TCP, TCP_KEEPCNT), 3);
}
END_TEST

START_TEST(options_are_what_was_asked_for)
{
    peers.config.conn.nagle = true;
    peers.config.conn.lowat = 4096;
    peers.config.conn.keepalive_us = 90 * SEC + 1; /* rounded up */
    peers.config.conn.sndbuf = 50000;
    peers.config.conn.rcvbuf = 60000;
    meet_over(tcp[_i]);
    ck_assert_int_eq(option(IPPROTO_TCP, TCP_NODELAY), 0);
    ck_assert_int_eq(option(IPPROTO_TCP, TCP_NOTSENT_LOWAT), 4096);
    ck_assert_int_eq(option(IPPROTO_TCP, TCP_KEEPIDLE), 91);
    ck_assert_int_eq(option(SOL_SOCKET, SO_SNDBUF), 2 * 50000);
    ck_assert_int_eq(option(SOL_SOCKET, SO_RCVBUF), 2 * 60000);
}
END_TEST

START_TEST(options_can_be_left_to_the_kernel)
{
    peers.config.conn.lowat = LEAT_OFF;
    peers.config.conn.keepalive_us = -1;
    peers.config.conn.sndbuf = LEAT_OFF;
    meet_over(tcp[_i]);
    ck_assert_int_ne(option(IPPROTO_TCP, TCP_NOTSENT_LOWAT), 16 * 1024);
    ck_assert_int_eq(option(SOL_SOCKET, SO_KEEPALIVE), 0);
}
END_TEST

START_TEST(absurd_keepalive_is_noted_and_harmless)
{
    peers.config.conn.keepalive_us = INT64_MAX;
    meet_over(OVER_TCP4);
    ck_assert_uint_eq(rig_noted("option-refused"), 1);
    ck_assert_uint_eq(rig.note.value, TCP_KEEPIDLE);
}
END_TEST

/* All others are inherited; of a configured receive buffer, that too. */
START_TEST(accepting_over_tcp_makes_no_call_for_options)
{
    struct peer *peer;
    peers.config.conn.rcvbuf = 60000;
    peers_listen(tcp[_i]);
    (void)peers_meet(&peer); /* with the first a queue may come, to park in */
    kernel_reset_calls();
    side = peers_meet(&peer);
    ck_assert_uint_eq(kernel_calls("setsockopt"), 0);
    ck_assert_uint_eq(kernel_calls("fcntl"), 0);
    ck_assert_uint_eq(kernel_calls("getsockopt"), 0);
}
END_TEST

START_TEST(unix_connections_are_asked_for_no_tcp_options)
{
    peers.config.conn.rcvbuf = 60000;
    meet_over(OVER_UNIX);
    ck_assert_int_ne(option(SOL_SOCKET, SO_OOBINLINE), 0);
    ck_assert_int_eq(option(SOL_SOCKET, SO_SNDBUF), 2 * 64 * 1024);
    ck_assert_int_eq(option(SOL_SOCKET, SO_RCVBUF), 2 * 60000);
    ck_assert_uint_eq(rig_noted("option-refused"), 0);
}
END_TEST

START_TEST(unix_buffer_can_be_left_to_the_kernel)
{
    peers.config.conn.sndbuf = LEAT_OFF;
    meet_over(OVER_UNIX);
    ck_assert_int_ne(option(SOL_SOCKET, SO_SNDBUF), 2 * 64 * 1024);
}
END_TEST

/* The kernel's memory for one who does not read is bounded, too. */
START_TEST(never_reader_pins_little_in_the_kernel)
{
    meet_over((enum transport)_i);
    for (int i = 0; i < 300; i++) {
        (void)side_send_keyed(side, 1, 0, 64 * 1024);
        peers_turn();
    }
    /* Its own receive buffer is the peer's affair; what is above that and
     * not read is ours: without the mark it is more than 2 MiB. */
    int unsent = leat__sys_unsent(side->conn->io.fd);
    ck_assert_int_ge(unsent, 0);
    ck_assert_int_lt(unsent, 1024 * 1024);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("conn_options");
    TCase *tcase = tcase_create("conn_options");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_loop_test(tcase, defaults_protect, 0, 2);
    tcase_add_loop_test(tcase, options_are_what_was_asked_for, 0, 2);
    tcase_add_loop_test(tcase, options_can_be_left_to_the_kernel, 0, 2);
    tcase_add_test(tcase, absurd_keepalive_is_noted_and_harmless);
    tcase_add_loop_test(
        tcase, accepting_over_tcp_makes_no_call_for_options, 0, 2);
    tcase_add_test(tcase, unix_connections_are_asked_for_no_tcp_options);
    tcase_add_test(tcase, unix_buffer_can_be_left_to_the_kernel);
    tcase_add_loop_test(
        tcase, never_reader_pins_little_in_the_kernel, 0, TRANSPORTS);
    suite_add_tcase(suite, tcase);
    return suite;
}
