/*
 * test_num.c - arithmetic that says when it does not fit.
 */
#include "base/num.h"

#include "support/run.h"

START_TEST(num_add_size_gives_the_sum_up_to_the_largest)
{
    size_t sum;

    ck_assert(leat__add_size(2, 3, &sum));
    ck_assert_uint_eq(sum, 5);
    ck_assert(leat__add_size(SIZE_MAX - 1, 1, &sum));
    ck_assert_uint_eq(sum, SIZE_MAX);
    ck_assert(leat__add_size(0, SIZE_MAX, &sum));
    ck_assert_uint_eq(sum, SIZE_MAX);
}
END_TEST

START_TEST(num_add_size_beyond_the_largest_is_refused)
{
    size_t sum;

    ck_assert(!leat__add_size(SIZE_MAX, 1, &sum));
    ck_assert(!leat__add_size(1, SIZE_MAX, &sum));
    ck_assert(!leat__add_size(SIZE_MAX, SIZE_MAX, &sum));
}
END_TEST

START_TEST(num_mul_size_gives_the_product_up_to_the_largest)
{
    size_t product;

    ck_assert(leat__mul_size(6, 7, &product));
    ck_assert_uint_eq(product, 42);
    ck_assert(leat__mul_size(SIZE_MAX, 1, &product));
    ck_assert_uint_eq(product, SIZE_MAX);
    ck_assert(leat__mul_size(0, SIZE_MAX, &product));
    ck_assert_uint_eq(product, 0);
    ck_assert(leat__mul_size(SIZE_MAX / 2, 2, &product));
    ck_assert_uint_eq(product, SIZE_MAX - 1);
}
END_TEST

START_TEST(num_mul_size_beyond_the_largest_is_refused)
{
    size_t product;

    ck_assert(!leat__mul_size(SIZE_MAX / 2 + 1, 2, &product));
    ck_assert(!leat__mul_size(SIZE_MAX, SIZE_MAX, &product));
}
END_TEST

START_TEST(num_add_time_adds_and_stops_at_the_end_of_time)
{
    ck_assert_int_eq(leat__add_time(1000, 1), 1001);
    ck_assert_int_eq(leat__add_time(-1000, 1), -999);
    ck_assert_int_eq(leat__add_time(INT64_MAX - 1, 1), INT64_MAX);
    ck_assert_int_eq(leat__add_time(INT64_MAX, 1), INT64_MAX);
    ck_assert_int_eq(leat__add_time(1, INT64_MAX), INT64_MAX);
    ck_assert_int_eq(leat__add_time(INT64_MIN, INT64_MAX), -1);
}
END_TEST

START_TEST(num_ceil_pow2_is_the_least_power_that_is_not_less)
{
    size_t power = (size_t)1 << _i;

    ck_assert_uint_eq(leat__ceil_pow2(power), power);
    if (power > 2) {
        ck_assert_uint_eq(leat__ceil_pow2(power - 1), power);
        ck_assert_uint_eq(leat__ceil_pow2(power / 2 + 1), power);
    }
}
END_TEST

START_TEST(num_ceil_pow2_of_0_and_of_too_much_is_0)
{
    ck_assert_uint_eq(leat__ceil_pow2(0), 0);
    ck_assert_uint_eq(leat__ceil_pow2(SIZE_MAX), 0);
    ck_assert_uint_eq(leat__ceil_pow2(SIZE_MAX / 2 + 2), 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("num");
    TCase *tcase = tcase_create("num");

    tcase_add_test(tcase, num_add_size_gives_the_sum_up_to_the_largest);
    tcase_add_test(tcase, num_add_size_beyond_the_largest_is_refused);
    tcase_add_test(tcase, num_mul_size_gives_the_product_up_to_the_largest);
    tcase_add_test(tcase, num_mul_size_beyond_the_largest_is_refused);
    tcase_add_test(tcase, num_add_time_adds_and_stops_at_the_end_of_time);
    tcase_add_loop_test(tcase,
        num_ceil_pow2_is_the_least_power_that_is_not_less, 0,
        (int)sizeof(size_t) * 8);
    tcase_add_test(tcase, num_ceil_pow2_of_0_and_of_too_much_is_0);
    suite_add_tcase(suite, tcase);
    return suite;
}
