/*
 * test_leatd_udp.c - services by UDP, and who is answered.
 *
 * Datagrams come over real sockets; their source port can be changed on the
 * way, as somebody would write it who wants others to be answered.
 */
#include "leatd_svc.h"

static struct leat_sys table;
static int forged_port; /* -1: the real one */
static struct sockaddr_storage answered;

static ssize_t
forge(int fd, struct msghdr *message, int flags)
{
    ssize_t count = kernel_real()->recvmsg(fd, message, flags);
    void *name = message->msg_name;

    if (count < 0 || forged_port < 0)
        return count;
    in_port_t port = htons((uint16_t)forged_port);
    if (((struct sockaddr *)name)->sa_family == AF_INET)
        ((struct sockaddr_in *)name)->sin_port = port;
    else
        ((struct sockaddr_in6 *)name)->sin6_port = port;
    return count;
}

static ssize_t
note_answer(int fd, const struct msghdr *message, int flags)
{
    memcpy(&answered, message->msg_name, message->msg_namelen);
    return kernel_real()->sendmsg(fd, message, flags);
}

/* The name far stands for all addresses of this host. */
static int
find_hosts(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
    bool is_far =
        strcmp(host, "far") == 0 && !(hints->ai_flags & AI_NUMERICHOST);

    return kernel_real()->getaddrinfo(
        is_far ? "0.0.0.0" : host, port, hints, list);
}

static void
setup_udp(void)
{
    setup_service();
    table = *kernel_real();
    table.clock_gettime = tell_time;
    table.recvmsg = forge;
    table.sendmsg = note_answer;
    table.getaddrinfo = find_hosts;
    kernel_use(&table);
    forged_port = -1;
    memset(&answered, 0, sizeof answered);
}

/* A peer of the nth LISTENER, over IPv4 or IPv6. */
static int
come_by_udp(size_t port, size_t index)
{
    struct leat_addr addr;

    ck_assert_int_eq(port_addr(&server.ports[port], index, &addr), 0);
    int fd = socket(addr.storage.ss_family, SOCK_DGRAM, 0);
    ck_assert_int_eq(
        connect(fd, (struct sockaddr *)&addr.storage, addr.len), 0);
    return fd;
}

/* How long the answer is; -1: there is none. */
static ssize_t
ask(const char *bytes, size_t len)
{
    ck_assert_int_eq(send(client, bytes, len, 0), (ssize_t)len);
    turn_quickly();
    ssize_t count = recv(client, answer, sizeof answer - 1, MSG_DONTWAIT);
    answer[count > 0 ? count : 0] = '\0';
    return count;
}

static void
assert_unanswered(uint64_t count)
{
    struct leat_loop_stats stats;

    leat_loop_stats(server.loop, &stats);
    ck_assert_uint_eq(server.unanswered, count);
    ck_assert_uint_eq(stats.datagrams_in, stats.datagrams_out + count);
}

/* --- services ------------------------------------------------------------- */

START_TEST(echo_answers_with_what_it_got)
{
    serve("echo:udp:0");
    client = come_by_udp(0, (size_t)_i);
    ck_assert_int_eq(ask("hello", 5), 5);
    ck_assert_str_eq(answer, "hello");
    ck_assert_int_eq(ask("", 0), 0);
    assert_unanswered(0);
}
END_TEST

START_TEST(discard_answers_nothing)
{
    struct leat_loop_stats stats;

    serve("discard:udp:0");
    client = come_by_udp(0, (size_t)_i);
    ck_assert_int_eq(ask("hello", 5), -1);
    leat_loop_stats(server.loop, &stats);
    ck_assert_uint_eq(stats.datagrams_in, 1);
    ck_assert_uint_eq(stats.datagrams_out, 0);
    ck_assert_uint_eq(server.unanswered, 0);
}
END_TEST

START_TEST(stamp_puts_the_time_in_front_of_the_whole_datagram)
{
    serve("stamp:udp:0,stamp=rfc3339");
    client = come_by_udp(0, (size_t)_i);
    ck_assert_int_gt(ask("one\ntwo", 7), 0);
    ck_assert_str_eq(answer, "[2026-11-20T14:51:16Z] one\ntwo");
}
END_TEST

START_TEST(stamp_without_a_stamp_is_an_echo)
{
    serve("stamp:udp:0,stamp=none");
    client = come_by_udp(0, 0);
    ck_assert_int_eq(ask("x", 1), 1);
    ck_assert_str_eq(answer, "x");
}
END_TEST

