/*
 * test_sets.c - a loop inside a host's own select() or poll().
 */
#include <leat/sets.h>
#include <leat/timer.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/select.h>

#include "loop/loop.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"
#include "support/trace.h"
#include "support/watcher.h"

/* Room for any number that these tests use. */
#define WORDS (4096 / LEAT__WORD_BITS)

static int fds[2];
static struct leat_watch *in, *out;
static struct leat_sets sets;
static unsigned long copy[3][WORDS];

static void
setup(void)
{
    rig_setup();
    rig_pair(fds);
    in = watcher(fds[0], LEAT_READABLE, "in");
    out = watcher(fds[1], LEAT_WRITABLE, "out");
}

static void
prepare(void)
{
    ck_assert_int_eq(leat_loop_prepare(rig.loop, &sets), 0);
}

static int
dispatch(const struct leat_sets *ready)
{
    int callbacks = leat_loop_dispatch(rig.loop, ready);
    ck_assert_int_ge(callbacks, 0);
    rig_check();
    return callbacks;
}

static bool
has(const unsigned long *word, int fd)
{
    return leat__words_next(word, (size_t)fd, (size_t)fd + 1) == (size_t)fd;
}

/* The host's own select(), on words that it has copied. */
static struct leat_sets
hosts_wait(void)
{
    size_t words = ((size_t)sets.nfds + LEAT__WORD_BITS - 1) / LEAT__WORD_BITS;
    const unsigned long *from[3] = {
        sets.readable, sets.writable, sets.exceptional};
    fd_set *set[3];
    struct timeval none = {0, 0};
    ck_assert_uint_le(words, WORDS);
    for (int i = 0; i < 3; i++) {
        memset(copy[i], 0xff, sizeof copy[i]); /* what is beyond nfds */
        memcpy(copy[i], from[i], words * sizeof *copy[i]);
        set[i] = (fd_set *)(void *)copy[i];
    }
    ck_assert_int_ge(select(sets.nfds, set[0], set[1], set[2], &none), 0);
    return (struct leat_sets){.nfds = sets.nfds,
        .readable = copy[0],
        .writable = copy[1],
        .exceptional = copy[2]};
}

/* --- prepare -------------------------------------------------------------- */

START_TEST(prepare_tells_what_is_wanted)
{
    prepare();
    ck_assert_int_eq(sets.nfds, fds[1] + 1);
    ck_assert(has(sets.readable, fds[0]));
    ck_assert(!has(sets.readable, fds[1]));
    ck_assert(has(sets.writable, fds[1]));
    ck_assert(!has(sets.writable, fds[0]));
    ck_assert(!has(sets.exceptional, fds[0]));
    ck_assert_int_eq(leat_watch_set(in, LEAT_EXCEPTIONAL), 0);
    prepare();
    ck_assert(has(sets.exceptional, fds[0]));
    ck_assert(!has(sets.readable, fds[0]));
}
END_TEST

static void
nothing(struct leat_timer *timer, void *user)
{
    (void)timer;
    (void)user;
    trace("timer");
}

START_TEST(prepare_tells_how_long_the_host_may_wait)
{
    struct leat_timer timer;
    leat_timer_init(&timer, rig.loop, nothing, NULL);
    prepare();
    ck_assert_int_eq(sets.timeout_us, -1);
    leat_timer_start(&timer, 5000, 0);
    clock_advance(1000);
    prepare();
    ck_assert_int_eq(sets.timeout_us, 4000);
    clock_advance(4000);
    prepare();
    ck_assert_int_eq(sets.timeout_us, 0);
    dispatch(NULL);
    trace_expect("timer");
    prepare();
    ck_assert_int_eq(sets.timeout_us, -1);
}
END_TEST

/* --- dispatch ------------------------------------------------------------- */

