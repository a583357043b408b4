/*
 * test_fdset.c - owners, wants and readiness of descriptors.
 *
 * No descriptor here is real: the set only does sums with their numbers.
 */
#include "loop/fdset.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "support/alloc.h"
#include "support/run.h"

#define ALL (LEAT_READABLE | LEAT_WRITABLE | LEAT_EXCEPTIONAL)

/* Numbers around the edges of words, of the first capacity, of fd_set. */
static const int numbers[] = {0, 1, 31, 32, 63, 64, 65, 127, 128, 511, 512, 513,
    1022, 1023, 1024, 1025, 4095, 4096, 19999, 65535, 65536};
#define NUMBERS (sizeof numbers / sizeof *numbers)

static struct alloc_ledger ledger;
static struct leat__fdset set;
static struct leat__io io, other, ios[NUMBERS];

static void
setup(void)
{
    alloc_init(&ledger);
    memset(&set, 0xa5, sizeof set);
    leat__fdset_init(&set);
    memset(&io, 0, sizeof io);
    memset(&other, 0, sizeof other);
    memset(ios, 0, sizeof ios);
}

static void
teardown(void)
{
    leat__fdset_check(&set);
    leat__fdset_fini(&set, &ledger.alloc);
    alloc_fini(&ledger);
}

static int
add(struct leat__io *which, int fd)
{
    which->fd = fd;
    int error = leat__fdset_add(&set, &ledger.alloc, which);
    leat__fdset_check(&set);
    return error;
}

static void
want(const struct leat__io *which, unsigned events)
{
    leat__fdset_want(&set, which, events);
    leat__fdset_check(&set);
    ck_assert_uint_eq(leat__fdset_wanted(&set, which), events);
}

/* As though select() had found ready all that is wanted. */
static void
find_all_ready(void)
{
    leat__fdset_copy(&set);
    ck_assert_int_eq(set.ready_nfds, set.nfds);
}

/* The first at or after from, which is taken. */
static size_t
next(enum leat__set which, size_t from)
{
    size_t end = (size_t)set.ready_nfds;
    size_t fd = leat__fdset_find(&set, which, from, end);
    if (fd == end)
        return end;
    ck_assert(leat__fdset_claim(&set, which, fd));
    ck_assert(!leat__fdset_claim(&set, which, fd));
    return fd;
}

static size_t
next_early(size_t from)
{
    size_t end = (size_t)set.ready_nfds;
    size_t fd = leat__fdset_find_early(&set, from, end);
    if (fd < end)
        ck_assert(leat__fdset_claim(&set, LEAT__READ, fd));
    return fd;
}

/* --- owners --------------------------------------------------------------- */

START_TEST(fdset_takes_back_what_it_was_given_at_any_number)
{
    int fd = numbers[_i];
    ck_assert_int_eq(add(&io, fd), 0);
    ck_assert_ptr_eq(set.owner[fd], &io);
    ck_assert_uint_eq(set.count, 1);
    want(&io, ALL);
    ck_assert_int_eq(set.nfds, fd + 1);

    leat__fdset_remove(&set, &io);
    ck_assert_ptr_null(set.owner[fd]);
    ck_assert_uint_eq(set.count, 0);
    ck_assert_int_eq(set.nfds, 0);
}
END_TEST

START_TEST(fdset_serves_fds_1023_1024_1025_and_65535)
{
    const int fds[] = {1023, 1024, 1025, 65535};
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(add(&ios[i], fds[i]), 0);
        want(&ios[i], LEAT_READABLE);
    }
    find_all_ready();
    size_t from = 0;
    for (int i = 0; i < 4; i++) {
        size_t fd = next(LEAT__READ, from);
        ck_assert_uint_eq(fd, (size_t)fds[i]);
        from = fd + 1;
    }
    ck_assert_uint_eq(next(LEAT__READ, from), 65536);
}
END_TEST

START_TEST(fdset_add_refuses_a_number_below_0)
{
    ck_assert_int_eq(add(&io, -1), -EINVAL);
    ck_assert_int_eq(add(&io, INT_MIN), -EINVAL);
    ck_assert_uint_eq(set.count, 0);
    ck_assert_uint_eq(ledger.calls, 0);
}
END_TEST

START_TEST(fdset_add_refuses_a_number_that_has_an_owner)
{
    ck_assert_int_eq(add(&io, 7), 0);
    want(&io, ALL);
    ck_assert_int_eq(add(&other, 7), -EEXIST);
    ck_assert_ptr_eq(set.owner[7], &io);
    ck_assert_uint_eq(leat__fdset_wanted(&set, &io), ALL);
    ck_assert_uint_eq(set.count, 1);
}
END_TEST

START_TEST(fdset_gives_a_number_to_a_new_owner_without_the_old_ones_wants)
{
    io.is_early = true;
    ck_assert_int_eq(add(&io, 64), 0);
    want(&io, ALL);
    leat__fdset_remove(&set, &io);
    ck_assert_int_eq(add(&other, 64), 0);
    ck_assert_uint_eq(leat__fdset_wanted(&set, &other), 0);

    want(&other, LEAT_READABLE);
    find_all_ready();
    ck_assert_uint_eq(next_early(0), 65);
    ck_assert_uint_eq(next(LEAT__READ, 0), 64);
}
END_TEST

