/*
 * test_leatd_wording.c - escapes and words in what services say.
 */
#include "leatd/wording.h"

#include <errno.h>
#include <string.h>

#include "support/kernel.h"
#include "support/run.h"

static const struct wording words = {"10.0.0.1:99", "noon"};
static char bytes[64];
static struct text text;
static struct complaint wrong;

static void
setup(void)
{
    kernel_setup();
    text_init(&text, bytes, sizeof bytes);
    wrong.text[0] = '\0';
}

START_TEST(wording_knows_the_escapes_of_c)
{
    ck_assert_ptr_null(wording_put(&text, "a\\n\\r\\t\\\\b", NULL));

    ck_assert_str_eq(bytes, "a\n\r\t\\b");
}
END_TEST

START_TEST(wording_makes_any_byte_of_two_digits)
{
    const char wanted[] = {'\0', 'z', '\x7f', (char)0xff, (char)0xAb, '0'};

    ck_assert_ptr_null(wording_put(&text, "\\x00\\x7a\\x7F\\xfF\\xaB0", NULL));

    ck_assert_uint_eq(text.len, sizeof wanted);
    ck_assert_mem_eq(bytes, wanted, sizeof wanted);
}
END_TEST

START_TEST(wording_writes_words_out)
{
    ck_assert_ptr_null(
        wording_put(&text, "%peer: 100%% at %time%%time", &words));

    ck_assert_str_eq(bytes, "10.0.0.1:99: 100% at noon%time");
}
END_TEST

/* One pass: what an escape or a word makes begins nothing new. */
START_TEST(wording_never_makes_one_thing_of_another)
{
    const struct wording tricky = {"%time\\n", "%peer"};

    ck_assert_ptr_null(
        wording_put(&text, "\\x25time \\x5cn \\\\n %peer %time", &tricky));

    ck_assert_str_eq(bytes, "%time \\n \\n %time\\n %peer");
}
END_TEST

START_TEST(wording_without_words_takes_percent_for_itself)
{
    ck_assert_ptr_null(wording_put(&text, "%peer 5% %", NULL));

    ck_assert_str_eq(bytes, "%peer 5% %");
}
END_TEST

START_TEST(wording_points_at_what_is_none_of_them)
{
    const char *const rows[] = {"ok\\", "ok\\q", "ok\\x", "ok\\x1", "ok\\x1g",
        "ok\\xg1", "ok%", "ok%pee", "ok%Peer", "ok% time"};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        text_init(&text, bytes, sizeof bytes);
        ck_assert_ptr_eq(wording_put(&text, rows[i], &words), rows[i] + 2);
        ck_assert_str_eq(bytes, "ok");
    }
}
END_TEST

START_TEST(wording_complains_of_what_is_wrong_and_of_nothing_else)
{
    ck_assert_int_eq(wording_prepare(&text, "fine\\n", NULL, &wrong), 0);
    ck_assert_str_eq(wrong.text, "");

    ck_assert_int_eq(
        wording_prepare(&text, "bad\\qrstuv", NULL, &wrong), -EINVAL);
    ck_assert_str_eq(wrong.text, "unknown escape '\\\\qrst'; there are \\n \\r "
                                 "\\t \\\\ \\xHH");
    ck_assert_int_eq(wording_prepare(&text, "%who", &words, &wrong), -EINVAL);
    ck_assert_str_eq(wrong.text, "unknown escape '%who'; there are \\n \\r \\t "
                                 "\\\\ \\xHH %peer %time %%");
}
END_TEST

START_TEST(wording_that_does_not_fit_is_refused)
{
    text_init(&text, bytes, 12);
    ck_assert_int_eq(wording_prepare(&text, "%peer", &words, &wrong), 0);

    text_init(&text, bytes, 12);
    ck_assert_int_eq(wording_prepare(&text, "%peer!", &words, &wrong), -EINVAL);
    ck_assert_ptr_nonnull(strstr(wrong.text, "too long"));
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_wording");
    TCase *tcase = tcase_create("wording");

    tcase_add_checked_fixture(tcase, setup, kernel_teardown);
    tcase_add_test(tcase, wording_knows_the_escapes_of_c);
    tcase_add_test(tcase, wording_makes_any_byte_of_two_digits);
    tcase_add_test(tcase, wording_writes_words_out);
    tcase_add_test(tcase, wording_never_makes_one_thing_of_another);
    tcase_add_test(tcase, wording_without_words_takes_percent_for_itself);
    tcase_add_test(tcase, wording_points_at_what_is_none_of_them);
    tcase_add_test(
        tcase, wording_complains_of_what_is_wrong_and_of_nothing_else);
    tcase_add_test(tcase, wording_that_does_not_fit_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
