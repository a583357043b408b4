/*
 * test_dgram_open.c - the sockets of datagrams, all or none.
 */
#include "mailbox.h"

#include <leat/listener.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "kernel.h"
#include "run.h"

static int
try_open(const char *address)
{
    return leat_dgram_open(&mailbox.dgram, rig.loop, address, &mailbox.config);
}

static void
assert_nothing_left(void)
{
    ck_assert_ptr_null(mailbox.dgram);
    ck_assert_uint_eq(ledger_fds(), 2); /* the wake-up pipe */
}

/* --- opening -------------------------------------------------------------- */

START_TEST(port_0_is_one_number_for_both_families)
{
    struct leat_addr addr[2];

    mailbox_open("0");
    ck_assert_uint_eq(leat_dgram_count(mailbox.dgram), 2);
    ck_assert_int_eq(leat_dgram_addr(mailbox.dgram, 0, &addr[0]), 0);
    ck_assert_int_eq(leat_dgram_addr(mailbox.dgram, 1, &addr[1]), 0);
    ck_assert_int_gt(leat_addr_port(&addr[0]), 0);
    ck_assert_int_eq(leat_addr_port(&addr[0]), leat_addr_port(&addr[1]));
    ck_assert_int_eq(leat_dgram_addr(mailbox.dgram, 2, &addr[0]), -EINVAL);
}
END_TEST

START_TEST(port_lost_in_the_race_is_drawn_again)
{
    fault_once("bind", 2, EADDRINUSE);
    mailbox_open("0");
    ck_assert_uint_eq(leat_dgram_count(mailbox.dgram), 2);
    ck_assert_uint_eq(kernel_calls("bind"), 4);
    ck_assert_uint_eq(ledger_fds(), 4);
}
END_TEST

START_TEST(one_family_may_be_missing)
{
    fault_once("socket", 2, EAFNOSUPPORT);
    mailbox_open("0");
    ck_assert_uint_eq(leat_dgram_count(mailbox.dgram), 1);
    ck_assert_uint_eq(rig_noted("family-missing"), 1);
}
END_TEST

/* Two that share a port would take each other's datagrams. */
START_TEST(port_that_is_taken_is_eaddrinuse)
{
    char address[32];
    struct leat_dgram *other;

    mailbox_open("127.0.0.1:0");
    snprintf(address, sizeof address, "127.0.0.1:%d", mailbox_port());
    ck_assert_int_eq(
        leat_dgram_open(&other, rig.loop, address, &mailbox.config),
        -EADDRINUSE);
    ck_assert_ptr_null(other);
}
END_TEST

/* A port of TCP is another one. */
START_TEST(port_of_tcp_is_not_in_the_way)
{
    const struct leat_conn_ops ops = {.on_data = NULL};
    const struct leat_listener_config config = {.conn = {.ops = &ops}};
    struct leat_listener *listener;
    struct leat_addr addr;
    char address[32];

    ck_assert_int_eq(
        leat_listener_open(&listener, rig.loop, "127.0.0.1:0", &config), 0);
    ck_assert_int_eq(leat_listener_addr(listener, 0, &addr), 0);
    snprintf(address, sizeof address, "127.0.0.1:%d", leat_addr_port(&addr));
    int error = try_open(address);
    /* Someone else on this machine may have it. */
    ck_assert(error == 0 || error == -EADDRINUSE);
    leat_listener_close(listener);
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
    {"setsockopt", 3, ENOMEM}, /* IPV6_V6ONLY, after the two of the way */
    {"bind", 1, EACCES},
    {"bind", 2, EACCES},
    {"getsockname", 1, ENOBUFS},
    {"getsockname", 2, ENOBUFS},
};

START_TEST(failing_at_any_step_leaves_nothing_behind)
{
    fault_once(step[_i].call, step[_i].nth, step[_i].error);
    ck_assert_int_eq(try_open("0"), -step[_i].error);
    assert_nothing_left();
}
END_TEST

START_TEST(without_memory_at_any_step_leaves_nothing_behind)
{
    int error = -ENOMEM;

    for (unsigned nth = 1; error == -ENOMEM && nth < 20; nth++) {
        int fault = fault_once("realloc", nth, ENOMEM);
        error = try_open("0");
        if (error == -ENOMEM)
            assert_nothing_left();
        fault_release(fault);
    }
    ck_assert_int_eq(error, 0);
}
END_TEST