/* --- memory --------------------------------------------------------------- */

START_TEST(fdset_add_without_memory_changes_nothing)
{
    ck_assert_int_eq(add(&io, 5), 0);
    want(&io, LEAT_READABLE | LEAT_EXCEPTIONAL);
    find_all_ready();
    unsigned nth = 1;
    for (;; nth++) {
        alloc_fail_from(&ledger, nth);
        int error = add(&other, 5000);
        if (alloc_heal(&ledger) == 0) {
            ck_assert_int_eq(error, 0);
            break;
        }
        ck_assert_int_eq(error, -ENOMEM);
        ck_assert_uint_eq(set.count, 1);
        ck_assert_uint_eq(next(LEAT__READ, 0), 5);
        find_all_ready();
    }
    ck_assert_uint_gt(nth, 4);
    ck_assert_uint_eq(
        leat__fdset_wanted(&set, &io), LEAT_READABLE | LEAT_EXCEPTIONAL);
}
END_TEST

/* Some arrays are longer than the others then; none may be read beyond what
 * all of them have. */
START_TEST(fdset_grows_by_less_after_it_could_not_grow_by_much)
{
    alloc_fail_once(&ledger, (size_t)_i);
    ck_assert_int_eq(add(&io, 60000), -ENOMEM);
    ck_assert_uint_eq(alloc_heal(&ledger), 1);

    for (int fd = 400; fd <= 6400; fd *= 2) {
        ck_assert_int_eq(add(&io, fd), 0);
        want(&io, ALL);
        find_all_ready();
        for (int i = 0; i < LEAT__SETS; i++)
            ck_assert_uint_eq(next((enum leat__set)i, 0), (size_t)fd);
        leat__fdset_remove(&set, &io);
    }
}
END_TEST

/* Nine arrays of bits, and the owners. */
static void
assert_room(size_t capacity)
{
    ck_assert_uint_eq(set.capacity, capacity);
    ck_assert_uint_eq(
        ledger.bytes, 9 * capacity / CHAR_BIT + capacity * sizeof *set.owner);
}

START_TEST(fdset_has_room_in_powers_of_two_from_a_cache_line_of_bits_on)
{
    ck_assert_int_eq(add(&io, 0), 0);
    assert_room(512);
    ck_assert_int_eq(add(&ios[0], 511), 0);
    assert_room(512);
    ck_assert_int_eq(add(&ios[1], 512), 0);
    assert_room(1024);
    ck_assert_int_eq(add(&ios[2], 4095), 0);
    assert_room(4096);
    ck_assert_int_eq(add(&ios[3], 4096), 0);
    assert_room(8192);
}
END_TEST

START_TEST(fdset_that_was_ended_is_empty_and_may_be_used_again)
{
    ck_assert_int_eq(add(&io, 70), 0);
    want(&io, ALL);
    find_all_ready();
    leat__fdset_fini(&set, &ledger.alloc);
    ck_assert_uint_eq(ledger.bytes, 0);

    ck_assert_uint_eq(set.count, 0);
    ck_assert_int_eq(set.nfds, 0);
    ck_assert(!leat__fdset_is_ready(&set));
    ck_assert_int_eq(add(&other, 70), 0);
    ck_assert_uint_eq(leat__fdset_wanted(&set, &other), 0);
}
END_TEST

START_TEST(fdset_growing_keeps_what_was_found_ready)
{
    ck_assert_int_eq(add(&io, 500), 0);
    want(&io, ALL);
    find_all_ready();
    ck_assert_int_eq(add(&other, 10000), 0);
    for (int i = 0; i < LEAT__SETS; i++)
        ck_assert_uint_eq(next((enum leat__set)i, 0), 500);
}
END_TEST

/* --- wants ---------------------------------------------------------------- */

START_TEST(fdset_wants_any_mix_of_events_after_any_other)
{
    ck_assert_int_eq(add(&io, 63), 0);
    for (unsigned before = 0; before <= ALL; before++)
        for (unsigned after = 0; after <= ALL; after++) {
            want(&io, before);
            want(&io, after);
            ck_assert_int_eq(set.nfds, after != 0 ? 64 : 0);
        }
}
END_TEST

START_TEST(fdset_nfds_follows_the_highest_want_up_and_down)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        ck_assert_int_eq(add(&ios[i], numbers[i]), 0);
        want(&ios[i], 1u << i % 3);
        ck_assert_int_eq(set.nfds, numbers[i] + 1);
    }
    for (size_t i = NUMBERS; i-- > 1;) {
        want(&ios[i], 0);
        ck_assert_int_eq(set.nfds, numbers[i - 1] + 1);
    }
    leat__fdset_remove(&set, &ios[0]);
    ck_assert_int_eq(set.nfds, 0);
}
END_TEST

