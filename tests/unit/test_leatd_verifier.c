/*
 * test_leatd_verifier.c - the login helper as leatd sees it: asked one question
 * at a time, replaced when it dies, and no question without an answer.
 */
#include "leatd_verifier.h"

START_TEST(each_question_gets_its_verdict)
{
    static const enum verdict verdicts[] = {
        VERDICT_RIGHT, VERDICT_WRONG, VERDICT_FAILED};
    start();
    for (int i = 0; i < 3; i++) {
        ask("secret");
        assert_asked("secret");
        answer(verdicts[i]);
    }
    ck_assert_str_eq(heard, "RWF");
    verifier_stop(&verifier);
    ck_assert_int_eq(tellings, 0);
}
END_TEST

START_TEST(one_question_is_asked_at_a_time)
{
    start();
    ask_as(1, "a");
    ask_as(1, "b");
    ask_as(1, "d");
    ask_as(2, "c"); /* another address */
    ck_assert(helper_hears());
    for (const char *next = "abcd"; *next != '\0'; next++) {
        ck_assert_int_eq(asked.password[0], *next);
        ck_assert(!helper_hears());
        answer(*next == 'c' ? VERDICT_WRONG : VERDICT_RIGHT);
        ck_assert_int_eq(helper_hears(), next[1] != '\0');
    }
    ck_assert_str_eq(heard, "RRWR");
    verifier_stop(&verifier);
}
END_TEST

START_TEST(an_answer_may_come_byte_by_byte)
{
    start();
    ask("a");
    assert_asked("a");
    for (int i = 0; i < (int)HELPER_ANSWER; i++) {
        unsigned char bytes[HELPER_ANSWER] = {0, 0, 0, 1, VERDICT_RIGHT};
        ck_assert_str_eq(heard, "");
        ck_assert_int_eq(send(helper_end, bytes + i, 1, 0), 1);
        rig_turn();
    }
    ck_assert_str_eq(heard, "R");
    verifier_stop(&verifier);
}
END_TEST

START_TEST(sixty_four_questions_are_all_there_may_be)
{
    struct question *more = question_make("HASH", "x", 1);

    start();
    for (unsigned i = 0; i < QUESTIONS_MOST; i++)
        ask_as((unsigned char)i, "x");
    ck_assert_int_eq(verifier_ask(&verifier, more), -ENOBUFS);
    question_free(more);
    for (unsigned i = 0; i < 60; i++) {
        assert_asked("x");
        answer(VERDICT_WRONG);
    }
    ck_assert_uint_eq(strlen(heard), 60);
    verifier_stop(&verifier); /* with four that nobody answers any more */
    ck_assert_uint_eq(strlen(heard), 60);
}
END_TEST

/* --- a helper that fails ---------------------------------------------------
 */

START_TEST(a_question_whose_helper_dies_is_asked_once_more)
{
    start();
    ask("a");
    ask("b");
    assert_asked("a");
    die();
    ck_assert_str_eq(told, "the login helper has ended");
    ck_assert_int_eq(helper_starts, 1);
    pass(100 * MSEC);
    ck_assert_int_eq(helper_starts, 2);
    assert_asked("a");
    die();
    ck_assert_str_eq(heard, "F");
    pass(200 * MSEC);
    assert_asked("b");
    answer(VERDICT_RIGHT);
    ck_assert_str_eq(heard, "FR");
    verifier_stop(&verifier);
}
END_TEST

START_TEST(a_question_that_was_not_read_is_asked_once_more)
{
    start();
    ask("a"); /* the helper dies with it in its socket: a reset */
    die();
    ck_assert_str_eq(told, "the login helper has ended");
    pass(100 * MSEC);
    assert_asked("a");
    answer(VERDICT_RIGHT);
    ck_assert_str_eq(heard, "R");
    verifier_stop(&verifier);
}
END_TEST

/* number, verdict: what is wrong with the answer to question 1. */
static const struct {
    uint32_t number;
    unsigned verdict;
} nonsense[] = {{2, 1}, {0, 1}, {0x01000000, 1}, {1, VERDICTS}, {1, 255}};

START_TEST(a_helper_that_talks_nonsense_is_replaced)
{
    start();
    ask("a");
    assert_asked("a");
    helper_says(nonsense[_i].number, nonsense[_i].verdict);
    rig_turn();
    ck_assert_str_eq(told, "the login helper talks nonsense");
    ck_assert_str_eq(heard, "");
    ck_assert_int_ge(helper_kills, 1);
    pass(100 * MSEC);
    assert_asked("a");
    answer(VERDICT_WRONG);
    ck_assert_str_eq(heard, "W");
    verifier_stop(&verifier);
}
END_TEST

START_TEST(an_answer_that_nobody_asked_for_is_nonsense)
{
    start();
    helper_says(0, VERDICT_RIGHT);
    rig_turn();
    ck_assert_str_eq(told, "the login helper talks nonsense");
    pass(100 * MSEC);
    ck_assert_int_eq(helper_starts, 2);
    verifier_stop(&verifier);
}
END_TEST

