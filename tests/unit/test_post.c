/*
 * test_post.c - calls from other threads. Run under ThreadSanitizer too.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "support/dice.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"
#include "support/trace.h"
#include "support/watcher.h"

static unsigned called;

static void
count(struct leat_loop *loop, void *arg)
{
    (void)arg;
    ck_assert_ptr_eq(loop, rig.loop);
    called++;
}

static void
tell(struct leat_loop *loop, void *arg)
{
    count(loop, arg);
    trace("%s", (const char *)arg);
}

static void
post(leat_post_fn fn, const char *name)
{
    void *arg = (void *)(uintptr_t)name;
    ck_assert_int_eq(leat_loop_post(rig.loop, fn, arg), 0);
}

static void
post_many(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        post(count, NULL);
}

static void
setup(void)
{
    called = 0;
    rig_setup();
}

/* --- contract ------------------------------------------------------------- */

START_TEST(post_is_called_in_the_next_turn_and_once)
{
    post(tell, "post");
    trace_expect("");
    ck_assert_int_eq(rig_turn(), 1);
    ck_assert_int_eq(rig_turns(3), 0);
    trace_expect("post");
}
END_TEST

START_TEST(posts_are_called_in_their_order)
{
    post(tell, "a");
    post(tell, "b");
    rig_turn();
    post(tell, "c");
    post(tell, "d");
    post(tell, "e");
    rig_turn();
    trace_expect("a, b, c, d, e");
}
END_TEST

START_TEST(posts_of_one_function_are_as_many_calls)
{
    post_many(100);
    ck_assert_int_eq(rig_turn(), 100);
    ck_assert_uint_eq(called, 100);
}
END_TEST

START_TEST(posts_ring_once_while_nobody_has_answered)
{
    unsigned long writes = kernel_calls("write");
    post_many(100);
    ck_assert_uint_eq(kernel_calls("write"), writes + 1);
    rig_turn();
    post_many(2);
    ck_assert_uint_eq(kernel_calls("write"), writes + 2);
    rig_turn();
}
END_TEST

START_TEST(law6_a_turn_calls_256_posts_and_the_rest_comes_next_in_order)
{
    post_many(600);
    post(tell, "last of the first");
    ck_assert_int_eq(rig_turn(), 256);
    post(tell, "later");
    ck_assert_int_eq(rig_turn(), 256);
    ck_assert_int_eq(rig_turn(), 89);
    ck_assert_int_eq(rig_turn(), 1);
    ck_assert_int_eq(rig_turn(), 0);
    trace_expect("last of the first, later");
}
END_TEST

START_TEST(law6_a_flood_of_posts_does_not_starve_a_descriptor)
{
    int fds[2];
    rig_pipe(fds);
    watcher(fds[1], LEAT_WRITABLE, "out");
    watcher(fds[0], LEAT_READABLE, "in");
    watcher_feed(fds[1]);
    for (int i = 0; i < 5; i++) {
        post_many(300);
        rig_turn();
        trace_expect("in r, out w");
    }
    while (called < 1500)
        ck_assert_int_ge(rig_turn(), 1);
}
END_TEST

static void
post_again(struct leat_loop *loop, void *arg)
{
    tell(loop, arg);
    post(tell, "inner");
}

START_TEST(post_from_a_post_is_called_in_the_next_turn)
{
    post(post_again, "outer");
    post(tell, "other");
    rig_turn();
    trace_expect("outer, other");
    rig_turn();
    trace_expect("inner");
    ck_assert_int_eq(rig_turn(), 0);
}
END_TEST

static void
post_now(void)
{
    rig.on_wait = NULL;
    post(tell, "woke");
}

START_TEST(post_before_the_wait_still_wakes)
{
    rig.on_wait = post_now;
    ck_assert_int_eq(rig_wait(), 1);
    trace_expect("woke");
}
END_TEST

START_TEST(post_is_work_left_for_run)
{
    post_many(1000);
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    ck_assert_uint_eq(called, 1000);
}
END_TEST

/* --- failures ------------------------------------------------------------- */

START_TEST(post_without_memory_is_refused_and_never_called)
{
    fault_once("realloc", 2, ENOMEM);
    post(tell, "a");
    ck_assert_int_eq(leat_loop_post(rig.loop, tell, (void *)"b"), -ENOMEM);
    post(tell, "c");
    rig_turns(2);
    trace_expect("a, c");
}
END_TEST

START_TEST(post_is_called_although_reading_the_pipe_fails)
{
    post(tell, "a");
    fault_times("read", 1, 9, EINTR);
    rig_turn();
    trace_expect("a");
    rig_turn(); /* the byte is still there */
}
END_TEST

