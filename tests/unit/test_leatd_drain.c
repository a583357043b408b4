/*
 * test_leatd_drain.c - every way in which leatd ends, and what it loses then.
 */
#include "leatd_server.h"

/* Turn until so many bytes have come in. */
static void
step_until_read(uint64_t bytes)
{
    struct leat_loop_stats stats = {0};

    for (int i = 0; i < TURNS && stats.bytes_in < bytes; i++) {
        ck_assert_int_ge(leat_loop_step(server.loop, 1000), 0);
        leat_loop_stats(server.loop, &stats);
    }
    ck_assert_uint_eq(stats.bytes_in, bytes);
}

/* --- ending --------------------------------------------------------------- */

START_TEST(term_without_clients_ends_at_once)
{
    clock_freeze();
    serve("echo:127.0.0.1:0");
    int64_t before_us = clock_now();

    raise(SIGTERM);

    ck_assert_int_eq(server_run(&server), CODE_OK);
    ck_assert_int_eq(clock_now(), before_us);
    assert_logged(" info drain why=TERM conns=0\n");
    assert_logged(" info drained lost=0 unserved=0\n");
}
END_TEST

START_TEST(int_with_an_idle_client_ends_long_before_the_deadline)
{
    char byte;
    serve("--drain=1h echo:127.0.0.1:0");
    client = come(0);
    echo_once(client);

    raise(SIGINT);

    ck_assert_int_eq(server_run(&server), CODE_OK);
    ck_assert_int_eq(recv(client, &byte, 1, 0), 0);
    assert_logged(" info drain why=INT conns=1\n");
    assert_logged(" reason=drain\n");
}
END_TEST

START_TEST(drain_serves_who_waits_in_the_backlog)
{
    char bytes[8];
    serve("--drain=1h echo:127.0.0.1:0");
    client = come(0);
    ck_assert_int_eq(send(client, "late", 4, 0), 4);

    raise(SIGTERM);

    ck_assert_int_eq(server_run(&server), CODE_OK);
    ck_assert_int_eq(recv(client, bytes, sizeof bytes, 0), 4);
    ck_assert_int_eq(recv(client, bytes, sizeof bytes, 0), 0);
}
END_TEST

START_TEST(drain_closes_the_listeners_first)
{
    struct leat_addr addr;
    serve("--drain=1h echo:127.0.0.1:0");
    ck_assert_int_eq(leat_listener_addr(server.ports[0].listener, 0, &addr), 0);
    client = come(0);
    flood(client);

    drain_start(&server, "test");

    int late = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(
        connect(late, (struct sockaddr *)&addr.storage, addr.len), -1);
    ck_assert_int_eq(errno, ECONNREFUSED);
    close(late);
    drain_cut(&server);
}
END_TEST

START_TEST(drain_cuts_who_never_reads_and_tells_the_loss)
{
    clock_freeze();
    serve("--drain=10s echo:127.0.0.1:0");
    client = come(0);
    flood(client);
    int64_t before_us = clock_now();

    raise(SIGTERM);

    ck_assert_int_eq(server_run(&server), CODE_LOST);
    ck_assert_int_ge(clock_now(), before_us + 10000000);
    ck_assert_int_lt(clock_now(), before_us + 11000000);
    ck_assert_uint_gt(server.drain.lost, 0);
    assert_logged(" info drain-cut conns=1\n");
    assert_logged(" reason=drain\n");
    assert_logged(" warn drained lost=");
}
END_TEST

/* It is no message, so nobody owes an answer; but it was received. */
START_TEST(half_a_line_that_drain_ends_is_told_as_unserved)
{
    serve("--drain=1h stamp:127.0.0.1:0");
    client = come(0);
    ck_assert_int_eq(send(client, "half a line", 11, 0), 11);
    step_until_read(11);

    raise(SIGTERM);

    ck_assert_int_eq(server_run(&server), CODE_OK);
    assert_logged(" info drained lost=0 unserved=11\n");
}
END_TEST

/* The one that its end of file completes is answered. */
START_TEST(half_a_line_before_an_end_of_file_is_not_lost)
{
    serve("--drain=1h stamp:127.0.0.1:0");
    client = come(0);
    ck_assert_int_eq(send(client, "half a line", 11, 0), 11);
    shutdown(client, SHUT_WR);

    raise(SIGTERM);

    ck_assert_int_eq(server_run(&server), CODE_OK);
    assert_logged(" info drained lost=0 unserved=0\n");
}
END_TEST

