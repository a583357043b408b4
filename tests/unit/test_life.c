/*
 * test_life.c - a loop's first and last moments, and that it is silent.
 */
#include <leat/signal.h>

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "loop/loop.h"
#include "support/alloc.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"
#include "support/trace.h"
#include "support/watcher.h"

static void
tell_post(struct leat_loop *loop, void *arg)
{
    (void)loop;
    trace("%s", (const char *)arg);
}

static void
tell_signal(struct leat_loop *loop, int signo, void *user)
{
    (void)loop;
    (void)user;
    trace("signal %d", signo);
}

/* A second loop, which must leave nothing behind where it cannot be made. */
static int
create(void)
{
    struct leat_loop *loop = (void *)&rig;
    size_t fds = ledger_fds(), blocks = ledger_blocks();
    int error = leat_loop_create(&loop, NULL);
    if (error == 0) {
        ck_assert_uint_gt(ledger_fds(), fds);
        leat_loop_destroy(loop);
    } else {
        ck_assert_ptr_null(loop);
    }
    ck_assert_uint_eq(ledger_fds(), fds);
    ck_assert_uint_eq(ledger_blocks(), blocks);
    return error;
}

static const struct {
    const char *call;
    int error;
} failures[] = {
    {"pipe2", EMFILE},
    {"pipe2", ENFILE},
    {"clock_gettime", EINVAL},
    {"clock_gettime", ENOSYS},
    {"getrlimit", EPERM},
    {"realloc", ENOMEM},
};

START_TEST(loop_create_tells_the_error_of_the_call_that_failed)
{
    fault_once(failures[_i].call, 1, failures[_i].error);
    ck_assert_int_eq(create(), -failures[_i].error);
    ck_assert_int_eq(create(), 0);
}
END_TEST

/* The nth call fails, whatever it is, for each n; once, and from then on. */
START_TEST(loop_create_leaves_nothing_behind_whichever_call_fails)
{
    unsigned nth = 0;
    for (int error = -ENOMEM; error != 0;) {
        ck_assert_uint_lt(++nth, 40);
        int fault = _i == 0 ? fault_once(NULL, nth, ENOMEM)
                            : fault_sticky(NULL, nth, ENOMEM);
        error = create();
        ck_assert(error == -ENOMEM || error == 0);
        fault_release(fault);
    }
    ck_assert_uint_gt(nth, 10);
}
END_TEST

START_TEST(loop_create_without_configuration_has_the_defaults)
{
    ck_assert_uint_eq(rig.loop->config.max_memory, 256u * 1024 * 1024);
    ck_assert_uint_eq(rig.loop->config.max_conns, (size_t)rig_nofile() - 32);
    struct leat_loop_stats stats = rig_stats();
    ck_assert_uint_eq(stats.turns + stats.selects + stats.callbacks, 0);
    ck_assert_uint_eq(stats.conns + stats.memory + stats.timers, 0);
}
END_TEST

static rlim_t nofile;

static int
tell_nofile(int resource, struct rlimit *limit)
{
    ck_assert_int_eq(resource, RLIMIT_NOFILE);
    *limit = (struct rlimit){nofile, nofile};
    return 0;
}

START_TEST(loop_create_leaves_32_descriptors_to_the_program)
{
    struct leat_sys limited = *kernel_real();
    limited.getrlimit = tell_nofile;
    kernel_use(&limited);
    const rlim_t limits[] = {0, 32, 33, 34, 1024, RLIM_INFINITY};
    const size_t conns[] = {1, 1, 1, 2, 992, SIZE_MAX - 32};
    for (int i = 0; i < 6; i++) {
        nofile = limits[i];
        rig_open(NULL);
        ck_assert_uint_eq(rig.loop->config.max_conns, conns[i]);
    }
    kernel_use(NULL);
}
END_TEST

START_TEST(loop_takes_all_its_memory_from_its_allocator)
{
    int fds[2];
    struct alloc_ledger ledger;
    alloc_init(&ledger);
    struct leat_alloc alloc = ledger.alloc;
    struct leat_loop_config config = {.alloc = &alloc};
    rig_close();
    unsigned long before = kernel_calls("realloc");
    rig_open(&config);
    memset(&alloc, 0, sizeof alloc); /* it was copied */
    rig_pipe(fds);
    watcher_feed(fds[1]);
    watcher(rig_dup(fds[0], 700), LEAT_READABLE, "in");
    ck_assert_int_eq(leat_loop_post(rig.loop, tell_post, (void *)"post"), 0);
    ck_assert_int_eq(
        leat_signal_watch(rig.loop, SIGUSR1, tell_signal, NULL), 0);
    rig_turn();
    trace_expect("post, in r");
    rig_close();
    ck_assert_uint_eq(kernel_calls("realloc"), before);
    ck_assert_uint_gt(ledger.calls, 10);
    alloc_fini(&ledger);
}
END_TEST

START_TEST(loop_destroy_of_nothing_is_harmless)
{
    leat_loop_destroy(NULL);
}
END_TEST

/* --- law 10 --------------------------------------------------------------- */

/* All that could tempt a library to print. */
static void
go_wrong(void)
{
    int fds[2];
    struct leat_watch *watch;
    fault_once("realloc", 1, ENOMEM);
    ck_assert_int_eq(create(), -ENOMEM);
    rig_close();
    ck_assert_int_eq(leat_loop_create(&rig.loop, NULL), 0); /* no on_note */
    ck_assert_int_eq(
        leat_watch_open(&watch, rig.loop, -1, 0, watcher_tells, NULL), -EINVAL);
    ck_assert_int_eq(
        leat_signal_watch(rig.loop, SIGKILL, tell_signal, NULL), -EINVAL);
    rig_pipe(fds);
    watcher(fds[0], LEAT_READABLE, "in");
    rig_drop(fds[0]);
    rig_turn();
    fault_once("select", 1, ENOMEM);
    fault_once("clock_gettime", 3, EINVAL);
    rig_turns(3);
    fault_once("select", 1, EINVAL);
    ck_assert_int_eq(leat_loop_step(rig.loop, 0), -EINVAL);
    rig_close();
}

START_TEST(law10_nothing_is_printed_whatever_goes_wrong)
{
    char bytes[64];
    int out[2];
    rig_pipe(out);
    fflush(stdout);
    int saved[2] = {rig_keep(dup(1)), rig_keep(dup(2))};
    ck_assert_int_eq(dup2(out[1], 1) + dup2(out[1], 2), 3);
    go_wrong();
    fflush(stdout);
    ck_assert_int_eq(dup2(saved[0], 1) + dup2(saved[1], 2), 3);
    ck_assert_int_eq(read(out[0], bytes, sizeof bytes), -1);
    ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

static void
add_tests(TCase *tcase)
{
    int n = (int)(sizeof failures / sizeof *failures);
    tcase_add_loop_test(
        tcase, loop_create_tells_the_error_of_the_call_that_failed, 0, n);
    tcase_add_loop_test(
        tcase, loop_create_leaves_nothing_behind_whichever_call_fails, 0, 2);
    tcase_add_test(tcase, loop_create_without_configuration_has_the_defaults);
    tcase_add_test(tcase, loop_create_leaves_32_descriptors_to_the_program);
    tcase_add_test(tcase, loop_takes_all_its_memory_from_its_allocator);
    tcase_add_test(tcase, loop_destroy_of_nothing_is_harmless);
    tcase_add_test(tcase, law10_nothing_is_printed_whatever_goes_wrong);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("life");
    TCase *tcase = tcase_create("life");
    tcase_add_checked_fixture(tcase, rig_setup, rig_teardown);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    return suite;
}
