/*
 * test_dgram.c - datagrams: delivered, answered, and the end.
 */
#include "mailbox.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "run.h"

/* --- delivered and answered ----------------------------------------------- */

START_TEST(both_families_are_answered)
{
    mailbox_open("0");
    mailbox.echoes = true;
    for (size_t i = 0; i < 2; i++) {
        int peer = mailbox_peer(i);
        mailbox_say(peer, "hello");
        ck_assert_int_eq(mailbox_turn(), 1);
        ck_assert_int_eq(mailbox.sent, 0);
        ck_assert(mailbox_heard(peer, "hello"));
    }
    struct leat_dgram_stats stats = mailbox_stats();
    ck_assert_uint_eq(stats.in, 2);
    ck_assert_uint_eq(stats.bytes_in, 10);
    ck_assert_uint_eq(stats.out, 2);
    ck_assert_uint_eq(stats.bytes_out, 10);
    ck_assert_uint_eq(rig_stats().datagrams_in, 2);
    ck_assert_uint_eq(rig_stats().datagrams_out, 2);
    ck_assert_uint_eq(rig_stats().datagrams_dropped, 0);
}
END_TEST

START_TEST(an_empty_datagram_is_one)
{
    mailbox_open("127.0.0.1:0");
    mailbox.echoes = true;
    int peer = mailbox_peer(0);
    mailbox_say(peer, "");
    mailbox_turn();
    ck_assert_uint_eq(mailbox.count, 1);
    ck_assert_uint_eq(mailbox.len, 0);
    ck_assert(mailbox_heard(peer, ""));
}
END_TEST

START_TEST(the_longest_datagram_comes_back_whole)
{
    enum { LONGEST = 65507 }; /* 65535 without the headers of IPv4 and UDP */
    static char bytes[LONGEST + 1], back[LONGEST + 1];

    mailbox_open("127.0.0.1:0");
    mailbox.echoes = true;
    int peer = mailbox_peer(0);
    memset(bytes, 'x', sizeof bytes);
    ck_assert_int_eq(send(peer, bytes, LONGEST, 0), LONGEST);
    mailbox_turn();
    ck_assert_uint_eq(mailbox.len, LONGEST);
    ck_assert_int_eq(recv(peer, back, sizeof back, 0), LONGEST);
    ck_assert_int_eq(memcmp(bytes, back, LONGEST), 0);
}
END_TEST

START_TEST(a_datagram_longer_than_max_is_dropped_and_never_cut)
{
    mailbox.config.max = 4;
    mailbox_open("127.0.0.1:0");
    int peer = mailbox_peer(0);
    mailbox_say(peer, "12345");
    mailbox_say(peer, "1234");
    mailbox_turn();
    ck_assert_uint_eq(mailbox.count, 1);
    ck_assert_uint_eq(mailbox.len, 4);
    ck_assert_uint_eq(mailbox_stats().too_long, 1);
    ck_assert_uint_eq(rig_stats().datagrams_dropped, 1);
}
END_TEST

/* Whoever asked 127.0.0.2 takes no answer from 127.0.0.1, which the kernel
 * would choose. */
START_TEST(an_answer_leaves_from_the_address_that_was_asked)
{
    struct sockaddr_in asked = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1)};

    mailbox_open("any:0");
    mailbox.echoes = true;
    asked.sin_port = htons((uint16_t)mailbox_port());
    int peer = rig_keep(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    ck_assert_int_eq(connect(peer, (struct sockaddr *)&asked, sizeof asked), 0);
    mailbox_say(peer, "second");
    mailbox_turn();
    ck_assert(mailbox_heard(peer, "second"));
}
END_TEST

