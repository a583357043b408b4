/*
 * test_fdset_park.c - what the set does for park.c: who is awake, who of them
 * is busy, and what is ready elsewhere.
 */
#include "loop/fdset.h"

#include "support/fdset_rig.h"
#include "support/run.h"

#define STALE (~0ul)

/* As park.c does it, for these. */
static void
add_parked(struct leat__io *which, int fd, unsigned events)
{
    fdset_add(which, fd, 0);
    which->parked = (unsigned char)events;
}

static void
mark(const struct leat__io *which, unsigned events)
{
    leat__fdset_mark(&fdset.set, which, events);
    leat__fdset_check(&fdset.set);
}

static bool
is_ready(int which, int fd)
{
    return fdset.set.ready[which][fd / BITS] >> (fd % BITS) & 1;
}

/* --- a parked one is ready ------------------------------------------------ */

START_TEST(fdset_mark_makes_ready_for_these_events_and_no_others)
{
    add_parked(&fdset.io, 3, ALL);
    for (unsigned events = 0; events <= ALL; events++) {
        leat__fdset_copy(&fdset.set);
        mark(&fdset.io, events);
        for (int i = 0; i < LEAT__SETS; i++) {
            bool is_told = (events & leat__event_of[i]) != 0;
            ck_assert_int_eq(is_ready(i, 3), is_told);
            ck_assert_uint_eq(fdset.set.ready[i][0], is_told ? 1ul << 3 : 0);
        }
    }
}
END_TEST

/* Below what select() has looked at, and last of it. */
START_TEST(fdset_mark_leaves_what_was_found_ready)
{
    static const int numbers[] = {0, 62, 63, 64, 99};
    fdset_add(&fdset.other, 100, LEAT_WRITABLE | LEAT_EXCEPTIONAL);
    add_parked(&fdset.io, numbers[_i], LEAT_WRITABLE);
    leat__fdset_copy(&fdset.set);
    fdset.set.ready[LEAT__WRITE][100 / BITS + 1] = STALE;
    mark(&fdset.io, LEAT_WRITABLE);
    ck_assert_int_eq(fdset.set.ready_nfds, 101);
    ck_assert(is_ready(LEAT__WRITE, numbers[_i]));
    ck_assert(is_ready(LEAT__WRITE, 100));
    ck_assert(is_ready(LEAT__EXCEPT, 100));
    ck_assert_uint_eq(fdset.set.ready[LEAT__WRITE][100 / BITS + 1], STALE);
}
END_TEST

/* How far select() has looked, and who is marked beyond. */
static const struct {
    int nfds;
    int fd;
} beyond[] = {
    {0, 0},
    {0, 63},
    {0, 64},
    {0, 200},
    {1, 1},
    {1, 63},
    {1, 64},
    {10, 20},
    {63, 63},
    {63, 64},
    {64, 64},
    {64, 127},
    {64, 128},
    {64, 300},
    {65, 65},
    {65, 127},
    {65, 128},
    {100, 260},
    {128, 511},
};

/* Of a call of select() long ago, in as many words as there are. */
static void
leave_stale(int nfds)
{
    leat__fdset_copy(&fdset.set);
    ck_assert_int_eq(fdset.set.ready_nfds, nfds);
    for (int i = 0; i < LEAT__SETS; i++)
        for (size_t fd = (size_t)nfds; fd < fdset.set.capacity; fd++)
            fdset.set.ready[i][fd / LEAT__WORD_BITS] |=
                1ul << (fd % LEAT__WORD_BITS);
}

START_TEST(fdset_mark_beyond_finds_nothing_in_between)
{
    int nfds = beyond[_i].nfds, fd = beyond[_i].fd;
    if (nfds > 0)
        fdset_add(&fdset.other, nfds - 1, LEAT_READABLE | LEAT_EXCEPTIONAL);
    add_parked(&fdset.io, fd, LEAT_READABLE);
    leave_stale(nfds);
    leat__fdset_mark(&fdset.set, &fdset.io, LEAT_READABLE);
    leat__fdset_check(&fdset.set);
    ck_assert_int_eq(fdset.set.ready_nfds, fd + 1);
    for (int n = 0; n <= fd; n++) {
        bool is_found = n == nfds - 1;
        ck_assert_int_eq(is_ready(LEAT__READ, n), is_found || n == fd);
        ck_assert_int_eq(is_ready(LEAT__WRITE, n), false);
        ck_assert_int_eq(is_ready(LEAT__EXCEPT, n), is_found);
    }
    for (size_t w = (size_t)fd / LEAT__WORD_BITS + 1;
         w < fdset.set.capacity / LEAT__WORD_BITS; w++)
        for (int i = 0; i < LEAT__SETS; i++)
            ck_assert_uint_eq(fdset.set.ready[i][w], STALE);
}
END_TEST

