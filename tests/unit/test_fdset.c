/*
 * test_fdset.c - owners, wants and readiness of descriptors.
 *
 * No descriptor here is real: the set only does sums with their numbers.
 */
#include "loop/fdset.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "support/fdset_rig.h"
#include "support/run.h"

/* Numbers around the edges of words, of the first capacity, of fd_set. */
static const int numbers[] = {0, 1, 31, 32, 63, 64, 65, 127, 128, 511, 512, 513,
    1022, 1023, 1024, 1025, 4095, 4096, 19999, 65535, 65536};
#define NUMBERS (sizeof numbers / sizeof *numbers)

static struct leat__io ios[NUMBERS];

static void
setup(void)
{
    fdset_setup();
    memset(ios, 0, sizeof ios);
}

/* As though select() had found ready all that is wanted. */
static void
find_all_ready(void)
{
    leat__fdset_copy(&fdset.set);
    ck_assert_int_eq(fdset.set.ready_nfds, fdset.set.nfds);
}

static size_t
next_early(size_t from)
{
    size_t end = (size_t)fdset.set.ready_nfds;
    size_t fd = leat__fdset_find_early(&fdset.set, from, end);
    if (fd < end)
        ck_assert(leat__fdset_claim(&fdset.set, LEAT__READ, fd));
    return fd;
}

/* --- owners --------------------------------------------------------------- */

START_TEST(fdset_takes_back_what_it_was_given_at_any_number)
{
    int fd = numbers[_i];
    ck_assert_int_eq(fdset_try(&fdset.io, fd), 0);
    ck_assert_ptr_eq(fdset.set.owner[fd], &fdset.io);
    ck_assert_uint_eq(fdset.set.count, 1);
    fdset_want(&fdset.io, ALL);
    ck_assert_int_eq(fdset.set.nfds, fd + 1);

    leat__fdset_remove(&fdset.set, &fdset.io);
    ck_assert_ptr_null(fdset.set.owner[fd]);
    ck_assert_uint_eq(fdset.set.count, 0);
    ck_assert_int_eq(fdset.set.nfds, 0);
}
END_TEST

START_TEST(fdset_serves_fds_1023_1024_1025_and_65535)
{
    const int fds[] = {1023, 1024, 1025, 65535};
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(fdset_try(&ios[i], fds[i]), 0);
        fdset_want(&ios[i], LEAT_READABLE);
    }
    find_all_ready();
    size_t from = 0;
    for (int i = 0; i < 4; i++) {
        size_t fd = fdset_next(LEAT__READ, from);
        ck_assert_uint_eq(fd, (size_t)fds[i]);
        from = fd + 1;
    }
    ck_assert_uint_eq(fdset_next(LEAT__READ, from), 65536);
}
END_TEST

START_TEST(fdset_add_refuses_a_number_below_0)
{
    ck_assert_int_eq(fdset_try(&fdset.io, -1), -EINVAL);
    ck_assert_int_eq(fdset_try(&fdset.io, INT_MIN), -EINVAL);
    ck_assert_uint_eq(fdset.set.count, 0);
    ck_assert_uint_eq(fdset.ledger.calls, 0);
}
END_TEST

START_TEST(fdset_add_refuses_a_number_that_has_an_owner)
{
    ck_assert_int_eq(fdset_try(&fdset.io, 7), 0);
    fdset_want(&fdset.io, ALL);
    ck_assert_int_eq(fdset_try(&fdset.other, 7), -EEXIST);
    ck_assert_ptr_eq(fdset.set.owner[7], &fdset.io);
    ck_assert_uint_eq(leat__fdset_wanted(&fdset.set, &fdset.io), ALL);
    ck_assert_uint_eq(fdset.set.count, 1);
}
END_TEST

START_TEST(fdset_gives_a_number_to_a_new_owner_without_the_old_ones_wants)
{
    fdset.io.is_early = true;
    ck_assert_int_eq(fdset_try(&fdset.io, 64), 0);
    fdset_want(&fdset.io, ALL);
    leat__fdset_remove(&fdset.set, &fdset.io);
    ck_assert_int_eq(fdset_try(&fdset.other, 64), 0);
    ck_assert_uint_eq(leat__fdset_wanted(&fdset.set, &fdset.other), 0);

    fdset_want(&fdset.other, LEAT_READABLE);
    find_all_ready();
    ck_assert_uint_eq(next_early(0), 65);
    ck_assert_uint_eq(fdset_next(LEAT__READ, 0), 64);
}
END_TEST