START_TEST(bad_configuration_is_einval)
{
    mailbox.config.max = 65536;
    ck_assert_int_eq(try_open("0"), -EINVAL);
    mailbox.config.max = 0;
    mailbox.config.on_datagram = NULL;
    ck_assert_int_eq(try_open("0"), -EINVAL);
    assert_nothing_left();
}
END_TEST

static const char *const not_udp[] = {"unix:/tmp/leat", "here", ":7", ""};

START_TEST(address_that_is_not_one_of_udp_is_einval)
{
    ck_assert_int_eq(try_open(not_udp[_i]), -EINVAL);
    assert_nothing_left();
}
END_TEST

START_TEST(size_of_the_kernels_buffers_can_be_chosen)
{
    mailbox.config.sndbuf = mailbox.config.rcvbuf = 16384;
    mailbox_open("127.0.0.1:0");
    ck_assert_uint_eq(kernel_calls("setsockopt"), 3);
    ck_assert_uint_eq(rig_noted("option-refused"), 0);
}
END_TEST

START_TEST(size_of_the_kernels_buffers_can_be_left_to_it)
{
    mailbox.config.sndbuf = mailbox.config.rcvbuf = LEAT_OFF;
    mailbox_open("127.0.0.1:0");
    ck_assert_uint_eq(kernel_calls("setsockopt"), 1);
}
END_TEST

START_TEST(option_that_is_refused_is_noted_and_not_fatal)
{
    mailbox.config.rcvbuf = 16384;
    fault_times("setsockopt", 1, 2, ENOPROTOOPT);
    mailbox_open("127.0.0.1:0");
    ck_assert_uint_eq(rig_noted("option-refused"), 2);
}
END_TEST

static struct leat_dgram *late;
static int late_error;

static void
open_late(struct leat_conn *conn, int reason, void *user)
{
    (void)conn, (void)reason, (void)user;
    late_error = leat_dgram_open(&late, rig.loop, "0", &mailbox.config);
}

START_TEST(opening_while_the_loop_is_destroyed_is_eshutdown)
{
    const struct leat_conn_ops ops = {.on_close = open_late};
    const struct leat_conn_config config = {.ops = &ops};
    struct leat_conn *conn;
    int fds[2];

    rig_pair(fds);
    int fd = dup(fds[0]);
    ledger_adopt(fd);
    ck_assert_int_eq(leat_conn_adopt(&conn, rig.loop, fd, &config, NULL), 0);
    rig_close();
    ck_assert_int_eq(late_error, -ESHUTDOWN);
    ck_assert_ptr_null(late);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("dgram_open");
    TCase *tcase = tcase_create("dgram_open");
    tcase_add_checked_fixture(tcase, mailbox_setup, mailbox_teardown);
    tcase_add_test(tcase, port_0_is_one_number_for_both_families);
    tcase_add_test(tcase, port_lost_in_the_race_is_drawn_again);
    tcase_add_test(tcase, one_family_may_be_missing);
    tcase_add_test(tcase, port_that_is_taken_is_eaddrinuse);
    tcase_add_test(tcase, port_of_tcp_is_not_in_the_way);
    tcase_add_loop_test(tcase, failing_at_any_step_leaves_nothing_behind, 0,
        (int)(sizeof step / sizeof step[0]));
    tcase_add_test(tcase, without_memory_at_any_step_leaves_nothing_behind);
    tcase_add_test(tcase, bad_configuration_is_einval);
    tcase_add_loop_test(tcase, address_that_is_not_one_of_udp_is_einval, 0,
        (int)(sizeof not_udp / sizeof not_udp[0]));
    tcase_add_test(tcase, size_of_the_kernels_buffers_can_be_chosen);
    tcase_add_test(tcase, size_of_the_kernels_buffers_can_be_left_to_it);
    tcase_add_test(tcase, option_that_is_refused_is_noted_and_not_fatal);
    tcase_add_test(tcase, opening_while_the_loop_is_destroyed_is_eshutdown);
    suite_add_tcase(suite, tcase);
    return suite;
}
