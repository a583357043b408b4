/*
 * test_dial_errors.c - dialing while calls fail, and while descriptors or
 * memory run out.
 */
#include "ends.h"

#include <leat/error.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/net.h"

static struct leat_addr addr[2];
static struct side *side;
static struct peer *peer;

/* --- each call ------------------------------------------------------------ */

static const struct {
    const char *call;
    int error;
} failures[] = {
    {"connect", EACCES},
    {"connect", EADDRINUSE},
    {"connect", EADDRNOTAVAIL},
    {"connect", EAFNOSUPPORT},
    {"connect", EAGAIN},
    {"connect", EALREADY},
    {"connect", EBADF},
    {"connect", ECONNREFUSED},
    {"connect", EHOSTUNREACH},
    {"connect", EINVAL},
    {"connect", EISCONN},
    {"connect", ENETDOWN},
    {"connect", ENETUNREACH},
    {"connect", ENOBUFS},
    {"connect", ENOMEM},
    {"connect", EPERM},
    {"connect", EPROTOTYPE},
    {"connect", ETIMEDOUT},
    {"socket", EACCES},
    {"socket", EAFNOSUPPORT},
    {"socket", EINVAL},
    {"socket", EMFILE},
    {"socket", ENFILE},
    {"socket", ENOBUFS},
    {"socket", ENOMEM},
    {"socket", EPROTONOSUPPORT},
};

#define FAILURES ((int)(sizeof failures / sizeof failures[0]))

START_TEST(failed_call_is_the_reason_of_on_close)
{
    (void)plain_listen(OVER_TCP4, &addr[0]);
    fault_once(failures[_i].call, 1, failures[_i].error);
    side = dial_one(&addr[0]);
    expect_close(side, -failures[_i].error);
}
END_TEST

START_TEST(failed_call_is_no_hindrance_to_the_next_address)
{
    (void)plain_listen(OVER_TCP4, &addr[0]);
    addr[1] = addr[0];
    fault_once(failures[_i].call, 1, failures[_i].error);
    side = dial_all(addr, 2);
    turn_until(side->count[OPEN] == 1);
    ck_assert_str_eq(side->story, "o");
}
END_TEST

START_TEST(interrupted_connect_goes_on)
{
    (void)plain_listen((enum transport)_i, &addr[0]);
    fault_once("connect", 1, EINTR);
    side = dial_one(&addr[0]);
    turn_until(side->count[OPEN] == 1);
    ck_assert_uint_eq(kernel_calls("connect"), 1);
}
END_TEST

START_TEST(options_that_are_refused_are_noted_and_not_fatal)
{
    int listener = plain_listen((enum transport)_i, &addr[0]);
    fault_sticky("setsockopt", 1, ENOPROTOOPT);
    side = dial_one(&addr[0]);
    peer = plain_accept(listener);
    turn_until(side->count[OPEN] == 1);
    peer_text(peer, "hi");
    turn_until(side_has(side, "hi"));
    ck_assert_uint_ge(rig_noted("option-refused"), 1);
}
END_TEST

START_TEST(failed_close_of_an_address_is_not_repeated)
{
    addr[0] = addr_dead();
    (void)plain_listen(OVER_TCP4, &addr[1]);
    fault_once("close", 1, _i == 0 ? EINTR : EIO);
    side = dial_all(addr, 2);
    turn_until(side->count[OPEN] == 1);
    ck_assert_uint_eq(kernel_calls("close"), 1);
}
END_TEST

START_TEST(unknown_own_address_is_not_a_failure)
{
    (void)plain_listen(OVER_TCP4, &addr[0]);
    fault_once("getsockname", 1, ENOBUFS);
    side = dial_one(&addr[0]);
    turn_until(side->count[OPEN] == 1);
}
END_TEST

/* --- descriptors and memory ----------------------------------------------- */

START_TEST(descriptor_lost_while_dialing_fails_that_dial_only)
{
    addr[0] = addr_deaf();
    addr[1] = addr[0];
    side = dial_all(addr, 2);
    struct side *safe = dial_one(&addr[0]);
    int fd = side->conn->io.fd;
    ck_assert_int_eq(close(fd), 0);
    ledger_disown(fd);
    expect_close(side, -EBADF);
    ck_assert_str_eq(safe->story, "");
    ck_assert_uint_eq(rig_noted("fd-lost"), 1);
}
END_TEST