START_TEST(fdset_marks_one_after_the_other_in_any_order)
{
    static struct leat__io many[6];
    static const int numbers[] = {70, 5, 200, 199, 64, 201};
    for (int i = 0; i < 6; i++)
        add_parked(&many[i], numbers[i], LEAT_WRITABLE);
    leave_stale(0);
    for (int i = 0; i < 6; i++)
        mark(&many[i], LEAT_WRITABLE);
    ck_assert_int_eq(fdset.set.ready_nfds, 202);
    size_t from = 0, end = 202;
    static const size_t sorted[] = {5, 64, 70, 199, 200, 201};
    for (int i = 0; i < 6; i++) {
        from = leat__fdset_find(&fdset.set, LEAT__WRITE, from, end);
        ck_assert_uint_eq(from++, sorted[i]);
    }
    ck_assert_uint_eq(leat__fdset_find(&fdset.set, LEAT__READ, 0, end), end);
}
END_TEST

START_TEST(law3_a_parked_one_that_leaves_is_not_ready_any_more)
{
    add_parked(&fdset.io, 9, ALL);
    leat__fdset_copy(&fdset.set);
    mark(&fdset.io, ALL);
    fdset.io.parked = 0;
    leat__fdset_remove(&fdset.set, &fdset.io);
    ck_assert(!leat__fdset_is_ready(&fdset.set));
    fdset_add(&fdset.other, 9, ALL);
    ck_assert(!leat__fdset_is_ready(&fdset.set));
}
END_TEST

/* --- who is awake --------------------------------------------------------- */

static unsigned long
quiet(int first)
{
    unsigned long found = leat__fdset_quiet(&fdset.set, (size_t)first, false);
    leat__fdset_check(&fdset.set);
    return found;
}

/* All of a word. */
static unsigned long
awake(int first)
{
    return leat__fdset_quiet(&fdset.set, (size_t)first, true);
}

START_TEST(fdset_has_awake_whoever_may_be_parked_and_wants_something)
{
    fdset_add(&fdset.io, 64, 0);
    for (unsigned before = 0; before <= ALL; before++)
        for (unsigned after = 0; after <= ALL; after++) {
            fdset_want(&fdset.io, before);
            ck_assert_uint_eq(awake(64), before != 0);
            fdset_want(&fdset.io, after);
            ck_assert_uint_eq(awake(64), after != 0);
            ck_assert_uint_eq(fdset.set.awake.bits_set, after != 0);
        }
    leat__fdset_remove(&fdset.set, &fdset.io);
    ck_assert_uint_eq(fdset.set.awake.bits_set, 0);
}
END_TEST

START_TEST(fdset_does_not_count_those_that_are_never_parked)
{
    fdset.io.is_parkable = false;
    fdset_add(&fdset.io, 64, ALL);
    fdset_add(&fdset.other, 65, ALL);
    (void)quiet(64);
    ck_assert_uint_eq(quiet(64), 2);
    ck_assert_uint_eq(awake(64), 2);
    ck_assert_uint_eq(fdset.set.awake.bits_set, 1);
}
END_TEST

START_TEST(fdset_tells_of_the_quiet_word_by_word)
{
    fdset_add(&fdset.io, BITS - 1, LEAT_READABLE);
    fdset_add(&fdset.other, BITS, LEAT_WRITABLE);
    for (int times = 0; times < 2; times++) {
        unsigned long found[3];
        for (int w = 0; w < 3; w++)
            found[w] = leat__fdset_quiet(&fdset.set, (size_t)(w * BITS), false);
        ck_assert_uint_eq(found[0], times == 0 ? 0 : 1ul << (BITS - 1));
        ck_assert_uint_eq(found[1], times == 0 ? 0 : 1);
        ck_assert_uint_eq(found[2], 0);
    }
}
END_TEST

/* --- who of them is busy -------------------------------------------------- */

START_TEST(fdset_has_busy_once_whoever_begins_to_want)
{
    fdset_add(&fdset.io, 5, LEAT_READABLE);
    fdset_add(&fdset.other, 6, LEAT_READABLE);
    ck_assert_uint_eq(quiet(0), 0);
    ck_assert_uint_eq(quiet(0), 3ul << 5);
    fdset_want(&fdset.io, ALL); /* it wants more, and has been quiet */
    ck_assert_uint_eq(quiet(0), 3ul << 5);
    fdset_want(&fdset.io, 0);
    ck_assert_uint_eq(quiet(0), 2ul << 5);
    fdset_want(&fdset.io, LEAT_WRITABLE);
    ck_assert_uint_eq(quiet(0), 2ul << 5);
    ck_assert_uint_eq(quiet(0), 3ul << 5);
}
END_TEST

