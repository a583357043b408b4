/*
 * test_park_odd.c - parking where something unusual goes on around it: forks,
 * budgets, thousands at once, and queues that tell twice or tell nothing.
 */
#include "park_crowd.h"

#include <leat/sets.h>

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- a child process ------------------------------------------------------ */

/* The queue of a forked child is its parent's. */
START_TEST(a_forked_child_that_destroys_its_loop_takes_nobody_out)
{
    meet_crowd();
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        leat_loop_destroy(rig.loop);
        (void)execlp("true", "true", (char *)NULL);
        _exit(1); /* nothing else of the test runs here */
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (int i = 0; i < CROWD; i++)
        ask(i);
    ck_assert_uint_eq(rig_noted("park-stale"), 0);
}
END_TEST

static void
destroy_loop(struct side *side)
{
    (void)side;
    leat_loop_destroy(rig.loop);
}

START_TEST(a_parked_ones_callback_may_destroy_the_loop)
{
    meet_crowd();
    peers.act[DATA] = destroy_loop;
    peer_text(peer[3], "the end");
    int result = 0;
    for (int tries = 0; tries < 1000 && result >= 0; tries++)
        result = leat_loop_step(rig.loop, 1000);
    rig.loop = NULL;
    ck_assert_int_eq(result, -ECANCELED);
    ck_assert_uint_eq(kernel_calls("epoll_ctl"), CROWD); /* to join, only */
}
END_TEST

/* --- a time budget -------------------------------------------------------- */

static void
take_time(struct side *side)
{
    (void)side;
    clock_advance(100);
}

START_TEST(law6_a_small_budget_serves_each_parked_one_in_turn)
{
    meet_crowd();
    peers.act[DATA] = take_time;
    for (int i = 0; i < CROWD; i++)
        peer_text(peer[i], "x");
    leat_loop_set_budget(rig.loop, 1);
    for (int turn = 1; turn <= CROWD; turn++) {
        ck_assert_int_ge(leat_loop_step(rig.loop, SEC), 0);
        ck_assert(leat_loop_more(rig.loop) == (turn < CROWD));
    }
    for (int i = 0; i < CROWD; i++)
        ck_assert_uint_eq(peers.side[i].count[DATA], 1);
}
END_TEST

/* --- thousands ------------------------------------------------------------ */

/* More than the queue is asked for at a time. */
enum { MANY = 5000, FIRST = 1000 };

static struct leat__io many[MANY];
static unsigned called[MANY];

static void
count_call(struct leat__io *io, unsigned ready)
{
    ck_assert_uint_eq(ready, LEAT_READABLE);
    called[io->fd - FIRST]++;
    rig.loop->progress++;
}

/* All on one pipe, with something in it for ever. */
static void
open_many(void)
{
    int fds[2];
    rig_pipe(fds);
    ck_assert_int_eq((int)write(fds[1], "x", 1), 1);
    for (int i = 0; i < MANY; i++) {
        struct leat__io *io = &many[i];
        *io = (struct leat__io){.fd = dup2(fds[0], FIRST + i),
            .on_ready = count_call,
            .is_parkable = true};
        ck_assert_int_eq(io->fd, FIRST + i);
        called[i] = 0;
        ck_assert_int_eq(
            leat__fdset_add(&rig.loop->fds, leat__loop_alloc(rig.loop), io), 0);
        leat__park_want(rig.loop, io, LEAT_READABLE);
    }
}

static void
close_many(void)
{
    for (int i = 0; i < MANY; i++) {
        leat__park_want(rig.loop, &many[i], 0);
        leat__fdset_remove(&rig.loop->fds, &many[i]);
        (void)close(many[i].fd);
    }
}

static void
expect_all_called(unsigned times)
{
    for (int i = 0; i < MANY; i++)
        ck_assert_uint_eq(called[i], times);
}

