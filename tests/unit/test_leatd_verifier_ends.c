/*
 * test_leatd_verifier_ends.c - the login helper as leatd sees it: questions
 * that are withdrawn, starts that fail.
 */
#include "leatd_verifier.h"

/* --- withdrawn -------------------------------------------------------------
 */

START_TEST(what_is_withdrawn_is_not_answered)
{
    start();
    struct question *first = ask_as(1, "a"), *second = ask_as(2, "b");
    ask_as(3, "c");
    assert_asked("a");
    verifier_withdraw(&verifier, second);
    verifier_withdraw(&verifier, first);
    answer(VERDICT_RIGHT);
    ck_assert_str_eq(heard, "");
    assert_asked("c");
    answer(VERDICT_RIGHT);
    ck_assert_str_eq(heard, "R");
    verifier_stop(&verifier);
}
END_TEST

START_TEST(what_is_withdrawn_is_not_asked_again)
{
    start();
    struct question *first = ask("a"), *second = ask("b");
    assert_asked("a");
    verifier_withdraw(&verifier, first);
    die();
    pass(100 * MSEC);
    assert_asked("b");
    die();
    verifier_withdraw(&verifier, second); /* taken, and with no helper */
    pass(200 * MSEC);
    ck_assert(!helper_hears());
    ck_assert_str_eq(heard, "");
    verifier_stop(&verifier);
}
END_TEST

/* --- the first start --------------------------------------------------------
 */

START_TEST(without_proc_the_shell_s_way_is_gone)
{
    start();
    ck_assert_str_eq(helper_program, "/proc/self/exe");
    verifier_stop(&verifier);
    helper_path_error = ENOENT;
    assert_start(0);
    ck_assert_str_eq(helper_program, "leatd");
    verifier_stop(&verifier);
}
END_TEST

START_TEST(a_start_that_fails_leaves_nothing)
{
    helper_start_error = EAGAIN;
    assert_start(-EAGAIN);
    helper_dies();
    helper_start_error = 0;
    fault_once("socketpair", 1, EMFILE);
    assert_start(-EMFILE);
    fault_once("posix_spawnp", 1, ENOMEM);
    assert_start(-ENOMEM);
    fault_once("realloc", 1, ENOMEM);
    assert_start(-ENOMEM);
    ck_assert_int_eq(helper_starts, 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    const TTest *const tests[] = {what_is_withdrawn_is_not_answered,
        what_is_withdrawn_is_not_asked_again,
        without_proc_the_shell_s_way_is_gone,
        a_start_that_fails_leaves_nothing};
    Suite *suite = suite_create("leatd_verifier_ends");
    TCase *tcase = tcase_create("verifier");

    tcase_add_checked_fixture(tcase, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
