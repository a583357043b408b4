/*
 * test_leatd_log.c - the log: its lines, its ring, and what happens when
 * nobody reads.
 */
#include "leatd/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/kernel.h"
#include "support/run.h"

static struct log journal;
static struct leat_loop *loop;
static int ends[2]; /* a pipe in place of standard error */
static char got[4 * LOG_RING];
static size_t got_len;

static void
setup(void)
{
    kernel_setup();
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    log_init(&journal, ends[1], LEVEL_INFO);
    loop = NULL;
    got_len = 0;
    got[0] = '\0';
}

static void
teardown(void)
{
    log_detach(&journal);
    leat_loop_destroy(loop);
    close(ends[0]);
    close(ends[1]);
    kernel_teardown();
}

static void
attach(void)
{
    ck_assert_int_eq(leat_loop_create(&loop, NULL), 0);
    ck_assert_int_eq(log_attach(&journal, loop), 0);
}

/* What has come out of the pipe since setup. */
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
fill_pipe(void)
{
    char bytes[PIPE_BUF] = {0};
    int flags = fcntl(ends[1], F_GETFL);

    fcntl(ends[1], F_SETFL, flags | O_NONBLOCK);
    while (write(ends[1], bytes, sizeof bytes) > 0)
        ;
    fcntl(ends[1], F_SETFL, flags);
}

/* A line of 100 bytes with its number. */
static void
push_number(unsigned number)
{
    char line[128];
    int len = snprintf(line, sizeof line, "%099u\n", number);
    log_push(&journal, line, (size_t)len);
}

static unsigned
push_until_full(void)
{
    unsigned count = 0;
    while (journal.dropped == 0)
        push_number(count++);
    return count;
}

/* --- lines ---------------------------------------------------------------- */

START_TEST(line_has_time_level_message_and_keys)
{
    const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ info close";
    struct log_line line;

    ck_assert(log_begin(&journal, &line, LEVEL_INFO, "close"));
    log_value(&line, "listener", "my echo");
    log_number(&line, "in", 12);
    log_end_now(&journal, &line);

    read_pipe();
    for (size_t i = 0; form[i] != '\0'; i++) {
        bool is_digit = got[i] >= '0' && got[i] <= '9';
        ck_assert_msg(form[i] == 'd' ? is_digit : got[i] == form[i], "%s", got);
    }
    ck_assert_str_eq(got + strlen(form), " listener=\"my echo\" in=12\n");
}
END_TEST

START_TEST(line_below_the_level_is_not_begun)
{
    struct log_line line;

    ck_assert(!log_begin(&journal, &line, LEVEL_DEBUG, "open"));
    ck_assert(log_begin(&journal, &line, LEVEL_WARN, "shed"));
    journal.least = LEVEL_WARN;
    ck_assert(!log_begin(&journal, &line, LEVEL_INFO, "close"));
}
END_TEST

START_TEST(line_that_was_asked_for_is_written_at_any_level)
{
    struct log_line line;
    journal.least = LEVEL_WARN;

    log_answer(&line, "totals");
    log_end_now(&journal, &line);

    ck_assert_ptr_nonnull(strstr(read_pipe(), " info totals\n"));
}
END_TEST

START_TEST(line_that_is_too_long_still_ends)
{
    struct log_line line;
    char value[300];
    memset(value, 'v', sizeof value);

    ck_assert(log_begin(&journal, &line, LEVEL_INFO, "long"));
    log_bytes(&line, "first", value, sizeof value);
    ck_assert_ptr_nonnull(strstr(line.text.bytes, "vvv..."));
    for (int i = 0; i < 10; i++)
        log_bytes(&line, "more", value, sizeof value);
    log_end_now(&journal, &line);

    ck_assert_uint_eq(strlen(read_pipe()), LOG_LINE - 1);
    ck_assert_uint_eq(strcspn(got, "\n"), LOG_LINE - 2);
}
END_TEST

/* --- the ring ------------------------------------------------------------- */

START_TEST(ring_that_is_full_drops_counts_and_tells)
{
    unsigned kept = push_until_full() - 1;
    push_number(1000000);
    push_number(1000001);

    while (journal.used > 0) {
        log_flush(&journal, 0);
        read_pipe();
    }
    push_number(2000000);
    log_flush(&journal, 0);
    read_pipe();

    /* All that were kept, in order; then the word of the rest; then others. */
    for (unsigned i = 0; i < kept; i++)
        ck_assert_uint_eq(strtoul(got + 100 * i, NULL, 10), i);
    const char *told = strstr(got, " info dropped 3 lines\n");
    ck_assert_ptr_nonnull(told);
    ck_assert_uint_eq(
        (size_t)(strchr(got + 100 * kept, '\n') - strchr(told, '\n')), 0);
    ck_assert_ptr_nonnull(strstr(told, "2000000\n"));
    ck_assert_ptr_null(strstr(got, "1000000\n"));
    ck_assert_uint_eq(journal.dropped, 0);
}
END_TEST

START_TEST(ring_wraps_without_losing_a_byte)
{
    for (unsigned i = 0; i < 2000; i++) {
        push_number(i);
        if (i % 7 == 0) {
            log_flush(&journal, 0);
            read_pipe();
        }
        ck_assert_uint_le(journal.used, LOG_RING);
    }
    log_flush(&journal, 0);
    read_pipe();

    ck_assert_uint_eq(got_len, 200000);
    for (unsigned i = 0; i < 2000; i++)
        ck_assert_uint_eq(strtoul(got + 100 * i, NULL, 10), i);
}
END_TEST