/* --- memory --------------------------------------------------------------- */

START_TEST(fdset_add_without_memory_changes_nothing)
{
    ck_assert_int_eq(fdset_try(&fdset.io, 5), 0);
    fdset_want(&fdset.io, LEAT_READABLE | LEAT_EXCEPTIONAL);
    find_all_ready();
    unsigned nth = 1;
    for (;; nth++) {
        alloc_fail_from(&fdset.ledger, nth);
        int error = fdset_try(&fdset.other, 5000);
        if (alloc_heal(&fdset.ledger) == 0) {
            ck_assert_int_eq(error, 0);
            break;
        }
        ck_assert_int_eq(error, -ENOMEM);
        ck_assert_uint_eq(fdset.set.count, 1);
        ck_assert_uint_eq(fdset_next(LEAT__READ, 0), 5);
        find_all_ready();
    }
    ck_assert_uint_gt(nth, 4);
    ck_assert_uint_eq(leat__fdset_wanted(&fdset.set, &fdset.io),
        LEAT_READABLE | LEAT_EXCEPTIONAL);
}
END_TEST

/* Some arrays are longer than the others then; none may be read beyond what
 * all of them have. */
START_TEST(fdset_grows_by_less_after_it_could_not_grow_by_much)
{
    alloc_fail_once(&fdset.ledger, (size_t)_i);
    ck_assert_int_eq(fdset_try(&fdset.io, 60000), -ENOMEM);
    ck_assert_uint_eq(alloc_heal(&fdset.ledger), 1);

    for (int fd = 400; fd <= 6400; fd *= 2) {
        ck_assert_int_eq(fdset_try(&fdset.io, fd), 0);
        fdset_want(&fdset.io, ALL);
        find_all_ready();
        for (int i = 0; i < LEAT__SETS; i++)
            ck_assert_uint_eq(fdset_next((enum leat__set)i, 0), (size_t)fd);
        leat__fdset_remove(&fdset.set, &fdset.io);
    }
}
END_TEST

/* Nine arrays of bits, and the owners. */
static void
assert_room(size_t capacity)
{
    ck_assert_uint_eq(fdset.set.capacity, capacity);
    ck_assert_uint_eq(fdset.ledger.bytes,
        9 * capacity / CHAR_BIT + capacity * sizeof *fdset.set.owner);
}

START_TEST(fdset_has_room_in_powers_of_two_from_a_cache_line_of_bits_on)
{
    ck_assert_int_eq(fdset_try(&fdset.io, 0), 0);
    assert_room(512);
    ck_assert_int_eq(fdset_try(&ios[0], 511), 0);
    assert_room(512);
    ck_assert_int_eq(fdset_try(&ios[1], 512), 0);
    assert_room(1024);
    ck_assert_int_eq(fdset_try(&ios[2], 4095), 0);
    assert_room(4096);
    ck_assert_int_eq(fdset_try(&ios[3], 4096), 0);
    assert_room(8192);
}
END_TEST

START_TEST(fdset_that_was_ended_is_empty_and_may_be_used_again)
{
    ck_assert_int_eq(fdset_try(&fdset.io, 70), 0);
    fdset_want(&fdset.io, ALL);
    find_all_ready();
    leat__fdset_fini(&fdset.set, &fdset.ledger.alloc);
    ck_assert_uint_eq(fdset.ledger.bytes, 0);

    ck_assert_uint_eq(fdset.set.count, 0);
    ck_assert_int_eq(fdset.set.nfds, 0);
    ck_assert(!leat__fdset_is_ready(&fdset.set));
    ck_assert_int_eq(fdset_try(&fdset.other, 70), 0);
    ck_assert_uint_eq(leat__fdset_wanted(&fdset.set, &fdset.other), 0);
}
END_TEST

START_TEST(fdset_growing_keeps_what_was_found_ready)
{
    ck_assert_int_eq(fdset_try(&fdset.io, 500), 0);
    fdset_want(&fdset.io, ALL);
    find_all_ready();
    ck_assert_int_eq(fdset_try(&fdset.other, 10000), 0);
    for (int i = 0; i < LEAT__SETS; i++)
        ck_assert_uint_eq(fdset_next((enum leat__set)i, 0), 500);
}
END_TEST

/* --- wants ---------------------------------------------------------------- */