START_TEST(dispatch_serves_what_a_hosts_select_found_in_words)
{
    watcher_feed(fds[1]);
    int high = rig_dup(fds[0], 900);
    watcher(high, LEAT_READABLE, "high");
    prepare();
    struct leat_sets ready = hosts_wait();
    ck_assert_int_eq(dispatch(&ready), 3);
    trace_expect("in r, high r, out w");
    ck_assert_uint_eq(rig_stats().selects, 0);
    ck_assert_uint_eq(rig_stats().turns, 1);
}
END_TEST

START_TEST(dispatch_serves_what_a_hosts_select_found_in_fd_sets)
{
    fd_set set[3];
    struct timeval none = {0, 0};
    struct leat_sets ready;
    int own[2];
    rig_pipe(own); /* the host's */
    watcher_feed(fds[1]);
    for (int i = 0; i < 3; i++)
        FD_ZERO(&set[i]);
    FD_SET(own[1], &set[1]);
    prepare();
    int nfds = leat_sets_to_fdset(&sets, &set[0], &set[1], &set[2]);
    ck_assert_int_eq(nfds, sets.nfds);
    ck_assert(FD_ISSET(own[1], &set[1]));
    ck_assert_int_eq(select(FD_SETSIZE, &set[0], &set[1], &set[2], &none), 3);
    leat_sets_from_fdset(&ready, nfds, &set[0], &set[1], &set[2]);
    ck_assert_int_eq(dispatch(&ready), 2);
    trace_expect("in r, out w");
}
END_TEST

/* A host with poll() sets the bits itself. */
START_TEST(dispatch_serves_bits_that_a_host_sets_itself)
{
    unsigned long word[WORDS] = {0};
    watcher_feed(fds[1]);
    prepare();
    struct pollfd polled = {.fd = fds[0], .events = POLLIN};
    ck_assert_int_eq(poll(&polled, 1, 0), 1);
    word[(size_t)fds[0] / LEAT__WORD_BITS] |=
        1ul << ((size_t)fds[0] % LEAT__WORD_BITS);
    struct leat_sets ready = {.nfds = fds[0] + 1, .readable = word};
    ck_assert_int_eq(dispatch(&ready), 1);
    trace_expect("in r");
}
END_TEST

START_TEST(dispatch_counts_only_what_prepare_asked_for)
{
    memset(copy, 0xff, sizeof copy);
    struct leat_sets ready = {
        WORDS * LEAT__WORD_BITS, copy[0], copy[1], copy[2], 0};
    ck_assert_int_eq(dispatch(&ready), 0); /* it was never asked */
    prepare();
    ck_assert_int_eq(dispatch(&ready), 2);
    trace_expect("in r, out w");
    ck_assert_int_eq(dispatch(&ready), 0); /* once for each question */
}
END_TEST

START_TEST(dispatch_of_nothing_runs_timers_and_no_more)
{
    struct leat_timer timer;
    leat_timer_init(&timer, rig.loop, nothing, NULL);
    leat_timer_start(&timer, 0, 0);
    watcher_feed(fds[1]);
    prepare();
    ck_assert_int_eq(dispatch(NULL), 1);
    trace_expect("timer");
}
END_TEST

START_TEST(dispatch_of_empty_sets_is_no_spin)
{
    struct leat_sets ready = {.nfds = 0};
    prepare();
    ck_assert_int_eq(dispatch(&ready), 0);
    ready.nfds = -1;
    ck_assert_int_eq(dispatch(&ready), 0);
    prepare();
    ready.nfds = sets.nfds; /* and no set at all */
    ck_assert_int_eq(dispatch(&ready), 0);
    ck_assert_int_eq(dispatch(NULL), 0);
    ck_assert_uint_eq(rig_stats().spins, 0);
}
END_TEST

START_TEST(law3_dispatch_reaches_nobody_who_came_after_prepare)
{
    watcher_feed(fds[1]);
    prepare();
    struct leat_sets ready = hosts_wait();
    leat_watch_close(in);
    watcher(fds[0], LEAT_READABLE, "later");
    ck_assert_int_eq(dispatch(&ready), 1);
    trace_expect("out w");
}
END_TEST

