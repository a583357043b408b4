/*
 * test_error.c - names and words of errors.
 *
 * The table is compared with what libc says, not with a list here: the lint
 * that looks for each promised error in some test must not find all of them in
 * this file.
 */
#include <leat/error.h>

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "support/quick.h"
#include "support/run.h"

/* Beyond all errnos, below the place of LEAT_EOF. */
#define ERRNO_END 1000

static bool
is_known(int error)
{
    return strcmp(leat_error_name(error), "E?") != 0;
}

START_TEST(error_of_0_and_of_the_end_have_names)
{
    ck_assert_str_eq(leat_error_name(0), "OK");
    ck_assert_str_eq(leat_error_text(0), "no error");
    ck_assert_str_eq(leat_error_name(LEAT_EOF), "EOF");
    ck_assert_str_eq(leat_error_text(LEAT_EOF), "end of file");
}
END_TEST

START_TEST(error_reset_is_named_and_described)
{
    ck_assert_str_eq(leat_error_name(-ECONNRESET), "ECONNRESET");
    ck_assert_str_eq(leat_error_text(-ECONNRESET), "connection reset by peer");
}
END_TEST

START_TEST(error_that_is_not_known_says_so)
{
    static const int strange[] = {
        1, ECONNRESET, INT_MIN, INT_MAX, -4094, -4096, -ERRNO_END};

    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        ck_assert_str_eq(leat_error_name(strange[i]), "E?");
        ck_assert_str_eq(leat_error_text(strange[i]), "unknown error");
    }
}
END_TEST

START_TEST(error_table_knows_some_sixty_numbers)
{
    int known = 0;
    for (int number = 1; number < ERRNO_END; number++)
        known += is_known(-number);

    ck_assert_int_ge(known, 60);
    ck_assert_int_le(known, 80);
}
END_TEST

#ifdef __GLIBC__
START_TEST(error_names_are_those_of_libc)
{
    for (int number = 1; number < ERRNO_END; number++) {
        const char *name = strerrorname_np(number);
        if (is_known(-number)) {
            ck_assert_ptr_nonnull(name);
            ck_assert_str_eq(leat_error_name(-number), name);
        }
    }
}
END_TEST
#endif

START_TEST(error_texts_are_lower_case_words_that_end_a_sentence)
{
    for (int number = 1; number < ERRNO_END; number++) {
        const char *text = leat_error_text(-number);
        size_t len = strlen(text);
        quick_assert(len >= 4 && len <= 40);
        quick_assert(isalpha((unsigned char)text[len - 1]));
        quick_eq(strspn(text, "abcdefghijklmnopqrstuvwxyz ,-"), len);
    }
}
END_TEST

START_TEST(error_texts_tell_each_error_from_every_other)
{
    for (int a = 1; a < ERRNO_END; a++)
        for (int b = a + 1; is_known(-a) && b < ERRNO_END; b++)
            quick_assert(!is_known(-b) ||
                         strcmp(leat_error_text(-a), leat_error_text(-b)) != 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("error");
    TCase *tcase = tcase_create("error");

    tcase_add_test(tcase, error_of_0_and_of_the_end_have_names);
    tcase_add_test(tcase, error_reset_is_named_and_described);
    tcase_add_test(tcase, error_that_is_not_known_says_so);
    tcase_add_test(tcase, error_table_knows_some_sixty_numbers);
#ifdef __GLIBC__
    tcase_add_test(tcase, error_names_are_those_of_libc);
#endif
    tcase_add_test(tcase, error_texts_are_lower_case_words_that_end_a_sentence);
    tcase_add_test(tcase, error_texts_tell_each_error_from_every_other);
    suite_add_tcase(suite, tcase);
    return suite;
}
