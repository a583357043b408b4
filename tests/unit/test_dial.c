/*
 * test_dial.c - connections that are dialed: which address answers, when that
 * is told, how long it may take.
 */
#include "ends.h"

#include <leat/error.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "net/net.h"

static struct leat_addr addr[LEAT_ADDR_MAX + 1];
static struct side *side;
static struct peer *peer;

/* Nothing there: connect says so at once. */
static struct leat_addr
addr_missing(void)
{
    struct leat_addr missing[LEAT_ADDR_MAX];
    const char *text = "unix:/nonexistent/leat";
    ck_assert_int_eq(leat_addr_parse(missing, text, LEAT_ADDR_NUMERIC), 1);
    return missing[0];
}

/* --- connected ------------------------------------------------------------ */

START_TEST(dial_connects_and_talks)
{
    peers.act[DATA] = act_echo;
    int listener = plain_listen((enum transport)_i, &addr[0]);
    side = dial_one(&addr[0]);
    peer = plain_accept(listener);
    turn_until(side->count[OPEN] == 1);
    peer_text(peer, "hello");
    turn_until(peer_heard(peer, "hello"));
    peer_half_close(peer);
    turn_until(side->count[ENDED] == 1);
    leat_conn_end(side->conn);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_str_eq(side->story, "odec");
    ck_assert_int_eq(side->reason, LEAT_EOF);
    ck_assert(peer_is_over(peer));
}
END_TEST

START_TEST(dial_tells_on_open_in_a_later_turn_only)
{
    (void)plain_listen((enum transport)_i, &addr[0]);
    side = dial_one(&addr[0]);
    ck_assert_str_eq(side->story, "");
    peers_turn();
    ck_assert_str_eq(side->story, "o");
    ck_assert(side->conn->tick == LEAT__TICK_NONE);
    struct leat_addr seen;
    ck_assert_int_eq(leat_conn_peer(side->conn, &seen), 0);
    ck_assert_uint_eq(seen.len, addr[0].len);
    ck_assert_mem_eq(&seen.storage, &addr[0].storage, seen.len);
}
END_TEST

START_TEST(on_open_may_be_left_out)
{
    own_ops.on_open = NULL;
    int listener = plain_listen(OVER_TCP4, &addr[0]);
    side = dial_one(&addr[0]);
    peer = plain_accept(listener);
    peer_text(peer, "hello");
    turn_until(side_has(side, "hello"));
    ck_assert_str_eq(side->story, "d");
}
END_TEST

START_TEST(dialed_socket_has_the_options_of_its_configuration)
{
    dialing.conn.rcvbuf = 8192;
    (void)plain_listen(OVER_TCP4, &addr[0]);
    side = dial_one(&addr[0]);
    int fd = side->conn->io.fd;
    int value = 0;
    socklen_t len = sizeof value;
    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
    ck_assert_int_eq(value, 1);
    ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &value, &len), 0);
    ck_assert_int_eq(value, 1);
    ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &len), 0);
    ck_assert_int_eq(value, 2 * 8192); /* the kernel doubles it */
    ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
}
END_TEST

START_TEST(dialed_connection_has_id_user_and_stats_from_the_start)
{
    addr[0] = addr_deaf();
    side = dial_one(&addr[0]);
    ck_assert_ptr_eq(leat_conn_find(rig.loop, side->id), side->conn);
    ck_assert_ptr_eq(leat_conn_user(side->conn), side);
    ck_assert_ptr_eq(leat_conn_loop(side->conn), rig.loop);
    ck_assert_uint_eq(rig_stats().conns, 1);
    side_send(side, "wait");
    clock_advance(2 * SEC);
    peers_turn();
    struct leat_conn_stats stats = stats_of(side);
    ck_assert_uint_eq(stats.queued_bytes, 4);
    struct leat_addr seen;
    ck_assert_int_eq(leat_conn_peer(side->conn, &seen), -ENOTCONN);
    ck_assert_int_eq(stats.open_us, 2 * SEC);
    leat_conn_close(side->conn);
    ck_assert_ptr_null(leat_conn_find(rig.loop, side->id));
}
END_TEST