START_TEST(what_was_sent_to_everybody_is_not_delivered)
{
    struct sockaddr_in all = {.sin_family = AF_INET,
        .sin_addr.s_addr = htonl(0x7fffffff)}; /* of the loopback network */
    const int on = 1;

    mailbox_open("any:0");
    all.sin_port = htons((uint16_t)mailbox_port());
    int peer = rig_keep(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    ck_assert_int_eq(
        setsockopt(peer, SOL_SOCKET, SO_BROADCAST, &on, sizeof on), 0);
    ck_assert_int_eq(
        sendto(peer, "all", 3, 0, (struct sockaddr *)&all, sizeof all), 3);
    mailbox_turn();
    ck_assert_uint_eq(mailbox.count, 0);
    ck_assert_uint_eq(mailbox_stats().cast, 1);
    ck_assert_uint_eq(rig_stats().datagrams_dropped, 1);
}
END_TEST

START_TEST(a_peer_can_be_sent_to_later)
{
    mailbox_open("0");
    int peer = mailbox_peer(1);
    mailbox_say(peer, "first");
    mailbox_turn();
    ck_assert_int_eq(
        leat_dgram_send(mailbox.dgram, "later", 5, &mailbox.peer), 0);
    ck_assert(mailbox_heard(peer, "later"));
    ck_assert_int_eq(leat_dgram_send(mailbox.dgram, NULL, 0, &mailbox.peer), 0);
    ck_assert(mailbox_heard(peer, ""));
}
END_TEST

static void
send_elsewhere(void)
{
    struct leat_addr addr[LEAT_ADDR_MAX];

    /* A family that it has no socket of. */
    ck_assert_int_eq(leat_addr_parse(addr, "[::1]:9", 0), 1);
    mailbox.sent = leat_dgram_send(mailbox.dgram, "x", 1, &addr[0]);
}

START_TEST(a_peer_of_a_family_without_a_socket_is_eafnosupport)
{
    mailbox_open("127.0.0.1:0");
    mailbox.then = send_elsewhere;
    mailbox_say(mailbox_peer(0), "x");
    mailbox_turn();
    ck_assert_int_eq(mailbox.sent, -EAFNOSUPPORT);
    ck_assert_uint_eq(mailbox_stats().unsent, 1);
}
END_TEST

/* --- batches -------------------------------------------------------------- */

START_TEST(one_batch_is_delivered_per_turn)
{
    mailbox_open("127.0.0.1:0");
    int peer = mailbox_peer(0);
    for (int i = 0; i < 70; i++)
        mailbox_say(peer, "x");
    ck_assert_int_eq(mailbox_turn(), 64);
    ck_assert_int_eq(mailbox_turn(), 6);
    ck_assert_int_eq(mailbox_turn(), 0);
}
END_TEST

START_TEST(size_of_a_batch_can_be_chosen_and_counts_per_socket)
{
    mailbox.config.batch = 3;
    mailbox_open("0");
    int v4 = mailbox_peer(0), v6 = mailbox_peer(1);
    for (int i = 0; i < 4; i++) {
        mailbox_say(v4, "four");
        mailbox_say(v6, "six");
    }
    ck_assert_int_eq(mailbox_turn(), 6);
    ck_assert_int_eq(mailbox_turn(), 2);
}
END_TEST

static void
take_time(void)
{
    clock_advance(10 * MSEC);
}

START_TEST(a_budget_of_time_ends_a_batch)
{
    mailbox_open("127.0.0.1:0");
    mailbox.then = take_time;
    int peer = mailbox_peer(0);
    mailbox_say(peer, "1");
    mailbox_say(peer, "2");
    leat_loop_set_budget(rig.loop, 5 * MSEC);
    ck_assert_int_eq(mailbox_turn(), 1);
    ck_assert_int_eq(mailbox_turn(), 1);
}
END_TEST

START_TEST(it_costs_a_turn_nothing_while_nobody_sends)
{
    mailbox_open("0");
    kernel_reset_calls();
    rig_turns(10);
    ck_assert_uint_eq(kernel_calls("recvmsg"), 0);
    ck_assert_uint_eq(kernel_calls("realloc"), 0);
}
END_TEST

/* --- the end -------------------------------------------------------------- */

START_TEST(a_drain_delivers_what_waits)
{
    mailbox_open("0");
    int v4 = mailbox_peer(0), v6 = mailbox_peer(1);
    mailbox.echoes = true;
    mailbox_say(v4, "four");
    mailbox_say(v6, "six");
    ck_assert_int_eq(leat_dgram_drain(mailbox.dgram), 2);
    ck_assert(mailbox_heard(v4, "four"));
    ck_assert(mailbox_heard(v6, "six"));
    ck_assert_int_eq(leat_dgram_drain(mailbox.dgram), 0);
}
END_TEST

START_TEST(a_drain_is_one_batch_per_socket_however_late_it_is)
{
    mailbox.config.batch = 3;
    mailbox_open("127.0.0.1:0");
    mailbox.then = take_time;
    leat_loop_set_budget(rig.loop, 1);
    int peer = mailbox_peer(0);
    for (int i = 0; i < 5; i++)
        mailbox_say(peer, "x");
    ck_assert_int_eq(mailbox_turn(), 1); /* the budget is used */
    ck_assert_int_eq(leat_dgram_drain(mailbox.dgram), 3);
}
END_TEST

static int drained;

static void
drain_inside(void)
{
    drained = leat_dgram_drain(mailbox.dgram);
}

START_TEST(a_drain_from_its_own_callback_is_ebusy)
{
    mailbox_open("127.0.0.1:0");
    mailbox.then = drain_inside;
    mailbox_say(mailbox_peer(0), "x");
    mailbox_turn();
    ck_assert_int_eq(drained, -EBUSY);
}
END_TEST

static void
close_inside(void)
{
    leat_dgram_close(mailbox.dgram);
    /* What is left until the callback ends can still be asked. */
    mailbox.sent = leat_dgram_send(mailbox.dgram, "x", 1, &mailbox.peer);
    mailbox.dgram = NULL;
}

START_TEST(closing_inside_its_callback_ends_the_batch)
{
    mailbox_open("127.0.0.1:0");
    mailbox.then = close_inside;
    int peer = mailbox_peer(0);
    mailbox_say(peer, "1");
    mailbox_say(peer, "2");
    ck_assert_int_eq(mailbox_turn(), 1);
    ck_assert_int_eq(mailbox.sent, -ESHUTDOWN);
    ck_assert_uint_eq(ledger_fds(), 2);
}
END_TEST

START_TEST(closing_inside_a_drain_ends_it)
{
    mailbox_open("0");
    mailbox.then = close_inside;
    mailbox_say(mailbox_peer(0), "1");
    mailbox_say(mailbox_peer(1), "2");
    ck_assert_int_eq(leat_dgram_drain(mailbox.dgram), 1);
    ck_assert_ptr_null(mailbox.dgram);
    ck_assert_uint_eq(ledger_fds(), 2);
}
END_TEST

static void
destroy_inside(void)
{
    leat_loop_destroy(rig.loop);
    mailbox.dgram = NULL;
}

START_TEST(destroying_the_loop_inside_ends_everything)
{
    bool is_drain = _i;

    mailbox_open("127.0.0.1:0");
    mailbox.then = destroy_inside;
    int peer = mailbox_peer(0);
    mailbox_say(peer, "1");
    mailbox_say(peer, "2");
    struct leat_dgram *dgram = mailbox.dgram;
    int result =
        is_drain ? leat_dgram_drain(dgram) : leat_loop_step(rig.loop, 0);
    rig.loop = NULL;
    ck_assert_int_eq(result, -ECANCELED);
    ck_assert_uint_eq(mailbox.count, 1);
    ck_assert_uint_eq(ledger_fds(), 0);
}
END_TEST

START_TEST(destroying_the_loop_closes_what_is_open)
{
    mailbox_open("0");
    mailbox_say(mailbox_peer(0), "1");
    rig_close();
    ck_assert_uint_eq(ledger_fds(), 0);
}
END_TEST

START_TEST(closing_nothing_is_harmless)
{
    leat_dgram_close(NULL);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("dgram");
    TCase *tcase = tcase_create("dgram");
    tcase_add_checked_fixture(tcase, mailbox_setup, mailbox_teardown);
    tcase_add_test(tcase, both_families_are_answered);
    tcase_add_test(tcase, an_empty_datagram_is_one);
    tcase_add_test(tcase, the_longest_datagram_comes_back_whole);
    tcase_add_test(tcase, a_datagram_longer_than_max_is_dropped_and_never_cut);
    tcase_add_test(tcase, an_answer_leaves_from_the_address_that_was_asked);
    tcase_add_test(tcase, what_was_sent_to_everybody_is_not_delivered);
    tcase_add_test(tcase, a_peer_can_be_sent_to_later);
    tcase_add_test(tcase, a_peer_of_a_family_without_a_socket_is_eafnosupport);
    tcase_add_test(tcase, one_batch_is_delivered_per_turn);
    tcase_add_test(tcase, size_of_a_batch_can_be_chosen_and_counts_per_socket);
    tcase_add_test(tcase, a_budget_of_time_ends_a_batch);
    tcase_add_test(tcase, it_costs_a_turn_nothing_while_nobody_sends);
    tcase_add_test(tcase, a_drain_delivers_what_waits);
    tcase_add_test(tcase, a_drain_is_one_batch_per_socket_however_late_it_is);
    tcase_add_test(tcase, a_drain_from_its_own_callback_is_ebusy);
    tcase_add_test(tcase, closing_inside_its_callback_ends_the_batch);
    tcase_add_test(tcase, closing_inside_a_drain_ends_it);
    tcase_add_loop_test(
        tcase, destroying_the_loop_inside_ends_everything, 0, 2);
    tcase_add_test(tcase, destroying_the_loop_closes_what_is_open);
    tcase_add_test(tcase, closing_nothing_is_harmless);
    suite_add_tcase(suite, tcase);
    return suite;
}
