/*
 * test_words.c - bit sets of machine words.
 */
#include "base/words.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "support/alloc.h"
#include "support/quick.h"
#include "support/run.h"

/* Enough for each bit of two words and some of the third. */
#define BITS (2 * LEAT__WORD_BITS + 3)

static struct alloc_ledger ledger;
static struct leat__words set;

static void
setup(void)
{
    alloc_init(&ledger);
    leat__words_init(&set);
}

static void
teardown(void)
{
    leat__words_check(&set);
    leat__words_fini(&set, &ledger.alloc);
    ck_assert_ptr_null(set.word);
    ck_assert_uint_eq(set.count, 0);
    alloc_fini(&ledger);
}

static void
grow(size_t bits)
{
    int result = leat__words_grow(&set, &ledger.alloc, bits);

    quick_eq(result, 0);
    leat__words_check(&set);
}

START_TEST(words_that_were_just_made_have_no_room_and_no_memory)
{
    ck_assert_uint_eq(set.count, 0);
    ck_assert_uint_eq(set.bits_set, 0);
    ck_assert_uint_eq(ledger.calls, 0);
}
END_TEST

START_TEST(words_grow_has_room_for_all_bits_and_they_are_0)
{
    grow(BITS);

    quick_assert(set.count * LEAT__WORD_BITS >= BITS);
    for (size_t bit = 0; bit < set.count * LEAT__WORD_BITS; bit++)
        quick_assert(!leat__words_test(&set, bit));
}
END_TEST

START_TEST(words_grow_doubles_so_that_calls_are_few)
{
    for (size_t bits = 1; bits <= 4096; bits++)
        grow(bits);

    ck_assert_uint_eq(set.count, 4096 / LEAT__WORD_BITS);
    ck_assert_uint_le(ledger.calls, 13);
}
END_TEST

START_TEST(words_grow_keeps_the_bits_there_are)
{
    grow(3);
    leat__words_set(&set, 2);

    grow(100000);

    ck_assert(leat__words_test(&set, 2));
    ck_assert_uint_eq(set.bits_set, 1);
}
END_TEST

START_TEST(words_grow_to_less_changes_nothing)
{
    grow(1000);
    struct leat__words before = set;

    grow(10);
    grow(0);

    ck_assert_mem_eq(&set, &before, sizeof set);
    ck_assert_uint_eq(ledger.calls, 1);
}
END_TEST

START_TEST(words_grow_without_memory_leaves_the_set_as_it_was)
{
    grow(10);
    leat__words_set(&set, 9);
    struct leat__words before = set;
    alloc_fail_once(&ledger, 1);

    ck_assert_int_eq(leat__words_grow(&set, &ledger.alloc, 100000), -ENOMEM);

    ck_assert_mem_eq(&set, &before, sizeof set);
    ck_assert(leat__words_test(&set, 9));
    ck_assert_uint_eq(alloc_heal(&ledger), 1);
    grow(100000);
}
END_TEST

START_TEST(words_grow_beyond_all_memory_is_refused_without_overflow)
{
    ck_assert_int_eq(leat__words_grow(&set, &ledger.alloc, SIZE_MAX), -ENOMEM);
    ck_assert_int_eq(
        leat__words_grow(&set, &ledger.alloc, SIZE_MAX / 2 + 2), -ENOMEM);
    ck_assert_uint_eq(set.count, 0);
}
END_TEST

START_TEST(words_set_and_clear_touch_one_bit_and_count_it_once)
{
    size_t bit = (size_t)_i;
    grow(BITS);

    leat__words_set(&set, bit);
    leat__words_set(&set, bit);

    quick_eq(set.bits_set, 1);
    for (size_t i = 0; i < BITS; i++)
        quick_eq(leat__words_test(&set, i), i == bit);
    leat__words_clear(&set, bit);
    leat__words_clear(&set, bit);
    quick_eq(set.bits_set, 0);
    quick_assert(!leat__words_test(&set, bit));
}
END_TEST

START_TEST(words_lay_bits_out_as_select_reads_them)
{
    grow(BITS);

    leat__words_set(&set, 0);
    leat__words_set(&set, LEAT__WORD_BITS + 2);

    ck_assert_uint_eq(set.word[0], 1);
    ck_assert_uint_eq(set.word[1], 4);
}
END_TEST