START_TEST(urgent_data_reaches_a_dialed_connection)
{
    int listener = plain_listen(OVER_TCP4, &addr[0]);
    side = dial_one(&addr[0]);
    peer = plain_accept(listener);
    turn_until(side->count[OPEN] == 1);
    peer_text(peer, "ab");
    peer_urgent(peer, '!');
    turn_until(side->len == 3);
    ck_assert_uint_eq(side->count[URGENT], 1);
    ck_assert(side_has(side, "ab!"));
}
END_TEST

/* --- one address after the other ------------------------------------------ */

START_TEST(dead_addresses_are_passed_over)
{
    addr[0] = addr_missing(); /* fails at once */
    addr[1] = addr_dead();    /* fails in a later turn */
    int listener = plain_listen((enum transport)_i, &addr[2]);
    addr[3] = addr_dead();
    side = dial_all(addr, 4);
    side_send(side, "hello");
    turn_until(side->count[OPEN] == 1);
    ck_assert_uint_eq(kernel_calls("connect"), 3);
    peer = plain_accept(listener);
    turn_until(peer_heard(peer, "hello"));
    ck_assert_str_eq(side->story, "o");
}
END_TEST

START_TEST(first_error_is_told_where_nobody_answers)
{
    struct leat_addr missing = addr_missing();
    struct leat_addr dead = addr_dead();
    addr[0] = _i == 0 ? missing : dead;
    addr[1] = _i == 0 ? dead : missing;
    side = dial_all(addr, 2);
    expect_close(side, _i == 0 ? -ENOENT : -ECONNREFUSED);
    ck_assert_uint_eq(kernel_calls("connect"), 2);
    ck_assert_uint_eq(rig_stats().closed, 1);
}
END_TEST

START_TEST(failure_at_once_is_told_in_the_next_turn)
{
    addr[0] = addr_missing();
    side = dial_one(&addr[0]);
    ck_assert_str_eq(side->story, "");
    ck_assert_int_eq(leat_conn_send(side->conn, "x", 1), -ESHUTDOWN);
    ck_assert_ptr_null(leat_conn_find(rig.loop, side->id));
    peers_turn();
    ck_assert_str_eq(side->story, "c");
    ck_assert_int_eq(side->reason, -ENOENT);
}
END_TEST

START_TEST(as_many_addresses_as_an_address_text_can_stand_for)
{
    for (int i = 0; i < LEAT_ADDR_MAX; i++)
        addr[i] = addr_dead();
    (void)plain_listen(OVER_TCP4, &addr[LEAT_ADDR_MAX - 1]);
    side = dial_all(addr, LEAT_ADDR_MAX);
    memset(addr, 0, sizeof addr); /* they were copied */
    turn_until(side->count[OPEN] == 1);
    ck_assert_uint_eq(kernel_calls("connect"), LEAT_ADDR_MAX);
}
END_TEST

START_TEST(unix_backlog_that_is_full_is_a_failure)
{
    int listener = plain_listen(OVER_UNIX, &addr[0]);
    ck_assert_int_eq(listen(listener, 0), 0);
    struct side *first = dial_one(&addr[0]);
    side = dial_one(&addr[0]);
    expect_close(side, -EAGAIN);
    ck_assert_str_eq(first->story, "o");
}
END_TEST

START_TEST(one_descriptor_at_a_time)
{
    size_t before = rig_fds();
    for (int i = 0; i < 8; i++)
        addr[i] = addr_dead();
    side = dial_all(addr, 8);
    for (int i = 0; i < 100 && side->conn != NULL; i++) {
        ck_assert_uint_le(rig_fds(), before + 1);
        peers_turn();
    }
    ck_assert_int_eq(side->reason, -ECONNREFUSED);
    ck_assert_uint_eq(rig_fds(), before);
}
END_TEST

/* --- time ----------------------------------------------------------------- */