START_TEST(fdset_tells_of_the_busy_too_if_all_are_asked_for)
{
    fdset_add(&fdset.io, 5, LEAT_READABLE);
    ck_assert_uint_eq(awake(0), 1ul << 5);
    ck_assert_uint_eq(quiet(0), 1ul << 5); /* and has forgotten */
}
END_TEST

/* Readable or writable; what is urgent is readable next. */
START_TEST(fdset_has_busy_whoever_is_ready_to_read_or_write)
{
    static struct leat__io all[2 * LEAT__SETS];
    for (int i = 0; i < 2 * LEAT__SETS; i++) {
        all[i].is_parkable = true;
        fdset_add(&all[i], (i < LEAT__SETS ? 0 : BITS) + i % LEAT__SETS,
            leat__event_of[i % LEAT__SETS]);
    }
    for (int w = 0; w < 2; w++)
        (void)quiet(w * BITS);
    leat__fdset_copy(&fdset.set);
    leat__fdset_mark_busy(&fdset.set);
    for (int w = 0; w < 2; w++)
        ck_assert_uint_eq(quiet(w * BITS), 1ul << LEAT__EXCEPT);
    for (int w = 0; w < 2; w++)
        ck_assert_uint_eq(quiet(w * BITS), 7);
}
END_TEST

START_TEST(fdset_remembers_the_busy_until_it_is_asked)
{
    fdset_add(&fdset.io, 5, LEAT_READABLE);
    fdset_add(&fdset.other, 6, LEAT_READABLE);
    (void)quiet(0);
    leat__fdset_copy(&fdset.set);
    ck_assert(leat__fdset_claim(&fdset.set, LEAT__READ, 6));
    leat__fdset_mark_busy(&fdset.set); /* 5 alone */
    leat__fdset_copy(&fdset.set);
    ck_assert(leat__fdset_claim(&fdset.set, LEAT__READ, 5));
    ck_assert(leat__fdset_claim(&fdset.set, LEAT__READ, 6));
    leat__fdset_mark_busy(&fdset.set); /* nobody */
    ck_assert_uint_eq(quiet(0), 2ul << 5);
    ck_assert_uint_eq(quiet(0), 3ul << 5);
}
END_TEST

/* Words beyond are of another call of select(). */
START_TEST(fdset_has_nobody_busy_beyond_what_was_looked_at)
{
    static const int nfds[] = {0, 1, BITS, BITS + 1};
    fdset_add(&fdset.io, 0, LEAT_READABLE);
    fdset_add(&fdset.other, 2 * BITS - 1, LEAT_READABLE);
    for (int w = 0; w < 3; w++)
        (void)quiet(w * BITS);
    leat__fdset_copy(&fdset.set);
    leat__fdset_forget(&fdset.set);
    fdset.set.ready_nfds = nfds[_i];
    fdset.set.ready[LEAT__READ][2] = STALE;
    leat__fdset_mark_busy(&fdset.set);
    ck_assert_uint_eq(fdset.set.busy[0], nfds[_i] > 0 ? 1 : 0);
    ck_assert_uint_eq(
        fdset.set.busy[1], nfds[_i] > BITS ? 1ul << (BITS - 1) : 0);
    ck_assert_uint_eq(fdset.set.busy[2], 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("fdset_park");
    TCase *tcase = tcase_create("fdset_park");
    tcase_add_checked_fixture(tcase, fdset_setup_parkable, fdset_teardown);
    tcase_add_test(
        tcase, fdset_mark_makes_ready_for_these_events_and_no_others);
    tcase_add_loop_test(tcase, fdset_mark_leaves_what_was_found_ready, 0, 5);
    tcase_add_loop_test(tcase, fdset_mark_beyond_finds_nothing_in_between, 0,
        (int)(sizeof beyond / sizeof *beyond));
    tcase_add_test(tcase, fdset_marks_one_after_the_other_in_any_order);
    tcase_add_test(tcase, law3_a_parked_one_that_leaves_is_not_ready_any_more);
    tcase_add_test(
        tcase, fdset_has_awake_whoever_may_be_parked_and_wants_something);
    tcase_add_test(tcase, fdset_does_not_count_those_that_are_never_parked);
    tcase_add_test(tcase, fdset_tells_of_the_quiet_word_by_word);
    tcase_add_test(tcase, fdset_has_busy_once_whoever_begins_to_want);
    tcase_add_test(tcase, fdset_tells_of_the_busy_too_if_all_are_asked_for);
    tcase_add_test(tcase, fdset_has_busy_whoever_is_ready_to_read_or_write);
    tcase_add_test(tcase, fdset_remembers_the_busy_until_it_is_asked);
    tcase_add_loop_test(
        tcase, fdset_has_nobody_busy_beyond_what_was_looked_at, 0, 4);
    suite_add_tcase(suite, tcase);
    return suite;
}