START_TEST(law6_five_thousand_at_once_are_served_in_one_turn)
{
    if (rig_nofile() < FIRST + MANY + 16) /* nothing to tell of here */
        return;
    rig_open(NULL);
    open_many();
    rig.loop->config.park = LEAT_PARK_EAGER;
    for (int turn = 0; turn < 100 && parked() < MANY; turn++)
        ck_assert_int_ge(leat_loop_dispatch(rig.loop, NULL), 0);
    ck_assert_uint_eq(parked(), MANY);

    rig.loop->config.park = LEAT_PARK_AUTO;
    kernel_reset_calls();
    rig_turn();
    expect_all_called(1);
    ck_assert_uint_eq(kernel_calls("epoll_wait"), 2);
    /* Some were told of twice in each, which is once. */
    rig_turns(WAKE_AFTER - 2);
    expect_all_called(WAKE_AFTER - 1);
    ck_assert_uint_eq(parked(), MANY);
    rig_turn();
    ck_assert_uint_eq(parked(), 0);
    close_many();
}
END_TEST

/* --- another kernel's queue ----------------------------------------------- */

static struct leat_sys odd;

/* As kqueue does, with one report for each event. */
static int
tell_twice(int queue, struct epoll_event *events, int room, int timeout)
{
    int count = kernel_real()->epoll_wait(queue, events, room / 2, timeout);
    for (int i = count - 1; i >= 0; i--)
        events[2 * i] = events[2 * i + 1] = events[i];
    return count > 0 ? 2 * count : count;
}

/* As kqueue does where it knows nothing of urgent data. */
static int
tell_no_events(int queue, struct epoll_event *events, int room, int timeout)
{
    int count = kernel_real()->epoll_wait(queue, events, room, timeout);
    for (int i = 0; i < count; i++)
        events[i].events = 0;
    return count;
}

static void
use_queue(int (*wait)(int, struct epoll_event *, int, int))
{
    odd = *kernel_real();
    odd.epoll_wait = wait;
    kernel_use(&odd);
}

START_TEST(told_of_twice_in_a_turn_it_is_no_stranger)
{
    meet_crowd();
    use_queue(tell_twice);
    for (int n = 0; n < WAKE_AFTER - 1; n++)
        ask(7);
    ck_assert_uint_eq(parked(), CROWD);
    ask(7);
    ck_assert_uint_eq(parked(), CROWD - 1);
    ck_assert_uint_eq(rig_noted("park-stale"), 0);
}
END_TEST

START_TEST(told_of_for_nothing_select_looks_at_it)
{
    static const enum leat_park modes[] = {LEAT_PARK_AUTO, LEAT_PARK_EAGER};
    if (strcmp(LEAT_PARK_QUEUE, "epoll") != 0)
        return; /* the table of the tests has no other */
    use(modes[_i]);
    meet(CROWD);
    be_quiet();
    ck_assert_uint_eq(parked(), CROWD);
    use_queue(tell_no_events);
    peer_text(peer[2], "ab");
    peer_urgent(peer[2], '!');
    turn_until(peer_has(peer[2], 3));
    ck_assert_uint_eq(peers.side[2].count[URGENT], 1);
    for (int i = 0; i < CROWD; i++)
        ask(i);
    be_quiet();
    ck_assert_uint_eq(parked(), CROWD);
}
END_TEST

/* A queue that keeps whoever leaves. */
static int
keep_all(int queue, int operation, int fd, struct epoll_event *event)
{
    if (operation == EPOLL_CTL_DEL)
        return 0;
    return kernel_real()->epoll_ctl(queue, operation, fd, event);
}

