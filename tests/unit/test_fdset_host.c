/*
 * test_fdset_host.c - the copy of the wants that goes to select() or to a host
 * program with a loop of its own, and what comes back from the host.
 */
#include "loop/fdset.h"

#include <string.h>

#include "support/fdset_rig.h"
#include "support/run.h"

/* --- the copy ------------------------------------------------------------- */

/* What is beyond is nobody's business, and may not even be there. */
START_TEST(fdset_copies_whole_words_up_to_nfds_and_none_beyond)
{
    fdset_add(&fdset.io, BITS - 1, 0);
    fdset_add(&fdset.other, BITS, 0);
    for (int i = 0; i < LEAT__SETS; i++)
        fdset.set.ready[i][1] = fdset.set.ready[i][2] = 0xa5;

    leat__fdset_want(&fdset.set, &fdset.io, ALL);
    leat__fdset_copy(&fdset.set);
    for (int i = 0; i < LEAT__SETS; i++) {
        ck_assert_uint_eq(fdset.set.ready[i][0], 1ul << (BITS - 1));
        ck_assert_uint_eq(fdset.set.ready[i][1], 0xa5);
    }
    leat__fdset_forget(&fdset.set);
    leat__fdset_want(&fdset.set, &fdset.other, ALL);
    leat__fdset_copy(&fdset.set);
    for (int i = 0; i < LEAT__SETS; i++) {
        ck_assert_uint_eq(fdset.set.ready[i][1], 1);
        ck_assert_uint_eq(fdset.set.ready[i][2], 0xa5);
    }
}
END_TEST

/* It has no words yet, not even empty ones. */
START_TEST(fdset_that_never_had_an_owner_may_be_copied)
{
    leat__fdset_copy(&fdset.set);
    ck_assert_int_eq(fdset.set.ready_nfds, 0);
    ck_assert(!leat__fdset_is_ready(&fdset.set));
    leat__fdset_mark_busy(&fdset.set);
    leat__fdset_take(
        &fdset.set, 256, (const unsigned long *[LEAT__SETS]){NULL});
    ck_assert(!leat__fdset_is_ready(&fdset.set));
}
END_TEST

/* --- a host's result ------------------------------------------------------ */

static void
take(int nfds, const unsigned long *readable, const unsigned long *writable)
{
    const unsigned long *const word[LEAT__SETS] = {readable, writable, NULL};
    leat__fdset_take(&fdset.set, nfds, word);
    leat__fdset_check(&fdset.set);
}

static const unsigned long everything[4] = {~0ul, ~0ul, ~0ul, ~0ul};

START_TEST(fdset_take_counts_only_what_was_asked_for)
{
    fdset_add(&fdset.io, 66, LEAT_READABLE | LEAT_EXCEPTIONAL);
    leat__fdset_copy(&fdset.set);
    take(256, everything, everything);
    ck_assert_uint_eq(fdset_next(LEAT__READ, 0), 66);
    ck_assert(!leat__fdset_is_ready(&fdset.set));
}
END_TEST

START_TEST(fdset_take_reads_no_further_than_the_host_says)
{
    fdset_add(&fdset.io, 66, LEAT_READABLE);
    fdset_add(&fdset.other, 67, LEAT_READABLE);
    leat__fdset_copy(&fdset.set);
    take(67, everything, NULL);
    ck_assert_uint_eq(fdset_next(LEAT__READ, 0), 66);
    ck_assert_uint_eq(fdset_next(LEAT__READ, 0), 67);
    leat__fdset_copy(&fdset.set);
    take(-1, everything, everything);
    ck_assert(!leat__fdset_is_ready(&fdset.set));
}
END_TEST

START_TEST(fdset_take_of_one_number_is_of_number_0)
{
    fdset_add(&fdset.io, 0, LEAT_READABLE);
    fdset_add(&fdset.other, 5, LEAT_READABLE);
    for (int nfds = -1; nfds <= 1; nfds++) {
        leat__fdset_copy(&fdset.set);
        take(nfds, everything, NULL);
        ck_assert_int_eq(leat__fdset_is_ready(&fdset.set), nfds == 1);
    }
}
END_TEST

START_TEST(fdset_take_finds_nothing_in_a_set_that_the_host_leaves_out)
{
    fdset_add(&fdset.io, 0, ALL);
    leat__fdset_copy(&fdset.set);
    take(1, everything, NULL);
    ck_assert_uint_eq(fdset_next(LEAT__READ, 0), 0);
    ck_assert(!leat__fdset_is_ready(&fdset.set));
}
END_TEST

START_TEST(fdset_take_changes_no_word_beyond)
{
    fdset_add(&fdset.io, BITS - 1, ALL);
    leat__fdset_copy(&fdset.set);
    fdset.set.ready[LEAT__READ][1] = 0xa5;
    take(BITS, (const unsigned long[]){0, 0}, NULL);
    ck_assert_uint_eq(fdset.set.ready[LEAT__READ][0], 0);
    ck_assert_uint_eq(fdset.set.ready[LEAT__READ][1], 0xa5);
}
END_TEST

START_TEST(law3_fdset_take_leaves_out_who_came_after_the_copy)
{
    fdset_add(&fdset.io, 5, LEAT_READABLE);
    leat__fdset_copy(&fdset.set);
    leat__fdset_remove(&fdset.set, &fdset.io);
    fdset_add(&fdset.other, 5, LEAT_READABLE);
    take(256, everything, everything);
    ck_assert(!leat__fdset_is_ready(&fdset.set));
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("fdset_host");
    TCase *tcase = tcase_create("fdset_host");
    tcase_add_checked_fixture(tcase, fdset_setup, fdset_teardown);
    tcase_add_test(tcase, fdset_copies_whole_words_up_to_nfds_and_none_beyond);
    tcase_add_test(tcase, fdset_that_never_had_an_owner_may_be_copied);
    tcase_add_test(tcase, fdset_take_counts_only_what_was_asked_for);
    tcase_add_test(tcase, fdset_take_reads_no_further_than_the_host_says);
    tcase_add_test(tcase, fdset_take_of_one_number_is_of_number_0);
    tcase_add_test(
        tcase, fdset_take_finds_nothing_in_a_set_that_the_host_leaves_out);
    tcase_add_test(tcase, fdset_take_changes_no_word_beyond);
    tcase_add_test(tcase, law3_fdset_take_leaves_out_who_came_after_the_copy);
    suite_add_tcase(suite, tcase);
    return suite;
}
