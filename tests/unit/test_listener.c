/*
 * test_listener.c - opening sockets, all or none, and closing them.
 */
#include "peers.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct leat_listener *listener;

static int
try_open(const char *address)
{
    return leat_listener_open(&listener, rig.loop, address, &peers.config);
}

static int
port_of(size_t i)
{
    struct leat_addr addr;
    ck_assert_int_eq(leat_listener_addr(listener, i, &addr), 0);
    return leat_addr_port(&addr);
}

/* Nothing is left of a listener that could not be opened. */
static void
assert_nothing_left(void)
{
    ck_assert_ptr_null(listener);
    ck_assert_uint_eq(ledger_fds(), 2); /* the wake-up pipe */
}

/* --- both families -------------------------------------------------------- */

START_TEST(port_0_is_one_number_for_both_families)
{
    ck_assert_int_eq(try_open("0"), 0);
    ck_assert_uint_eq(leat_listener_count(listener), 2);
    ck_assert_int_gt(port_of(0), 0);
    ck_assert_int_eq(port_of(0), port_of(1));
    struct leat_addr addr;
    ck_assert_int_eq(leat_listener_addr(listener, 2, &addr), -EINVAL);
}
END_TEST

START_TEST(any_port_0_is_one_number_for_both_families)
{
    ck_assert_int_eq(try_open("any:0"), 0);
    ck_assert_uint_eq(leat_listener_count(listener), 2);
    ck_assert_int_eq(port_of(0), port_of(1));
}
END_TEST

START_TEST(both_sockets_of_a_listener_accept)
{
    ck_assert_int_eq(try_open("0"), 0);
    peers.listener = listener;
    peers.act[DATA] = act_echo;
    struct peer *v4 = peer_connect(0), *v6 = peer_connect(1);
    peer_text(v4, "four");
    peer_text(v6, "six");
    turn_until(peer_heard(v4, "four") && peer_heard(v6, "six"));
    ck_assert_uint_eq(leat_listener_conns(listener), 2);
}
END_TEST

/* The second family's port is taken: everything is drawn again. */
static const char *const racing[] = {"bind", "listen"};

START_TEST(port_lost_in_the_race_is_drawn_again)
{
    fault_once(racing[_i], 2, EADDRINUSE);
    ck_assert_int_eq(try_open("0"), 0);
    ck_assert_uint_eq(leat_listener_count(listener), 2);
    ck_assert_int_eq(port_of(0), port_of(1));
    ck_assert_uint_ge(kernel_calls("bind"), 4);
    ck_assert_uint_eq(ledger_fds(), 4);
}
END_TEST

START_TEST(port_is_drawn_64_times_at_most)
{
    fault_sticky("listen", 1, EADDRINUSE);
    ck_assert_int_eq(try_open("0"), -EADDRINUSE);
    ck_assert_uint_eq(kernel_calls("listen"), 64);
    assert_nothing_left();
}
END_TEST

static const char *const pair[] = {"0", "any:0"};
static const int missing[] = {EAFNOSUPPORT, EADDRNOTAVAIL};

START_TEST(one_family_may_be_missing)
{
    fault_once(_i < 2 ? "socket" : "bind", _i % 2 ? 2 : 1, missing[_i / 2]);
    ck_assert_int_eq(try_open(pair[_i % 2]), 0);
    ck_assert_uint_eq(leat_listener_count(listener), 1);
    ck_assert_int_gt(port_of(0), 0);
    ck_assert_uint_eq(rig_noted("family-missing"), 1);
    ck_assert_int_eq(rig.note.error, -missing[_i / 2]);
}
END_TEST

START_TEST(both_families_missing_is_an_error)
{
    fault_sticky("socket", 1, EAFNOSUPPORT);
    ck_assert_int_eq(try_open("0"), -EAFNOSUPPORT);
    ck_assert_uint_eq(rig_noted("family-missing"), 0);
    assert_nothing_left();
}
END_TEST

START_TEST(missing_family_of_one_address_is_an_error)
{
    fault_once("socket", 1, EAFNOSUPPORT);
    ck_assert_int_eq(try_open("127.0.0.1:0"), -EAFNOSUPPORT);
    fault_once("bind", 1, EADDRNOTAVAIL);
    ck_assert_int_eq(try_open("127.0.0.1:0"), -EADDRNOTAVAIL);
    assert_nothing_left();
}
END_TEST

/* --- all or none ---------------------------------------------------------- */

