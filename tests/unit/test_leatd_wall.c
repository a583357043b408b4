/*
 * test_leatd_wall.c - the time of day as text, in each form.
 */
#include "leatd/wall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/kernel.h"
#include "support/run.h"

static char bytes[64];
static struct text text;

static void
setup(void)
{
    kernel_setup();
    text_init(&text, bytes, sizeof bytes);
    setenv("TZ", "UTC0", 1);
    tzset();
}

static const char *
put(int64_t seconds, long nanoseconds, enum wall_form form)
{
    const struct timespec when = {(time_t)seconds, nanoseconds};

    text_init(&text, bytes, sizeof bytes);
    ck_assert_int_eq(wall_put(&text, &when, form), 0);
    ck_assert_uint_le(text.len, WALL_TEXT);
    return bytes;
}

START_TEST(wall_has_four_forms_of_a_moment)
{
    const int64_t when = 1795186276;

    ck_assert_str_eq(put(when, 0, WALL_CTIME), "Fri Nov 20 14:51:16 2026");
    ck_assert_str_eq(put(when, 0, WALL_RFC3339), "2026-11-20T14:51:16Z");
    ck_assert_str_eq(
        put(when, 123456789, WALL_RFC3339MS), "2026-11-20T14:51:16.123Z");
    ck_assert_str_eq(put(when, 0, WALL_UNIX), "1795186276");
}
END_TEST

START_TEST(wall_cuts_fractions_and_never_rounds_them_up)
{
    ck_assert_str_eq(
        put(0, 999999999, WALL_RFC3339MS), "1970-01-01T00:00:00.999Z");
    ck_assert_str_eq(put(0, 999999999, WALL_RFC3339), "1970-01-01T00:00:00Z");
    ck_assert_str_eq(put(0, 999999999, WALL_UNIX), "0");
}
END_TEST

/* A day below ten is padded by a space in one form and by 0 in the other. */
START_TEST(wall_pads_the_day_as_each_form_wants)
{
    ck_assert_str_eq(put(0, 0, WALL_CTIME), "Thu Jan  1 00:00:00 1970");
    ck_assert_str_eq(put(0, 0, WALL_RFC3339), "1970-01-01T00:00:00Z");
}
END_TEST

/* The C library's own ctime is the judge, for a day of each kind. */
START_TEST(wall_agrees_with_ctime_on_every_day_and_month)
{
    for (time_t when = 0; when < 2000 * 86400; when += 86400 + 3661) {
        char wanted[64];
        struct tm tm;
        localtime_r(&when, &tm);
        strftime(wanted, sizeof wanted, "%a %b %e %H:%M:%S %Y", &tm);
        ck_assert_str_eq(put(when, 0, WALL_CTIME), wanted);
    }
}
END_TEST

START_TEST(wall_tells_local_time_in_one_form_only)
{
    setenv("TZ", "XYZ-5:30", 1);
    tzset();

    ck_assert_str_eq(put(0, 0, WALL_CTIME), "Thu Jan  1 05:30:00 1970");
    ck_assert_str_eq(put(0, 0, WALL_RFC3339), "1970-01-01T00:00:00Z");
    ck_assert_str_eq(put(0, 0, WALL_UNIX), "0");
}
END_TEST

START_TEST(wall_knows_the_years_to_9999_and_puts_nothing_beyond)
{
    const struct timespec last = {INT64_C(253402300799), 0};
    const struct timespec beyond[] = {
        {INT64_C(253402300800), 0}, {-1, 0}, {INT64_MAX, 0}};

    ck_assert_str_eq(put(last.tv_sec, 0, WALL_RFC3339), "9999-12-31T23:59:59Z");
    text_init(&text, bytes, sizeof bytes);
    for (size_t i = 0; i < 3; i++)
        for (int form = WALL_CTIME; form <= WALL_UNIX; form++)
            ck_assert_int_eq(
                wall_put(&text, &beyond[i], (enum wall_form)form), -EOVERFLOW);
    ck_assert_uint_eq(text.len, 0);
}
END_TEST

START_TEST(wall_without_a_clock_says_so_and_puts_nothing)
{
    fault_once("clock_gettime", 1, EINVAL);

    ck_assert_int_eq(wall_put_now(&text, WALL_UNIX), -EINVAL);

    ck_assert_uint_eq(text.len, 0);
    ck_assert_int_eq(wall_put_now(&text, WALL_UNIX), 0);
    ck_assert_uint_ge(text.len, 10);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_wall");
    TCase *tcase = tcase_create("wall");

    tcase_add_checked_fixture(tcase, setup, kernel_teardown);
    tcase_add_test(tcase, wall_has_four_forms_of_a_moment);
    tcase_add_test(tcase, wall_cuts_fractions_and_never_rounds_them_up);
    tcase_add_test(tcase, wall_pads_the_day_as_each_form_wants);
    tcase_add_test(tcase, wall_agrees_with_ctime_on_every_day_and_month);
    tcase_add_test(tcase, wall_tells_local_time_in_one_form_only);
    tcase_add_test(tcase, wall_knows_the_years_to_9999_and_puts_nothing_beyond);
    tcase_add_test(tcase, wall_without_a_clock_says_so_and_puts_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
