/*
 * test_leatd_verifier.c - the login helper as leatd sees it: asked one question
 * at a time, replaced when it dies, and no question without an answer.
 */
#include "leatd/hub/verifier.h"

#include "leatd_helper.h"

#include <stdio.h>

#include "support/loop_rig.h"

static struct verifier verifier;
static char told[256];
static int tellings;
static char heard[64]; /* a letter for each answer: its verdict */

static void
tell(void *user, const char *words)
{
    ck_assert_ptr_eq(user, &verifier);
    snprintf(told, sizeof told, "%s", words);
    tellings++;
}

static void
setup(void)
{
    rig_setup();
    helper_setup();
    tellings = 0;
    heard[0] = '\0';
}

static void
start(void)
{
    ck_assert_int_eq(verifier_start(&verifier, rig.loop, tell, &verifier), 0);
    ck_assert_int_eq(helper_starts, 1);
}

static void
teardown(void)
{
    rig_close();
    helper_teardown();
    kernel_teardown();
}

static void
on_verdict(void *user, enum verdict verdict)
{
    size_t len = strlen(heard);

    ck_assert_ptr_eq(user, heard);
    ck_assert_uint_lt(len, sizeof heard - 1);
    heard[len] = "WRF"[verdict];
    heard[len + 1] = '\0';
}

static struct question *
ask_as(unsigned char from, const char *password)
{
    struct question *question =
        question_make("HASH", password, strlen(password));

    ck_assert_ptr_nonnull(question);
    question->from[0] = from;
    question->fn = on_verdict;
    question->user = heard;
    ck_assert_int_eq(verifier_ask(&verifier, question), 0);
    return question;
}

static struct question *
ask(const char *password)
{
    return ask_as(1, password);
}

static void
assert_asked(const char *password)
{
    ck_assert(helper_hears());
    ck_assert_str_eq(asked.password, password);
    ck_assert_str_eq(asked.hash, "HASH");
}

/* The clock stands; a timer that is due in so long runs now. */
static void
pass(int64_t us)
{
    clock_advance(us);
    rig_turns(2);
}

START_TEST(each_question_gets_its_verdict)
{
    static const enum verdict verdicts[] = {
        VERDICT_RIGHT, VERDICT_WRONG, VERDICT_FAILED};
    start();
    for (int i = 0; i < 3; i++) {
        ask("secret");
        assert_asked("secret");
        helper_answers(verdicts[i]);
        rig_turn();
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
        helper_answers(*next == 'c' ? VERDICT_WRONG : VERDICT_RIGHT);
        rig_turn();
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
        helper_answers(VERDICT_WRONG);
        rig_turn();
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
    helper_dies();
    rig_turn();
    ck_assert_str_eq(told, "the login helper has ended");
    ck_assert_int_eq(helper_starts, 1);
    pass(100 * MSEC);
    ck_assert_int_eq(helper_starts, 2);
    assert_asked("a");
    helper_dies();
    rig_turn();
    ck_assert_str_eq(heard, "F");
    pass(200 * MSEC);
    assert_asked("b");
    helper_answers(VERDICT_RIGHT);
    rig_turn();
    ck_assert_str_eq(heard, "FR");
    verifier_stop(&verifier);
}
END_TEST

START_TEST(a_question_that_was_not_read_is_asked_once_more)
{
    start();
    ask("a"); /* the helper dies with it in its socket: a reset */
    helper_dies();
    rig_turn();
    ck_assert_str_eq(told, "the login helper has ended");
    pass(100 * MSEC);
    assert_asked("a");
    helper_answers(VERDICT_RIGHT);
    rig_turn();
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
    helper_answers(VERDICT_WRONG);
    rig_turn();
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
    helper_dies();
    rig_turn();
    pass(100 * MSEC);
    assert_asked("a");
    helper_answers(VERDICT_RIGHT);
    rig_turn();
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
        helper_dies();
        rig_turn();
        pass(delays[i] * MSEC - 1);
        ck_assert_int_eq(helper_starts, starts);
        pass(1);
        ck_assert_int_eq(helper_starts, ++starts);
    }
    ask("a");
    assert_asked("a");
    helper_answers(VERDICT_RIGHT);
    rig_turn();
    helper_dies();
    rig_turn();
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
    helper_dies();
    rig_turn();
    ask_as(3, "c");
    ck_assert_str_eq(heard, "");
    pass(100 * MSEC);
    ck_assert_str_eq(heard, "FFF");
    ck_assert_ptr_nonnull(strstr(told, "cannot start the login helper: "));

    helper_start_error = 0;
    ask("d");
    pass(200 * MSEC);
    assert_asked("d");
    helper_answers(VERDICT_RIGHT);
    rig_turn();
    ck_assert_str_eq(heard, "FFFR");
    verifier_stop(&verifier);
}
END_TEST

