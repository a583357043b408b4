/*
 * test_leatd_svc_chargen.c - the pattern of RFC 864, its rate, and clients that
 * do not read.
 */
#include "leatd_svc.h"

#define LINE 74u

/* What stands at a place of the stream, from the words of the RFC: line N has
 * the characters (0+N mod 95) to (71+N mod 95), then CR LF. */
static char
pattern(size_t place)
{
    size_t line = place / LINE, column = place % LINE;

    if (column >= 72)
        return column == 72 ? '\r' : '\n';
    return (char)(32 + (column + line) % 95);
}

static void
assert_pattern(const char *bytes, size_t from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != pattern(from + i))
            ck_abort_msg("byte %zu of the stream is 0x%02x, not '%c'", from + i,
                (unsigned)(unsigned char)bytes[i], pattern(from + i));
}

/* What has come, without waiting for more. */
static size_t
take(void)
{
    size_t len = 0;
    ssize_t n;

    while ((n = recv_some(client, answer + len, sizeof answer - len)) > 0)
        len += (size_t)n;
    ck_assert(n < 0 || len == sizeof answer);
    return len;
}

/* How many bytes come while the clock goes on so far. */
static size_t
count_in(int64_t us)
{
    int64_t end_us = clock_now() + us;
    size_t count = 0;

    do {
        ck_assert_int_ge(leat_loop_step(server.loop, end_us - clock_now()), 0);
        count += take();
    } while (clock_now() < end_us);
    return count;
}

START_TEST(chargen_turns_the_ring_by_one_character_a_line)
{
    const size_t want = 3 * 95 * LINE;
    serve("chargen:127.0.0.1:0,rate=off");
    client = come(0);

    ck_assert_int_eq(receive(client, answer, want), (ssize_t)want);

    ck_assert_mem_eq(answer,
        " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOP"
        "QRSTUVWXYZ[\\]^_`abcdefg\r\n!\"#",
        77);
    assert_pattern(answer, 0, want);
}
END_TEST

/* Every rate sends a line at once, then what its time has earned. */
START_TEST(chargen_keeps_its_rate)
{
    const struct {
        size_t rate, seconds;
    } rows[] = {{1, 1000}, {73, 100}, {74, 100}, {7400, 20}, {64 * 1024, 5},
        {1024 * 1024, 1}};
    size_t rate = rows[_i].rate, seconds = rows[_i].seconds;
    size_t most = rate / 10 + LINE;
    char line[64];

    snprintf(line, sizeof line, "chargen:127.0.0.1:0,rate=%zu", rate);
    serve(line);
    clock_freeze();
    client = come(0);
    size_t count = count_in(1000);
    ck_assert_uint_ge(count, LINE);
    ck_assert_uint_le(count, most);

    count += count_in((int64_t)seconds * 1000000);

    ck_assert_uint_ge(count + LINE, seconds * rate);
    ck_assert_uint_le(count, seconds * rate + most);
}
END_TEST

START_TEST(chargen_does_not_make_up_for_a_stall)
{
    serve("chargen:127.0.0.1:0,rate=7400");
    clock_freeze();
    client = come(0);
    count_in(1000000);

    clock_advance(INT64_C(3600) * 1000000);
    size_t count = count_in(1000);

    ck_assert_uint_ge(count, 740);
    ck_assert_uint_le(count, 740 + 2 * LINE);
}
END_TEST

/* A client with little room of its own, which does not read, until the queue
 * for it is above low and nothing moves any more. */
static void
come_and_get_stuck(void)
{
    struct leat_loop_stats stats;
    struct leat_addr addr;
    int small = 4096, quiet = 0;

    ck_assert_int_eq(leat_listener_addr(server.ports[0].listener, 0, &addr), 0);
    client = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    ck_assert_int_eq(
        connect(client, (struct sockaddr *)&addr.storage, addr.len), 0);
    for (int i = 0; i < TURNS && quiet < 20; i++) {
        leat_loop_stats(server.loop, &stats);
        uint64_t before = stats.bytes_out;
        ck_assert_int_ge(leat_loop_step(server.loop, 1000), 0);
        leat_loop_stats(server.loop, &stats);
        bool moves = stats.bytes_out != before || stats.memory < 4096;
        quiet = moves ? 0 : quiet + 1;
    }
    ck_assert_int_eq(quiet, 20);
}

/* The pool's own timer runs once a second; chargen's would be 20 times that. */
static void
assert_few_turns(void)
{
    kernel_reset_calls();
    clock_freeze();
    int64_t end_us = clock_now() + INT64_C(10) * 1000000;
    while (clock_now() < end_us)
        ck_assert_int_ge(leat_loop_step(server.loop, end_us - clock_now()), 0);
    clock_thaw();
    ck_assert_uint_le(kernel_calls("select"), 40);
}

START_TEST(chargen_costs_nothing_while_nobody_reads)
{
    struct leat_loop_stats stats;
    serve("chargen:127.0.0.1:0,rate=off,sndbuf=4k");
    come_and_get_stuck();

    /* It waits for the socket alone, and its queue is a short one. */
    assert_few_turns();
    leat_loop_stats(server.loop, &stats);
    ck_assert_uint_le(stats.memory, 20 * 1024);

    /* Nothing is missing when it is read at last. */
    for (size_t done = 0; done < 300000;) {
        size_t count = (size_t)receive(client, answer, 10000);
        assert_pattern(answer, done, count);
        done += count;
    }
}
END_TEST

