/*
 * test_leat_stdio.c - the sink and the source: descriptors that are slow, full,
 * gone, or somebody else's too.
 */
#include "leat/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "leat/source.h"
#include "loop_rig.h"
#include "support/kernel.h"
#include "support/run.h"

static int ends[2];
static struct sink sink;
static struct source source;
static unsigned empties, errors, input_ends;
static int error_told;
static char taken[SOURCE_CHUNK + 1];
static size_t taken_len;

static void
on_empty(void *user)
{
    ck_assert_ptr_eq(user, &sink);
    ck_assert(sink_is_empty(&sink));
    empties++;
}

static void
on_error(int error, void *user)
{
    ck_assert_ptr_eq(user, &sink);
    error_told = error;
    errors++;
}

static void
on_bytes(const char *bytes, size_t len, void *user)
{
    ck_assert_ptr_eq(user, &source);
    ck_assert_uint_ge(len, 1);
    ck_assert_uint_le(taken_len + len, sizeof taken);
    memcpy(taken + taken_len, bytes, len);
    taken_len += len;
}

static void
on_end(int error, void *user)
{
    ck_assert_ptr_eq(user, &source);
    ck_assert_ptr_null(source.watch);
    error_told = error;
    input_ends++;
}

static void
setup(void)
{
    static const struct sink_ops sink_ops = {on_empty, on_error};
    static const struct source_ops source_ops = {on_bytes, on_end};

    rig_setup();
    rig_pipe(ends);
    empties = errors = input_ends = 0;
    error_told = 1;
    taken_len = 0;
    ck_assert_int_eq(sink_open(&sink, rig.loop, ends[1], &sink_ops, &sink), 0);
    ck_assert_int_eq(
        source_open(&source, rig.loop, ends[0], &source_ops, &source), 0);
}

static void
teardown(void)
{
    sink_close(&sink);
    source_close(&source);
    rig_teardown();
}

/* What a reader that is not ours takes out of the pipe. */
static size_t
read_pipe(char *bytes, size_t size)
{
    ssize_t count = read(ends[0], bytes, size);
    return count > 0 ? (size_t)count : 0;
}

/* --- the sink ------------------------------------------------------------- */

START_TEST(sink_writes_and_tells_when_it_is_empty)
{
    char bytes[16] = "";

    source_pause(&source);
    ck_assert(sink_is_empty(&sink));
    ck_assert(sink_put(&sink, "hello", 5));
    ck_assert(!sink_is_empty(&sink));
    ck_assert_uint_eq(empties, 0);
    rig_turn();
    ck_assert_uint_eq(empties, 1);
    ck_assert_uint_eq(read_pipe(bytes, sizeof bytes), 5);
    ck_assert_str_eq(bytes, "hello");
}
END_TEST

START_TEST(sink_that_is_empty_asks_for_nothing)
{
    source_pause(&source);
    ck_assert_int_eq(rig_turns(5), 0);
    ck_assert(sink_put(&sink, "x", 1));
    rig_turn();
    ck_assert_int_eq(rig_turns(5), 0);
    ck_assert_uint_eq(kernel_calls("write"), 1);
}
END_TEST

/* More than that might block. */
START_TEST(sink_writes_no_more_than_pipe_buf_a_turn)
{
    static char bytes[3 * PIPE_BUF + 5];

    source_pause(&source);
    memset(bytes, 'x', sizeof bytes);
    ck_assert(sink_put(&sink, bytes, sizeof bytes));
    for (int turn = 0; turn < 4; turn++) {
        ck_assert_uint_eq(empties, 0);
        rig_turn();
    }
    ck_assert_uint_eq(empties, 1);
    ck_assert_uint_eq(kernel_calls("write"), 4);
}
END_TEST

START_TEST(sink_waits_for_a_slow_reader)
{
    static char bytes[65536];

    source_pause(&source);
    memset(bytes, 'x', sizeof bytes);
    while (write(ends[1], bytes, PIPE_BUF) == PIPE_BUF)
        ; /* until it is full */
    ck_assert(sink_put(&sink, "tail", 4));
    ck_assert_int_eq(rig_turns(5), 0);
    ck_assert_uint_eq(kernel_calls("write"), 0);
    while (read_pipe(bytes, sizeof bytes) > 0)
        ;
    rig_turn();
    ck_assert_uint_eq(empties, 1);
    ck_assert_uint_eq(read_pipe(bytes, sizeof bytes), 4);
}
END_TEST

START_TEST(sink_short_write_keeps_the_rest)
{
    char bytes[16] = "";

    source_pause(&source);
    fault_short("write", 1, 2);
    ck_assert(sink_put(&sink, "hello", 5));
    rig_turn();
    ck_assert_uint_eq(empties, 0);
    ck_assert(sink_put(&sink, "!", 1));
    rig_turn();
    ck_assert_uint_eq(empties, 1);
    ck_assert_uint_eq(read_pipe(bytes, sizeof bytes), 6);
    ck_assert_str_eq(bytes, "hello!");
}
END_TEST

START_TEST(sink_that_has_no_room_takes_nothing)
{
    static char bytes[SINK_ROOM];

    source_pause(&source);
    ck_assert(sink_put(&sink, bytes, SINK_ROOM - 1));
    ck_assert(!sink_put(&sink, bytes, 2));
    ck_assert(sink_put(&sink, bytes, 1));
    ck_assert(!sink_put(&sink, bytes, 1));
}
END_TEST