START_TEST(no_new_one_is_started_before_the_old_one_was_reaped)
{
    start();
    helper_unreaped = 2;
    helper_dies();
    rig_turn();
    pass(100 * MSEC);
    ck_assert_int_eq(helper_starts, 1);
    pass(200 * MSEC);
    ck_assert_int_eq(helper_starts, 2);
    verifier_stop(&verifier);
    ck_assert_int_eq(helper_waits, 1); /* only the end waits */
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
            helper_answers(VERDICT_WRONG);
        rig_turn();
        ck_assert_int_eq(tellings, (int)i + 1);
        pass(10 * SEC);
        assert_asked("a");
        helper_answers(VERDICT_RIGHT);
        rig_turn();
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
    helper_answers(VERDICT_RIGHT);
    rig_turn();
    ck_assert_str_eq(heard, "R");
    verifier_stop(&verifier);
}
END_TEST

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
    helper_answers(VERDICT_RIGHT);
    rig_turn();
    ck_assert_str_eq(heard, "");
    assert_asked("c");
    helper_answers(VERDICT_RIGHT);
    rig_turn();
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
    helper_dies();
    rig_turn();
    pass(100 * MSEC);
    assert_asked("b");
    helper_dies();
    rig_turn();
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
    ck_assert_int_eq(verifier_start(&verifier, rig.loop, tell, &verifier), 0);
    ck_assert_str_eq(helper_program, "leatd");
    verifier_stop(&verifier);
}
END_TEST

START_TEST(a_start_that_fails_leaves_nothing)
{
    helper_start_error = EAGAIN;
    ck_assert_int_eq(
        verifier_start(&verifier, rig.loop, tell, &verifier), -EAGAIN);
    helper_dies();
    helper_start_error = 0;
    fault_once("socketpair", 1, EMFILE);
    ck_assert_int_eq(
        verifier_start(&verifier, rig.loop, tell, &verifier), -EMFILE);
    fault_once("posix_spawnp", 1, ENOMEM);
    ck_assert_int_eq(
        verifier_start(&verifier, rig.loop, tell, &verifier), -ENOMEM);
    fault_once("realloc", 1, ENOMEM);
    ck_assert_int_eq(
        verifier_start(&verifier, rig.loop, tell, &verifier), -ENOMEM);
    ck_assert_int_eq(helper_starts, 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_verifier");
    TCase *tcase = tcase_create("verifier");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, each_question_gets_its_verdict);
    tcase_add_test(tcase, one_question_is_asked_at_a_time);
    tcase_add_test(tcase, an_answer_may_come_byte_by_byte);
    tcase_add_test(tcase, sixty_four_questions_are_all_there_may_be);
    tcase_add_test(tcase, a_question_whose_helper_dies_is_asked_once_more);
    tcase_add_test(tcase, a_question_that_was_not_read_is_asked_once_more);
    tcase_add_loop_test(tcase, a_helper_that_talks_nonsense_is_replaced, 0,
        (int)(sizeof nonsense / sizeof nonsense[0]));
    tcase_add_test(tcase, an_answer_that_nobody_asked_for_is_nonsense);
    tcase_add_test(tcase, half_an_answer_of_the_dead_is_not_kept);
    tcase_add_test(tcase, a_helper_is_restarted_later_and_later);
    tcase_add_test(tcase, where_none_can_be_started_all_are_answered);
    tcase_add_test(tcase, no_new_one_is_started_before_the_old_one_was_reaped);
    tcase_add_test(tcase, a_socket_that_fails_is_given_up);
    tcase_add_test(tcase, a_question_that_is_cut_short_is_given_up);
    tcase_add_test(tcase, what_is_withdrawn_is_not_answered);
    tcase_add_test(tcase, what_is_withdrawn_is_not_asked_again);
    tcase_add_test(tcase, without_proc_the_shell_s_way_is_gone);
    tcase_add_test(tcase, a_start_that_fails_leaves_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
