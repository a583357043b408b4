/*
 * test_conn.c - a connection's life: opened, read, identified, asked about.
 */
#include "peers.h"

#include <leat/error.h>

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct leat_conn_ops no_ops;

/* --- bytes ---------------------------------------------------------------- */

START_TEST(echo_returns_what_was_sent)
{
    peers.act[DATA] = act_echo;
    peers_listen((enum transport)_i);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    peer_text(peer, "hello");
    turn_until(peer_heard(peer, "hello"));
    peer_half_close(peer);
    turn_until(side->count[ENDED] == 1);
    ck_assert_str_eq(side->story, "ode");
    ck_assert(side_has(side, "hello"));
}
END_TEST

START_TEST(echo_of_one_byte_at_a_time)
{
    peers.act[DATA] = act_echo;
    peers_listen((enum transport)_i);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    for (size_t i = 0; i < 100; i++) {
        char byte = (char)('a' + i % 26);
        peer_say(peer, &byte, 1);
        turn_until(peer_has(peer, i + 1));
        ck_assert_int_eq(peer->bytes[i], byte);
    }
    ck_assert_uint_eq(side->len, 100);
}
END_TEST

START_TEST(echo_of_megabytes_loses_nothing)
{
    size_t size = (size_t)1 << 20;
    peers.act[DATA] = act_echo;
    peers_listen((enum transport)_i);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    peer_say_keyed(peer, 1, size);
    peer_half_close(peer);
    turn_until(peer_has(peer, size));
    ck_assert_uint_eq(peer->len, size);
    ck_assert(key_is(peer->bytes, 1, 0, size));
    turn_until(side->count[ENDED] == 1);
    ck_assert_uint_eq(rig_stats().drops, 0);
    ck_assert_uint_eq(rig_stats().bytes_in, size);
    ck_assert_uint_eq(rig_stats().bytes_out, size);
}
END_TEST

START_TEST(bytes_without_on_data_are_read_and_gone)
{
    peers.config.conn.ops = &no_ops;
    peers_listen(OVER_TCP4);
    struct peer *peer = peer_connect(0);
    turn_until(rig_stats().accepted == 1);
    peer_text(peer, "unheard");
    turn_until(rig_stats().bytes_in == 7);
    ck_assert_uint_eq(rig_stats().msgs_in, 1);
    ck_assert_uint_eq(rig_stats().callbacks, 0);
    peer_half_close(peer);
    turn_until(peer_is_over(peer));
    turn_until(rig_stats().closed == 1);
}
END_TEST

/* --- ends that the peer makes --------------------------------------------- */

START_TEST(eof_without_on_eof_ends_with_reason_eof)
{
    peers.config.conn.ops = &peers_ops_without_eof;
    peers.act[DATA] = act_echo;
    peers_listen((enum transport)_i);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    peer_text(peer, "last words");
    peer_half_close(peer);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, LEAT_EOF);
    ck_assert(peer_heard(peer, "last words"));
    ck_assert(peer_is_over(peer));
    ck_assert(peer->is_ended);
    ck_assert_str_eq(side->story, "odc");
}
END_TEST

START_TEST(half_closed_connection_stays_usable)
{
    peers_listen((enum transport)_i);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    peer_half_close(peer);
    turn_until(side->count[ENDED] == 1);
    for (int i = 0; i < 3; i++) {
        side_send(side, "more ");
        turn_until(peer_has(peer, 5 * (size_t)(i + 1)));
    }
    peers_turns(5);
    ck_assert_str_eq(side->story, "oe");
    leat_conn_end(side->conn);
    turn_until(peer_is_over(peer));
    ck_assert(peer_heard(peer, "more more more "));
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, LEAT_EOF);
}
END_TEST

static void
send_goodbye(struct side *side)
{
    side_send(side, "goodbye");
}

START_TEST(on_eof_may_still_answer)
{
    peers.act[ENDED] = send_goodbye;
    peers_listen((enum transport)_i);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    peer_text(peer, "x");
    peer_half_close(peer);
    turn_until(peer_heard(peer, "goodbye"));
    ck_assert_str_eq(side->story, "ode");
}
END_TEST

/* --- identity ------------------------------------------------------------- */

START_TEST(find_knows_the_living_only)
{
    peers_listen(OVER_TCP4);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    ck_assert_uint_ne(side->id, 0);
    ck_assert_ptr_eq(leat_conn_find(rig.loop, side->id), side->conn);
    ck_assert_ptr_null(leat_conn_find(rig.loop, 0));
    ck_assert_ptr_null(leat_conn_find(rig.loop, side->id + 1));
    ck_assert_ptr_null(leat_conn_find(rig.loop, UINT64_MAX));
    leat_conn_close(side->conn);
    ck_assert_ptr_null(leat_conn_find(rig.loop, side->id));
    peers_turn();
    ck_assert_ptr_null(leat_conn_find(rig.loop, side->id));
}
END_TEST

