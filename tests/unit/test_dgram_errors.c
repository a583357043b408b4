/*
 * test_dgram_errors.c - what the kernel may say of one datagram, and that it
 * never ends the socket.
 */
#include "mailbox.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "run.h"

#define COUNT(array) (int)(sizeof(array) / sizeof(array)[0])

/* Others are served before and after. */
static void
assert_served(int peer)
{
    unsigned count = mailbox.count;

    mailbox_say(peer, "still there");
    for (int i = 0; i < 3 && mailbox.count == count; i++)
        mailbox_turn();
    ck_assert_uint_eq(mailbox.count, count + 1);
}

/* --- receiving ------------------------------------------------------------ */

static const int of_one[] = {ECONNREFUSED, ECONNRESET, EHOSTUNREACH,
    ENETUNREACH, EHOSTDOWN, ENETDOWN, ENOPROTOOPT, EMSGSIZE, EPROTO, ETIMEDOUT,
    EPERM, EACCES, EOPNOTSUPP, EIO, EPIPE, EINVAL};

START_TEST(error_of_one_datagram_is_passed_and_noted)
{
    mailbox_open("127.0.0.1:0");
    int peer = mailbox_peer(0);
    mailbox_say(peer, "x");
    fault_once("recvmsg", 1, of_one[_i]);
    ck_assert_int_eq(mailbox_turn(), 1); /* in the same batch */
    ck_assert_uint_eq(mailbox_stats().errors, 1);
    ck_assert_uint_eq(rig_noted("datagram-error"), 1);
    ck_assert_int_eq(rig.note.error, -of_one[_i]);
    ck_assert_uint_eq(rig_noted("datagram-paused"), 0);
    assert_served(peer);
}
END_TEST

/* select() may be wrong: a datagram with a bad sum is thrown away late. */
START_TEST(readiness_for_nothing_is_no_error)
{
    rig.may_spin = true;
    mailbox_open("127.0.0.1:0");
    int peer = mailbox_peer(0);
    mailbox_say(peer, "x");
    fault_once("recvmsg", 1, EAGAIN);
    ck_assert_int_eq(mailbox_turn(), 0);
    ck_assert_uint_eq(mailbox_stats().errors, 0);
    ck_assert_uint_eq(rig_stats().spins, 1);
    ck_assert_int_eq(mailbox_turn(), 1);
}
END_TEST

START_TEST(a_signal_in_between_is_no_error)
{
    mailbox_open("127.0.0.1:0");
    int peer = mailbox_peer(0);
    mailbox_say(peer, "x");
    fault_times("recvmsg", 1, 8, EINTR);
    ck_assert_int_eq(mailbox_turn(), 1);
    ck_assert_uint_eq(mailbox_stats().errors, 0);
}
END_TEST

START_TEST(a_storm_of_signals_ends_the_batch_only)
{
    rig.may_spin = true;
    mailbox_open("127.0.0.1:0");
    int peer = mailbox_peer(0);
    mailbox_say(peer, "x");
    fault_times("recvmsg", 1, 9, EINTR);
    ck_assert_int_eq(mailbox_turn(), 0);
    ck_assert_int_eq(mailbox_turn(), 1);
}
END_TEST

static const int no_memory[] = {ENOBUFS, ENOMEM};

START_TEST(without_kernel_memory_it_rests_for_10_ms)
{
    mailbox_open("127.0.0.1:0");
    int peer = mailbox_peer(0);
    mailbox_say(peer, "x");
    fault_once("recvmsg", 1, no_memory[_i]);
    ck_assert_int_eq(mailbox_turn(), 0);
    ck_assert_uint_eq(rig_noted("datagram-paused"), 1);
    ck_assert_int_eq(mailbox_turn(), 0); /* nobody asks: no spinning */
    ck_assert_uint_eq(kernel_calls("recvmsg"), 1);
    clock_advance(10 * MSEC);
    ck_assert_int_eq(mailbox_turn(), 0); /* the timer */
    ck_assert_int_eq(mailbox_turn(), 1);
    assert_served(peer);
}
END_TEST

START_TEST(nothing_but_errors_makes_it_rest_too)
{
    mailbox.config.batch = 5;
    mailbox_open("127.0.0.1:0");
    int peer = mailbox_peer(0);
    mailbox_say(peer, "x");
    int fault = fault_sticky("recvmsg", 1, EIO);
    ck_assert_int_eq(mailbox_turn(), 0);
    ck_assert_uint_eq(fault_fired(fault), 5);
    ck_assert_int_eq(mailbox_turn(), 0);
    ck_assert_uint_eq(fault_fired(fault), 5);
    clock_advance(10 * MSEC);
    mailbox_turn();
    mailbox_turn();
    ck_assert_uint_eq(fault_fired(fault), 10);
    ck_assert_uint_eq(rig_noted("datagram-paused"), 2);
    fault_release(fault);
    clock_advance(10 * MSEC);
    mailbox_turn();
    ck_assert_int_eq(mailbox_turn(), 1);
    assert_served(peer);
}
END_TEST