START_TEST(stamp_never_answers_an_empty_datagram)
{
    serve("stamp:udp:0");
    client = come_by_udp(0, 0);
    ck_assert_int_eq(ask("", 0), -1);
    assert_unanswered(1);
    ck_assert_int_gt(ask("x", 1), 0);
}
END_TEST

START_TEST(stamp_without_a_clock_does_not_answer)
{
    serve("stamp:udp:0");
    client = come_by_udp(0, 0);
    has_wall = false;
    ck_assert_int_eq(ask("x", 1), -1);
    has_wall = true;
    ck_assert_int_gt(ask("x", 1), 0);
}
END_TEST

START_TEST(an_answer_that_would_be_too_long_is_dropped_and_counted)
{
    enum { LONGEST = 65507 };
    static char bytes[LONGEST];
    struct leat_loop_stats stats;

    serve("stamp:udp:127.0.0.1:0");
    client = come_by_udp(0, 0);
    ck_assert_int_eq(ask(bytes, sizeof bytes), -1);
    leat_loop_stats(server.loop, &stats);
    ck_assert_uint_eq(stats.datagrams_dropped, 1);
    ck_assert_int_gt(ask("x", 1), 0);
}
END_TEST

/* --- who is answered ------------------------------------------------------ */

static const int servers[] = {0, 1, 7, 13, 19, 37, 53, 123, 1023};
static const char *const all[] = {"echo:udp:0", "stamp:udp:0"};

START_TEST(ports_of_servers_are_not_answered)
{
    serve(all[_i % 2]);
    client = come_by_udp(0, (size_t)(_i / 2 % 2));
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        forged_port = servers[i];
        ck_assert_int_eq(ask("x", 1), -1);
        assert_unanswered(i + 1);
    }
    forged_port = -1;
    ck_assert_int_gt(ask("x", 1), 0);
}
END_TEST

START_TEST(ports_from_1024_on_are_answered)
{
    serve("echo:udp:127.0.0.1:0");
    client = come_by_udp(0, 0);
    forged_port = 1024;
    (void)ask("x", 1);
    assert_unanswered(0);
    ck_assert_int_eq(
        ntohs(((struct sockaddr_in *)(void *)&answered)->sin_port), 1024);
}
END_TEST

/* Two servers that answer each other would never stop. */
START_TEST(ports_of_ours_are_not_answered)
{
    serve("echo:udp:0 stamp:udp:0 echo:0");
    client = come_by_udp((size_t)_i, 0);
    for (size_t i = 0; i < 2; i++) {
        forged_port = server.ports[i].udp->number;
        ck_assert_int_gt(forged_port, 0);
        ck_assert_int_eq(ask("x", 1), -1);
        assert_unanswered(i + 1);
    }
}
END_TEST

START_TEST(stamp_gives_a_source_100_answers_a_second)
{
    int given = 0;

    clock_freeze();
    serve("stamp:udp:127.0.0.1:0");
    client = come_by_udp(0, 0);
    for (int i = 0; i < 120; i++)
        given += ask("x", 1) > 0 ? 1 : 0;
    ck_assert_int_eq(given, 100);
    assert_unanswered(20);
    clock_advance(RATE_SECOND_US);
    turn_quickly();
    ck_assert_int_gt(ask("x", 1), 0);
}
END_TEST

START_TEST(echo_has_no_such_limit_as_it_adds_nothing)
{
    clock_freeze();
    serve("echo:udp:127.0.0.1:0");
    client = come_by_udp(0, 0);
    for (int i = 0; i < 300; i++)
        ck_assert_int_eq(ask("x", 1), 1);
}
END_TEST

START_TEST(a_name_that_leads_further_than_this_host_is_refused_too)
{
    ck_assert_int_eq(start("stamp:udp:far:0"), CODE_USAGE);
    ck_assert_ptr_nonnull(strstr(wrong.text, "'udp:far:0'"));
    ck_assert_ptr_nonnull(strstr(wrong.text, "the key open"));
    ck_assert_uint_eq(ledger_fds(), 0);
    options_fini(&options);
    serve("stamp:udp:far:0,open");
    client = come_by_udp(0, 0);
    ck_assert_int_gt(ask("x", 1), 0);
}
END_TEST

/* --- begin and end -------------------------------------------------------- */

START_TEST(a_port_that_is_taken_is_named)
{
    char line[64];

    serve("echo:udp:127.0.0.1:0");
    snprintf(
        line, sizeof line, "udp:127.0.0.1:%d", server.ports[0].udp->number);
    struct options other;
    struct server second;
    char word[80] = "echo:", *argv[] = {"leatd", word, NULL};
    strcat(word, line);
    ck_assert_int_eq(options_parse(&other, 2, argv, &wrong), 0);
    ck_assert_int_eq(server_open(&second, &other, 100, &wrong), CODE_FAILED);
    ck_assert_ptr_nonnull(strstr(wrong.text, line));
    ck_assert_ptr_nonnull(strstr(wrong.text, "address in use"));
    options_fini(&other);
}
END_TEST