START_TEST(dial_that_nobody_answers_times_out)
{
    dialing.timeout_us = _i == 0 ? 0 : 3 * SEC;
    int64_t timeout_us = _i == 0 ? 10 * SEC : 3 * SEC;
    addr[0] = addr_deaf();
    side = dial_one(&addr[0]);
    clock_advance(timeout_us - 1);
    peers_turns(2);
    ck_assert_str_eq(side->story, "");
    clock_advance(1);
    peers_turns(1);
    ck_assert_str_eq(side->story, "c");
    ck_assert_int_eq(side->reason, -ETIMEDOUT);
}
END_TEST

START_TEST(waiting_for_an_answer_is_one_select)
{
    addr[0] = addr_deaf();
    side = dial_one(&addr[0]);
    unsigned before = rig.waits;
    ck_assert_int_eq(leat_loop_run(rig.loop), 0); /* the clock jumps on */
    ck_assert_int_eq(side->reason, -ETIMEDOUT);
    ck_assert_uint_le(rig.waits - before, 3);
}
END_TEST

START_TEST(deaf_address_uses_up_its_share_of_the_time_only)
{
    addr[0] = addr_deaf();
    addr[1] = addr_deaf();
    (void)plain_listen(OVER_TCP4, &addr[2]);
    dialing.timeout_us = 9 * SEC;
    side = dial_all(addr, 3);
    clock_advance(3 * SEC - 1);
    peers_turns(2);
    ck_assert_uint_eq(kernel_calls("connect"), 1);
    clock_advance(1);
    peers_turns(2);
    ck_assert_uint_eq(kernel_calls("connect"), 2);
    clock_advance(3 * SEC);
    turn_until(side->count[OPEN] == 1);
    ck_assert_uint_eq(kernel_calls("connect"), 3);
}
END_TEST

START_TEST(time_that_one_address_leaves_is_for_the_others)
{
    addr[0] = addr_missing();
    addr[1] = addr_deaf();
    addr[2] = addr_deaf();
    dialing.timeout_us = 10 * SEC;
    side = dial_all(addr, 3);
    clock_advance(5 * SEC);
    peers_turns(2);
    ck_assert_uint_eq(kernel_calls("connect"), 3);
    clock_advance(5 * SEC - 1);
    peers_turns(2);
    ck_assert_str_eq(side->story, "");
    clock_advance(1);
    expect_close(side, -ETIMEDOUT); /* the time is over: not the first error */
}
END_TEST

START_TEST(address_whose_share_is_over_counts_as_timed_out)
{
    addr[0] = addr_deaf();
    addr[1] = addr_dead();
    side = dial_all(addr, 2);
    clock_advance(5 * SEC);
    expect_close(side, -ETIMEDOUT); /* the first error; 5 s are left */
    ck_assert_uint_eq(kernel_calls("connect"), 2);
}
END_TEST

START_TEST(after_a_stall_every_address_is_still_looked_at)
{
    addr[0] = addr_deaf();
    addr[1] = addr_deaf();
    (void)plain_listen(OVER_TCP4, &addr[2]);
    side = dial_all(addr, 3);
    clock_advance(3600 * SEC);
    turn_until(side->count[OPEN] == 1);
}
END_TEST

START_TEST(answer_and_time_out_in_one_turn_is_an_answer)
{
    (void)plain_listen(OVER_TCP4, &addr[0]);
    side = dial_one(&addr[0]);
    clock_advance(3600 * SEC);
    turn_until(side->count[OPEN] == 1);
    clock_advance(3600 * SEC);
    peers_turns(3);
    ck_assert_str_eq(side->story, "o");
    ck_assert(side->conn->tick == LEAT__TICK_NONE);
}
END_TEST

START_TEST(below_0_the_kernel_decides_how_long)
{
    dialing.timeout_us = -1;
    dialing.conn.idle_us = SEC;
    addr[0] = addr_deaf();
    side = dial_one(&addr[0]);
    ck_assert(side->conn->tick == LEAT__TICK_NONE);
    clock_advance(24 * 3600 * SEC);
    peers_turns(3);
    ck_assert_str_eq(side->story, "");
    leat_conn_close(side->conn);
    expect_close(side, 0);
}
END_TEST