START_TEST(fdset_wants_any_mix_of_events_after_any_other)
{
    ck_assert_int_eq(fdset_try(&fdset.io, 63), 0);
    for (unsigned before = 0; before <= ALL; before++)
        for (unsigned after = 0; after <= ALL; after++) {
            fdset_want(&fdset.io, before);
            fdset_want(&fdset.io, after);
            ck_assert_int_eq(fdset.set.nfds, after != 0 ? 64 : 0);
        }
}
END_TEST

START_TEST(fdset_nfds_follows_the_highest_want_up_and_down)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        ck_assert_int_eq(fdset_try(&ios[i], numbers[i]), 0);
        fdset_want(&ios[i], 1u << i % 3);
        ck_assert_int_eq(fdset.set.nfds, numbers[i] + 1);
    }
    for (size_t i = NUMBERS; i-- > 1;) {
        fdset_want(&ios[i], 0);
        ck_assert_int_eq(fdset.set.nfds, numbers[i - 1] + 1);
    }
    leat__fdset_remove(&fdset.set, &ios[0]);
    ck_assert_int_eq(fdset.set.nfds, 0);
}
END_TEST

START_TEST(fdset_nfds_stays_when_a_lower_want_goes)
{
    ck_assert_int_eq(fdset_try(&fdset.io, 10), 0);
    ck_assert_int_eq(fdset_try(&fdset.other, 200), 0);
    fdset_want(&fdset.io, ALL);
    fdset_want(&fdset.other, LEAT_WRITABLE);
    fdset_want(&fdset.io, 0);
    ck_assert_int_eq(fdset.set.nfds, 201);
    fdset_want(&fdset.other, LEAT_EXCEPTIONAL);
    ck_assert_int_eq(fdset.set.nfds, 201);
}
END_TEST

START_TEST(fdset_has_no_words_for_a_set_that_wants_nothing)
{
    ck_assert_int_eq(fdset_try(&fdset.io, 3), 0);
    fdset_want(&fdset.io, LEAT_WRITABLE);
    ck_assert_ptr_null(leat__fdset_words(&fdset.set, LEAT__READ));
    ck_assert_ptr_nonnull(leat__fdset_words(&fdset.set, LEAT__WRITE));
    ck_assert_ptr_null(leat__fdset_words(&fdset.set, LEAT__EXCEPT));
}
END_TEST

/* --- readiness ------------------------------------------------------------ */

START_TEST(law3_a_want_taken_away_is_not_ready_any_more)
{
    ck_assert_int_eq(fdset_try(&fdset.io, 9), 0);
    fdset_want(&fdset.io, LEAT_READABLE | LEAT_WRITABLE);
    find_all_ready();
    fdset_want(&fdset.io, LEAT_WRITABLE);
    fdset_want(&fdset.io, LEAT_READABLE | LEAT_WRITABLE);
    ck_assert_uint_eq(fdset_next(LEAT__READ, 0), 10);
    ck_assert_uint_eq(fdset_next(LEAT__WRITE, 0), 9);
}
END_TEST

START_TEST(law3_a_new_owner_of_a_number_is_not_ready)
{
    ck_assert_int_eq(fdset_try(&fdset.io, 9), 0);
    fdset_want(&fdset.io, ALL);
    find_all_ready();
    leat__fdset_remove(&fdset.set, &fdset.io);
    ck_assert_int_eq(fdset_try(&fdset.other, 9), 0);
    fdset_want(&fdset.other, ALL);
    ck_assert(!leat__fdset_is_ready(&fdset.set));
}
END_TEST

START_TEST(fdset_tells_each_ready_one_once_and_in_order)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        ck_assert_int_eq(fdset_try(&ios[i], numbers[i]), 0);
        fdset_want(&ios[i], LEAT_READABLE);
    }
    find_all_ready();
    for (size_t i = 0; i < NUMBERS; i++)
        ck_assert_uint_eq(fdset_next(LEAT__READ, 0), (size_t)numbers[i]);
    ck_assert_uint_eq(fdset_next(LEAT__READ, 0), (size_t)fdset.set.nfds);
}
END_TEST

