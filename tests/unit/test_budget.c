/*
 * test_budget.c - the time budget of phase 3, for frame loops.
 *
 * The clock stands still but for what the callbacks take.
 */
#include <leat/timer.h>

#include <stdint.h>
#include <sys/socket.h>

#include "loop/loop.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"
#include "support/trace.h"
#include "support/watcher.h"

#define COST_US 100 /* of one callback */
#define MANY 10

static int served[MANY];
static struct leat_watch *watches[MANY];

static void
take_time(struct leat_watch *watch, unsigned ready, void *user)
{
    (void)ready;
    (void)user;
    for (int i = 0; i < MANY; i++)
        served[i] += watches[i] == watch;
    clock_advance(COST_US);
}

/* Always readable, all of them. */
static void
open_many(void)
{
    int fds[2];
    rig_pipe(fds);
    watcher_feed(fds[1]);
    for (int i = 0; i < MANY; i++) {
        int fd = rig_dup(fds[0], 100 + 7 * i);
        served[i] = 0;
        watches[i] = watcher_with(take_time, fd, LEAT_READABLE, "many");
    }
}

static void
expect_served(int low, int high)
{
    for (int i = 0; i < MANY; i++) {
        ck_assert_int_ge(served[i], low);
        ck_assert_int_le(served[i], high);
    }
}

/* --- cut off, and who is next --------------------------------------------- */

START_TEST(budget_of_none_serves_everybody_in_a_turn)
{
    open_many();
    ck_assert_int_eq(rig_turn(), MANY);
    ck_assert(!leat_loop_more(rig.loop));
    leat_loop_set_budget(rig.loop, 1);
    leat_loop_set_budget(rig.loop, -5);
    ck_assert_int_eq(rig_turn(), MANY);
    expect_served(2, 2);
}
END_TEST

START_TEST(budget_ends_phase_3_after_the_callback_that_used_it)
{
    open_many();
    leat_loop_set_budget(rig.loop, 2 * COST_US + 1);
    ck_assert_int_eq(rig_turn(), 3);
    ck_assert(leat_loop_more(rig.loop));
}
END_TEST

START_TEST(budget_that_is_just_used_counts_as_used)
{
    open_many();
    leat_loop_set_budget(rig.loop, 2 * COST_US);
    ck_assert_int_eq(rig_turn(), 2);
}
END_TEST

START_TEST(budget_cuts_off_others_each_turn_until_all_were_served)
{
    open_many();
    leat_loop_set_budget(rig.loop, 3 * COST_US);
    rig_turns(3);
    expect_served(0, 1);
    rig_turn();
    expect_served(1, 2);
    rig_turns(6);
    expect_served(3, 3);
}
END_TEST

START_TEST(budget_of_1_us_serves_one_in_a_turn_and_everybody_in_turn)
{
    open_many();
    leat_loop_set_budget(rig.loop, 1);
    for (int round = 1; round <= 5; round++) {
        ck_assert_int_eq(rig_turns(MANY), MANY);
        expect_served(round, round);
    }
}
END_TEST

START_TEST(budget_not_used_up_leaves_nothing)
{
    open_many();
    leat_loop_set_budget(rig.loop, MANY * COST_US + 1);
    ck_assert_int_eq(rig_turn(), MANY);
    ck_assert(!leat_loop_more(rig.loop));
}
END_TEST

/* All were served, although the last callback used the budget up. */
START_TEST(budget_used_by_the_last_callback_leaves_nothing)
{
    open_many();
    leat_loop_set_budget(rig.loop, MANY * COST_US);
    ck_assert_int_eq(rig_turn(), MANY);
    ck_assert(!leat_loop_more(rig.loop));
}
END_TEST

START_TEST(budget_more_is_over_with_the_next_turn_that_leaves_nothing)
{
    open_many();
    leat_loop_set_budget(rig.loop, 1);
    rig_turn();
    ck_assert(leat_loop_more(rig.loop));
    leat_loop_set_budget(rig.loop, 0);
    rig_turn();
    ck_assert(!leat_loop_more(rig.loop));
}
END_TEST

START_TEST(budget_reads_the_clock_after_every_callback_and_only_then)
{
    open_many();
    rig_turn();
    unsigned long before = kernel_calls("clock_gettime");
    rig_turn();
    unsigned long without = kernel_calls("clock_gettime") - before;
    leat_loop_set_budget(rig.loop, SEC);
    before = kernel_calls("clock_gettime");
    rig_turn();
    ck_assert_uint_eq(kernel_calls("clock_gettime") - before, without + MANY);
}
END_TEST

static void
set_and_go_on(struct leat_watch *watch, unsigned ready, void *user)
{
    take_time(watch, ready, user);
    leat_loop_set_budget(rig.loop, 4 * COST_US);
}