START_TEST(number_that_is_taken_on_the_loop_fails_that_address)
{
    struct side *ghost = peers_adopt_pair(&peer);
    (void)plain_listen(OVER_TCP4, &addr[0]);
    int number = ghost->conn->io.fd;
    ck_assert_int_eq(close(number), 0); /* behind the loop's back */
    ledger_disown(number);
    side = dial_one(&addr[0]); /* has the lowest free number: that one */
    expect_close(side, -EEXIST);
    ck_assert_int_eq(ghost->reason, -EBADF);
}
END_TEST

/* Everything that dialing allocates fails once, one after the other, until it
 * all succeeds. */
START_TEST(each_failed_allocation_leaves_nothing_behind)
{
    unsigned failed = 0;
    static const struct leat_conn_ops none;
    dialing.conn.ops = &none;
    (void)plain_listen(OVER_TCP4, &addr[0]);
    for (unsigned nth = 1;; nth++) {
        struct leat_conn *conn;
        rig_open(NULL);
        size_t fds = ledger_fds();
        int fault = fault_once("realloc", nth, ENOMEM);
        int error = leat_dial(&conn, rig.loop, addr, 1, &dialing, NULL);
        bool has_fired = fault_fired(fault) > 0;
        fault_release(fault);
        if (!has_fired) {
            ck_assert_int_eq(error, 0);
            leat_conn_close(conn);
            break;
        }
        failed++;
        ck_assert_int_eq(error, -ENOMEM);
        ck_assert_ptr_null(conn);
        ck_assert_uint_eq(rig_stats().conns, 0);
        ck_assert_uint_eq(ledger_fds(), fds);
    }
    ck_assert_uint_ge(failed, 5);
}
END_TEST

#define HIGH 600 /* beyond the first tables of a loop */

static int
socket_with_a_high_number(int family, int type, int protocol)
{
    int low = socket(family, type, protocol);
    int high = fcntl(low, F_DUPFD_CLOEXEC, HIGH);
    ck_assert_int_ge(high, HIGH);
    close(low);
    return high;
}

/* Eight tables have to grow for it. */
START_TEST(socket_without_a_place_in_the_tables_fails_that_address)
{
    (void)plain_listen(OVER_TCP4, &addr[0]);
    struct side *first = dial_one(&addr[0]); /* leaves memory to the pool */
    leat_conn_close(first->conn);
    turn_until(first->count[CLOSE] == 1);
    kernel_own()->socket = socket_with_a_high_number;
    fault_once("realloc", 1 + (unsigned)_i, ENOMEM);
    side = dial_one(&addr[0]);
    expect_close(side, -ENOMEM);
    side = dial_one(&addr[0]);
    turn_until(side->count[OPEN] == 1);
    ck_assert_int_ge(side->conn->io.fd, HIGH);
}
END_TEST

START_TEST(law9_dialing_once_warm_makes_no_allocator_call)
{
    uint64_t allocs = 0;
    int listener = plain_listen(OVER_TCP4, &addr[0]);
    addr[1] = addr[0];
    for (int i = 0; i < 20; i++) {
        side = dial_all(addr, 2);
        peer = plain_accept(listener);
        turn_until(side->count[OPEN] == 1);
        leat_conn_close(side->conn);
        turn_until(side->count[CLOSE] == 1);
        if (i == 3)
            allocs = rig_stats().allocs;
    }
    ck_assert_uint_eq(rig_stats().allocs, allocs);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("dial_errors");
    TCase *tcase = tcase_create("dial_errors");
    tcase_add_checked_fixture(tcase, ends_setup, ends_teardown);
    tcase_add_loop_test(
        tcase, failed_call_is_the_reason_of_on_close, 0, FAILURES);
    tcase_add_loop_test(
        tcase, failed_call_is_no_hindrance_to_the_next_address, 0, FAILURES);
    tcase_add_loop_test(tcase, interrupted_connect_goes_on, 0, TRANSPORTS);
    tcase_add_loop_test(
        tcase, options_that_are_refused_are_noted_and_not_fatal, 0, TRANSPORTS);
    tcase_add_loop_test(
        tcase, failed_close_of_an_address_is_not_repeated, 0, 2);
    tcase_add_test(tcase, unknown_own_address_is_not_a_failure);
    tcase_add_test(tcase, descriptor_lost_while_dialing_fails_that_dial_only);
    tcase_add_test(tcase, number_that_is_taken_on_the_loop_fails_that_address);
    tcase_add_test(tcase, each_failed_allocation_leaves_nothing_behind);
    tcase_add_loop_test(
        tcase, socket_without_a_place_in_the_tables_fails_that_address, 0, 8);
    tcase_add_test(tcase, law9_dialing_once_warm_makes_no_allocator_call);
    suite_add_tcase(suite, tcase);
    return suite;
}
