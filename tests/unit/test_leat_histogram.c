/*
 * test_leat_histogram.c - quantiles, held against a sorted list.
 */
#include "leat/histogram.h"

#include <stdlib.h>
#include <string.h>

#include "support/dice.h"
#include "support/run.h"

#define LARGEST ((UINT64_C(1) << HISTOGRAM_BITS) - 1)

static struct histogram histogram;

static void
setup(void)
{
    memset(&histogram, 0, sizeof histogram);
}

/* What histogram_at may say of this value: itself, or at most 1/32 more. */
static void
expect_near(uint64_t found, uint64_t value)
{
    ck_assert_uint_ge(found, value);
    ck_assert_uint_le(found, value + value / 32);
}

START_TEST(empty_histogram_says_nothing)
{
    ck_assert_uint_eq(histogram_at(&histogram, 500), 0);
    ck_assert_uint_eq(histogram_at(&histogram, 1000), 0);
}
END_TEST

START_TEST(one_value_is_every_quantile)
{
    histogram_add(&histogram, 123456);
    ck_assert_uint_eq(histogram_at(&histogram, 1), 123456);
    ck_assert_uint_eq(histogram_at(&histogram, 500), 123456);
    ck_assert_uint_eq(histogram_at(&histogram, 1000), 123456);
}
END_TEST

START_TEST(values_below_64_are_exact)
{
    for (uint64_t value = 0; value < 64; value++) {
        setup();
        histogram_add(&histogram, value);
        histogram_add(&histogram, 1000000);
        ck_assert_uint_eq(histogram_at(&histogram, 500), value);
    }
}
END_TEST

START_TEST(zero_is_a_value)
{
    histogram_add(&histogram, 0);
    histogram_add(&histogram, 0);
    histogram_add(&histogram, 7);
    ck_assert_uint_eq(histogram_at(&histogram, 500), 0);
    ck_assert_uint_eq(histogram_at(&histogram, 1000), 7);
}
END_TEST

/* At each power of two rows meet. */
START_TEST(every_size_of_value_is_told_within_a_32nd)
{
    for (unsigned bits = 1; bits < HISTOGRAM_BITS; bits++) {
        for (int off = -1; off <= 1; off++) {
            uint64_t value = (UINT64_C(1) << bits) + (uint64_t)off;
            setup();
            histogram_add(&histogram, value);
            histogram_add(&histogram, LARGEST);
            expect_near(histogram_at(&histogram, 500), value);
        }
    }
}
END_TEST

START_TEST(larger_values_count_as_the_largest)
{
    histogram_add(&histogram, UINT64_MAX);
    histogram_add(&histogram, LARGEST + 1);
    ck_assert_uint_eq(histogram_at(&histogram, 500), LARGEST);
    ck_assert_uint_eq(histogram.max, LARGEST);
    ck_assert_uint_eq(histogram.count, 2);
}
END_TEST

START_TEST(median_of_two_is_the_smaller)
{
    histogram_add(&histogram, 10);
    histogram_add(&histogram, 20);
    ck_assert_uint_eq(histogram_at(&histogram, 500), 10);
    ck_assert_uint_eq(histogram_at(&histogram, 501), 20);
}
END_TEST

static int
compare(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

/* Values of all sizes, and the place in the list that the contract names. */
START_TEST(quantiles_are_those_of_the_sorted_list)
{
    static uint64_t values[5000];
    size_t count = sizeof values / sizeof values[0];
    struct dice dice;

    dice_init(&dice, "quantiles");
    for (size_t i = 0; i < count; i++) {
        values[i] = dice_bits(&dice) >> (24 + dice_roll(&dice, 40));
        histogram_add(&histogram, values[i]);
    }
    qsort(values, count, sizeof values[0], compare);
    for (unsigned part = 1; part <= 1000; part++) {
        size_t place = (count * part + 999) / 1000 - 1;
        expect_near(histogram_at(&histogram, part), values[place]);
    }
    ck_assert_uint_eq(histogram_at(&histogram, 1000), values[count - 1]);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leat_histogram");
    TCase *tcase = tcase_create("histogram");

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, empty_histogram_says_nothing);
    tcase_add_test(tcase, one_value_is_every_quantile);
    tcase_add_test(tcase, values_below_64_are_exact);
    tcase_add_test(tcase, zero_is_a_value);
    tcase_add_test(tcase, every_size_of_value_is_told_within_a_32nd);
    tcase_add_test(tcase, larger_values_count_as_the_largest);
    tcase_add_test(tcase, median_of_two_is_the_smaller);
    tcase_add_test(tcase, quantiles_are_those_of_the_sorted_list);
    suite_add_tcase(suite, tcase);
    return suite;
}
