/*
 * test_frame_long.c - lines that are too long and skipped, by example.
 *
 * That the result does not depend on the cuts is in test_frame_model.c.
 */
#include "base/frame.h"

#include <errno.h>
#include <string.h>

#include "support/alloc.h"
#include "support/run.h"

static const struct leat_frame_config line = {LEAT_LINE, 0, 4, true};
static struct alloc_ledger ledger;
static struct leat__pool pool;
static struct leat__frame frame;
static struct leat_frame out;

/* The piece at hand. */
static const unsigned char *at;
static size_t left;

static void
setup(void)
{
    alloc_init(&ledger);
    leat__pool_init(&pool, &ledger.alloc);
    leat__frame_init(&frame);
}

static void
teardown(void)
{
    leat__frame_clear(&frame, &pool);
    leat__pool_check(&pool);
    leat__pool_fini(&pool);
    alloc_fini(&ledger);
}

static void
feed(const char *text)
{
    at = (const unsigned char *)text;
    left = strlen(text);
}

static int
next(void)
{
    return leat__frame_next(&frame, &line, &pool, &at, &left, &out);
}

/* The next frame has this body; of a long line that is all there is of it. */
static void
assert_next(const char *body, bool is_long)
{
    ck_assert_int_eq(next(), 1);
    ck_assert_uint_eq(out.body_len, strlen(body));
    ck_assert_mem_eq(out.body, body, out.body_len);
    ck_assert_int_eq(out.is_long, is_long);
    if (is_long) {
        ck_assert_ptr_eq(out.whole, out.body);
        ck_assert_uint_eq(out.whole_len, out.body_len);
    }
}

/* All of the piece is used up. */
static void
assert_no_more(void)
{
    ck_assert_int_eq(next(), 0);
    ck_assert_uint_eq(left, 0);
}

START_TEST(long_line_is_given_once_and_skipped_to_its_newline)
{
    feed("one\ntoo long\r\ntwo\nlonger\n\nfour\r\nend");
    assert_next("one", false);
    assert_next("too ", true);
    assert_next("two", false);
    assert_next("long", true);
    assert_next("", false);
    assert_next("four", false); /* max bytes, and an ending */
    assert_no_more();
    ck_assert_uint_eq(leat__frame_partial(&frame), 3);
}
END_TEST

/* With a byte less of it a line in time would still be possible. */
static const struct {
    const char *before, *byte;
} surely[] = {
    {"abcd", "e"}, {"abcd\r", "e"}, {"abcd\r", "\r"}, {"\r\r\r\r\r", "\r"}};

START_TEST(long_line_is_given_as_soon_as_it_is_surely_too_long)
{
    char body[5] = "";
    memcpy(body, surely[_i].before, 4);
    feed(surely[_i].before);
    assert_no_more();
    feed(surely[_i].byte);
    assert_next(body, true);
    assert_no_more();
    feed("more of it\nnext\n");
    assert_next("next", false);
    assert_no_more();
}
END_TEST

START_TEST(long_line_that_lies_in_the_piece_is_not_copied)
{
    feed("a long line\nb\n");
    const unsigned char *piece = at;
    assert_next("a lo", true);
    ck_assert_ptr_eq(out.body, piece);
    assert_next("b", false);
    ck_assert_uint_eq(ledger.calls, 0);
}
END_TEST

START_TEST(skipping_takes_no_memory)
{
    feed("ab");
    assert_no_more();
    feed("cde");
    assert_next("abcd", true);
    ck_assert_ptr_eq(out.body, frame.partial);
    ck_assert_uint_eq(frame.len, 4);
    assert_no_more();
    size_t calls = ledger.calls;
    for (int i = 0; i < 1000; i++) {
        feed("for ever and ever");
        assert_no_more();
        ck_assert_ptr_null(frame.partial);
        ck_assert_uint_eq(leat__frame_partial(&frame), 0);
    }
    ck_assert_uint_eq(ledger.calls, calls);
    feed("\nx\n");
    assert_next("x", false);
}
END_TEST

START_TEST(end_of_file_while_skipping_gives_no_last_line)
{
    feed("too long");
    assert_next("too ", true);
    ck_assert_int_eq(leat__frame_last(&frame, &line, &out), 0);
    assert_no_more();
    ck_assert_int_eq(leat__frame_last(&frame, &line, &out), 0);
}
END_TEST

/* Only max bytes and a CR are not told before. */
START_TEST(last_line_that_is_too_long_is_given_as_such)
{
    feed("abcd\r");
    assert_no_more();
    ck_assert_int_eq(leat__frame_last(&frame, &line, &out), 1);
    ck_assert(out.is_long);
    ck_assert_uint_eq(out.body_len, 4);
    ck_assert_mem_eq(out.body, "abcd", 4);
    ck_assert_uint_eq(out.whole_len, 4);
    ck_assert_int_eq(leat__frame_last(&frame, &line, &out), 0);
}
END_TEST

START_TEST(last_line_of_max_bytes_is_not_long)
{
    feed("abc\r");
    assert_no_more();
    ck_assert_int_eq(leat__frame_last(&frame, &line, &out), 1);
    ck_assert(!out.is_long);
    ck_assert_uint_eq(out.body_len, 4);
}
END_TEST

START_TEST(clear_ends_the_skipping)
{
    feed("too long");
    assert_next("too ", true);
    leat__frame_clear(&frame, &pool);
    feed("new\n");
    assert_next("new", false);
}
END_TEST

START_TEST(long_line_without_memory_tells_so_and_has_taken_nothing)
{
    static const struct leat_frame_config wide = {LEAT_LINE, 0, 5000, true};
    static unsigned char bytes[6000];
    memset(bytes, 'x', sizeof bytes);
    at = bytes;
    left = 100;
    ck_assert_int_eq(
        leat__frame_next(&frame, &wide, &pool, &at, &left, &out), 0);
    struct leat__frame before = frame;
    left = 5900;

    alloc_fail_from(&ledger, 1);
    ck_assert_int_eq(
        leat__frame_next(&frame, &wide, &pool, &at, &left, &out), -ENOMEM);
    ck_assert_uint_eq(alloc_heal(&ledger), 1);

    ck_assert_mem_eq(&frame, &before, sizeof frame);
    ck_assert_uint_eq(left, 5900);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("frame_long");
    TCase *tcase = tcase_create("frame_long");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, long_line_is_given_once_and_skipped_to_its_newline);
    tcase_add_loop_test(tcase,
        long_line_is_given_as_soon_as_it_is_surely_too_long, 0,
        (int)(sizeof surely / sizeof surely[0]));
    tcase_add_test(tcase, long_line_that_lies_in_the_piece_is_not_copied);
    tcase_add_test(tcase, skipping_takes_no_memory);
    tcase_add_test(tcase, end_of_file_while_skipping_gives_no_last_line);
    tcase_add_test(tcase, last_line_that_is_too_long_is_given_as_such);
    tcase_add_test(tcase, last_line_of_max_bytes_is_not_long);
    tcase_add_test(tcase, clear_ends_the_skipping);
    tcase_add_test(
        tcase, long_line_without_memory_tells_so_and_has_taken_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