START_TEST(budget_set_in_a_callback_counts_from_the_start_of_the_turn)
{
    open_many();
    int fd = leat_watch_fd(watches[0]);
    leat_watch_close(watches[0]);
    watches[0] = watcher_with(set_and_go_on, fd, LEAT_READABLE, "many");
    ck_assert_int_eq(rig_turn(), 4);
}
END_TEST

START_TEST(law5_what_a_budget_cut_off_needs_no_wait_of_zero)
{
    open_many();
    leat_loop_set_budget(rig.loop, 1);
    rig_wait();
    ck_assert_int_eq(rig_wait(), 1);
    ck_assert_int_eq(rig.wait_us, -1);
    ck_assert(leat_loop_more(rig.loop));
}
END_TEST

static void
tell_post(struct leat_loop *loop, void *arg)
{
    (void)loop;
    trace("%s", (const char *)arg);
}

START_TEST(budget_that_is_lifted_gives_the_turn_its_order_back)
{
    int fds[2];
    rig_pipe(fds);
    watcher_feed(fds[1]);
    watcher(rig_dup(fds[0], 50), LEAT_READABLE, "in"); /* below the many */
    open_many();
    leat_loop_set_budget(rig.loop, 1);
    rig_turns(2);
    leat_loop_set_budget(rig.loop, 0);
    for (int i = 0; i < 3; i++) {
        trace_init();
        ck_assert_int_eq(
            leat_loop_post(rig.loop, tell_post, (void *)"post"), 0);
        rig_turn();
    }
    trace_expect("post, in r");
}
END_TEST

/* --- phases 4 to 7 -------------------------------------------------------- */

static void
tell_timer(struct leat_timer *timer, void *user)
{
    (void)timer;
    trace("%s", (const char *)user);
}

static void
tell_flush(struct leat__node *node)
{
    (void)node;
    trace("flush");
}

static void
tell_reap(struct leat__node *node)
{
    (void)node;
    trace("reap");
}

START_TEST(budget_never_cuts_off_phases_4_to_7)
{
    int fds[2];
    struct leat_timer timer;
    struct leat__node dirty, dying;
    open_many();
    rig_pipe(fds);
    watcher(fds[1], LEAT_WRITABLE, "out");
    leat_timer_init(&timer, rig.loop, tell_timer, (void *)"timer");
    leat_timer_start(&timer, 0, 0);
    leat__list_init(&dirty);
    leat__list_init(&dying);
    rig.loop->dirty.run = tell_flush;
    rig.loop->dying.run = tell_reap;
    leat__defer_add(&rig.loop->dirty, &dirty);
    leat__defer_add(&rig.loop->dying, &dying);
    leat_loop_set_budget(rig.loop, 1);
    rig_turn();
    trace_expect("out w, timer, flush, reap");
}
END_TEST

/* --- nobody starves ------------------------------------------------------- */

static void
post_again(struct leat_loop *loop, void *arg)
{
    ck_assert_int_eq(leat_loop_post(loop, post_again, arg), 0);
    clock_advance(COST_US);
}

START_TEST(budget_of_1_us_and_a_flood_of_posts_starve_no_descriptor)
{
    open_many();
    leat_loop_set_budget(rig.loop, 1);
    for (int i = 0; i < 300; i++)
        post_again(rig.loop, NULL);
    ck_assert_int_eq(rig_turns(3 * MANY), 3 * MANY);
    expect_served(1, 2);
    ck_assert(leat_loop_more(rig.loop));
}
END_TEST

static unsigned taken;

static void
count_post(struct leat_loop *loop, void *arg)
{
    (void)loop;
    ck_assert_uint_eq((uintptr_t)arg, taken);
    taken++;
    clock_advance(COST_US);
}

START_TEST(budget_keeps_the_order_of_posts_that_it_cuts_off)
{
    taken = 0;
    leat_loop_set_budget(rig.loop, 7 * COST_US);
    for (uintptr_t i = 0; i < 100; i++)
        ck_assert_int_eq(leat_loop_post(rig.loop, count_post, (void *)i), 0);
    ck_assert_int_eq(rig_turn(), 7);
    ck_assert(leat_loop_more(rig.loop));
    rig_turns(14);
    ck_assert_uint_eq(taken, 100);
    ck_assert(!leat_loop_more(rig.loop));
    ck_assert_int_eq(rig_turn(), 0);
}
END_TEST

/* Stand-ins for listeners, which are served before the other readable ones. */
static struct leat__io early[3];
static int welcomed[3];

static void
welcome(struct leat__io *io, unsigned ready)
{
    ck_assert_uint_eq(ready, LEAT_READABLE);
    leat__loop_calls(rig.loop);
    welcomed[io - early]++;
    clock_advance(COST_US);
}