START_TEST(sink_tries_again_when_another_took_the_room)
{
    static const int errors_of_room[] = {EAGAIN, EINTR};

    source_pause(&source);
    for (unsigned i = 0; i < 2; i++) {
        fault_times(
            "write", 1, errors_of_room[i] == EINTR ? 9 : 1, errors_of_room[i]);
        ck_assert(sink_put(&sink, "x", 1));
        rig_turn();
        ck_assert_uint_eq(empties, i);
        rig_turn();
        ck_assert_uint_eq(empties, i + 1);
    }
}
END_TEST

START_TEST(sink_error_is_told_once_and_drops_the_rest)
{
    source_pause(&source);
    fault_once("write", 1, ENOSPC);
    ck_assert(sink_put(&sink, "x", 1));
    rig_turn();
    ck_assert_uint_eq(errors, 1);
    ck_assert_int_eq(error_told, -ENOSPC);
    ck_assert(sink_is_empty(&sink));
    ck_assert(sink_put(&sink, "into the void", 13));
    ck_assert(sink_is_empty(&sink));
    ck_assert_int_eq(rig_turns(3), 0);
    ck_assert_uint_eq(errors, 1);
    ck_assert_uint_eq(empties, 0);
}
END_TEST

START_TEST(sink_descriptor_that_is_closed_is_an_error)
{
    source_close(&source);
    ck_assert(sink_put(&sink, "x", 1));
    rig_drop(ends[1]);
    rig_turns(2);
    ck_assert_uint_eq(errors, 1);
    ck_assert_int_eq(error_told, -EBADF);
}
END_TEST

/* --- the source ----------------------------------------------------------- */

START_TEST(source_tells_bytes_and_the_end)
{
    ck_assert_int_eq(write(ends[1], "hello", 5), 5);
    rig_turn();
    ck_assert_uint_eq(taken_len, 5);
    ck_assert(memcmp(taken, "hello", 5) == 0);
    ck_assert_int_eq(rig_turn(), 0);
    sink_close(&sink);
    rig_drop(ends[1]);
    rig_turn();
    ck_assert_uint_eq(input_ends, 1);
    ck_assert_int_eq(error_told, 0);
}
END_TEST

START_TEST(source_that_is_paused_is_not_read)
{
    source_pause(&source);
    ck_assert_int_eq(write(ends[1], "hello", 5), 5);
    ck_assert_int_eq(rig_turns(3), 0);
    source_resume(&source);
    rig_turn();
    ck_assert_uint_eq(taken_len, 5);
}
END_TEST

START_TEST(source_error_is_told_once)
{
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    fault_once("read", 1, EIO);
    rig_turn();
    ck_assert_uint_eq(input_ends, 1);
    ck_assert_int_eq(error_told, -EIO);
    source_pause(&source);
    source_resume(&source);
    ck_assert_int_eq(rig_turns(3), 0);
}
END_TEST

START_TEST(source_tries_again_when_another_was_faster)
{
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    fault_once("read", 1, EAGAIN);
    rig_turn();
    ck_assert_uint_eq(taken_len, 0);
    ck_assert_uint_eq(input_ends, 0);
    rig_turn();
    ck_assert_uint_eq(taken_len, 1);
}
END_TEST

START_TEST(source_descriptor_that_is_closed_is_an_error)
{
    rig_drop(ends[0]);
    rig_turns(2);
    ck_assert_uint_eq(input_ends, 1);
    ck_assert_int_eq(error_told, -EBADF);
}
END_TEST

START_TEST(source_and_sink_refuse_what_is_not_open)
{
    static const struct sink_ops none = {on_empty, on_error};
    static const struct source_ops nothing = {on_bytes, on_end};
    struct source other;
    static struct sink another;

    ck_assert_int_eq(
        source_open(&other, rig.loop, 9999, &nothing, &other), -EBADF);
    ck_assert_int_eq(
        sink_open(&another, rig.loop, 9999, &none, &another), -EBADF);
    source_close(&other);
    sink_close(&another);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leat_stdio");
    TCase *tcase = tcase_create("stdio");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, sink_writes_and_tells_when_it_is_empty);
    tcase_add_test(tcase, sink_that_is_empty_asks_for_nothing);
    tcase_add_test(tcase, sink_writes_no_more_than_pipe_buf_a_turn);
    tcase_add_test(tcase, sink_waits_for_a_slow_reader);
    tcase_add_test(tcase, sink_short_write_keeps_the_rest);
    tcase_add_test(tcase, sink_that_has_no_room_takes_nothing);
    tcase_add_test(tcase, sink_tries_again_when_another_took_the_room);
    tcase_add_test(tcase, sink_error_is_told_once_and_drops_the_rest);
    tcase_add_test(tcase, sink_descriptor_that_is_closed_is_an_error);
    tcase_add_test(tcase, source_tells_bytes_and_the_end);
    tcase_add_test(tcase, source_that_is_paused_is_not_read);
    tcase_add_test(tcase, source_error_is_told_once);
    tcase_add_test(tcase, source_tries_again_when_another_was_faster);
    tcase_add_test(tcase, source_descriptor_that_is_closed_is_an_error);
    tcase_add_test(tcase, source_and_sink_refuse_what_is_not_open);
    suite_add_tcase(suite, tcase);
    return suite;
}
