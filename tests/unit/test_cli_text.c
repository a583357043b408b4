/*
 * test_cli_text.c - text in a buffer, the escapers of log and JSON, and the
 * nearest name.
 */
#include "cli/text.h"

#include <string.h>

#include "cli/nearest.h"
#include "support/run.h"

static char bytes[256];
static struct text text;

static void
begin(void)
{
    memset(bytes, '#', sizeof bytes);
    text_init(&text, bytes, sizeof bytes);
}

static const char *
value(const char *string)
{
    begin();
    text_value(&text, string, strlen(string));
    return bytes;
}

static const char *
json(const char *string)
{
    begin();
    text_json(&text, string, strlen(string));
    return bytes;
}

START_TEST(text_that_does_not_fit_is_cut_and_remembered)
{
    begin();
    text_init(&text, bytes, 6);

    text_add(&text, "abc");
    ck_assert(!text.is_cut);
    text_add(&text, "defg");

    ck_assert_str_eq(bytes, "abcde");
    ck_assert_uint_eq(text.len, 5);
    ck_assert(text.is_cut);
    ck_assert_int_eq(bytes[6], '#');
}
END_TEST

START_TEST(text_number_has_all_digits_and_the_width)
{
    begin();
    text_number(&text, 0, 1);
    text_add(&text, " ");
    text_number(&text, UINT64_MAX, 1);
    text_add(&text, " ");
    text_number(&text, 7, 3);

    ck_assert_str_eq(bytes, "0 18446744073709551615 007");
}
END_TEST

START_TEST(text_column_pads_or_begins_a_new_line)
{
    begin();
    text_add(&text, "ab");
    text_column(&text, 4);
    text_add(&text, "cdef\n");
    text_column(&text, 2);
    text_add(&text, "long word");
    text_column(&text, 6);
    text_add(&text, "x");

    ck_assert_str_eq(bytes, "ab  cdef\n  long word\n      x");
}
END_TEST

START_TEST(value_of_printable_bytes_is_itself)
{
    ck_assert_str_eq(value("127.0.0.1:7000"), "127.0.0.1:7000");
    ck_assert_str_eq(value("!#$%&'()*+,-./:;<=>?@[]^_`{|}~"),
        "!#$%&'()*+,-./:;<=>?@[]^_`{|}~");
}
END_TEST

START_TEST(value_of_other_bytes_is_hexadecimal)
{
    ck_assert_str_eq(
        value("a\nb\x1b[31m\x7f\xc3\xa9"), "a\\x0ab\\x1b[31m\\x7f\\xc3\\xa9");
    begin();
    text_value(&text, "a\0b", 3);
    ck_assert_str_eq(bytes, "a\\x00b");
}
END_TEST

START_TEST(value_with_spaces_or_quotes_is_quoted)
{
    ck_assert_str_eq(value("a b"), "\"a b\"");
    ck_assert_str_eq(value("say \"hi\""), "\"say \\\"hi\\\"\"");
    ck_assert_str_eq(value("\""), "\"\\\"\"");
    ck_assert_str_eq(value(""), "\"\"");
    ck_assert_str_eq(value("a\\b"), "a\\\\b");
}
END_TEST

START_TEST(json_escapes_what_must_be)
{
    ck_assert_str_eq(json(""), "\"\"");
    ck_assert_str_eq(json("a/b c"), "\"a/b c\"");
    ck_assert_str_eq(json("a\"b\\c"), "\"a\\\"b\\\\c\"");
    ck_assert_str_eq(
        json("\n\t\x01\x1f\x7f"), "\"\\u000a\\u0009\\u0001\\u001f\\u007f\"");
}
END_TEST

START_TEST(json_keeps_utf8)
{
    ck_assert_str_eq(json("\xc3\xa9"), "\"\xc3\xa9\"");
    ck_assert_str_eq(json("\xe2\x82\xac"), "\"\xe2\x82\xac\"");
    ck_assert_str_eq(json("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"");
    ck_assert_str_eq(json("\xf4\x8f\xbf\xbf"), "\"\xf4\x8f\xbf\xbf\"");
}
END_TEST

START_TEST(json_replaces_what_is_not_utf8)
{
    const char *const wrong[] = {"\x80", "\xc0\x80", "\xc3", "\xc3(",
        "\xe0\x80\x80", "\xed\xa0\x80", "\xe2\x82", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff"};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *got = json(wrong[i]);
        ck_assert_int_eq(strncmp(got, "\"\\ufffd", 7), 0);
        /* Nothing of the wrong bytes is left. */
        for (const char *at = got; *at != '\0'; at++)
            ck_assert_int_lt((unsigned char)*at, 0x80);
    }
    ck_assert_str_eq(json("a\xff"
                          "b"),
        "\"a\\ufffdb\"");
}
END_TEST

START_TEST(distance_counts_letters_and_swaps)
{
    ck_assert_uint_eq(nearest_distance("", ""), 0);
    ck_assert_uint_eq(nearest_distance("echo", "echo"), 0);
    ck_assert_uint_eq(nearest_distance("", "echo"), 4);
    ck_assert_uint_eq(nearest_distance("echo", ""), 4);
    ck_assert_uint_eq(nearest_distance("ehco", "echo"), 1);
    ck_assert_uint_eq(nearest_distance("ech", "echo"), 1);
    ck_assert_uint_eq(nearest_distance("eccho", "echo"), 1);
    ck_assert_uint_eq(nearest_distance("ecko", "echo"), 1);
    ck_assert_uint_eq(nearest_distance("kitten", "sitting"), 3);
}
END_TEST

START_TEST(distance_of_long_words_stays_in_bounds)
{
    char a[200], b[200];

    memset(a, 'a', sizeof a);
    memset(b, 'b', sizeof b);
    a[sizeof a - 1] = b[sizeof b - 1] = '\0';

    ck_assert_uint_eq(nearest_distance(a, b), 32);
    ck_assert_uint_eq(nearest_distance(a, "a"), 31);
    ck_assert_uint_eq(nearest_distance("a", a), 31);
}
END_TEST

START_TEST(nearest_keeps_the_first_of_the_best)
{
    struct nearest nearest;

    nearest_init(&nearest, "drian");
    nearest_offer(&nearest, "quiet");
    nearest_offer(&nearest, "drain");
    nearest_offer(&nearest, "train");
    ck_assert_str_eq(nearest.best, "drain");

    nearest_init(&nearest, "max-m");
    nearest_offer(&nearest, "mode");
    nearest_offer(&nearest, "max-memory");
    ck_assert_str_eq(nearest.best, "max-memory");
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("cli_text");
    TCase *tcase = tcase_create("text");

    tcase_add_test(tcase, text_that_does_not_fit_is_cut_and_remembered);
    tcase_add_test(tcase, text_number_has_all_digits_and_the_width);
    tcase_add_test(tcase, text_column_pads_or_begins_a_new_line);
    tcase_add_test(tcase, value_of_printable_bytes_is_itself);
    tcase_add_test(tcase, value_of_other_bytes_is_hexadecimal);
    tcase_add_test(tcase, value_with_spaces_or_quotes_is_quoted);
    tcase_add_test(tcase, json_escapes_what_must_be);
    tcase_add_test(tcase, json_keeps_utf8);
    tcase_add_test(tcase, json_replaces_what_is_not_utf8);
    tcase_add_test(tcase, distance_counts_letters_and_swaps);
    tcase_add_test(tcase, distance_of_long_words_stays_in_bounds);
    tcase_add_test(tcase, nearest_keeps_the_first_of_the_best);
    suite_add_tcase(suite, tcase);
    return suite;
}