START_TEST(fdset_nfds_stays_when_a_lower_want_goes)
{
    ck_assert_int_eq(add(&io, 10), 0);
    ck_assert_int_eq(add(&other, 200), 0);
    want(&io, ALL);
    want(&other, LEAT_WRITABLE);
    want(&io, 0);
    ck_assert_int_eq(set.nfds, 201);
    want(&other, LEAT_EXCEPTIONAL);
    ck_assert_int_eq(set.nfds, 201);
}
END_TEST

START_TEST(fdset_has_no_words_for_a_set_that_wants_nothing)
{
    ck_assert_int_eq(add(&io, 3), 0);
    want(&io, LEAT_WRITABLE);
    ck_assert_ptr_null(leat__fdset_words(&set, LEAT__READ));
    ck_assert_ptr_nonnull(leat__fdset_words(&set, LEAT__WRITE));
    ck_assert_ptr_null(leat__fdset_words(&set, LEAT__EXCEPT));
}
END_TEST

/* --- readiness ------------------------------------------------------------ */

START_TEST(law3_a_want_taken_away_is_not_ready_any_more)
{
    ck_assert_int_eq(add(&io, 9), 0);
    want(&io, LEAT_READABLE | LEAT_WRITABLE);
    find_all_ready();
    want(&io, LEAT_WRITABLE);
    want(&io, LEAT_READABLE | LEAT_WRITABLE);
    ck_assert_uint_eq(next(LEAT__READ, 0), 10);
    ck_assert_uint_eq(next(LEAT__WRITE, 0), 9);
}
END_TEST

START_TEST(law3_a_new_owner_of_a_number_is_not_ready)
{
    ck_assert_int_eq(add(&io, 9), 0);
    want(&io, ALL);
    find_all_ready();
    leat__fdset_remove(&set, &io);
    ck_assert_int_eq(add(&other, 9), 0);
    want(&other, ALL);
    ck_assert(!leat__fdset_is_ready(&set));
}
END_TEST

START_TEST(fdset_tells_each_ready_one_once_and_in_order)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        ck_assert_int_eq(add(&ios[i], numbers[i]), 0);
        want(&ios[i], LEAT_READABLE);
    }
    find_all_ready();
    for (size_t i = 0; i < NUMBERS; i++)
        ck_assert_uint_eq(next(LEAT__READ, 0), (size_t)numbers[i]);
    ck_assert_uint_eq(next(LEAT__READ, 0), (size_t)set.nfds);
}
END_TEST

START_TEST(fdset_find_stays_between_from_and_end)
{
    io.is_early = true;
    ck_assert_int_eq(add(&io, 70), 0);
    ck_assert_int_eq(add(&other, 130), 0);
    want(&io, LEAT_READABLE);
    want(&other, LEAT_READABLE);
    find_all_ready();
    ck_assert_uint_eq(leat__fdset_find(&set, LEAT__READ, 71, 130), 130);
    ck_assert_uint_eq(leat__fdset_find(&set, LEAT__READ, 0, 70), 70);
    ck_assert_uint_eq(leat__fdset_find(&set, LEAT__READ, 0, 131), 70);
    ck_assert_uint_eq(leat__fdset_find(&set, LEAT__READ, 71, 131), 130);
    ck_assert_uint_eq(leat__fdset_find_early(&set, 0, 66), 66);
    ck_assert_uint_eq(leat__fdset_find_early(&set, 0, 70), 70);
    ck_assert_uint_eq(leat__fdset_find_early(&set, 0, 71), 70);
    ck_assert_uint_eq(leat__fdset_find_early(&set, 70, 131), 70);
    ck_assert_uint_eq(leat__fdset_find_early(&set, 71, 131), 131);
}
END_TEST

START_TEST(fdset_tells_early_ones_apart_and_only_when_readable)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        ios[i].is_early = i % 2 == 1;
        ck_assert_int_eq(add(&ios[i], numbers[i]), 0);
        want(&ios[i], i % 4 == 3 ? LEAT_WRITABLE : LEAT_READABLE);
    }
    find_all_ready();
    size_t from = 0;
    for (size_t i = 1; i < NUMBERS; i += 4) {
        from = next_early(from);
        ck_assert_uint_eq(from, (size_t)numbers[i]);
    }
    ck_assert_uint_eq(next_early(from), (size_t)set.ready_nfds);
    for (size_t i = 0; i < NUMBERS; i += 2)
        ck_assert_uint_eq(next(LEAT__READ, 0), (size_t)numbers[i]);
}
END_TEST

START_TEST(fdset_forgets_what_was_ready)
{
    ck_assert_int_eq(add(&io, 4), 0);
    want(&io, ALL);
    find_all_ready();
    ck_assert(leat__fdset_is_ready(&set));
    leat__fdset_forget(&set);
    ck_assert(!leat__fdset_is_ready(&set));
    ck_assert_uint_eq(next(LEAT__READ, 0), 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("fdset");
    TCase *tcase = tcase_create("fdset");
    tcase_add_checked_fixture(tcase, setup, teardown);
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
