/*
 * test_leatd_notes.c - the library's notes as lines of the log, one a second.
 */
#include "leatd/notes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "support/kernel.h"
#include "support/run.h"

static struct log journal;
static struct notes notes;
static int ends[2]; /* a pipe in place of standard error */
static char got[65536];
static size_t got_len;

static void
setup(void)
{
    kernel_setup();
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    log_init(&journal, ends[1], LEVEL_INFO);
    notes_init(&notes, &journal);
    got_len = 0;
    got[0] = '\0';
}

static void
teardown(void)
{
    close(ends[0]);
    close(ends[1]);
    kernel_teardown();
}

static const char *
read_pipe(void)
{
    ssize_t count;
    while ((count = read(ends[0], got + got_len, 4096)) > 0)
        got_len += (size_t)count;
    got[got_len] = '\0';
    return got;
}

static void
note(enum leat_note_level level, const char *key, int error)
{
    notes_take(
        &(struct leat_note){
            .level = level, .key = key, .error = error, .fd = 7, .value = 9},
        &notes);
}

static size_t
count_lines(const char *word)
{
    size_t count = 0;
    for (const char *at = read_pipe(); (at = strstr(at, word)) != NULL; at++)
        count++;
    return count;
}

START_TEST(note_becomes_a_line_at_once)
{
    note(LEAT_NOTE_WARN, "accept-paused", -EMFILE);

    ck_assert_ptr_nonnull(strstr(
        read_pipe(), "Z warn accept-paused error=EMFILE fd=7 value=9\n"));
}
END_TEST

START_TEST(note_of_each_key_has_one_line_a_second)
{
    clock_freeze();
    for (int i = 0; i < 50; i++) {
        note(LEAT_NOTE_WARN, "accept-paused", -EMFILE);
        note(LEAT_NOTE_INFO, "accept-resumed", 0);
    }
    ck_assert_uint_eq(count_lines("accept-paused"), 1);
    ck_assert_uint_eq(count_lines("accept-resumed"), 1);

    clock_advance(1000000);
    note(LEAT_NOTE_WARN, "accept-paused", -EMFILE);
    ck_assert_uint_eq(count_lines("accept-paused"), 2);
    ck_assert_uint_eq(count_lines(" suppressed=49\n"), 1);
}
END_TEST

START_TEST(note_below_the_level_is_neither_written_nor_counted)
{
    note(LEAT_NOTE_DEBUG, "accept-error", -EPROTO);
    journal.least = LEVEL_DEBUG;
    note(LEAT_NOTE_DEBUG, "accept-error", -EPROTO);

    ck_assert_uint_eq(count_lines("debug accept-error"), 1);
    ck_assert_uint_eq(count_lines("suppressed"), 0);
}
END_TEST

START_TEST(note_that_was_suppressed_is_told_at_the_end)
{
    clock_freeze();
    for (int i = 0; i < 3; i++)
        note(LEAT_NOTE_WARN, "shed", 0);

    notes_flush(&notes);
    log_flush(&journal, 0);

    ck_assert_uint_eq(count_lines(" info shed suppressed=2\n"), 1);
}
END_TEST

START_TEST(notes_of_more_keys_than_places_share_the_last)
{
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g", "h",
        "i", "j", "k", "l", "m", "n", "o", "p", "q", "r"};
    clock_freeze();

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        note(LEAT_NOTE_WARN, keys[i], 0);

    ck_assert_uint_eq(count_lines(" warn "), NOTES_KEYS);
    notes_flush(&notes);
    log_flush(&journal, 0);
    ck_assert_uint_eq(count_lines("suppressed=2"), 1);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_notes");
    TCase *tcase = tcase_create("notes");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, note_becomes_a_line_at_once);
    tcase_add_test(tcase, note_of_each_key_has_one_line_a_second);
    tcase_add_test(tcase, note_below_the_level_is_neither_written_nor_counted);
    tcase_add_test(tcase, note_that_was_suppressed_is_told_at_the_end);
    tcase_add_test(tcase, notes_of_more_keys_than_places_share_the_last);
    suite_add_tcase(suite, tcase);
    return suite;
}