START_TEST(a_stranger_in_the_queue_is_got_rid_of_with_it)
{
    if (strcmp(LEAT_PARK_QUEUE, "epoll") != 0)
        return;
    meet_crowd();
    odd = *kernel_real();
    odd.epoll_ctl = keep_all;
    kernel_use(&odd);
    if (_i == 0) { /* it is there, or only a copy of its descriptor */
        leat_conn_pause(peers.side[4].conn);
    } else {
        rig_keep(dup(peers.side[4].conn->io.fd));
        leat_conn_close(peers.side[4].conn);
        peers_turn();
    }
    peer_text(peer[4], "here I am");
    turn_until(rig_noted("park-stale") == 1);
    kernel_use(kernel_real());
    ck_assert_uint_eq(parked(), 0);
    clock_advance(SEC);
    be_quiet();
    ck_assert_uint_eq(parked(), CROWD - 1);
    ck_assert_uint_eq(peers.side[4].len, 0);
    ck_assert_uint_eq(rig_noted("park-stale"), 1);
    ask(5);
}
END_TEST

START_TEST(where_there_is_no_queue_nobody_asks_twice_or_complains)
{
    use(LEAT_PARK_AUTO);
    fault_once("epoll_create1", 1, ENOSYS);
    meet(CROWD);
    be_quiet();
    clock_advance(10 * SEC);
    be_quiet();
    ck_assert_uint_eq(parked(), 0);
    ck_assert_uint_eq(kernel_calls("epoll_create1"), 1);
    ck_assert_uint_eq(rig_noted("park-failed"), 0);
    ask(5);
}
END_TEST

/* --- its peer, or the program --------------------------------------------- */

START_TEST(a_parked_one_that_never_reads_and_resets_is_closed)
{
    use(LEAT_PARK_AUTO);
    meet(CROWD);
    struct side *side = &peers.side[3];
    while (side_send_keyed(side, 3, 0, 200000) == 0)
        peers_turn();
    be_quiet();
    ck_assert_uint_eq(side->conn->io.parked, LEAT_WRITABLE);
    peer_reset(peer[3]);
    turn_until(side->conn == NULL);
    ck_assert_int_eq(side->reason, -ECONNRESET);
    ck_assert_uint_eq(parked(), CROWD - 1);
}
END_TEST

START_TEST(paused_between_prepare_and_dispatch_it_is_not_read)
{
    meet_crowd();
    struct leat_sets sets;
    peer_text(peer[1], "x");
    ck_assert_int_eq(leat_loop_prepare(rig.loop, &sets), 0);
    leat_conn_pause(peers.side[1].conn);
    rig.may_spin = true; /* what the host has found is gone */
    ck_assert_int_ge(leat_loop_dispatch(rig.loop, &sets), 0);
    peers_turns(3);
    ck_assert_uint_eq(peers.side[1].len, 0);
    leat_conn_resume(peers.side[1].conn);
    turn_until(peer_has(peer[1], 1));
}
END_TEST

static void
tests_of_kernels(TCase *tcase)
{
    tcase_add_test(tcase, law6_five_thousand_at_once_are_served_in_one_turn);
    tcase_add_test(tcase, told_of_twice_in_a_turn_it_is_no_stranger);
    tcase_add_loop_test(tcase, told_of_for_nothing_select_looks_at_it, 0, 2);
    tcase_add_loop_test(
        tcase, a_stranger_in_the_queue_is_got_rid_of_with_it, 0, 2);
    tcase_add_test(
        tcase, where_there_is_no_queue_nobody_asks_twice_or_complains);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("park_odd");
    TCase *tcase = tcase_create("park_odd");

    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_test(
        tcase, a_forked_child_that_destroys_its_loop_takes_nobody_out);
    tcase_add_test(tcase, a_parked_ones_callback_may_destroy_the_loop);
    tcase_add_test(tcase, law6_a_small_budget_serves_each_parked_one_in_turn);
    tests_of_kernels(tcase);
    tcase_add_test(tcase, a_parked_one_that_never_reads_and_resets_is_closed);
    tcase_add_test(tcase, paused_between_prepare_and_dispatch_it_is_not_read);
    suite_add_tcase(suite, tcase);
    return suite;
}
