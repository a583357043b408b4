/*
 * test_leat_modes.c - the modes of leat bench in this process, with counts and
 * not with times; and each with the nth call of a kind failing.
 *
 * The server is a thread on plain libc that echoes, or sends what it gets to
 * all others.
 */
#include "leat/command.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/kernel.h"
#include "support/run.h"

#define CLIENTS 64
#define COUNT_MOST 16u

/* --- the server ----------------------------------------------------------- */

static struct pollfd polled[CLIENTS + 1]; /* the listener first */
static nfds_t polled_count;
static bool is_relay;
static pthread_t thread;
static char address[32];

static void
send_to(int fd, const char *bytes, size_t len)
{
    /* Whoever never reads is not waited for; a relay's lines are short. */
    (void)send(fd, bytes, len, MSG_NOSIGNAL | (is_relay ? 0 : MSG_DONTWAIT));
}

/* Whether the client is still there. */
static bool
serve(nfds_t place)
{
    char bytes[65536];
    ssize_t count = recv(polled[place].fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (count <= 0)
        return count < 0 && errno == EAGAIN;
    for (nfds_t i = 1; i < polled_count; i++)
        if ((i == place) != is_relay)
            send_to(polled[i].fd, bytes, (size_t)count);
    return true;
}

static void *
serve_all(void *arg)
{
    while (poll(polled, polled_count, -1) > 0 && polled[0].revents == 0) {
        for (nfds_t i = polled_count; i-- > 1;) {
            if (polled[i].revents == 0 || serve(i))
                continue;
            close(polled[i].fd);
            polled[i] = polled[--polled_count];
        }
    }
    return arg;
}

/* A listener that is shut down says so for ever. */
static void *
serve_until_shut(void *arg)
{
    for (;;) {
        (void)serve_all(arg);
        int fd = accept(polled[0].fd, NULL, NULL);
        if (fd < 0)
            break;
        if (polled_count > CLIENTS) {
            close(fd);
            continue;
        }
        polled[polled_count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
    while (polled_count > 0)
        close(polled[--polled_count].fd);
    return arg;
}

static void
setup(void)
{
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    kernel_setup();
    is_relay = false;
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, len), 0);
    ck_assert_int_eq(listen(fd, 100), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(in.sin_port));
    polled[0] = (struct pollfd){.fd = fd, .events = POLLIN};
    polled_count = 1;
    ck_assert_int_eq(pthread_create(&thread, NULL, serve_until_shut, NULL), 0);
}

static void
setup_relay(void)
{
    setup();
    is_relay = true;
}

static void
teardown(void)
{
    shutdown(polled[0].fd, SHUT_RDWR);
    pthread_join(thread, NULL);
    kernel_teardown();
}

/* --- the command ---------------------------------------------------------- */

static struct complaint wrong;
static char printed[2048];

/* Its words, separated by spaces; what it prints is in printed. */
static enum exit_code
bench(const char *line)
{
    char copy[256], *argv[24] = {NULL};
    int argc = 0, fds[2], saved = fcntl(1, F_DUPFD, 10);
    struct options options = {0};

    snprintf(copy, sizeof copy, "bench %s %s", address, line);
    for (char *at = strtok(copy, " "); at != NULL; at = strtok(NULL, " "))
        argv[argc++] = at;
    wrong.text[0] = '\0';
    ck_assert_int_eq(
        command_read(&command_bench, &options, argc, argv, &wrong), 0);
    ck_assert_int_eq(pipe(fds), 0);
    fflush(stdout);
    ck_assert_int_eq(dup2(fds[1], 1), 1);
    close(fds[1]);
    enum exit_code code = command_bench.run(&options, &wrong);
    ck_assert_int_eq(dup2(saved, 1), 1);
    close(saved);
    ssize_t len = read(fds[0], printed, sizeof printed - 1);
    close(fds[0]);
    printed[len > 0 ? len : 0] = '\0';
    return code;
}

static void
counts(const char *line, const char *const *words)
{
    enum exit_code code = bench(line);

    ck_assert_msg(code == CODE_OK, "%s: %s", line, wrong.text);
    for (; *words != NULL; words++)
        ck_assert_msg(strstr(printed, *words) != NULL, "%s: %s", line, printed);
}

/* --- counted -------------------------------------------------------------- */

START_TEST(echo_counts_requests)
{
    static const char *const words[] = {
        "\"requests\":200,", "\"mode\":\"echo\"", "\"lost\":0", NULL};
    counts("--json -c3 -n200 -d1h", words);
}
END_TEST

START_TEST(pipelined_requests_are_in_order)
{
    static const char *const words[] = {
        "\"requests\":500,", "\"pipeline\":16", NULL};
    counts("--json -c3 -n500 -d1h --pipeline=16 -s777", words);
    counts("--json -c1 -n500 -d1h --pipeline=16 -s1", words);
}
END_TEST

START_TEST(random_requests_are_on_all)
{
    static const char *const words[] = {
        "\"requests\":500,", "\"mode\":\"random\"", "\"in_flight\":3", NULL};
    counts("--json -c20 -n500 -d1h --random --in-flight=3", words);
}
END_TEST

START_TEST(random_has_at_most_one_request_of_each_under_way)
{
    static const char *const words[] = {"\"in_flight\":5", NULL};
    counts("--json -c5 -n100 -d1h --random", words);
}
END_TEST

START_TEST(churn_counts_connections)
{
    static const char *const words[] = {
        "\"connections\":60,", "\"mode\":\"churn\"", NULL};
    counts("--json -c3 -n60 -d1h --churn -s5000", words);
}
END_TEST

START_TEST(idle_ones_and_never_readers_are_beside_any)
{
    static const char *const lines[] = {
        "", "--random", "--churn", "--pipeline=4"};
    static const char *const words[] = {
        "\"idle\":10", "\"never_readers\":4", "\"lost\":0", NULL};
    char line[128];

    snprintf(line, sizeof line,
        "--json -c2 -n50 -d1h --idle=10 --never-readers=4 %s", lines[_i]);
    counts(line, words);
}
END_TEST

START_TEST(fanout_counts_deliveries)
{
    static const char *const words[] = {"\"deliveries\":300,",
        "\"mode\":\"fanout\"", "\"publishers\":2", "\"window\":5", NULL};
    counts("--json -c7 -n300 -d1h --fanout --publishers=2 --window=5", words);
}
END_TEST

START_TEST(subscribers_and_publishers_say_their_words)
{
    static const char *const words[] = {"\"deliveries\":50,", NULL};
    counts("--json -c2 -n50 -d1h --fanout --subscribe=first --publish=words:",
        words);
}
END_TEST

START_TEST(text_says_what_was_asked_for)
{
    static const char *const words[] = {
        ": 2 clients, 64 bytes, 4 under way of each, ",
        "\nbeside    1 idle, 2 that never read\nrequests  50, ", "\nserver    ",
        " us of processor time each\n", NULL};
    char line[128];

    snprintf(line, sizeof line,
        "-c2 -n50 -d1h --pipeline=4 --idle=1 --never-readers=2 "
        "--server-pid=%d",
        getpid());
    counts(line, words);
}
END_TEST

/* --- what does not go together -------------------------------------------- */

START_TEST(options_that_do_not_go_together_are_named)
{
    static const struct {
        const char *line, *told;
    } rows[] = {
        {"--random --churn", "--random and --churn do not go together"},
        {"--random --fanout", "--random and --fanout do not go together"},
        {"--churn --fanout", "--churn and --fanout do not go together"},
        {"--pipeline=2 --random", "--pipeline and --random do not go together"},
        {"--pipeline=2 --churn", "--pipeline and --churn do not go together"},
        {"--pipeline=2 --fanout", "--pipeline and --fanout do not go together"},
        {"--in-flight=2", "--in-flight needs --random"},
        {"--in-flight=2 --churn", "--in-flight and --churn do not go together"},
        {"--in-flight=2 --random -c1", "--in-flight is at most --clients"},
        {"--publishers=2", "--publishers needs --fanout"},
        {"--window=2", "--window needs --fanout"},
        {"--window=2 --churn", "--window and --churn do not go together"},
        {"--subscribe=x", "--subscribe needs --fanout"},
        {"--publish=x", "--publish needs --fanout"},
        {"--idle=1 --fanout", "--idle and --fanout do not go together"},
        {"--never-readers=1 --fanout",
            "--never-readers and --fanout do not go together"},
        {"--fanout -s63", "--size is 64 to 60000 with --fanout"},
        {"--fanout -s60001", "--size is 64 to 60000 with --fanout"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_int_eq(bench(rows[i].line), CODE_USAGE);
        ck_assert_str_eq(wrong.text, rows[i].told);
        ck_assert_str_eq(printed, "");
    }
}
END_TEST

START_TEST(a_process_that_is_not_there_is_told_at_once)
{
    ck_assert_int_eq(bench("-d1h --server-pid=2147483647"), CODE_FAILED);
    ck_assert_str_eq(wrong.text,
        "cannot read the time of process 2147483647: no such process");
}
END_TEST

/* All local ports are taken: one is waited for, and nobody is lost. */
START_TEST(churn_waits_for_a_port)
{
    static const char *const words[] = {
        "\"connections\":30,", "\"failed\":0,\"lost\":0", NULL};
    int fault = fault_times("connect", 5, 3, EADDRNOTAVAIL);

    counts("--json -c2 -n30 -d1h --churn", words);
    ck_assert_uint_eq(fault_fired(fault), 3);
}
END_TEST

/* --- failing calls -------------------------------------------------------- */

static const struct {
    const char *call;
    int error;
} site[] = {{"realloc", ENOMEM}, {"socket", EMFILE}, {"connect", ECONNREFUSED},
    {"select", EINTR}, {"recv", ECONNRESET}, {"send", ENOBUFS},
    {"clock_gettime", EINVAL}};
#define SITES ((int)(sizeof site / sizeof site[0]))

static void
sweep(const char *line, int which)
{
    bool has_fired = true;

    for (unsigned nth = 1; nth < COUNT_MOST && has_fired; nth++) {
        size_t fds = ledger_fds(), blocks = ledger_blocks();
        int fault = fault_once(site[which].call, nth, site[which].error);
        enum exit_code code = bench(line);

        has_fired = fault_fired(fault) > 0;
        fault_release(fault);
        /* In so short a time there may have been no answer. */
        ck_assert_msg(code == CODE_OK || has_fired ||
                          strstr(wrong.text, ": no answer") != NULL,
            "%s failed by itself: %s", line, wrong.text);
        ck_assert_msg(code == CODE_OK || wrong.text[0] != '\0',
            "%s, %s %u: failed without a word", line, site[which].call, nth);
        ck_assert_uint_eq(ledger_fds(), fds);
        ck_assert_uint_eq(ledger_blocks(), blocks);
    }
}

/* It ends by the time only where the one that was lost was needed. */
START_TEST(random_survives_every_failing_call)
{
    sweep("-c3 -n20 -d100ms --random --in-flight=2", _i);
}
END_TEST

START_TEST(churn_survives_every_failing_call)
{
    sweep("-c2 -n6 -d100ms --churn", _i);
}
END_TEST

START_TEST(fanout_survives_every_failing_call)
{
    sweep("-c2 -n6 -d100ms --fanout --publishers=2", _i);
}
END_TEST

static void
add_echo(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, echo_counts_requests);
    tcase_add_test(tcase, pipelined_requests_are_in_order);
    tcase_add_test(tcase, random_requests_are_on_all);
    tcase_add_test(tcase, random_has_at_most_one_request_of_each_under_way);
    tcase_add_test(tcase, churn_counts_connections);
    tcase_add_loop_test(
        tcase, idle_ones_and_never_readers_are_beside_any, 0, 4);
    tcase_add_test(tcase, text_says_what_was_asked_for);
    tcase_add_test(tcase, options_that_do_not_go_together_are_named);
    tcase_add_test(tcase, a_process_that_is_not_there_is_told_at_once);
    tcase_add_test(tcase, churn_waits_for_a_port);
    tcase_add_loop_test(tcase, random_survives_every_failing_call, 0, SITES);
    tcase_add_loop_test(tcase, churn_survives_every_failing_call, 0, SITES);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leat_modes");
    TCase *tcase = tcase_create("echo");

    add_echo(tcase);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("relay");
    tcase_add_checked_fixture(tcase, setup_relay, teardown);
    tcase_add_test(tcase, fanout_counts_deliveries);
    tcase_add_test(tcase, subscribers_and_publishers_say_their_words);
    tcase_add_loop_test(tcase, fanout_survives_every_failing_call, 0, SITES);
    suite_add_tcase(suite, tcase);
    return suite;
}
