/*
 * must_fail.c - a suite that fails before one that passes, to prove that the
 * runner (run.c) does not forget it.
 */
#include "run.h"

START_TEST(runner_sees_a_test_that_fails)
{
    ck_assert_int_eq(1, 2);
}
END_TEST

START_TEST(runner_goes_on_after_it)
{
    ck_assert_int_eq(1, 1);
}
END_TEST

static Suite *
suite_of(const char *name, const TTest *test)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_add_test(tcase, test);
    suite_add_tcase(suite, tcase);
    return suite;
}

static Suite *
fails(void)
{
    return suite_of("fails", runner_sees_a_test_that_fails);
}

static Suite *
passes(void)
{
    return suite_of("passes", runner_goes_on_after_it);
}

const struct leat_test_row leat_test_rows[] = {
    {"fails", fails}, {"passes", passes}, {NULL, NULL}};
