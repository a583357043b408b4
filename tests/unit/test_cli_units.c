/*
 * test_cli_units.c - numbers, sizes, times and permissions as people write
 * them.
 */
#include "cli/units.h"

#include <errno.h>

#include "support/run.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

START_TEST(units_time_reads_each_unit)
{
    const struct {
        const char *text;
        int64_t time_us;
    } rows[] = {{"0s", 0}, {"50us", 50}, {"500ms", 500000}, {"30s", 30000000},
        {"5m", 300000000}, {"1h", 3600000000}, {"2d", 172800000000}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t time_us = -7;
        ck_assert_int_eq(units_time(rows[i].text, &time_us), 0);
        ck_assert_int_eq(time_us, rows[i].time_us);
    }
}
END_TEST

START_TEST(units_time_without_a_unit_is_refused)
{
    const char *const texts[] = {"", "5", "s", "ms", "5 s", " 5s", "5s ", "-5s",
        "+5s", "0x5s", "1.5s", "5S", "5sec", "5u", "5usec", "1m30s"};

    for (size_t i = 0; i < COUNT(texts); i++) {
        int64_t time_us = -7;
        ck_assert_int_eq(units_time(texts[i], &time_us), -EINVAL);
        ck_assert_int_eq(time_us, -7);
    }
}
END_TEST

START_TEST(units_time_that_does_not_fit_is_refused)
{
    int64_t time_us = -7;

    ck_assert_int_eq(units_time("9223372036854775ms", &time_us), 0);
    ck_assert_int_eq(time_us, INT64_C(9223372036854775000));
    time_us = -7;
    ck_assert_int_eq(units_time("9223372036854776ms", &time_us), -ERANGE);
    ck_assert_int_eq(units_time("106751992d", &time_us), -ERANGE);
    ck_assert_int_eq(units_time("99999999999999999999999d", &time_us), -ERANGE);
    ck_assert_int_eq(time_us, -7);
}
END_TEST

START_TEST(units_size_reads_each_unit_in_both_cases)
{
    const struct {
        const char *text;
        size_t bytes;
    } rows[] = {{"0", 0}, {"17", 17}, {"64k", 65536}, {"64K", 65536},
        {"3m", 3145728}, {"3M", 3145728}, {"1g", 1073741824},
        {"1G", 1073741824}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t bytes = 7;
        ck_assert_int_eq(units_size(rows[i].text, &bytes), 0);
        ck_assert_uint_eq(bytes, rows[i].bytes);
    }
}
END_TEST

START_TEST(units_size_of_another_form_is_refused)
{
    const char *const texts[] = {
        "", "k", "1t", "1kb", "1 k", "-1", "+1", "0x10", "1.5k", "1k1"};

    for (size_t i = 0; i < COUNT(texts); i++) {
        size_t bytes = 7;
        ck_assert_int_eq(units_size(texts[i], &bytes), -EINVAL);
        ck_assert_uint_eq(bytes, 7);
    }
}
END_TEST

START_TEST(units_size_at_the_edge_of_its_type)
{
    size_t bytes = 7;

    ck_assert_int_eq(units_size("18446744073709551616", &bytes), -ERANGE);
    ck_assert_int_eq(units_size("17179869184g", &bytes), -ERANGE);
    ck_assert_uint_eq(bytes, 7);
    /* The form is judged before the size. */
    ck_assert_int_eq(units_size("18446744073709551616x", &bytes), -EINVAL);
}
END_TEST

START_TEST(units_number_is_digits_only)
{
    uint64_t number = 7;

    ck_assert_int_eq(units_number("18446744073709551615", &number), 0);
    ck_assert_uint_eq(number, UINT64_MAX);
    ck_assert_int_eq(units_number("18446744073709551616", &number), -ERANGE);
    ck_assert_int_eq(units_number("1k", &number), -EINVAL);
    ck_assert_int_eq(units_number("", &number), -EINVAL);
    ck_assert_uint_eq(number, UINT64_MAX);
}
END_TEST

START_TEST(units_mode_is_octal)
{
    unsigned mode = 7;

    ck_assert_int_eq(units_mode("660", &mode), 0);
    ck_assert_uint_eq(mode, 0660);
    ck_assert_int_eq(units_mode("0600", &mode), 0);
    ck_assert_uint_eq(mode, 0600);
    ck_assert_int_eq(units_mode("680", &mode), -EINVAL);
    ck_assert_int_eq(units_mode("rw", &mode), -EINVAL);
    ck_assert_int_eq(units_mode("10000", &mode), -ERANGE);
    ck_assert_int_eq(units_mode("7777777777777777777777777", &mode), -ERANGE);
    ck_assert_uint_eq(mode, 0600);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("cli_units");
    TCase *tcase = tcase_create("units");

    tcase_add_test(tcase, units_time_reads_each_unit);
    tcase_add_test(tcase, units_time_without_a_unit_is_refused);
    tcase_add_test(tcase, units_time_that_does_not_fit_is_refused);
    tcase_add_test(tcase, units_size_reads_each_unit_in_both_cases);
    tcase_add_test(tcase, units_size_of_another_form_is_refused);
    tcase_add_test(tcase, units_size_at_the_edge_of_its_type);
    tcase_add_test(tcase, units_number_is_digits_only);
    tcase_add_test(tcase, units_mode_is_octal);
    suite_add_tcase(suite, tcase);
    return suite;
}