START_TEST(taken_port_of_either_family_is_eaddrinuse)
{
    char address[16];
    int error = -EADDRINUSE;
    /* The other family's port may be somebody else's: then another one. */
    for (int i = 0; i < 50 && error == -EADDRINUSE; i++) {
        ck_assert_int_eq(try_open(_i == 0 ? "127.0.0.1:0" : "[::1]:0"), 0);
        struct leat_listener *first = listener;
        snprintf(address, sizeof address, "%d", port_of(0));
        ck_assert_int_eq(try_open(address), -EADDRINUSE);
        ck_assert_ptr_null(listener);
        ck_assert_uint_eq(ledger_fds(), 3);
        leat_listener_close(first);
        error = try_open(address);
    }
    ck_assert_int_eq(error, 0);
}
END_TEST

static const struct {
    const char *call;
    unsigned nth;
    int error;
} step[] = {
    {"socket", 1, EMFILE},
    {"socket", 2, ENFILE},
    {"socket", 2, ENOBUFS},
    {"socket", 1, ENOMEM},
    {"socket", 1, EACCES},
    {"bind", 1, EACCES},
    {"bind", 2, EACCES},
    {"listen", 1, EOPNOTSUPP},
    {"getsockname", 1, ENOBUFS},
    {"getsockname", 2, ENOBUFS},
};

START_TEST(failing_at_any_step_leaves_nothing_behind)
{
    int fault = fault_once(step[_i].call, step[_i].nth, step[_i].error);
    ck_assert_int_eq(try_open("0"), -step[_i].error);
    ck_assert_uint_eq(fault_fired(fault), 1);
    assert_nothing_left();
    fault_release(fault);
    ck_assert_int_eq(try_open("0"), 0); /* and it works the next time */
}
END_TEST

START_TEST(without_memory_at_any_step_leaves_nothing_behind)
{
    unsigned nth = 1;
    for (int error = -ENOMEM; error != 0; nth++) {
        ck_assert_uint_lt(nth, 30);
        int fault = fault_once("realloc", nth, ENOMEM);
        error = try_open("0");
        fault_release(fault);
        ck_assert(error == 0 || error == -ENOMEM);
        if (error != 0)
            assert_nothing_left();
    }
    ck_assert_uint_gt(nth, 4);
}
END_TEST

/* SO_REUSEADDR and IPV6_V6ONLY must hold; the rest is a wish. */
START_TEST(refused_option_is_noted_or_fatal)
{
    unsigned noted = 0, fatal = 0;
    for (unsigned nth = 1; nth < 12; nth++) {
        int fault = fault_once("setsockopt", nth, ENOPROTOOPT);
        unsigned before = rig_noted("option-refused");
        int error = try_open("[::1]:0");
        ck_assert(error == 0 || error == -ENOPROTOOPT);
        noted += rig_noted("option-refused") - before;
        fatal += error != 0;
        fault_release(fault);
        leat_listener_close(listener);
    }
    ck_assert_uint_eq(fatal, 1); /* port 0: V6ONLY only */
    ck_assert_uint_eq(noted, 7);
}
END_TEST

START_TEST(bad_configuration_is_einval)
{
    peers.config.mode = 01000;
    ck_assert_int_eq(try_open("0"), -EINVAL);
    peers.config.mode = 0;
    peers.config.conn.ops = NULL;
    ck_assert_int_eq(try_open("0"), -EINVAL);
    peers.config.conn.ops = &peers_ops;
    peers.config.conn.queue = (struct leat_queue_config){.limit = 1000};
    ck_assert_int_eq(try_open("0"), -EINVAL);
    peers.config.conn.queue.limit = 0;
    peers.config.conn.queue.low_msgs = 5000;
    ck_assert_int_eq(try_open("0"), -EINVAL);
    ck_assert_int_eq(try_open("nonsense"), -EINVAL);
    ck_assert_ptr_null(listener);
}
END_TEST

START_TEST(unknown_host_is_enoent)
{
    fault_once("getaddrinfo", 1, EAI_NONAME);
    ck_assert_int_eq(try_open("host.invalid:0"), -ENOENT);
    fault_once("getaddrinfo", 1, EAI_AGAIN);
    ck_assert_int_eq(try_open("host.invalid:0"), -EAGAIN);
    assert_nothing_left();
}
END_TEST

START_TEST(all_addresses_of_a_name_are_bound)
{
    ck_assert_int_eq(try_open("localhost:0"), 0);
    ck_assert_uint_ge(leat_listener_count(listener), 1);
    for (size_t i = 1; i < leat_listener_count(listener); i++)
        ck_assert_int_eq(port_of(i), port_of(0));
}
END_TEST