static void
open_early(int n)
{
    int fds[2];
    rig_pipe(fds);
    watcher_feed(fds[1]);
    for (int i = 0; i < n; i++) {
        int fd = rig_dup(fds[0], 300 + i);
        early[i] =
            (struct leat__io){.on_ready = welcome, .fd = fd, .is_early = true};
        welcomed[i] = 0;
        ck_assert_int_eq(leat__fdset_add(&rig.loop->fds,
                             leat__loop_alloc(rig.loop), &early[i]),
            0);
        leat__fdset_want(&rig.loop->fds, &early[i], LEAT_READABLE);
    }
}

START_TEST(budget_of_1_us_lets_listeners_and_others_have_their_turn)
{
    open_many();
    open_early(3);
    leat_loop_set_budget(rig.loop, 1);
    rig_turns(2 * MANY * 3);
    for (int i = 0; i < 3; i++)
        ck_assert_int_ge(welcomed[i], MANY - 1);
    expect_served(2, 6);
    for (int i = 0; i < 3; i++)
        leat__fdset_remove(&rig.loop->fds, &early[i]);
}
END_TEST

static int delivered;

static void
deliver(struct leat__node *node)
{
    delivered++;
    leat__loop_calls(rig.loop);
    clock_advance(COST_US);
    leat__defer_add(&rig.loop->held, node);
}

START_TEST(budget_of_1_us_and_held_input_starve_no_descriptor)
{
    struct leat__node held[2];
    open_many();
    delivered = 0;
    rig.loop->held.run = deliver;
    for (int i = 0; i < 2; i++) {
        leat__list_init(&held[i]);
        leat__defer_add(&rig.loop->held, &held[i]);
    }
    leat_loop_set_budget(rig.loop, 1);
    rig_turns(2 * MANY);
    expect_served(1, 1);
    ck_assert_int_eq(delivered, MANY);
    ck_assert(leat_loop_more(rig.loop));
    for (int i = 0; i < 2; i++)
        leat__list_unlink(&held[i]);
}
END_TEST

/* --- urgent bytes --------------------------------------------------------- */

static void
tell_slowly(struct leat_watch *watch, unsigned ready, void *user)
{
    watcher_tells(watch, ready, user);
    clock_advance(COST_US);
}

START_TEST(budget_of_1_us_tells_urgent_bytes_before_it_reads_around_them)
{
    const char *names[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++) {
        int fds[2];
        rig_tcp(fds);
        watcher_with(
            tell_slowly, fds[0], LEAT_READABLE | LEAT_EXCEPTIONAL, names[i]);
        ck_assert_int_eq(send(fds[1], "!", 1, MSG_OOB), 1);
        ck_assert_int_eq(send(fds[1], "?", 1, 0), 1);
    }
    leat_loop_set_budget(rig.loop, 1);
    rig_turns(4);
    trace_expect("a x, a x, a r, b x, b x, b r");
}
END_TEST

static void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, budget_of_none_serves_everybody_in_a_turn);
    tcase_add_test(tcase, budget_ends_phase_3_after_the_callback_that_used_it);
    tcase_add_test(tcase, budget_that_is_just_used_counts_as_used);
    tcase_add_test(
        tcase, budget_cuts_off_others_each_turn_until_all_were_served);
    tcase_add_test(
        tcase, budget_of_1_us_serves_one_in_a_turn_and_everybody_in_turn);
    tcase_add_test(tcase, budget_not_used_up_leaves_nothing);
    tcase_add_test(tcase, budget_used_by_the_last_callback_leaves_nothing);
    tcase_add_test(
        tcase, budget_more_is_over_with_the_next_turn_that_leaves_nothing);
    tcase_add_test(
        tcase, budget_reads_the_clock_after_every_callback_and_only_then);
    tcase_add_test(
        tcase, budget_set_in_a_callback_counts_from_the_start_of_the_turn);
    tcase_add_test(tcase, law5_what_a_budget_cut_off_needs_no_wait_of_zero);
    tcase_add_test(tcase, budget_that_is_lifted_gives_the_turn_its_order_back);
    tcase_add_test(tcase, budget_never_cuts_off_phases_4_to_7);
    tcase_add_test(
        tcase, budget_of_1_us_and_a_flood_of_posts_starve_no_descriptor);
    tcase_add_test(tcase, budget_keeps_the_order_of_posts_that_it_cuts_off);
    tcase_add_test(
        tcase, budget_of_1_us_lets_listeners_and_others_have_their_turn);
    tcase_add_test(tcase, budget_of_1_us_and_held_input_starve_no_descriptor);
    tcase_add_test(
        tcase, budget_of_1_us_tells_urgent_bytes_before_it_reads_around_them);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("budget");
    TCase *tcase = tcase_create("budget");
    tcase_add_checked_fixture(tcase, rig_setup, rig_teardown);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    return suite;
}
