/*
 * test_sys_select.c - the wait: its time-outs, its sets, its failures.
 */
#include "kernel.h"
#include "pair.h"
#include "run.h"

#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

enum { WORD_BITS = sizeof(unsigned long) * CHAR_BIT, WORDS = 64 };

static struct pair pair;
static unsigned long in[WORDS], out[WORDS], urgent[WORDS];

static void
setup(void)
{
    kernel_setup();
    pair = (struct pair){-1, -1};
    for (int i = 0; i < WORDS; i++)
        in[i] = out[i] = urgent[i] = 0;
}

static void
teardown(void)
{
    pair_close(&pair);
    kernel_teardown();
}

static void
add(unsigned long *words, int fd)
{
    words[fd / WORD_BITS] |= 1ul << fd % WORD_BITS;
}

static bool
has(const unsigned long *words, int fd)
{
    return (words[fd / WORD_BITS] >> fd % WORD_BITS & 1) != 0;
}

/* --- time-outs ----------------------------------------------------------- */

static struct timeval timeout_seen;
static bool was_endless;

/* As Linux does, spoil what is given. */
static int
see_timeout(int nfds, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout)
{
    (void)nfds, (void)r, (void)w, (void)e;
    was_endless = timeout == NULL;
    if (timeout != NULL) {
        timeout_seen = *timeout;
        *timeout = (struct timeval){-1, -1};
    }
    return 0;
}

static const struct {
    int64_t us;
    long seconds, microseconds;
} timeouts[] = {
    {0, 0, 0},
    {1, 0, 1},
    {999999, 0, 999999},
    {1000000, 1, 0},
    {86400000000, 86400, 0},
    {86400000001, 86400, 0},
    {INT64_MAX, 86400, 0},
};

START_TEST(select_waits_as_long_as_asked_and_a_day_at_most)
{
    struct leat_sys spy = *kernel_real();

    spy.select = see_timeout;
    kernel_use(&spy);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(
            leat__sys_select(0, NULL, NULL, NULL, timeouts[_i].us), 0);
        ck_assert(!was_endless);
        ck_assert_int_eq(timeout_seen.tv_sec, timeouts[_i].seconds);
        ck_assert_int_eq(timeout_seen.tv_usec, timeouts[_i].microseconds);
    }
}
END_TEST

START_TEST(select_below_0_waits_for_ever)
{
    static const int64_t negative[] = {-1, -2, INT64_MIN};
    struct leat_sys spy = *kernel_real();

    spy.select = see_timeout;
    kernel_use(&spy);
    was_endless = false;
    ck_assert_int_eq(leat__sys_select(0, NULL, NULL, NULL, negative[_i]), 0);
    ck_assert(was_endless);
}
END_TEST

START_TEST(select_with_0_does_not_wait)
{
    pair = pair_unix();
    add(in, pair.near);
    ck_assert_int_eq(leat__sys_select(pair.near + 1, in, NULL, NULL, 0), 0);
    ck_assert(!has(in, pair.near));
}
END_TEST

/* --- sets ---------------------------------------------------------------- */

START_TEST(select_leaves_the_ready_ones_in_their_sets)
{
    pair = pair_tcp();
    ck_assert_int_eq((int)send(pair.far, "!", 1, MSG_OOB), 1);
    ck_assert_int_eq(
        leat__sys_option(pair.near, SOL_SOCKET, SO_OOBINLINE, 1), 0);
    pair_await(pair.near);
    add(in, pair.near);
    add(out, pair.near);
    add(urgent, pair.near);
    ck_assert_int_eq(leat__sys_select(pair.near + 1, in, out, urgent, -1), 3);
    ck_assert(has(in, pair.near));
    ck_assert(has(out, pair.near));
    ck_assert(has(urgent, pair.near));
}
END_TEST

