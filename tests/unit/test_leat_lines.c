/*
 * test_leat_lines.c - lines that every subscriber must get once and in order:
 * all that may go wrong is told.
 */
#include "leat/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/text.h"
#include "support/kernel.h"
#include "support/run.h"

#define SIZE 80
#define WINDOW 3

static const struct lines_shape shape = {.subscribers = 2,
    .publishers = 2,
    .window = WINDOW,
    .size = SIZE,
    .run = 0xbeef};
static struct lines lines;
static struct lines_news news;

static void
setup(void)
{
    kernel_setup();
    ck_assert_int_eq(lines_open(&lines, &shape), 0);
}

static void
teardown(void)
{
    lines_close(&lines);
    kernel_teardown();
}

/* What a server sends for it: words before, and no ending. */
static enum lines_kind
take_with(const char *words, size_t subscriber, const char *line)
{
    char bytes[2 * SIZE];
    int len = snprintf(
        bytes, sizeof bytes, "%s%.*s", words, (int)strcspn(line, "\n"), line);

    return lines_take(
        &lines, subscriber, (const unsigned char *)bytes, (size_t)len, &news);
}

static enum lines_kind
take(size_t subscriber, const char *line)
{
    return take_with("", subscriber, line);
}

/* The next line of a publisher, kept beyond its time. */
static const char *
made(size_t publisher, int64_t now_us)
{
    static char kept[8][SIZE + 1];
    static unsigned next;
    char *copy = kept[next++ % 8];

    memcpy(copy, lines_make(&lines, publisher, now_us), SIZE);
    return copy;
}

static void
explained(size_t subscriber, const char *line, const char *words)
{
    char bytes[200];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    lines_explain(&lines, subscriber, (const unsigned char *)line,
        strcspn(line, "\n"), &text);
    ck_assert_str_eq(bytes, words);
}

/* --- said ----------------------------------------------------------------- */

START_TEST(a_line_has_its_size_its_mark_and_its_numbers)
{
    const char *line = made(1, 0);
    ck_assert_int_eq(strncmp(line, "leat=0000beef.1.0.", 18), 0);
    ck_assert_uint_eq(strcspn(line, "\n"), SIZE - 1);
    ck_assert_uint_eq(strspn(line + 18, "abcdefghijklmnopqrstuvwxyz"), 61);
    line = made(1, 0);
    ck_assert_int_eq(strncmp(line, "leat=0000beef.1.1.", 18), 0);
}
END_TEST

START_TEST(lines_differ_in_more_than_their_numbers)
{
    const char *one = made(0, 0), *two = made(0, 0), *other = made(1, 0);
    ck_assert_str_ne(one + 18, two + 18);
    ck_assert_str_ne(one + 18, other + 18);
}
END_TEST

START_TEST(no_more_than_the_window_is_under_way)
{
    const char *first = made(0, 0);
    for (int i = 1; i < WINDOW; i++) {
        ck_assert(lines_may(&lines, 0));
        (void)made(0, 0);
    }
    ck_assert(!lines_may(&lines, 0));
    ck_assert(lines_may(&lines, 1));
    ck_assert_int_eq(take(0, first), LINES_RIGHT);
    ck_assert(!lines_may(&lines, 0));
    ck_assert_int_eq(take(1, first), LINES_RIGHT);
    ck_assert(lines_may(&lines, 0));
    ck_assert_uint_eq(lines_under_way(&lines), WINDOW - 1);
}
END_TEST

/* --- heard ---------------------------------------------------------------- */

START_TEST(a_right_line_tells_whose_it_is_and_when_it_was_said)
{
    const char *line = made(1, 12345);
    ck_assert_int_eq(take(0, line), LINES_RIGHT);
    ck_assert_uint_eq(news.publisher, 1);
    ck_assert_int_eq(news.sent_us, 12345);
}
END_TEST

START_TEST(publishers_are_in_order_each_for_itself)
{
    const char *a = made(0, 0), *b = made(1, 0), *c = made(0, 0);
    ck_assert_int_eq(take(0, a), LINES_RIGHT);
    ck_assert_int_eq(take(0, b), LINES_RIGHT);
    ck_assert_int_eq(take(0, c), LINES_RIGHT);
    ck_assert_int_eq(take(1, b), LINES_RIGHT);
    ck_assert_int_eq(take(1, a), LINES_RIGHT);
    ck_assert_int_eq(take(1, c), LINES_RIGHT);
    ck_assert_uint_eq(lines_under_way(&lines), 0);
}
END_TEST

START_TEST(words_before_a_line_may_be_of_any_length)
{
    ck_assert_int_eq(take_with("guest1> ", 0, made(0, 0)), LINES_RIGHT);
    ck_assert_int_eq(take_with("guest1> ", 0, made(0, 0)), LINES_RIGHT);
    ck_assert_int_eq(take_with("a> ", 0, made(1, 0)), LINES_RIGHT);
    ck_assert_int_eq(take(0, made(1, 0)), LINES_RIGHT);
    ck_assert_int_eq(
        take_with("somebody with a name> ", 0, made(0, 0)), LINES_RIGHT);
}
END_TEST