static void
destroy_twice(struct leat_loop *loop, void *arg)
{
    tell(loop, arg);
    leat_loop_destroy(loop);
    leat_loop_destroy(loop);
    ck_assert_int_eq(leat_loop_post(loop, tell, arg), -ESHUTDOWN);
}

START_TEST(post_after_destroy_began_is_refused)
{
    post(destroy_twice, "destroy");
    post_many(10);
    ck_assert_int_eq(leat_loop_step(rig.loop, 0), -ECANCELED);
    rig.loop = NULL;
    trace_expect("destroy");
    ck_assert_uint_eq(called, 1);
}
END_TEST

START_TEST(posts_not_yet_called_are_dropped_with_the_loop)
{
    post_many(300);
    rig_turn(); /* some are taken off the stack, some not */
    post_many(10);
    rig_close();
    ck_assert_uint_eq(called, 256);
    ck_assert_uint_eq(ledger_blocks(), 0);
}
END_TEST

/* --- threads -------------------------------------------------------------- */

#define THREADS 4

static size_t per_thread;

/* arg of a post: who made it, and the how-manieth of its own it is. */
struct note {
    int thread;
    size_t number;
};

static struct note *sent[THREADS];
static size_t next_number[THREADS];

static void
receive(struct leat_loop *loop, void *arg)
{
    const struct note *note = arg;
    ck_assert_uint_eq(note->number, next_number[note->thread]);
    next_number[note->thread]++;
    count(loop, arg);
}

static void *
send_all(void *arg)
{
    struct note *notes = arg;
    for (size_t i = 0; i < per_thread; i++)
        if (leat_loop_post(rig.loop, receive, &notes[i]) != 0)
            return notes;
    return NULL;
}

/* Not the kernel's: its lock would order what only post.c should. */
static void *
plain_resize(void *user, void *block, size_t size)
{
    (void)user;
    if (size > 0)
        return realloc(block, size);
    free(block);
    return NULL;
}

static void
begin(pthread_t thread[THREADS])
{
    const struct leat_alloc plain = {.resize = plain_resize};
    rig_open(&(struct leat_loop_config){.alloc = &plain});
    kernel_shared();
    per_thread = dice_env("LEAT_OPS", 20000);
    for (int t = 0; t < THREADS; t++) {
        next_number[t] = 0;
        sent[t] = calloc(per_thread, sizeof *sent[t]);
        for (size_t i = 0; i < per_thread; i++)
            sent[t][i] = (struct note){t, i};
        ck_assert_int_eq(
            pthread_create(&thread[t], NULL, send_all, sent[t]), 0);
    }
}

static void
join(pthread_t thread[THREADS])
{
    for (int t = 0; t < THREADS; t++) {
        void *failed;
        ck_assert_int_eq(pthread_join(thread[t], &failed), 0);
        ck_assert_ptr_null(failed);
    }
}

/* The waits are for ever: a wake-up that is lost is a hang, which the kernel
 * of the tests tells. */
START_TEST(posts_of_four_threads_are_each_called_in_the_threads_order)
{
    pthread_t thread[THREADS];
    begin(thread);
    while (called < THREADS * per_thread)
        rig_wait();
    join(thread);
    for (int t = 0; t < THREADS; t++) {
        ck_assert_uint_eq(next_number[t], per_thread);
        free(sent[t]);
    }
    ck_assert_int_eq(rig_turns(2), 0);
}
END_TEST

static void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, post_is_called_in_the_next_turn_and_once);
    tcase_add_test(tcase, posts_are_called_in_their_order);
    tcase_add_test(tcase, posts_of_one_function_are_as_many_calls);
    tcase_add_test(tcase, posts_ring_once_while_nobody_has_answered);
    tcase_add_test(
        tcase, law6_a_turn_calls_256_posts_and_the_rest_comes_next_in_order);
    tcase_add_test(tcase, law6_a_flood_of_posts_does_not_starve_a_descriptor);
    tcase_add_test(tcase, post_from_a_post_is_called_in_the_next_turn);
    tcase_add_test(tcase, post_before_the_wait_still_wakes);
    tcase_add_test(tcase, post_is_work_left_for_run);
    tcase_add_test(tcase, post_without_memory_is_refused_and_never_called);
    tcase_add_test(tcase, post_is_called_although_reading_the_pipe_fails);
    tcase_add_test(tcase, post_after_destroy_began_is_refused);
    tcase_add_test(tcase, posts_not_yet_called_are_dropped_with_the_loop);
    tcase_add_test(
        tcase, posts_of_four_threads_are_each_called_in_the_threads_order);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("post");
    TCase *tcase = tcase_create("post");
    tcase_add_checked_fixture(tcase, setup, rig_teardown);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    return suite;
}