static const int no_socket[] = {EBADF, ENOTSOCK};

START_TEST(number_that_is_no_socket_any_more_is_let_go)
{
    mailbox_open("0");
    mailbox_say(mailbox_peer(0), "x");
    fault_once("recvmsg", 1, no_socket[_i]);
    ck_assert_int_eq(mailbox_turn(), 0);
    ck_assert_uint_eq(rig_noted("listener-failed"), 1);
    if (no_socket[_i] == EBADF) {
        /* It was not, but leat must not close a number that may be somebody
         * else's. */
        ck_assert(ledger_has_fd(rig.note.fd));
        ledger_disown(rig.note.fd);
        close(rig.note.fd);
    }
    assert_served(mailbox_peer(1)); /* the other family goes on */
}
END_TEST

/* --- sending -------------------------------------------------------------- */

static const int unsendable[] = {EAGAIN, ENOBUFS, ENOMEM, EMSGSIZE,
    ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ENETDOWN, EPERM, EACCES, EINVAL,
    EPIPE, EIO};

START_TEST(what_the_kernel_does_not_take_is_dropped_and_counted)
{
    mailbox_open("127.0.0.1:0");
    mailbox.echoes = true;
    int peer = mailbox_peer(0);
    mailbox_say(peer, "lost");
    mailbox_say(peer, "kept");
    fault_once("sendmsg", 1, unsendable[_i]);
    ck_assert_int_eq(mailbox_turn(), 2);
    ck_assert(mailbox_heard(peer, "kept"));
    ck_assert(mailbox_is_silent(peer));
    ck_assert_uint_eq(mailbox_stats().unsent, 1);
    ck_assert_uint_eq(mailbox_stats().out, 1);
    ck_assert_uint_eq(rig_stats().datagrams_dropped, 1);
    ck_assert_uint_eq(rig_stats().memory, 0); /* nothing is kept */
    assert_served(peer);
}
END_TEST

START_TEST(the_error_of_a_send_is_told)
{
    mailbox_open("127.0.0.1:0");
    mailbox.echoes = true;
    mailbox_say(mailbox_peer(0), "x");
    fault_once("sendmsg", 1, unsendable[_i]);
    mailbox_turn();
    ck_assert_int_eq(mailbox.sent, -unsendable[_i]);
}
END_TEST

START_TEST(a_send_longer_than_a_datagram_is_emsgsize)
{
    static const char bytes[65536];

    mailbox_open("127.0.0.1:0");
    mailbox_say(mailbox_peer(0), "x");
    mailbox_turn();
    kernel_reset_calls();
    ck_assert_int_eq(
        leat_dgram_send(mailbox.dgram, bytes, sizeof bytes, &mailbox.peer),
        -EMSGSIZE);
    ck_assert_uint_eq(kernel_calls("sendmsg"), 0);
    /* Where the headers leave no room for it, the kernel says so. */
    ck_assert_int_eq(
        leat_dgram_send(mailbox.dgram, bytes, 65508, &mailbox.peer), -EMSGSIZE);
    ck_assert_uint_eq(mailbox_stats().unsent, 2);
}
END_TEST

START_TEST(peers_that_are_gone_do_not_harm_those_that_are_not)
{
    mailbox_open("127.0.0.1:0");
    mailbox.echoes = true;
    int gone = mailbox_peer(0), peer = mailbox_peer(0);
    mailbox_say(gone, "one");
    mailbox_say(gone, "two");
    rig_drop(gone); /* answers come back as ICMP errors */
    ck_assert_int_eq(mailbox_turn(), 2);
    mailbox_say(peer, "here");
    mailbox_turn();
    ck_assert(mailbox_heard(peer, "here"));
    assert_served(peer);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("dgram_errors");
    TCase *tcase = tcase_create("dgram_errors");
    tcase_add_checked_fixture(tcase, mailbox_setup, mailbox_teardown);
    tcase_add_loop_test(
        tcase, error_of_one_datagram_is_passed_and_noted, 0, COUNT(of_one));
    tcase_add_test(tcase, readiness_for_nothing_is_no_error);
    tcase_add_test(tcase, a_signal_in_between_is_no_error);
    tcase_add_test(tcase, a_storm_of_signals_ends_the_batch_only);
    tcase_add_loop_test(
        tcase, without_kernel_memory_it_rests_for_10_ms, 0, COUNT(no_memory));
    tcase_add_test(tcase, nothing_but_errors_makes_it_rest_too);
    tcase_add_loop_test(tcase, number_that_is_no_socket_any_more_is_let_go, 0,
        COUNT(no_socket));
    tcase_add_loop_test(tcase,
        what_the_kernel_does_not_take_is_dropped_and_counted, 0,
        COUNT(unsendable));
    tcase_add_loop_test(
        tcase, the_error_of_a_send_is_told, 0, COUNT(unsendable));
    tcase_add_test(tcase, a_send_longer_than_a_datagram_is_emsgsize);
    tcase_add_test(tcase, peers_that_are_gone_do_not_harm_those_that_are_not);
    suite_add_tcase(suite, tcase);
    return suite;
}