START_TEST(chargen_at_a_rate_stops_its_timer_while_nobody_reads)
{
    serve("chargen:127.0.0.1:0,rate=1g,sndbuf=4k");
    come_and_get_stuck();

    assert_few_turns();
    ck_assert_int_eq(receive(client, answer, 500000), 500000);
    assert_pattern(answer, 0, 500000);
}
END_TEST

START_TEST(chargen_throws_away_what_it_gets)
{
    serve("chargen:127.0.0.1:0,rate=7400");
    client = come(0);

    say("stop!\r\n", 7);
    ck_assert_int_eq(receive(client, answer, 5 * LINE), 5 * LINE);

    assert_pattern(answer, 0, 5 * LINE);
}
END_TEST

START_TEST(chargen_ends_when_the_client_does)
{
    serve("chargen:127.0.0.1:0,rate=7400");
    client = come(0);
    ck_assert_int_eq(receive(client, answer, LINE), LINE);

    shutdown(client, SHUT_WR);
    while (receive(client, answer, LINE) > 0)
        continue;

    turn_until_clients(0);
    assert_logged(" drops=0 reason=eof\n");
}
END_TEST

/* Far more than two kernels hold: it is leatd that has stopped. */
START_TEST(chargen_without_a_rate_sees_the_end_of_a_client_that_reads_on)
{
    int left = 64;
    serve("chargen:127.0.0.1:0,rate=off");
    client = come(0);
    ck_assert_int_eq(receive(client, answer, LINE), LINE);

    shutdown(client, SHUT_WR);
    while (left > 0 && receive(client, answer, sizeof answer) == sizeof answer)
        left--;

    ck_assert_int_gt(left, 0);
    turn_until_clients(0);
    assert_logged(" reason=eof\n");
}
END_TEST

START_TEST(chargen_is_prepared_for_the_rude_abort)
{
    const struct linger reset = {1, 0};
    serve("chargen:127.0.0.1:0,rate=off");
    client = come(0);
    ck_assert_int_eq(receive(client, answer, LINE), LINE);

    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(client);
    client = -1;

    turn_until_clients(0);
    assert_logged(" info close listener=chargen peer=127.0.0.1:");
}
END_TEST

/* What nobody asked for cannot be owed to anybody. */
START_TEST(chargen_cut_off_by_a_drain_is_no_loss)
{
    struct leat_loop_stats stats;
    serve("--drain=1s chargen:127.0.0.1:0,rate=off,sndbuf=4k");
    come_and_get_stuck();

    clock_freeze();
    raise(SIGTERM);

    ck_assert_int_eq(server_run(&server), CODE_OK);
    leat_loop_stats(server.loop, &stats);
    ck_assert_uint_gt(stats.bytes_lost, 0);
    assert_logged(" info drained lost=0 unserved=0\n");
}
END_TEST

/* With its own marks it keeps to them, the least ones there are too. */
START_TEST(chargen_leaves_a_queue_that_was_asked_for_alone)
{
    ck_assert_uint_eq(config_of("chargen:0").conn.queue.high, 16 * 1024);
    ck_assert_uint_eq(config_of("chargen:0,high=1m").conn.queue.high, 1 << 20);
    ck_assert_uint_eq(config_of("chargen:0,low=20k").conn.queue.high, 0);
    ck_assert_uint_eq(config_of("chargen:0,limit=72k").conn.queue.high, 0);

    serve("chargen:127.0.0.1:0,rate=off,limit=72k,high=8,low=1");
    client = come(0);
    ck_assert_int_eq(receive(client, answer, 100000), 100000);
    assert_pattern(answer, 0, 100000);
}
END_TEST

START_TEST(chargen_names_a_wrong_rate)
{
    assert_wrong("chargen:0,rate=0", "rate must be 1 to");
    assert_wrong("chargen:0,rate=fast", "rate must be off or a size");
    assert_wrong("chargen:0,rate=3g", "rate must be 1 to");
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_svc_chargen");
    TCase *tcase = tcase_create("chargen");

    tcase_add_checked_fixture(tcase, setup_service, teardown);
    tcase_add_test(tcase, chargen_turns_the_ring_by_one_character_a_line);
    tcase_add_loop_test(tcase, chargen_keeps_its_rate, 0, 6);
    tcase_add_test(tcase, chargen_does_not_make_up_for_a_stall);
    tcase_add_test(tcase, chargen_costs_nothing_while_nobody_reads);
    tcase_add_test(tcase, chargen_at_a_rate_stops_its_timer_while_nobody_reads);
    tcase_add_test(tcase, chargen_throws_away_what_it_gets);
    tcase_add_test(tcase, chargen_ends_when_the_client_does);
    tcase_add_test(
        tcase, chargen_without_a_rate_sees_the_end_of_a_client_that_reads_on);
    tcase_add_test(tcase, chargen_is_prepared_for_the_rude_abort);
    tcase_add_test(tcase, chargen_cut_off_by_a_drain_is_no_loss);
    tcase_add_test(tcase, chargen_leaves_a_queue_that_was_asked_for_alone);
    tcase_add_test(tcase, chargen_names_a_wrong_rate);
    suite_add_tcase(suite, tcase);
    return suite;
}