START_TEST(without_memory_at_any_step_nothing_is_left)
{
    enum exit_code code = CODE_FAILED;

    for (unsigned nth = 1; code != CODE_OK && nth < 60; nth++) {
        parse("echo:udp:0 stamp:udp:0");
        int fault = fault_once("realloc", nth, ENOMEM);
        code = server_open(&server, &options, 100, &wrong);
        fault_release(fault);
        if (code == CODE_OK)
            is_open = true;
        else
            options_fini(&options);
        ck_assert(is_open || ledger_fds() == 0);
        ck_assert(is_open || ledger_blocks() == 0);
    }
    ck_assert_int_eq(code, CODE_OK);
}
END_TEST

START_TEST(sockets_and_totals_are_told)
{
    char line[96];

    serve("echo:udp:127.0.0.1:0,name=e");
    report_start(&server);
    snprintf(line, sizeof line,
        "listening service=echo name=e address=udp:127.0.0.1:%d\n",
        server.ports[0].udp->number);
    assert_logged(line);
    client = come_by_udp(0, 0);
    ask("hello", 5);
    forged_port = 7;
    ask("x", 1);
    report_totals(&server);
    assert_logged(" in=6 out=5 ");
    assert_logged(" udp_in=2 udp_out=1 udp_drops=0 udp_unanswered=1\n");
}
END_TEST

START_TEST(a_drain_answers_what_waits_and_closes)
{
    struct leat_addr addr;

    serve("echo:udp:127.0.0.1:0");
    client = come_by_udp(0, 0);
    ck_assert_int_eq(port_addr(&server.ports[0], 0, &addr), 0);
    say("late", 4);
    drain_start(&server, "test");
    ck_assert_int_eq(recv(client, answer, sizeof answer, MSG_DONTWAIT), 4);
    ck_assert_ptr_null(server.ports[0].dgram);
    assert_logged(" info close-udp listener=echo in=4 out=4 in_msgs=1 "
                  "out_msgs=1 drops=0 unanswered=0\n");
    ck_assert_int_eq(server_run(&server), CODE_OK);
    assert_logged("drained lost=0");
}
END_TEST

/* --exit-when-idle */
START_TEST(a_datagram_is_activity)
{
    serve("echo:udp:127.0.0.1:0");
    clock_freeze();
    client = come_by_udp(0, 0);
    clock_advance(5000000);
    ask("x", 1);
    ck_assert_int_eq(server.life.idle_since_us, leat_loop_now(server.loop));
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_udp");
    TCase *tcase = tcase_create("leatd_udp");

    tcase_add_checked_fixture(tcase, setup_udp, teardown);
    tcase_add_loop_test(tcase, echo_answers_with_what_it_got, 0, 2);
    tcase_add_loop_test(tcase, discard_answers_nothing, 0, 2);
    tcase_add_loop_test(
        tcase, stamp_puts_the_time_in_front_of_the_whole_datagram, 0, 2);
    tcase_add_test(tcase, stamp_without_a_stamp_is_an_echo);
    tcase_add_test(tcase, stamp_never_answers_an_empty_datagram);
    tcase_add_test(tcase, stamp_without_a_clock_does_not_answer);
    tcase_add_test(
        tcase, an_answer_that_would_be_too_long_is_dropped_and_counted);
    tcase_add_loop_test(tcase, ports_of_servers_are_not_answered, 0, 4);
    tcase_add_test(tcase, ports_from_1024_on_are_answered);
    tcase_add_loop_test(tcase, ports_of_ours_are_not_answered, 0, 2);
    tcase_add_test(tcase, stamp_gives_a_source_100_answers_a_second);
    tcase_add_test(tcase, echo_has_no_such_limit_as_it_adds_nothing);
    tcase_add_test(
        tcase, a_name_that_leads_further_than_this_host_is_refused_too);
    tcase_add_test(tcase, a_port_that_is_taken_is_named);
    tcase_add_test(tcase, without_memory_at_any_step_nothing_is_left);
    tcase_add_test(tcase, sockets_and_totals_are_told);
    tcase_add_test(tcase, a_drain_answers_what_waits_and_closes);
    tcase_add_test(tcase, a_datagram_is_activity);
    suite_add_tcase(suite, tcase);
    return suite;
}