START_TEST(half_an_answer_of_the_dead_is_not_kept)
{
    start();
    ask("a");
    assert_asked("a");
    ck_assert_int_eq(send(helper_end, "\0\0\0", 3, 0), 3);
    rig_turn();
    die();
    pass(100 * MSEC);
    assert_asked("a");
    answer(VERDICT_RIGHT);
    ck_assert_str_eq(heard, "R");
    verifier_stop(&verifier);
}
END_TEST

/* Twice as long each time; an answer makes it short again. */
START_TEST(a_helper_is_restarted_later_and_later)
{
    static const int64_t delays[] = {
        100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000};
    int starts = 1;

    start();
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        die();
        pass(delays[i] * MSEC - 1);
        ck_assert_int_eq(helper_starts, starts);
        pass(1);
        ck_assert_int_eq(helper_starts, ++starts);
    }
    ask("a");
    assert_asked("a");
    answer(VERDICT_RIGHT);
    die();
    pass(100 * MSEC);
    ck_assert_int_eq(helper_starts, starts + 1);
    verifier_stop(&verifier);
}
END_TEST

START_TEST(where_none_can_be_started_all_are_answered)
{
    start();
    ask_as(1, "a");
    ask_as(2, "b");
    helper_start_error = EAGAIN;
    die();
    ask_as(3, "c");
    ck_assert_str_eq(heard, "");
    pass(100 * MSEC);
    ck_assert_str_eq(heard, "FFF");
    ck_assert_ptr_nonnull(strstr(told, "cannot start the login helper: "));

    helper_start_error = 0;
    ask("d");
    pass(200 * MSEC);
    assert_asked("d");
    answer(VERDICT_RIGHT);
    ck_assert_str_eq(heard, "FFFR");
    verifier_stop(&verifier);
}
END_TEST

START_TEST(no_new_one_is_started_before_the_old_one_was_reaped)
{
    start();
    helper_unreaped = 4; /* it is asked twice each time */
    die();
    pass(100 * MSEC);
    ck_assert_int_eq(helper_starts, 1);
    pass(200 * MSEC);
    ck_assert_int_eq(helper_starts, 2);
    verifier_stop(&verifier);
    ck_assert_int_eq(helper_waits, 1); /* only the end waits */
}
END_TEST

START_TEST(one_that_the_kernel_has_reaped_is_not_killed)
{
    start();
    fault_once("waitpid", 1, ECHILD);
    die();
    helper_reaps++;
    ck_assert_int_eq(helper_kills, 0);
    pass(100 * MSEC);
    ck_assert_int_eq(helper_starts, 2);
    verifier_stop(&verifier);
    ck_assert_int_eq(helper_kills, 1);
}
END_TEST

START_TEST(a_socket_that_fails_is_given_up)
{
    static const struct {
        const char *call;
        int error;
    } site[] = {{"send", EPIPE}, {"send", EAGAIN}, {"recv", ENOMEM}};

    start();
    for (size_t i = 0; i < 3; i++) {
        fault_once(site[i].call, 1, site[i].error);
        ask("a");
        if (helper_hears())
            answer(VERDICT_WRONG);
        ck_assert_int_eq(tellings, (int)i + 1);
        pass(10 * SEC);
        assert_asked("a");
        answer(VERDICT_RIGHT);
    }
    ck_assert_str_eq(heard, "RRR");
    fault_once("recv", 1, EINTR);
    verifier_stop(&verifier);
    fault_clear();
}
END_TEST

START_TEST(a_question_that_is_cut_short_is_given_up)
{
    start();
    fault_short("send", 1, 3);
    ask("a");
    ck_assert_ptr_nonnull(strstr(told, "takes no question"));
    pass(100 * MSEC);
    assert_asked("a");
    answer(VERDICT_RIGHT);
    ck_assert_str_eq(heard, "R");
    verifier_stop(&verifier);
}
END_TEST

Suite *
leat_test_suite(void)
{
    const TTest *const tests[] = {each_question_gets_its_verdict,
        one_question_is_asked_at_a_time, an_answer_may_come_byte_by_byte,
        sixty_four_questions_are_all_there_may_be,
        a_question_whose_helper_dies_is_asked_once_more,
        a_question_that_was_not_read_is_asked_once_more,
        an_answer_that_nobody_asked_for_is_nonsense,
        half_an_answer_of_the_dead_is_not_kept,
        a_helper_is_restarted_later_and_later,
        where_none_can_be_started_all_are_answered,
        no_new_one_is_started_before_the_old_one_was_reaped,
        one_that_the_kernel_has_reaped_is_not_killed,
        a_socket_that_fails_is_given_up,
        a_question_that_is_cut_short_is_given_up};
    Suite *suite = suite_create("leatd_verifier");
    TCase *tcase = tcase_create("verifier");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_helper_that_talks_nonsense_is_replaced, 0,
        (int)(sizeof nonsense / sizeof nonsense[0]));
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
