/*
 * test_leatd_questions.c - passwords that wait: fairly by address, and never
 * more than a table full of them.
 */
#include "leatd/hub/questions.h"

#include <errno.h>
#include <string.h>

#include "support/dice.h"
#include "support/kernel.h"
#include "support/run.h"

static struct questions questions;

static void
setup(void)
{
    kernel_setup();
    memset(&questions, 0, sizeof questions);
}

static struct question *
make(unsigned char from, const char *password)
{
    struct question *question =
        question_make("HASH", password, strlen(password));

    ck_assert_ptr_nonnull(question);
    question->from[15] = from;
    return question;
}

static void
add(unsigned char from, const char *password)
{
    ck_assert_int_eq(
        questions_add(&questions, make(from, password), QUESTIONS_MOST), 0);
}

static void
assert_next(const char *password)
{
    struct question *question = questions_take(&questions);

    ck_assert_ptr_nonnull(question);
    ck_assert_str_eq(question->password, password);
    question_free(question);
}

START_TEST(one_address_is_served_in_its_order)
{
    add(1, "a");
    add(1, "b");
    add(1, "c");
    assert_next("a");
    assert_next("b");
    assert_next("c");
    ck_assert_ptr_null(questions_take(&questions));
}
END_TEST

START_TEST(addresses_take_turns)
{
    add(1, "a1");
    add(1, "a2");
    add(1, "a3");
    add(2, "b1");
    add(2, "b2");
    add(3, "c1");
    assert_next("a1");
    assert_next("b1");
    assert_next("c1");
    assert_next("a2");
    add(3, "c2"); /* this round has begun without it */
    assert_next("b2");
    assert_next("a3");
    assert_next("c2");
}
END_TEST

START_TEST(a_newcomer_waits_for_two_questions_of_another_at_most)
{
    for (int i = 0; i < 50; i++)
        add(1, "flood");
    assert_next("flood");
    add(2, "new");
    assert_next("flood");
    assert_next("new");
    while (questions.count > 0)
        assert_next("flood");
}
END_TEST

/* Two that come back at once after each answer do not keep a third away. */
START_TEST(who_comes_again_and_again_waits_for_the_next_round)
{
    add(3, "c1");
    add(3, "c2");
    add(1, "a");
    assert_next("c1");
    add(2, "b");
    assert_next("a");
    add(1, "a");
    assert_next("c2");
    assert_next("b");
    assert_next("a");
}
END_TEST

START_TEST(a_table_of_64_is_full)
{
    struct question *more = make(9, "more");

    for (unsigned i = 0; i < QUESTIONS_MOST; i++)
        add((unsigned char)i, "x");
    ck_assert_int_eq(questions_add(&questions, more, QUESTIONS_MOST), -ENOBUFS);
    question_free(questions_take(&questions));
    ck_assert_int_eq(
        questions_add(&questions, more, QUESTIONS_MOST - 1), -ENOBUFS);
    ck_assert_int_eq(questions_add(&questions, more, QUESTIONS_MOST), 0);
    while (questions.count > 0)
        question_free(questions_take(&questions));
}
END_TEST

START_TEST(one_that_is_removed_is_passed_by)
{
    struct question *middle = make(1, "b");

    add(1, "a");
    ck_assert(!questions_remove(&questions, middle));
    ck_assert_int_eq(questions_add(&questions, middle, QUESTIONS_MOST), 0);
    add(1, "c");
    ck_assert(questions_remove(&questions, middle));
    question_free(middle);
    assert_next("a");
    assert_next("c");
}
END_TEST

START_TEST(what_is_too_long_is_cut_off)
{
    static char text[1000];

    memset(text, 'x', sizeof text - 1);
    struct question *question = question_make(text, text, sizeof text);
    ck_assert_uint_eq(question->password_len, LOGINS_PASSWORD);
    ck_assert_uint_eq(strlen(question->hash), HELPER_HASH - 1);
    question_free(question);
    fault_once("realloc", 1, ENOMEM);
    ck_assert_ptr_null(question_make(text, "x", 1));
}
END_TEST

/* Whatever comes in whatever order: between two questions of an address that
 * waits, no other is asked more than once. */
START_TEST(no_address_is_asked_twice_while_another_waits)
{
    size_t count = dice_env("LEAT_OPS", 20000);
    size_t waiting[8] = {0};
    unsigned since[8][8] = {{0}}; /* of a waiting one: turns of the others */
    struct dice dice;

    dice_init(&dice, "questions");
    while (count-- > 0) {
        unsigned char from = (unsigned char)dice_roll(&dice, 8);
        if (dice_roll(&dice, 2) == 0 && questions.count < QUESTIONS_MOST) {
            add(from, "x");
            if (waiting[from]++ == 0)
                memset(since[from], 0, sizeof since[from]);
            continue;
        }
        struct question *question = questions_take(&questions);
        if (question == NULL)
            continue;
        from = question->from[15];
        question_free(question);
        waiting[from]--;
        memset(since[from], 0, sizeof since[from]);
        for (unsigned other = 0; other < 8; other++)
            if (other != from && waiting[other] > 0)
                ck_assert_uint_le(++since[other][from], 2);
    }
    while (questions.count > 0)
        question_free(questions_take(&questions));
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_questions");
    TCase *tcase = tcase_create("questions");

    tcase_add_checked_fixture(tcase, setup, kernel_teardown);
    tcase_add_test(tcase, one_address_is_served_in_its_order);
    tcase_add_test(tcase, addresses_take_turns);
    tcase_add_test(
        tcase, a_newcomer_waits_for_two_questions_of_another_at_most);
    tcase_add_test(tcase, who_comes_again_and_again_waits_for_the_next_round);
    tcase_add_test(tcase, a_table_of_64_is_full);
    tcase_add_test(tcase, one_that_is_removed_is_passed_by);
    tcase_add_test(tcase, what_is_too_long_is_cut_off);
    tcase_add_test(tcase, no_address_is_asked_twice_while_another_waits);
    suite_add_tcase(suite, tcase);
    return suite;
}
