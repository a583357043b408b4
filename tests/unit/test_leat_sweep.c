/*
 * test_leat_sweep.c - each command with the nth call of a kind failing, for
 * every n until it passes untouched: it ends, it says why, and it leaves no
 * descriptor and no memory behind.
 *
 * The server is a thread that echoes with plain libc; standard input and output
 * are a file and /dev/null while a command runs.
 */
#include "leat/command.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/kernel.h"
#include "support/run.h"

#define COUNT_MOST 60u

/* Without those that say that the peer is gone while it is not: such a
 * connection waits for an end that never comes. */
static const struct {
    const char *call;
    int error;
} site[] = {
    {"realloc", ENOMEM},
    {"socket", EMFILE},
    {"connect", ECONNREFUSED},
    {"getsockopt", ENOBUFS},
    {"setsockopt", ENOMEM},
    {"fcntl", EBADF},
    {"pipe2", EMFILE},
    {"select", ENOMEM},
    {"select", EINTR},
    {"recv", ECONNRESET},
    {"recv", EAGAIN},
    {"send", ENOBUFS},
    {"read", EIO},
    {"write", ENOSPC},
    {"ioctl", EINVAL},
    {"close", EINTR},
    {"sigaction", EINVAL},
    {"getrlimit", EINVAL},
    {"clock_gettime", EINVAL},
};
#define SITES ((int)(sizeof site / sizeof site[0]))

/* --- the server ----------------------------------------------------------- */

static int listener;
static pthread_t thread;
static char address[32];

static void
echo(int fd)
{
    char bytes[4096];
    ssize_t count;

    while ((count = recv(fd, bytes, sizeof bytes, 0)) > 0)
        if (send(fd, bytes, (size_t)count, MSG_NOSIGNAL) != count)
            break;
    close(fd);
}

/* One after the other, until the listener is shut down. */
static void *
serve(void *arg)
{
    int fd;

    while ((fd = accept(listener, NULL, NULL)) >= 0)
        echo(fd);
    return arg;
}

static void
setup(void)
{
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof in;

    kernel_setup();
    listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&in, len), 0);
    ck_assert_int_eq(listen(listener, 100), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&in, &len), 0);
    snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(in.sin_port));
    ck_assert_int_eq(pthread_create(&thread, NULL, serve, NULL), 0);
}

static void
teardown(void)
{
    shutdown(listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(listener);
    kernel_teardown();
}

/* --- a command with its standard descriptors ------------------------------ */

static int saved[2];

static void
redirect(void)
{
    char name[] = "/tmp/leat-sweep-XXXXXX";
    int given = mkstemp(name), null = open("/dev/null", O_WRONLY);

    ck_assert_int_eq(unlink(name), 0);
    ck_assert_int_eq(write(given, "one\ntwo\n\nthree\n", 15), 15);
    ck_assert_int_eq(lseek(given, 0, SEEK_SET), 0);
    for (int fd = 0; fd < 2; fd++)
        saved[fd] = fcntl(fd, F_DUPFD, 10);
    fflush(stdout);
    ck_assert_int_eq(dup2(given, 0), 0);
    ck_assert_int_eq(dup2(null, 1), 1);
    close(given);
    close(null);
}

static void
restore(void)
{
    for (int fd = 0; fd < 2; fd++) {
        ck_assert_int_eq(dup2(saved[fd], fd), fd);
        close(saved[fd]);
    }
}

static enum exit_code
run_command(const char *line, struct complaint *wrong)
{
    char copy[128], *argv[8] = {NULL};
    int argc = 0;
    struct options options = {0};

    strcpy(copy, line);
    for (char *at = strtok(copy, " "); at != NULL; at = strtok(NULL, " "))
        argv[argc++] = strcmp(at, "ADDRESS") == 0 ? address : at;
    const struct command *command = command_find(argv[0], wrong);
    ck_assert_int_eq(command_read(command, &options, argc, argv, wrong), 0);
    redirect();
    enum exit_code code = command->run(&options, wrong);
    restore();
    return code;
}

/* Whether the fault was met. */
static bool
run_with_fault(const char *line, int which, unsigned nth)
{
    struct complaint wrong = {""};
    size_t fds = ledger_fds(), blocks = ledger_blocks();
    int fault = fault_once(site[which].call, nth, site[which].error);
    enum exit_code code = run_command(line, &wrong);
    bool has_fired = fault_fired(fault) > 0;

    fault_release(fault);
    ck_assert_msg(code == CODE_OK || code == CODE_FAILED, "%s: %d", line, code);
    ck_assert_msg(code == CODE_OK || wrong.text[0] != '\0',
        "%s, %s %u: failed without a word", line, site[which].call, nth);
    /* In so short a time a bench may have had no answer. */
    ck_assert_msg(code == CODE_OK || has_fired ||
                      strstr(wrong.text, ": no answer") != NULL,
        "%s failed by itself: %s", line, wrong.text);
    ck_assert_uint_eq(ledger_fds(), fds);
    ck_assert_uint_eq(ledger_blocks(), blocks);
    return has_fired;
}

static void
sweep(const char *line, int which)
{
    unsigned nth = 1;

    while (nth < COUNT_MOST && run_with_fault(line, which, nth))
        nth++;
}

START_TEST(ask_survives_every_failing_call)
{
    sweep("ask --timeout=20s ADDRESS hello", _i);
}
END_TEST

START_TEST(ask_of_standard_input_survives_every_failing_call)
{
    sweep("ask --timeout=20s --until-eof ADDRESS -", _i);
}
END_TEST

START_TEST(talk_survives_every_failing_call)
{
    sweep("talk --classic ADDRESS", _i);
}
END_TEST

START_TEST(wait_survives_every_failing_call)
{
    sweep("wait --timeout=20s ADDRESS", _i);
}
END_TEST

START_TEST(bench_survives_every_failing_call)
{
    sweep("bench ADDRESS -c1 -d2ms", _i);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leat_sweep");
    TCase *tcase = tcase_create("sweep");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, ask_survives_every_failing_call, 0, SITES);
    tcase_add_loop_test(
        tcase, ask_of_standard_input_survives_every_failing_call, 0, SITES);
    tcase_add_loop_test(tcase, talk_survives_every_failing_call, 0, SITES);
    tcase_add_loop_test(tcase, wait_survives_every_failing_call, 0, SITES);
    tcase_add_loop_test(tcase, bench_survives_every_failing_call, 0, SITES);
    suite_add_tcase(suite, tcase);
    return suite;
}