START_TEST(law3_dispatch_reaches_nobody_who_asked_for_less_since_prepare)
{
    watcher_feed(fds[1]);
    prepare();
    struct leat_sets ready = hosts_wait();
    ck_assert_int_eq(leat_watch_set(in, 0), 0);
    ck_assert_int_eq(leat_watch_set(in, LEAT_READABLE), 0);
    ck_assert_int_eq(leat_watch_set(out, LEAT_READABLE), 0);
    ck_assert_int_eq(dispatch(&ready), 0);
    trace_expect("");
}
END_TEST

START_TEST(dispatch_serves_after_the_sets_have_grown_since_prepare)
{
    watcher_feed(fds[1]);
    prepare();
    struct leat_sets ready = hosts_wait();
    watcher(rig_dup(fds[0], 700), LEAT_READABLE, "high");
    ck_assert_int_eq(dispatch(&ready), 2);
    trace_expect("in r, out w");
}
END_TEST

START_TEST(step_between_prepare_and_dispatch_takes_the_readiness)
{
    watcher_feed(fds[1]);
    prepare();
    struct leat_sets ready = hosts_wait();
    ck_assert_int_eq(rig_turn(), 2);
    ck_assert_int_eq(dispatch(&ready), 0);
    trace_expect("in r, out w");
}
END_TEST

static void
post(struct leat_loop *loop, void *arg)
{
    (void)loop;
    trace("%s", (const char *)arg);
}

START_TEST(host_is_woken_by_a_post)
{
    leat_watch_close(out);
    ck_assert_int_eq(leat_loop_post(rig.loop, post, (void *)"post"), 0);
    prepare();
    struct leat_sets ready = hosts_wait();
    ck_assert_int_eq(dispatch(&ready), 1);
    trace_expect("post");
}
END_TEST

START_TEST(host_that_looks_no_further_than_the_pipe_does_not_ring_it)
{
    unsigned long word[WORDS] = {0};
    struct leat_sets ready = {.nfds = rig.loop->wake.fd, .readable = word};
    ck_assert_int_eq(leat_loop_post(rig.loop, post, (void *)"post"), 0);
    prepare();
    ck_assert_int_eq(dispatch(&ready), 0);
    ready.nfds++;
    word[(size_t)rig.loop->wake.fd / LEAT__WORD_BITS] = ~0ul;
    prepare();
    ck_assert_int_eq(dispatch(&ready), 1);
    trace_expect("post");
}
END_TEST

/* --- fd_set --------------------------------------------------------------- */

START_TEST(sets_to_fdset_takes_1023_and_refuses_1024)
{
    fd_set set[3], before[3];
    struct leat_watch *high =
        watcher(rig_dup(fds[0], FD_SETSIZE - 1), LEAT_READABLE, "1023");
    memset(set, 0, sizeof set);
    prepare();
    ck_assert_int_eq(
        leat_sets_to_fdset(&sets, &set[0], &set[1], &set[2]), FD_SETSIZE);
    ck_assert(FD_ISSET(FD_SETSIZE - 1, &set[0]));

    if (rig_nofile() <= FD_SETSIZE)
        return;
    leat_watch_close(high);
    watcher(rig_dup(fds[0], FD_SETSIZE), LEAT_READABLE, "1024");
    prepare();
    memcpy(before, set, sizeof set);
    ck_assert_int_eq(
        leat_sets_to_fdset(&sets, &set[0], &set[1], &set[2]), -ERANGE);
    ck_assert_mem_eq(before, set, sizeof set);
}
END_TEST

