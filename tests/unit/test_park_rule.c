/*
 * test_park_rule.c - park.c counts its turns exactly, and numbers of
 * descriptors have no meaning to it, not even 0.
 *
 * Pipes tell at once what was written, so that each turn is known.
 */
#include <leat/sets.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "loop/loop.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"

/* As park.c has it. */
#define FEW 16
#define QUIET_TURNS 32
#define WAKE_AFTER 4
#define WAKE_GAP 16
#define MOVES_PER_TURN 256

#define MANY 400

/* All of them quiet, but for one that has a pipe of its own. */
static struct leat__io io[MANY];
static int quiet[2], lively[2];
static int input; /* what had the number 0 */
static unsigned heard;

static void
setup(void)
{
    rig_setup();
    heard = 0;
    input = -1;
    rig_pipe(quiet);
    rig_pipe(lively);
}

static void
teardown(void)
{
    rig_close();
    if (input >= 0)
        ck_assert_int_eq(dup2(input, 0), 0);
    if (input >= 0)
        (void)close(input);
    rig_teardown();
}

static void
hear(struct leat__io *which, unsigned ready)
{
    char byte;
    ck_assert_uint_eq(ready, LEAT_READABLE);
    ck_assert_int_eq((int)read(which->fd, &byte, 1), 1);
    heard++;
    rig.loop->progress++;
}

static void
speak(void)
{
    ck_assert_int_eq((int)write(lively[1], "x", 1), 1);
}

/* Have the next descriptor that is opened get the number 0. */
static void
free_number_0(void)
{
    input = fcntl(0, F_DUPFD_CLOEXEC, 3);
    (void)close(0);
}

/* A loop of its own, whatever the environment asks for. */
static void
use(enum leat_park park)
{
    rig_open(&(struct leat_loop_config){.park = park});
    rig.loop->config.park = park;
}

static void
join(struct leat__io *which, int fd)
{
    *which = (struct leat__io){.fd = fd, .on_ready = hear, .is_parkable = true};
    ck_assert_int_eq(
        leat__fdset_add(&rig.loop->fds, leat__loop_alloc(rig.loop), which), 0);
    leat__park_want(rig.loop, which, LEAT_READABLE);
}

/* io[0] is the lively one. */
static void
join_many(int count)
{
    join(&io[0], lively[0]);
    for (int i = 1; i < count; i++)
        join(&io[i], rig_dup(quiet[0], 100 + i));
}

static void
leave(struct leat__io *which)
{
    leat__park_want(rig.loop, which, 0);
    leat__fdset_remove(&rig.loop->fds, which);
}

static void
leave_many(int count)
{
    for (int i = 0; i < count; i++)
        leave(&io[i]);
    rig_turn();
}

static size_t
parked(void)
{
    return rig_stats().parked;
}

/* --- turns ---------------------------------------------------------------- */

START_TEST(the_second_sweep_parks_one_more_than_few)
{
    use(LEAT_PARK_AUTO);
    join_many(FEW + 1);
    rig_turns(QUIET_TURNS); /* the first turn sweeps, and nobody was quiet */
    ck_assert_uint_eq(parked(), 0);
    rig_turn();
    ck_assert_uint_eq(parked(), FEW + 1);
    leave_many(FEW + 1);
}
END_TEST

/* So many turns from one byte to the next. */
static void
speak_every(int turns)
{
    speak();
    ck_assert_int_eq(rig_turns(turns), 0);
}

START_TEST(ready_in_a_few_turns_it_is_awake_where_they_are_near)
{
    use(LEAT_PARK_AUTO);
    join_many(2 * FEW);
    rig_turns(QUIET_TURNS + 1);
    ck_assert_uint_eq(parked(), 2 * FEW);

    for (int n = 0; n < 3 * WAKE_AFTER; n++)
        speak_every(WAKE_GAP + 1);
    ck_assert_uint_eq(parked(), 2 * FEW);
    /* The last one of those is the first one of these. */
    for (int n = 0; n < WAKE_AFTER - 1; n++)
        speak_every(WAKE_GAP);
    ck_assert_uint_eq(parked(), 2 * FEW);
    speak_every(1);
    ck_assert_uint_eq(parked(), 2 * FEW - 1);
    ck_assert_int_eq(io[0].parked, 0);
    ck_assert_uint_eq(heard, 4 * WAKE_AFTER);
    leave_many(2 * FEW);
}
END_TEST

/* Whether a turn has moved its share is asked before each word. */
START_TEST(a_turn_parks_its_share_and_the_rest_of_a_word)
{
    enum { BITS = LEAT__WORD_BITS, FIRST = 10 * BITS };
    use(LEAT_PARK_EAGER);
    for (int i = 0; i < MANY; i++)
        join(&io[i], rig_dup(quiet[0], FIRST + _i + i));
    rig_turn();
    ck_assert_uint_eq(parked(), MOVES_PER_TURN + (_i == 0 ? 0 : BITS - 1));
    rig_turn();
    ck_assert_uint_eq(parked(), MANY);
    leave_many(MANY);
}
END_TEST