/* The search as slow as can be. */
static size_t
slow_next(const unsigned long *word, size_t from, size_t end)
{
    for (size_t bit = from; bit < end; bit++)
        if (word[bit / LEAT__WORD_BITS] >> bit % LEAT__WORD_BITS & 1)
            return bit;
    return end;
}

static size_t
slow_last(const unsigned long *word, size_t end)
{
    for (size_t bit = end; bit-- > 0;)
        if (word[bit / LEAT__WORD_BITS] >> bit % LEAT__WORD_BITS & 1)
            return bit;
    return SIZE_MAX;
}

/* Sets with one or two bits, every beginning and every end; the words lie at
 * the end of a block, so that a sanitizer sees a look at one word too many. */
START_TEST(words_next_finds_what_a_walk_bit_by_bit_finds)
{
    size_t bit = (size_t)_i;

    for (size_t end = bit; end <= BITS; end++) {
        size_t words = (end + LEAT__WORD_BITS - 1) / LEAT__WORD_BITS;
        size_t room = words > bit / LEAT__WORD_BITS ? words : words + 1;
        unsigned long *word = calloc(room, sizeof *word);
        quick_assert(word != NULL);
        word[bit / LEAT__WORD_BITS] |= 1ul << bit % LEAT__WORD_BITS;
        word[0] |= 1;
        for (size_t from = 0; from <= end + 1; from++)
            quick_eq(
                leat__words_next(word, from, end), slow_next(word, from, end));
        quick_eq(leat__words_last(word, end), slow_last(word, end));
        free(word);
    }
}
END_TEST

START_TEST(words_next_walks_all_bits_in_order)
{
    static const size_t bits[] = {0, 1, 63, 64, 65, 127, 4096, 19999};
    grow(20000);
    for (size_t i = 0; i < 8; i++)
        leat__words_set(&set, bits[i]);

    size_t from = 0;
    for (size_t i = 0; i < 8; i++) {
        from = leat__words_next(set.word, from, 20000);
        ck_assert_uint_eq(from++, bits[i]);
    }

    ck_assert_uint_eq(leat__words_next(set.word, from, 20000), 20000);
    ck_assert_uint_eq(leat__words_last(set.word, 20000), 19999);
    ck_assert_uint_eq(leat__words_last(set.word, 19999), 4096);
}
END_TEST

START_TEST(words_search_of_nothing_touches_no_word)
{
    ck_assert_uint_eq(leat__words_next(NULL, 0, 0), 0);
    ck_assert_uint_eq(leat__words_next(NULL, 7, 3), 3);
    ck_assert_uint_eq(leat__words_last(NULL, 0), SIZE_MAX);
}
END_TEST

START_TEST(words_last_without_any_bit_is_size_max)
{
    grow(20000);

    ck_assert_uint_eq(leat__words_last(set.word, 20000), SIZE_MAX);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("words");
    TCase *tcase = tcase_create("words");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, words_that_were_just_made_have_no_room_and_no_memory);
    tcase_add_test(tcase, words_grow_has_room_for_all_bits_and_they_are_0);
    tcase_add_test(tcase, words_grow_doubles_so_that_calls_are_few);
    tcase_add_test(tcase, words_grow_keeps_the_bits_there_are);
    tcase_add_test(tcase, words_grow_to_less_changes_nothing);
    tcase_add_test(tcase, words_grow_without_memory_leaves_the_set_as_it_was);
    tcase_add_test(
        tcase, words_grow_beyond_all_memory_is_refused_without_overflow);
    tcase_add_loop_test(tcase,
        words_set_and_clear_touch_one_bit_and_count_it_once, 0, (int)BITS);
    tcase_add_test(tcase, words_lay_bits_out_as_select_reads_them);
    tcase_add_loop_test(
        tcase, words_next_finds_what_a_walk_bit_by_bit_finds, 0, (int)BITS);
    tcase_add_test(tcase, words_next_walks_all_bits_in_order);
    tcase_add_test(tcase, words_search_of_nothing_touches_no_word);
    tcase_add_test(tcase, words_last_without_any_bit_is_size_max);
    suite_add_tcase(suite, tcase);
    return suite;
}
