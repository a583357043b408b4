/*
 * test_fdset_host.c - the copy of the wants that goes to select() or to a host
 * program with a loop of its own, and what comes back from the host.
 */
#include "loop/fdset.h"

#include <string.h>

#include "support/alloc.h"
#include "support/run.h"

#define ALL (LEAT_READABLE | LEAT_WRITABLE | LEAT_EXCEPTIONAL)
#define BITS ((int)LEAT__WORD_BITS)

static struct alloc_ledger ledger;
static struct leat__fdset set;
static struct leat__io io, other;

static void
setup(void)
{
    alloc_init(&ledger);
    leat__fdset_init(&set);
    memset(&io, 0, sizeof io);
    memset(&other, 0, sizeof other);
}

static void
teardown(void)
{
    leat__fdset_check(&set);
    leat__fdset_fini(&set, &ledger.alloc);
    alloc_fini(&ledger);
}

static void
add(struct leat__io *which, int fd, unsigned events)
{
    which->fd = fd;
    ck_assert_int_eq(leat__fdset_add(&set, &ledger.alloc, which), 0);
    leat__fdset_want(&set, which, events);
    leat__fdset_check(&set);
}

/* The first that is ready, or ready_nfds; it is taken. */
static size_t
next(enum leat__set which)
{
    size_t end = (size_t)set.ready_nfds;
    size_t fd = leat__fdset_find(&set, which, 0, end);

    if (fd < end)
        ck_assert(leat__fdset_claim(&set, which, fd));
    return fd;
}

/* --- the copy ------------------------------------------------------------- */

/* What is beyond is nobody's business, and may not even be there. */
START_TEST(fdset_copies_whole_words_up_to_nfds_and_none_beyond)
{
    add(&io, BITS - 1, 0);
    add(&other, BITS, 0);
    for (int i = 0; i < LEAT__SETS; i++)
        set.ready[i][1] = set.ready[i][2] = 0xa5;

    leat__fdset_want(&set, &io, ALL);
    leat__fdset_copy(&set);
    for (int i = 0; i < LEAT__SETS; i++) {
        ck_assert_uint_eq(set.ready[i][0], 1ul << (BITS - 1));
        ck_assert_uint_eq(set.ready[i][1], 0xa5);
    }
    leat__fdset_forget(&set);
    leat__fdset_want(&set, &other, ALL);
    leat__fdset_copy(&set);
    for (int i = 0; i < LEAT__SETS; i++) {
        ck_assert_uint_eq(set.ready[i][1], 1);
        ck_assert_uint_eq(set.ready[i][2], 0xa5);
    }
}
END_TEST

/* It has no words yet, not even empty ones. */
START_TEST(fdset_that_never_had_an_owner_may_be_copied)
{
    leat__fdset_copy(&set);
    ck_assert_int_eq(set.ready_nfds, 0);
    ck_assert(!leat__fdset_is_ready(&set));
    leat__fdset_mark_busy(&set);
    leat__fdset_take(&set, 256, (const unsigned long *[LEAT__SETS]){NULL});
    ck_assert(!leat__fdset_is_ready(&set));
}
END_TEST

/* --- a host's result ------------------------------------------------------ */

static void
take(int nfds, const unsigned long *readable, const unsigned long *writable)
{
    const unsigned long *const word[LEAT__SETS] = {readable, writable, NULL};
    leat__fdset_take(&set, nfds, word);
    leat__fdset_check(&set);
}

static const unsigned long everything[4] = {~0ul, ~0ul, ~0ul, ~0ul};

START_TEST(fdset_take_counts_only_what_was_asked_for)
{
    add(&io, 66, LEAT_READABLE | LEAT_EXCEPTIONAL);
    leat__fdset_copy(&set);
    take(256, everything, everything);
    ck_assert_uint_eq(next(LEAT__READ), 66);
    ck_assert(!leat__fdset_is_ready(&set));
}
END_TEST

START_TEST(fdset_take_reads_no_further_than_the_host_says)
{
    add(&io, 66, LEAT_READABLE);
    add(&other, 67, LEAT_READABLE);
    leat__fdset_copy(&set);
    take(67, everything, NULL);
    ck_assert_uint_eq(next(LEAT__READ), 66);
    ck_assert_uint_eq(next(LEAT__READ), 67);
    leat__fdset_copy(&set);
    take(-1, everything, everything);
    ck_assert(!leat__fdset_is_ready(&set));
}
END_TEST

START_TEST(fdset_take_of_one_number_is_of_number_0)
{
    add(&io, 0, LEAT_READABLE);
    add(&other, 5, LEAT_READABLE);
    for (int nfds = -1; nfds <= 1; nfds++) {
        leat__fdset_copy(&set);
        take(nfds, everything, NULL);
        ck_assert_int_eq(leat__fdset_is_ready(&set), nfds == 1);
    }
}
END_TEST

START_TEST(fdset_take_finds_nothing_in_a_set_that_the_host_leaves_out)
{
    add(&io, 0, ALL);
    leat__fdset_copy(&set);
    take(1, everything, NULL);
    ck_assert_uint_eq(next(LEAT__READ), 0);
    ck_assert(!leat__fdset_is_ready(&set));
}
END_TEST

START_TEST(fdset_take_changes_no_word_beyond)
{
    add(&io, BITS - 1, ALL);
    leat__fdset_copy(&set);
    set.ready[LEAT__READ][1] = 0xa5;
    take(BITS, (const unsigned long[]){0, 0}, NULL);
    ck_assert_uint_eq(set.ready[LEAT__READ][0], 0);
    ck_assert_uint_eq(set.ready[LEAT__READ][1], 0xa5);
}
END_TEST

START_TEST(law3_fdset_take_leaves_out_who_came_after_the_copy)
{
    add(&io, 5, LEAT_READABLE);
    leat__fdset_copy(&set);
    leat__fdset_remove(&set, &io);
    add(&other, 5, LEAT_READABLE);
    take(256, everything, everything);
    ck_assert(!leat__fdset_is_ready(&set));
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("fdset_host");
    TCase *tcase = tcase_create("fdset_host");
    tcase_add_checked_fixture(tcase, setup, teardown);
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