START_TEST(flush_goes_on_where_a_short_write_ended)
{
    push_number(1);
    push_number(2);
    fault_short("write", 1, 30);

    log_flush(&journal, 0);

    ck_assert_uint_eq(strlen(read_pipe()), 200);
    ck_assert_uint_eq(strtoul(got, NULL, 10), 1);
    ck_assert_uint_eq(strtoul(got + 100, NULL, 10), 2);
}
END_TEST

START_TEST(flush_writes_whole_lines_of_at_most_pipe_buf)
{
    for (unsigned i = 0; i < 100; i++)
        push_number(i);
    fault_once("write", 2, EAGAIN);

    log_flush(&journal, 0);

    ck_assert_uint_eq(strlen(read_pipe()), PIPE_BUF / 100 * 100);
}
END_TEST

START_TEST(flush_of_a_full_pipe_does_not_wait)
{
    fill_pipe();
    push_number(1);

    log_flush(&journal, 0);

    ck_assert_uint_eq(kernel_calls("write"), 0);
    ck_assert_uint_eq(journal.used, 100);
}
END_TEST

START_TEST(flush_that_fails_counts_the_lines_and_goes_on)
{
    push_number(1);
    push_number(2);
    fault_once("write", 1, EIO);

    log_flush(&journal, 0);
    ck_assert_uint_eq(journal.dropped, 2);
    push_number(3);
    log_flush(&journal, 0);

    ck_assert_ptr_nonnull(strstr(read_pipe(), " info dropped 2 lines\n0"));
    ck_assert_ptr_nonnull(strstr(got, "3\n"));
}
END_TEST

/* --- on the loop ---------------------------------------------------------- */

static void
log_word(const char *word)
{
    struct log_line line;
    ck_assert(log_begin(&journal, &line, LEVEL_INFO, word));
    log_end(&journal, &line);
}

START_TEST(loop_writes_what_is_in_the_ring_and_then_leaves_it_alone)
{
    attach();
    log_word("first");

    ck_assert_int_ge(leat_loop_step(loop, 0), 0);
    ck_assert_ptr_nonnull(strstr(read_pipe(), " info first\n"));

    unsigned long writes = kernel_calls("write");
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(leat_loop_step(loop, 0), 0);
    ck_assert_uint_eq(kernel_calls("write"), writes);
}
END_TEST

START_TEST(loop_writes_at_most_pipe_buf_a_turn)
{
    attach();
    for (unsigned i = 0; i < 200; i++)
        push_number(i);
    log_arm(&journal);

    for (size_t left = journal.used; left > 0; left = journal.used) {
        ck_assert_int_ge(leat_loop_step(loop, 0), 0);
        ck_assert_uint_lt(journal.used, left);
        ck_assert_uint_le(left - journal.used, PIPE_BUF);
    }
    ck_assert_uint_eq(strlen(read_pipe()), 20000);
}
END_TEST

START_TEST(loop_is_not_held_up_by_a_pipe_that_nobody_reads)
{
    attach();
    fill_pipe();
    for (unsigned i = 0; i < 3000; i++)
        log_word("stuck");

    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(leat_loop_step(loop, 0), 0);
    ck_assert_uint_eq(kernel_calls("write"), 0);
    ck_assert_uint_gt(journal.dropped, 0);

    /* Once it is read, everything that was kept comes out. */
    for (int i = 0; i < 100 && journal.used > 0; i++) {
        got_len = 0;
        read_pipe();
        ck_assert_int_ge(leat_loop_step(loop, 0), 0);
    }
    ck_assert_uint_eq(journal.used, 0);
    ck_assert_uint_eq(journal.dropped, 0);
}
END_TEST

START_TEST(loop_that_finds_the_descriptor_closed_gives_the_log_up)
{
    attach();
    log_word("before");
    close(ends[1]);

    for (int i = 0; i < 3; i++)
        ck_assert_int_ge(leat_loop_step(loop, 0), 0);
    ck_assert_ptr_null(journal.watch);
    log_word("after"); /* and nothing happens */

    ends[1] = dup(ends[0]); /* for teardown */
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_log");
    TCase *tcase = tcase_create("log");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, line_has_time_level_message_and_keys);
    tcase_add_test(tcase, line_below_the_level_is_not_begun);
    tcase_add_test(tcase, line_that_was_asked_for_is_written_at_any_level);
    tcase_add_test(tcase, line_that_is_too_long_still_ends);
    tcase_add_test(tcase, ring_that_is_full_drops_counts_and_tells);
    tcase_add_test(tcase, ring_wraps_without_losing_a_byte);
    tcase_add_test(tcase, flush_goes_on_where_a_short_write_ended);
    tcase_add_test(tcase, flush_writes_whole_lines_of_at_most_pipe_buf);
    tcase_add_test(tcase, flush_of_a_full_pipe_does_not_wait);
    tcase_add_test(tcase, flush_that_fails_counts_the_lines_and_goes_on);
    tcase_add_test(
        tcase, loop_writes_what_is_in_the_ring_and_then_leaves_it_alone);
    tcase_add_test(tcase, loop_writes_at_most_pipe_buf_a_turn);
    tcase_add_test(tcase, loop_is_not_held_up_by_a_pipe_that_nobody_reads);
    tcase_add_test(
        tcase, loop_that_finds_the_descriptor_closed_gives_the_log_up);
    suite_add_tcase(suite, tcase);
    return suite;
}