START_TEST(sets_to_fdset_takes_the_first_bit_of_a_word)
{
    fd_set set[3];
    memset(set, 0, sizeof set);
    watcher(rig_dup(fds[0], 64), LEAT_EXCEPTIONAL, "64");
    prepare();
    ck_assert_int_eq(leat_sets_to_fdset(&sets, &set[0], &set[1], &set[2]), 65);
    ck_assert(FD_ISSET(64, &set[2]));
    ck_assert(!FD_ISSET(64, &set[0]));
}
END_TEST

START_TEST(sets_from_fdset_say_what_is_in_them_and_no_time)
{
    fd_set set[3];
    struct leat_sets ready;
    memset(set, 0, sizeof set);
    leat_sets_from_fdset(&ready, 7, &set[0], &set[1], &set[2]);
    ck_assert_int_eq(ready.nfds, 7);
    ck_assert_int_eq(ready.timeout_us, 0);
    ck_assert_ptr_eq(ready.readable, &set[0]);
    ck_assert_ptr_eq(ready.writable, &set[1]);
    ck_assert_ptr_eq(ready.exceptional, &set[2]);
}
END_TEST

START_TEST(sets_from_fdset_reads_no_further_than_an_fd_set)
{
    fd_set set[3];
    struct leat_sets ready;
    if (rig_nofile() > FD_SETSIZE)
        watcher(rig_dup(fds[0], FD_SETSIZE), LEAT_READABLE, "1024");
    memset(set, 0xff, sizeof set);
    prepare();
    leat_sets_from_fdset(&ready, 5000, &set[0], &set[1], &set[2]);
    ck_assert_int_eq(ready.nfds, FD_SETSIZE);
    ck_assert_int_eq(dispatch(&ready), 2);
    trace_expect("in r, out w");
}
END_TEST

START_TEST(sets_from_fdset_may_leave_sets_out)
{
    fd_set readable;
    struct leat_sets ready;
    memset(&readable, 0xff, sizeof readable);
    prepare();
    leat_sets_from_fdset(&ready, sets.nfds, &readable, NULL, NULL);
    ck_assert_int_eq(dispatch(&ready), 1);
    trace_expect("in r");
}
END_TEST

static void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, prepare_tells_what_is_wanted);
    tcase_add_test(tcase, prepare_tells_how_long_the_host_may_wait);
    tcase_add_test(tcase, dispatch_serves_what_a_hosts_select_found_in_words);
    tcase_add_test(tcase, dispatch_serves_what_a_hosts_select_found_in_fd_sets);
    tcase_add_test(tcase, dispatch_serves_bits_that_a_host_sets_itself);
    tcase_add_test(tcase, dispatch_counts_only_what_prepare_asked_for);
    tcase_add_test(tcase, dispatch_of_nothing_runs_timers_and_no_more);
    tcase_add_test(tcase, dispatch_of_empty_sets_is_no_spin);
    tcase_add_test(tcase, law3_dispatch_reaches_nobody_who_came_after_prepare);
    tcase_add_test(
        tcase, law3_dispatch_reaches_nobody_who_asked_for_less_since_prepare);
    tcase_add_test(
        tcase, dispatch_serves_after_the_sets_have_grown_since_prepare);
    tcase_add_test(
        tcase, step_between_prepare_and_dispatch_takes_the_readiness);
    tcase_add_test(tcase, host_is_woken_by_a_post);
    tcase_add_test(
        tcase, host_that_looks_no_further_than_the_pipe_does_not_ring_it);
    tcase_add_test(tcase, sets_to_fdset_takes_1023_and_refuses_1024);
    tcase_add_test(tcase, sets_to_fdset_takes_the_first_bit_of_a_word);
    tcase_add_test(tcase, sets_from_fdset_say_what_is_in_them_and_no_time);
    tcase_add_test(tcase, sets_from_fdset_reads_no_further_than_an_fd_set);
    tcase_add_test(tcase, sets_from_fdset_may_leave_sets_out);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("sets");
    TCase *tcase = tcase_create("sets");
    tcase_add_checked_fixture(tcase, setup, rig_teardown);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    return suite;
}