START_TEST(other_lines_are_passed_by)
{
    static const char *const others[] = {"", "* guest7 joined",
        "leat=", "leat=0000beee.0.0.another run", "*3", "$7", ":100",
        "the mark is cut: leat=0000beef"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_int_eq(take(0, others[i]), LINES_OTHER);
}
END_TEST

START_TEST(probes_are_lines_without_a_number)
{
    char bytes[LINES_LEAST];
    struct text text;
    text_init(&text, bytes, sizeof bytes);
    lines_probe(&lines, &text);
    ck_assert(!text.is_cut);
    ck_assert_int_eq(take_with("x> ", 0, bytes), LINES_PROBE);
    ck_assert_int_eq(take_with("x> ", 0, bytes), LINES_PROBE);
}
END_TEST

/* --- wrong ---------------------------------------------------------------- */

START_TEST(a_lost_line_is_told_at_the_next)
{
    (void)made(0, 0);
    const char *second = made(0, 0);
    ck_assert_int_eq(take(1, second), LINES_WRONG);
    explained(1, second,
        "subscriber 1 got message 1 of publisher 0 in the place of 0");
}
END_TEST

START_TEST(a_line_that_comes_twice_is_told)
{
    const char *first = made(1, 0);
    ck_assert_int_eq(take(0, first), LINES_RIGHT);
    ck_assert_int_eq(take(0, first), LINES_WRONG);
    explained(0, first,
        "subscriber 0 got message 0 of publisher 1 in the place of 1");
    (void)made(1, 0);
    ck_assert_int_eq(take(0, first), LINES_WRONG);
}
END_TEST

START_TEST(every_wrong_byte_is_told)
{
    char copy[SIZE + 1] = "";
    memcpy(copy, lines_make(&lines, 0, 0), SIZE);
    for (size_t i = 18; i < SIZE - 1; i++) {
        copy[i] ^= 1;
        ck_assert_int_eq(take(0, copy), LINES_WRONG);
        explained(0, copy,
            "subscriber 0 got message 0 of publisher 0 with wrong "
            "bytes");
        copy[i] ^= 1;
    }
    ck_assert_int_eq(take(0, copy), LINES_RIGHT);
}
END_TEST

START_TEST(a_line_that_is_cut_or_longer_is_told)
{
    char copy[SIZE + 2] = "";
    memcpy(copy, lines_make(&lines, 0, 0), SIZE);
    copy[SIZE - 2] = '\0';
    ck_assert_int_eq(take(0, copy), LINES_WRONG);
    memcpy(copy, lines.texts, SIZE - 1);
    memcpy(copy + SIZE - 1, "x", 2);
    ck_assert_int_eq(take(0, copy), LINES_WRONG);
}
END_TEST

START_TEST(a_line_that_nobody_has_said_is_told)
{
    static const char *const never[] = {"leat=0000beef.", "leat=0000beef.x",
        "leat=0000beef.7.0.abc", "leat=0000beef.0", "leat=0000beef..0.abc",
        "leat=0000beef.99999999999999999999999.0.abc"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        ck_assert_int_eq(take(0, never[i]), LINES_WRONG);
        explained(0, never[i], "subscriber 0 got a line that nobody has said");
    }
    ck_assert_int_eq(take(0, "leat=0000beef.0.0.abc"), LINES_WRONG);
}
END_TEST

/* --- who lacks what ------------------------------------------------------- */

static void
behind(const char *words)
{
    char bytes[200];
    struct text text;
    text_init(&text, bytes, sizeof bytes);
    ck_assert(lines_behind(&lines, &text) == (words[0] != '\0'));
    ck_assert_str_eq(bytes, words);
}

START_TEST(the_first_who_lacks_a_line_is_named)
{
    behind("");
    const char *first = made(1, 0);
    behind("subscriber 0 has not got message 0 of publisher 1");
    (void)take(0, first);
    behind("subscriber 1 has not got message 0 of publisher 1");
    (void)take(1, first);
    behind("");
}
END_TEST

START_TEST(a_subscriber_that_is_no_more_lacks_nothing)
{
    const char *first = made(0, 0), *second = made(0, 0);
    (void)made(1, 0);
    (void)take(0, first);
    (void)take(1, first);
    (void)take(0, second);
    lines_drop(&lines, 1);
    behind("subscriber 0 has not got message 0 of publisher 1");
    ck_assert_uint_eq(lines_under_way(&lines), 1);
    lines_drop(&lines, 0);
    behind("");
    ck_assert_uint_eq(lines_under_way(&lines), 0);
    ck_assert(!lines_may(&lines, 0)); /* there is nobody to hear it */
}
END_TEST

START_TEST(without_memory_nothing_is_left)
{
    lines_close(&lines);
    for (unsigned nth = 1; nth <= 5; nth++) {
        fault_once("realloc", nth, ENOMEM);
        ck_assert_int_eq(lines_open(&lines, &shape), -ENOMEM);
        ck_assert_uint_eq(ledger_blocks(), 0);
    }
    ck_assert_int_eq(lines_open(&lines, &shape), 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leat_lines");
    TCase *tcase = tcase_create("lines");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_line_has_its_size_its_mark_and_its_numbers);
    tcase_add_test(tcase, lines_differ_in_more_than_their_numbers);
    tcase_add_test(tcase, no_more_than_the_window_is_under_way);
    tcase_add_test(tcase, a_right_line_tells_whose_it_is_and_when_it_was_said);
    tcase_add_test(tcase, publishers_are_in_order_each_for_itself);
    tcase_add_test(tcase, words_before_a_line_may_be_of_any_length);
    tcase_add_test(tcase, other_lines_are_passed_by);
    tcase_add_test(tcase, probes_are_lines_without_a_number);
    tcase_add_test(tcase, a_lost_line_is_told_at_the_next);
    tcase_add_test(tcase, a_line_that_comes_twice_is_told);
    tcase_add_test(tcase, every_wrong_byte_is_told);
    tcase_add_test(tcase, a_line_that_is_cut_or_longer_is_told);
    tcase_add_test(tcase, a_line_that_nobody_has_said_is_told);
    tcase_add_test(tcase, the_first_who_lacks_a_line_is_named);
    tcase_add_test(tcase, a_subscriber_that_is_no_more_lacks_nothing);
    tcase_add_test(tcase, without_memory_nothing_is_left);
    suite_add_tcase(suite, tcase);
    return suite;
}