START_TEST(find_in_a_loop_without_connections_is_null)
{
    ck_assert_ptr_null(leat_conn_find(rig.loop, 1));
}
END_TEST

START_TEST(ids_are_never_given_twice)
{
    uint64_t ids[SIDES];
    for (size_t i = 0; i < 60; i++) {
        struct peer *peer;
        struct side *side = peers_adopt_pair(&peer);
        ids[i] = side->id;
        for (size_t j = 0; j < i; j++)
            ck_assert_uint_ne(ids[i], ids[j]);
        if (i % 3 == 0)
            leat_conn_close(side->conn);
        peers_turn();
    }
    for (size_t i = 0; i < 60; i += 3)
        ck_assert_ptr_null(leat_conn_find(rig.loop, ids[i]));
    ck_assert_ptr_nonnull(leat_conn_find(rig.loop, ids[58]));
}
END_TEST

START_TEST(user_pointer_is_the_listeners_until_set)
{
    int mine = 0;
    struct leat_conn_config config = {.ops = &no_ops};
    int fds[2];
    struct leat_conn *conn;
    rig_pair(fds);
    int fd = dup(fds[0]);
    ck_assert_int_eq(leat_conn_adopt(&conn, rig.loop, fd, &config, &mine), 0);
    ledger_adopt(fd);
    ck_assert_ptr_eq(leat_conn_user(conn), &mine);
    ck_assert_ptr_eq(leat_conn_loop(conn), rig.loop);
    leat_conn_set_user(conn, &config);
    ck_assert_ptr_eq(leat_conn_user(conn), &config);
}
END_TEST

START_TEST(peer_address_is_the_peers)
{
    peers_listen(OVER_TCP4);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    struct leat_addr mine = {.len = sizeof mine.storage}, seen;
    ck_assert_int_eq(
        getsockname(peer->fd, (void *)&mine.storage, &mine.len), 0);
    ck_assert_int_eq(leat_conn_peer(side->conn, &seen), 0);
    ck_assert_uint_eq(seen.len, mine.len);
    ck_assert_mem_eq(&seen.storage, &mine.storage, mine.len);
}
END_TEST

START_TEST(peer_that_has_reset_has_no_address)
{
    peers_listen(OVER_TCP4);
    struct peer *peer;
    struct side *side = peers_meet(&peer);
    struct leat_addr addr;
    leat_conn_pause(side->conn);
    peer_reset(peer);
    ck_assert_int_eq(leat_conn_peer(side->conn, &addr), -ENOTCONN);
    leat_conn_resume(side->conn);
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, -ECONNRESET);
}
END_TEST

/* --- adopting ------------------------------------------------------------- */

START_TEST(adopted_connection_echoes_without_on_open)
{
    struct peer *peer;
    peers.act[DATA] = act_echo;
    struct side *side = peers_adopt_pair(&peer);
    peer_text(peer, "hi");
    turn_until(peer_heard(peer, "hi"));
    ck_assert_str_eq(side->story, "d");
}
END_TEST

START_TEST(adopt_refuses_what_it_cannot_take)
{
    struct leat_conn *conn = (struct leat_conn *)&peers;
    struct leat_conn_config config = {.ops = NULL};
    int fds[2], pipes[2];
    rig_pair(fds);
    rig_pipe(pipes);
    struct leat_loop *loop = rig.loop;
    ck_assert_int_eq(
        leat_conn_adopt(&conn, loop, fds[0], &config, NULL), -EINVAL);
    ck_assert_ptr_null(conn);
    config.ops = &peers_ops;
    config.idle_us = -1;
    ck_assert_int_eq(
        leat_conn_adopt(&conn, loop, fds[0], &config, NULL), -EINVAL);
    config.idle_us = 0;
    config.frame.kind = LEAT_FIXED; /* of no size */
    ck_assert_int_eq(
        leat_conn_adopt(&conn, loop, fds[0], &config, NULL), -EINVAL);
    config.frame.kind = LEAT_RAW;
    config.queue = (struct leat_queue_config){.low = 5, .high = 5};
    ck_assert_int_eq(
        leat_conn_adopt(&conn, loop, fds[0], &config, NULL), -EINVAL);
    config.queue.low = 0;
    ck_assert_int_eq(
        leat_conn_adopt(&conn, loop, pipes[0], &config, NULL), -ENOTSOCK);
    ck_assert_int_eq(leat_conn_adopt(&conn, loop, -1, &config, NULL), -EBADF);
    ck_assert_ptr_null(conn);
}
END_TEST