START_TEST(time_out_without_end_does_not_overflow)
{
    dialing.timeout_us = INT64_MAX;
    addr[0] = addr_deaf();
    addr[1] = addr_deaf();
    side = dial_all(addr, 2);
    clock_advance(24 * 3600 * SEC);
    peers_turns(3);
    ck_assert_str_eq(side->story, "");
}
END_TEST

/* --- refused -------------------------------------------------------------- */

START_TEST(dial_refuses_what_it_cannot_use)
{
    struct leat_conn *conn = (struct leat_conn *)&peers;
    struct leat_loop *loop = rig.loop;
    addr[0] = addr_dead();
    ck_assert_int_eq(leat_dial(&conn, loop, addr, 0, &dialing, NULL), -EINVAL);
    ck_assert_ptr_null(conn);
    ck_assert_int_eq(
        leat_dial(&conn, loop, addr, LEAT_ADDR_MAX + 1, &dialing, NULL),
        -EINVAL);
    dialing.conn.idle_us = -1;
    ck_assert_int_eq(leat_dial(&conn, loop, addr, 1, &dialing, NULL), -EINVAL);
    dialing.conn = (struct leat_conn_config){.ops = NULL};
    ck_assert_int_eq(leat_dial(&conn, loop, addr, 1, &dialing, NULL), -EINVAL);
    ck_assert_uint_eq(rig_stats().conns, 0);
    ck_assert_uint_eq(kernel_calls("socket"), 0);
}
END_TEST

START_TEST(address_of_no_family_is_an_address_that_fails)
{
    memset(addr, 0, sizeof addr);
    addr[0].storage.ss_family = AF_APPLETALK;
    addr[0].len = sizeof addr[0].storage;
    (void)plain_listen(OVER_TCP4, &addr[1]);
    side = dial_all(addr, 2);
    turn_until(side->count[OPEN] == 1);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("dial");
    TCase *tcase = tcase_create("dial");
    tcase_add_checked_fixture(tcase, ends_setup, ends_teardown);
    tcase_add_loop_test(tcase, dial_connects_and_talks, 0, TRANSPORTS);
    tcase_add_loop_test(
        tcase, dial_tells_on_open_in_a_later_turn_only, 0, TRANSPORTS);
    tcase_add_test(tcase, on_open_may_be_left_out);
    tcase_add_test(tcase, dialed_socket_has_the_options_of_its_configuration);
    tcase_add_test(
        tcase, dialed_connection_has_id_user_and_stats_from_the_start);
    tcase_add_test(tcase, urgent_data_reaches_a_dialed_connection);
    tcase_add_loop_test(tcase, dead_addresses_are_passed_over, 0, TRANSPORTS);
    tcase_add_loop_test(tcase, first_error_is_told_where_nobody_answers, 0, 2);
    tcase_add_test(tcase, failure_at_once_is_told_in_the_next_turn);
    tcase_add_test(tcase, as_many_addresses_as_an_address_text_can_stand_for);
    tcase_add_test(tcase, unix_backlog_that_is_full_is_a_failure);
    tcase_add_test(tcase, one_descriptor_at_a_time);
    tcase_add_loop_test(tcase, dial_that_nobody_answers_times_out, 0, 2);
    tcase_add_test(tcase, waiting_for_an_answer_is_one_select);
    tcase_add_test(tcase, deaf_address_uses_up_its_share_of_the_time_only);
    tcase_add_test(tcase, time_that_one_address_leaves_is_for_the_others);
    tcase_add_test(tcase, address_whose_share_is_over_counts_as_timed_out);
    tcase_add_test(tcase, after_a_stall_every_address_is_still_looked_at);
    tcase_add_test(tcase, answer_and_time_out_in_one_turn_is_an_answer);
    tcase_add_test(tcase, below_0_the_kernel_decides_how_long);
    tcase_add_test(tcase, time_out_without_end_does_not_overflow);
    tcase_add_test(tcase, dial_refuses_what_it_cannot_use);
    tcase_add_test(tcase, address_of_no_family_is_an_address_that_fails);
    suite_add_tcase(suite, tcase);
    return suite;
}
