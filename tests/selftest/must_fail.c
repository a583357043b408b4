/*
 * must_fail.c - a test that fails, to prove that the runner sees it.
 */
#include <check.h>

START_TEST(runner_sees_a_test_that_fails)
{
    ck_assert_int_eq(1, 2);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("selftest");
    TCase *tcase = tcase_create("must_fail");
    tcase_add_test(tcase, runner_sees_a_test_that_fails);
    suite_add_tcase(suite, tcase);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