START_TEST(fdset_find_stays_between_from_and_end)
{
    fdset.io.is_early = true;
    ck_assert_int_eq(fdset_try(&fdset.io, 70), 0);
    ck_assert_int_eq(fdset_try(&fdset.other, 130), 0);
    fdset_want(&fdset.io, LEAT_READABLE);
    fdset_want(&fdset.other, LEAT_READABLE);
    find_all_ready();
    ck_assert_uint_eq(leat__fdset_find(&fdset.set, LEAT__READ, 71, 130), 130);
    ck_assert_uint_eq(leat__fdset_find(&fdset.set, LEAT__READ, 0, 70), 70);
    ck_assert_uint_eq(leat__fdset_find(&fdset.set, LEAT__READ, 0, 131), 70);
    ck_assert_uint_eq(leat__fdset_find(&fdset.set, LEAT__READ, 71, 131), 130);
    ck_assert_uint_eq(leat__fdset_find_early(&fdset.set, 0, 66), 66);
    ck_assert_uint_eq(leat__fdset_find_early(&fdset.set, 0, 70), 70);
    ck_assert_uint_eq(leat__fdset_find_early(&fdset.set, 0, 71), 70);
    ck_assert_uint_eq(leat__fdset_find_early(&fdset.set, 70, 131), 70);
    ck_assert_uint_eq(leat__fdset_find_early(&fdset.set, 71, 131), 131);
}
END_TEST

START_TEST(fdset_tells_early_ones_apart_and_only_when_readable)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        ios[i].is_early = i % 2 == 1;
        ck_assert_int_eq(fdset_try(&ios[i], numbers[i]), 0);
        fdset_want(&ios[i], i % 4 == 3 ? LEAT_WRITABLE : LEAT_READABLE);
    }
    find_all_ready();
    size_t from = 0;
    for (size_t i = 1; i < NUMBERS; i += 4) {
        from = next_early(from);
        ck_assert_uint_eq(from, (size_t)numbers[i]);
    }
    ck_assert_uint_eq(next_early(from), (size_t)fdset.set.ready_nfds);
    for (size_t i = 0; i < NUMBERS; i += 2)
        ck_assert_uint_eq(fdset_next(LEAT__READ, 0), (size_t)numbers[i]);
}
END_TEST

START_TEST(fdset_forgets_what_was_ready)
{
    ck_assert_int_eq(fdset_try(&fdset.io, 4), 0);
    fdset_want(&fdset.io, ALL);
    find_all_ready();
    ck_assert(leat__fdset_is_ready(&fdset.set));
    leat__fdset_forget(&fdset.set);
    ck_assert(!leat__fdset_is_ready(&fdset.set));
    ck_assert_uint_eq(fdset_next(LEAT__READ, 0), 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("fdset");
    TCase *tcase = tcase_create("fdset");
    tcase_add_checked_fixture(tcase, setup, fdset_teardown);
    tcase_add_loop_test(tcase, fdset_takes_back_what_it_was_given_at_any_number,
        0, (int)NUMBERS);
    tcase_add_test(tcase, fdset_serves_fds_1023_1024_1025_and_65535);
    tcase_add_test(tcase, fdset_add_refuses_a_number_below_0);
    tcase_add_test(tcase, fdset_add_refuses_a_number_that_has_an_owner);
    tcase_add_test(
        tcase, fdset_gives_a_number_to_a_new_owner_without_the_old_ones_wants);
    tcase_add_test(tcase, fdset_add_without_memory_changes_nothing);
    /* Growing is eight reallocations. */
    tcase_add_loop_test(
        tcase, fdset_grows_by_less_after_it_could_not_grow_by_much, 1, 9);
    tcase_add_test(
        tcase, fdset_has_room_in_powers_of_two_from_a_cache_line_of_bits_on);
    tcase_add_test(tcase, fdset_that_was_ended_is_empty_and_may_be_used_again);
    tcase_add_test(tcase, fdset_growing_keeps_what_was_found_ready);
    tcase_add_test(tcase, fdset_wants_any_mix_of_events_after_any_other);
    tcase_add_test(tcase, fdset_nfds_follows_the_highest_want_up_and_down);
    tcase_add_test(tcase, fdset_nfds_stays_when_a_lower_want_goes);
    tcase_add_test(tcase, fdset_has_no_words_for_a_set_that_wants_nothing);
    tcase_add_test(tcase, law3_a_want_taken_away_is_not_ready_any_more);
    tcase_add_test(tcase, law3_a_new_owner_of_a_number_is_not_ready);
    tcase_add_test(tcase, fdset_tells_each_ready_one_once_and_in_order);
    tcase_add_test(tcase, fdset_find_stays_between_from_and_end);
    tcase_add_test(tcase, fdset_tells_early_ones_apart_and_only_when_readable);
    tcase_add_test(tcase, fdset_forgets_what_was_ready);
    suite_add_tcase(suite, tcase);
    return suite;
}