START_TEST(drain_returns_every_byte_to_who_reads_late)
{
    static char bytes[65536];
    struct leat_loop_stats stats;
    serve("--drain=1h echo:127.0.0.1:0");
    client = come(0);
    flood(client);
    shutdown(client, SHUT_WR);

    leat_loop_stats(server.loop, &stats);
    uint64_t accepted = stats.bytes_in;
    drain_start(&server, "test");
    uint64_t count = 0;
    for (int i = 0; i < TURNS && server.client_count > 0; i++) {
        ssize_t len = recv(client, bytes, sizeof bytes, MSG_DONTWAIT);
        count += len > 0 ? (uint64_t)len : 0;
        ck_assert_int_ge(leat_loop_step(server.loop, 1000), 0);
    }
    for (ssize_t len = 1; len > 0; count += (uint64_t)len)
        len = recv(client, bytes, sizeof bytes, 0);

    /* More where the loop is quick; on a slow machine the client pauses, and
     * what it sends after that is told as unserved. */
    leat_loop_stats(server.loop, &stats);
    ck_assert_uint_ge(count, accepted);
    ck_assert_uint_eq(count, stats.bytes_in - server.drain.unserved);
    ck_assert_uint_eq(server.drain.lost, 0);
    ck_assert_int_eq(server_run(&server), CODE_OK);
}
END_TEST

START_TEST(term_a_second_time_ends_at_once)
{
    clock_freeze();
    serve("--drain=1h echo:127.0.0.1:0");
    client = come(0);
    flood(client);
    raise(SIGTERM);
    ck_assert_int_ge(leat_loop_step(server.loop, 0), 0);
    ck_assert_int_eq(server.drain.phase, DRAIN_SERVING);
    int64_t before_us = clock_now();

    raise(SIGINT);

    ck_assert_int_eq(server_run(&server), CODE_LOST);
    ck_assert_int_lt(clock_now(), before_us + 100000);
}
END_TEST

START_TEST(drain_of_no_time_cuts_at_once)
{
    clock_freeze();
    serve("--drain=0s echo:127.0.0.1:0");
    client = come(0);
    echo_once(client);

    raise(SIGTERM);

    ck_assert_int_eq(server_run(&server), CODE_OK);
    assert_logged(" info drain-cut conns=1\n");
}
END_TEST

START_TEST(lifetime_ends_like_term)
{
    clock_freeze();
    serve("--lifetime=1h echo:127.0.0.1:0");
    int64_t before_us = clock_now();

    ck_assert_int_eq(server_run(&server), CODE_OK);

    ck_assert_int_eq(clock_now(), before_us + INT64_C(3600000000));
    assert_logged(" info drain why=lifetime conns=0\n");
}
END_TEST

START_TEST(idle_time_counts_from_the_start)
{
    clock_freeze();
    serve("--exit-when-idle=10s echo:127.0.0.1:0");
    int64_t before_us = clock_now();

    ck_assert_int_eq(server_run(&server), CODE_OK);

    ck_assert_int_eq(clock_now(), before_us + 10000000);
    assert_logged(" info drain why=idle conns=0\n");
}
END_TEST

START_TEST(idle_time_counts_from_the_last_client)
{
    clock_freeze();
    serve("--exit-when-idle=10s echo:127.0.0.1:0");
    client = come(0);
    turn_until_clients(1);
    for (int i = 0; i < 100; i++) { /* 100 s with a client */
        turn();
        ck_assert_int_eq(server.drain.phase, DRAIN_NOT);
    }
    close(client);
    client = -1;
    turn_until_clients(0);
    int64_t before_us = clock_now();

    ck_assert_int_eq(server_run(&server), CODE_OK);

    ck_assert_int_ge(clock_now(), before_us + 10000000 - 1000000);
    ck_assert_int_lt(clock_now(), before_us + 11000000);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_drain");
    TCase *tcase = tcase_create("drain");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, term_without_clients_ends_at_once);
    tcase_add_test(
        tcase, int_with_an_idle_client_ends_long_before_the_deadline);
    tcase_add_test(tcase, drain_serves_who_waits_in_the_backlog);
    tcase_add_test(tcase, drain_closes_the_listeners_first);
    tcase_add_test(tcase, drain_cuts_who_never_reads_and_tells_the_loss);
    tcase_add_test(tcase, half_a_line_that_drain_ends_is_told_as_unserved);
    tcase_add_test(tcase, half_a_line_before_an_end_of_file_is_not_lost);
    tcase_add_test(tcase, drain_returns_every_byte_to_who_reads_late);
    tcase_add_test(tcase, term_a_second_time_ends_at_once);
    tcase_add_test(tcase, drain_of_no_time_cuts_at_once);
    tcase_add_test(tcase, lifetime_ends_like_term);
    tcase_add_test(tcase, idle_time_counts_from_the_start);
    tcase_add_test(tcase, idle_time_counts_from_the_last_client);
    suite_add_tcase(suite, tcase);
    return suite;
}