/* The connections that the first server has ended wait out their time: that
 * must not keep the second one from its port. */
START_TEST(server_can_be_started_again_on_its_port)
{
    char address[32];
    int error = -EADDRINUSE;
    for (int i = 0; i < 50 && error == -EADDRINUSE; i++) {
        ck_assert_int_eq(try_open("127.0.0.1:0"), 0);
        snprintf(address, sizeof address, "127.0.0.1:%d", port_of(0));
        leat_listener_close(listener);
        error = try_open(address); /* it may be somebody else's by now */
    }
    ck_assert_int_eq(error, 0);
    peers.listener = listener;
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    leat_conn_end(side->conn); /* we are first: TIME_WAIT is ours */
    turn_until(peer_is_over(peer));
    peer_close(peer);
    turn_until(side->count[CLOSE] == 1);
    leat_listener_close(listener);
    ck_assert_int_eq(try_open(address), 0);
}
END_TEST

/* --- closing -------------------------------------------------------------- */

START_TEST(closing_nothing_is_harmless)
{
    leat_listener_close(NULL);
}
END_TEST

START_TEST(connections_outlive_their_listener)
{
    peers.act[DATA] = act_echo;
    peers_listen(OVER_TCP4);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    leat_listener_close(peers.listener);
    peer_text(peer, "alive");
    turn_until(peer_heard(peer, "alive"));
    leat_conn_close(side->conn);
    peers_turns(2);
    ck_assert_uint_eq(rig_stats().conns, 0);
    ck_assert_uint_eq(rig_fds(), 2);
}
END_TEST

static void
close_listener(struct side *side)
{
    (void)side;
    leat_listener_close(peers.listener);
}

START_TEST(closing_inside_on_open_ends_the_accepting)
{
    peers.act[OPEN] = close_listener;
    peers_listen(OVER_TCP4);
    for (int i = 0; i < 3; i++)
        peer_connect(0);
    turn_until(peers.sides == 1);
    peers_turns(3);
    ck_assert_uint_eq(peers.sides, 1);
    ck_assert_str_eq(peers.side[0].story, "o");
}
END_TEST

static int open_error;

static void
open_another(struct side *side)
{
    struct leat_listener *another = listener;
    (void)side;
    open_error = leat_listener_open(&another, rig.loop, "0", &peers.config);
    ck_assert_ptr_null(another);
}

START_TEST(opening_while_the_loop_is_destroyed_is_eshutdown)
{
    peers.act[CLOSE] = open_another;
    peers_listen(OVER_TCP4);
    struct peer *peer;
    peers_meet(&peer);
    leat_loop_destroy(rig.loop);
    rig.loop = NULL;
    ck_assert_int_eq(open_error, -ESHUTDOWN);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("listener");
    TCase *tcase = tcase_create("listener");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_test(tcase, port_0_is_one_number_for_both_families);
    tcase_add_test(tcase, any_port_0_is_one_number_for_both_families);
    tcase_add_test(tcase, both_sockets_of_a_listener_accept);
    tcase_add_loop_test(tcase, port_lost_in_the_race_is_drawn_again, 0, 2);
    tcase_add_test(tcase, port_is_drawn_64_times_at_most);
    tcase_add_loop_test(tcase, one_family_may_be_missing, 0, 4);
    tcase_add_test(tcase, both_families_missing_is_an_error);
    tcase_add_test(tcase, missing_family_of_one_address_is_an_error);
    tcase_add_loop_test(tcase, taken_port_of_either_family_is_eaddrinuse, 0, 2);
    tcase_add_loop_test(tcase, failing_at_any_step_leaves_nothing_behind, 0,
        (int)(sizeof step / sizeof step[0]));
    tcase_add_test(tcase, without_memory_at_any_step_leaves_nothing_behind);
    tcase_add_test(tcase, refused_option_is_noted_or_fatal);
    tcase_add_test(tcase, bad_configuration_is_einval);
    tcase_add_test(tcase, unknown_host_is_enoent);
    tcase_add_test(tcase, all_addresses_of_a_name_are_bound);
    tcase_add_test(tcase, server_can_be_started_again_on_its_port);
    tcase_add_test(tcase, closing_nothing_is_harmless);
    tcase_add_test(tcase, connections_outlive_their_listener);
    tcase_add_test(tcase, closing_inside_on_open_ends_the_accepting);
    tcase_add_test(tcase, opening_while_the_loop_is_destroyed_is_eshutdown);
    suite_add_tcase(suite, tcase);
    return suite;
}