START_TEST(select_takes_the_others_out)
{
    pair = pair_tcp();
    add(in, pair.near);
    add(out, pair.near);
    add(urgent, pair.near);
    ck_assert_int_eq(leat__sys_select(pair.near + 1, in, out, urgent, -1), 1);
    ck_assert(!has(in, pair.near));
    ck_assert(has(out, pair.near));
    ck_assert(!has(urgent, pair.near));
}
END_TEST

START_TEST(select_works_above_1023)
{
    int high;

    pair = pair_unix();
    high = fcntl(pair.near, F_DUPFD, 1100);
    ck_assert_msg(high >= 1100, "needs a limit of more than 1100 descriptors");
    add(in, high);
    ck_assert_int_eq(leat__sys_select(high + 1, in, NULL, NULL, 0), 0);
    ck_assert_int_eq((int)send(pair.far, "x", 1, 0), 1);
    add(in, high);
    ck_assert_int_eq(leat__sys_select(high + 1, in, NULL, NULL, -1), 1);
    ck_assert(has(in, high));
    close(high);
}
END_TEST

/* --- failures ------------------------------------------------------------ */

START_TEST(select_that_fails_leaves_the_sets_alone)
{
    int fds[2];

    ck_assert_int_eq(pipe(fds), 0);
    add(in, fds[0]);
    add(in, fds[1]);
    add(out, fds[1]);
    close(fds[0]);
    ck_assert_int_eq(leat__sys_select(fds[1] + 1, in, out, urgent, -1), -EBADF);
    ck_assert(has(in, fds[0]));
    ck_assert(has(in, fds[1]));
    ck_assert(has(out, fds[1]));
    close(fds[1]);
}
END_TEST

START_TEST(select_is_not_made_again_after_an_interruption)
{
    fault_once("select", 1, EINTR);

    ck_assert_int_eq(leat__sys_select(0, NULL, NULL, NULL, -1), -EINTR);
    ck_assert_uint_eq(kernel_calls("select"), 1);
}
END_TEST

static void
do_nothing(int signo)
{
    (void)signo;
}

/* What Check does on SIGALRM is not put back: it kills the process group, where
 * it does not fork that of whoever runs the tests, and under valgrind the last
 * alarm may come late. Ignored, it is forgotten. */
START_TEST(select_is_ended_by_a_real_signal)
{
    struct sigaction action = {.sa_handler = do_nothing};

    sigaction(SIGALRM, &action, NULL);
    ualarm(1000, 1000); /* again and again: one will come inside the wait */
    ck_assert_int_eq(leat__sys_select(0, NULL, NULL, NULL, -1), -EINTR);
    ualarm(0, 0);
    signal(SIGALRM, SIG_IGN);
}
END_TEST

START_TEST(select_tells_that_there_is_no_memory)
{
    fault_once("select", 1, ENOMEM);

    ck_assert_int_eq(leat__sys_select(0, NULL, NULL, NULL, 0), -ENOMEM);
}
END_TEST

/* --- the suite ----------------------------------------------------------- */

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("sys_select");
    TCase *wait = tcase_create("wait");

    tcase_add_checked_fixture(wait, setup, teardown);
    tcase_add_loop_test(wait, select_waits_as_long_as_asked_and_a_day_at_most,
        0, sizeof timeouts / sizeof *timeouts);
    tcase_add_loop_test(wait, select_below_0_waits_for_ever, 0, 3);
    tcase_add_test(wait, select_with_0_does_not_wait);
    tcase_add_test(wait, select_leaves_the_ready_ones_in_their_sets);
    tcase_add_test(wait, select_takes_the_others_out);
    tcase_add_test(wait, select_works_above_1023);
    tcase_add_test(wait, select_that_fails_leaves_the_sets_alone);
    tcase_add_test(wait, select_is_not_made_again_after_an_interruption);
    tcase_add_test(wait, select_is_ended_by_a_real_signal);
    tcase_add_test(wait, select_tells_that_there_is_no_memory);
    suite_add_tcase(suite, wait);
    return suite;
}