/* --- numbers -------------------------------------------------------------- */

START_TEST(a_queue_may_have_the_number_0)
{
    use(LEAT_PARK_EAGER);
    free_number_0();
    join_many(1);
    rig_turn();
    ck_assert_int_eq(rig.loop->park.io.fd, 0);
    for (int i = 1; i < 40; i++) {
        join(&io[i], rig_dup(quiet[0], 100 + i));
        rig_turn();
    }
    ck_assert_uint_eq(parked(), 40);
    ck_assert_uint_eq(kernel_calls("epoll_create1"), 1);
    speak();
    rig_turn();
    ck_assert_uint_eq(heard, 1);
    leave_many(40);
}
END_TEST

/* Nobody is in it when it goes, so the next that joins finds out. */
START_TEST(a_lost_queue_with_the_number_0_is_given_up_too)
{
    use(LEAT_PARK_EAGER);
    free_number_0();
    join_many(1);
    rig_turn();
    ck_assert_uint_eq(parked(), 1);
    leat__park_want(rig.loop, &io[0], 0);
    ledger_disown(0);
    ck_assert_int_eq(close(0), 0);
    leat__park_want(rig.loop, &io[0], LEAT_READABLE);
    rig_turn();
    ck_assert_uint_eq(rig_noted("park-failed"), 1);
    ck_assert_int_lt(rig.loop->park.io.fd, 0);
    clock_advance(SEC - 1);
    rig_turn();
    ck_assert_uint_eq(parked(), 0);
    clock_advance(1);
    rig_turn();
    ck_assert_uint_eq(parked(), 1);
    leave_many(1);
}
END_TEST

START_TEST(whoever_is_parked_may_have_the_number_0)
{
    use(LEAT_PARK_EAGER);
    free_number_0();
    ck_assert_int_eq(dup2(lively[0], 0), 0);
    join(&io[0], 0);
    rig_turn();
    ck_assert_uint_eq(parked(), 1);
    speak();
    rig_turn();
    ck_assert_uint_eq(heard, 1);

    fault_once("epoll_wait", 1, ENOMEM); /* the queue is given up */
    speak();
    rig_turns(2);
    ck_assert_uint_eq(heard, 2);
    ck_assert_uint_eq(rig_noted("park-failed"), 1);
    ck_assert_uint_eq(parked(), 0);
    leave_many(1);
}
END_TEST

START_TEST(a_turn_that_gives_a_queue_up_and_serves_one_is_no_spin)
{
    use(LEAT_PARK_EAGER);
    join_many(1);
    rig_turn();
    ck_assert_uint_eq(parked(), 1);
    ck_assert_int_eq((int)write(quiet[1], "x", 1), 1);
    join(&io[1], quiet[0]); /* is awake for this turn */
    speak();
    fault_once("epoll_wait", 1, ENOMEM);
    rig_turn();
    ck_assert_uint_eq(heard, 1);
    ck_assert_uint_eq(rig_stats().spins, 0);
    rig_turn();
    ck_assert_uint_eq(heard, 2);
    leave_many(2);
}
END_TEST

/* --- a host --------------------------------------------------------------- */

/* The host has looked at all that is below the queue, and not at the queue. */
START_TEST(a_host_that_has_not_looked_at_the_queue_costs_no_call)
{
    struct leat_sets sets;
    use(LEAT_PARK_EAGER);
    join_many(1);
    rig_turn();
    ck_assert_uint_eq(parked(), 1);
    speak();
    ck_assert_int_eq(leat_loop_prepare(rig.loop, &sets), 0);
    sets.nfds = rig.loop->park.io.fd + _i;
    kernel_reset_calls();
    rig.may_spin = true; /* what it has found is nobody's */
    ck_assert_int_ge(leat_loop_dispatch(rig.loop, &sets), 0);
    ck_assert_uint_eq(kernel_calls("epoll_wait"), (unsigned)_i);
    ck_assert_uint_eq(heard, (unsigned)_i);
    leave_many(1);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("park_rule");
    TCase *tcase = tcase_create("park_rule");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_second_sweep_parks_one_more_than_few);
    tcase_add_test(tcase, ready_in_a_few_turns_it_is_awake_where_they_are_near);
    tcase_add_loop_test(
        tcase, a_turn_parks_its_share_and_the_rest_of_a_word, 0, 2);
    tcase_add_test(tcase, a_queue_may_have_the_number_0);
    tcase_add_test(tcase, a_lost_queue_with_the_number_0_is_given_up_too);
    tcase_add_test(tcase, whoever_is_parked_may_have_the_number_0);
    tcase_add_test(
        tcase, a_turn_that_gives_a_queue_up_and_serves_one_is_no_spin);
    tcase_add_loop_test(
        tcase, a_host_that_has_not_looked_at_the_queue_costs_no_call, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