START_TEST(adopt_of_a_number_on_the_loop_is_eexist)
{
    struct peer *peer;
    struct side *side = peers_adopt_pair(&peer);
    struct leat_addr addr;
    struct leat_conn *conn;
    int fd = -1;
    for (int i = 3; i < 64 && fd < 0; i++)
        if (ledger_has_fd(i) && i != peer->fd &&
            getpeername(i, (void *)&addr.storage, &(socklen_t){128}) == 0)
            fd = i;
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(
        leat_conn_adopt(&conn, rig.loop, fd, &peers.config.conn, NULL),
        -EEXIST);
    ck_assert_ptr_null(conn);
    peers.act[DATA] = act_echo; /* the first one is none the worse */
    peer_text(peer, "on");
    turn_until(side->len == 2 && peer_heard(peer, "on"));
}
END_TEST

/* Whether the nth call from now is made, and fails, in adopting fd. */
static bool
adopt_fails(int fd, const char *call, unsigned nth, int error)
{
    const struct leat_conn_config config = {.ops = &no_ops};
    struct leat_conn *conn;
    int fault = fault_once(call, nth, error);
    int result = leat_conn_adopt(&conn, rig.loop, fd, &config, NULL);
    bool is_hit = fault_fired(fault) > 0;
    fault_release(fault);
    ck_assert_int_eq(result, is_hit ? -error : 0);
    ck_assert(is_hit == (conn == NULL));
    return is_hit;
}

START_TEST(adopt_failing_at_any_step_leaves_the_descriptor)
{
    static const char *const call[] = {"getsockname", "fcntl", "realloc"};
    int error = _i == 2 ? ENOMEM : EIO;
    int fds[2];
    rig_pair(fds);
    int fd = dup(fds[0]);
    unsigned nth = 1;
    while (adopt_fails(fd, call[_i], nth, error))
        ck_assert_uint_lt(nth++, 20);
    ck_assert_uint_gt(nth, 1);
    ledger_adopt(fd);
    ck_assert_uint_eq(rig_stats().conns, 1);
}
END_TEST

START_TEST(adopted_tcp_socket_gets_all_options)
{
    int fds[2], value = 0;
    socklen_t len = sizeof value;
    rig_tcp(fds);
    int fd = dup(fds[0]);
    peers_adopt(fd, &peers.config.conn);
    getsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, &len);
    ck_assert_int_eq(value, 16384);
    getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len);
    ck_assert_int_ne(value, 0);
    getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &len);
    ck_assert_int_ne(value, 0);
    getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, &len);
    ck_assert_int_eq(value, 60);
    getsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &value, &len);
    ck_assert_int_ne(value, 0);
}
END_TEST

static int adopt_error;

static void
adopt_another(struct side *side)
{
    struct leat_conn *conn;
    int fds[2];
    (void)side;
    rig_pair(fds);
    adopt_error =
        leat_conn_adopt(&conn, rig.loop, fds[0], &peers.config.conn, NULL);
}

START_TEST(adopt_while_the_loop_is_destroyed_is_eshutdown)
{
    struct peer *peer;
    struct side *side = peers_adopt_pair(&peer);
    peers.act[CLOSE] = adopt_another;
    leat_loop_destroy(rig.loop);
    rig.loop = NULL;
    ck_assert_int_eq(adopt_error, -ESHUTDOWN);
    ck_assert_int_eq(side->reason, -ECANCELED);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("conn");
    TCase *tcase = tcase_create("conn");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_loop_test(tcase, echo_returns_what_was_sent, 0, TRANSPORTS);
    tcase_add_loop_test(tcase, echo_of_one_byte_at_a_time, 0, TRANSPORTS);
    tcase_add_loop_test(tcase, echo_of_megabytes_loses_nothing, 0, TRANSPORTS);
    tcase_add_test(tcase, bytes_without_on_data_are_read_and_gone);
    tcase_add_loop_test(
        tcase, eof_without_on_eof_ends_with_reason_eof, 0, TRANSPORTS);
    tcase_add_loop_test(
        tcase, half_closed_connection_stays_usable, 0, TRANSPORTS);
    tcase_add_loop_test(tcase, on_eof_may_still_answer, 0, TRANSPORTS);
    tcase_add_test(tcase, find_knows_the_living_only);
    tcase_add_test(tcase, find_in_a_loop_without_connections_is_null);
    tcase_add_test(tcase, ids_are_never_given_twice);
    tcase_add_test(tcase, user_pointer_is_the_listeners_until_set);
    tcase_add_test(tcase, peer_address_is_the_peers);
    tcase_add_test(tcase, peer_that_has_reset_has_no_address);
    tcase_add_test(tcase, adopted_connection_echoes_without_on_open);
    tcase_add_test(tcase, adopt_refuses_what_it_cannot_take);
    tcase_add_test(tcase, adopt_of_a_number_on_the_loop_is_eexist);
    tcase_add_loop_test(
        tcase, adopt_failing_at_any_step_leaves_the_descriptor, 0, 3);
    tcase_add_test(tcase, adopted_tcp_socket_gets_all_options);
    tcase_add_test(tcase, adopt_while_the_loop_is_destroyed_is_eshutdown);
    suite_add_tcase(suite, tcase);
    return suite;
}
