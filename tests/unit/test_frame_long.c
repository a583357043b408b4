/*
 * test_frame_long.c - lines that are too long and skipped, by example.
 *
 * That the result does not depend on the cuts is in test_frame_model.c.
 */
#include "base/frame.h"

#include <errno.h>
#include <string.h>

#include "support/frame_rig.h"
#include "support/run.h"

static const struct leat_frame_config line = {LEAT_LINE, 0, 4, true};

/* The next frame has this body; of a long line that is all there is of it. */
static void
assert_next(const char *body, bool is_long)
{
    ck_assert_int_eq(frames_next(&line), 1);
    ck_assert_uint_eq(frames.out.body_len, strlen(body));
    ck_assert_mem_eq(frames.out.body, body, frames.out.body_len);
    ck_assert_int_eq(frames.out.is_long, is_long);
    if (is_long) {
        ck_assert_ptr_eq(frames.out.whole, frames.out.body);
        ck_assert_uint_eq(frames.out.whole_len, frames.out.body_len);
    }
}

/* All of the piece is used up. */
static void
assert_no_more(void)
{
    ck_assert_int_eq(frames_next(&line), 0);
    ck_assert_uint_eq(frames.left, 0);
}

START_TEST(long_line_is_given_once_and_skipped_to_its_newline)
{
    frames_feed_text("one\ntoo long\r\ntwo\nlonger\n\nfour\r\nend");
    assert_next("one", false);
    assert_next("too ", true);
    assert_next("two", false);
    assert_next("long", true);
    assert_next("", false);
    assert_next("four", false); /* max bytes, and an ending */
    assert_no_more();
    ck_assert_uint_eq(leat__frame_partial(&frames.frame), 3);
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
    frames_feed_text(surely[_i].before);
    assert_no_more();
    frames_feed_text(surely[_i].byte);
    assert_next(body, true);
    assert_no_more();
    frames_feed_text("more of it\nnext\n");
    assert_next("next", false);
    assert_no_more();
}
END_TEST

START_TEST(long_line_that_lies_in_the_piece_is_not_copied)
{
    frames_feed_text("a long line\nb\n");
    const unsigned char *piece = frames.at;
    assert_next("a lo", true);
    ck_assert_ptr_eq(frames.out.body, piece);
    assert_next("b", false);
    ck_assert_uint_eq(frames.ledger.calls, 0);
}
END_TEST

START_TEST(skipping_takes_no_memory)
{
    frames_feed_text("ab");
    assert_no_more();
    frames_feed_text("cde");
    assert_next("abcd", true);
    ck_assert_ptr_eq(frames.out.body, frames.frame.partial);
    ck_assert_uint_eq(frames.frame.len, 4);
    assert_no_more();
    size_t calls = frames.ledger.calls;
    for (int i = 0; i < 1000; i++) {
        frames_feed_text("for ever and ever");
        assert_no_more();
        ck_assert_ptr_null(frames.frame.partial);
        ck_assert_uint_eq(leat__frame_partial(&frames.frame), 0);
    }
    ck_assert_uint_eq(frames.ledger.calls, calls);
    frames_feed_text("\nx\n");
    assert_next("x", false);
}
END_TEST

START_TEST(end_of_file_while_skipping_gives_no_last_line)
{
    frames_feed_text("too long");
    assert_next("too ", true);
    ck_assert_int_eq(frames_last(&line), 0);
    assert_no_more();
    ck_assert_int_eq(frames_last(&line), 0);
}
END_TEST

/* Only max bytes and a CR are not told before. */
START_TEST(last_line_that_is_too_long_is_given_as_such)
{
    frames_feed_text("abcd\r");
    assert_no_more();
    ck_assert_int_eq(frames_last(&line), 1);
    ck_assert(frames.out.is_long);
    ck_assert_uint_eq(frames.out.body_len, 4);
    ck_assert_mem_eq(frames.out.body, "abcd", 4);
    ck_assert_uint_eq(frames.out.whole_len, 4);
    ck_assert_int_eq(frames_last(&line), 0);
}
END_TEST

START_TEST(last_line_of_max_bytes_is_not_long)
{
    frames_feed_text("abc\r");
    assert_no_more();
    ck_assert_int_eq(frames_last(&line), 1);
    ck_assert(!frames.out.is_long);
    ck_assert_uint_eq(frames.out.body_len, 4);
}
END_TEST

START_TEST(clear_ends_the_skipping)
{
    frames_feed_text("too long");
    assert_next("too ", true);
    leat__frame_clear(&frames.frame, &frames.pool);
    frames_feed_text("new\n");
    assert_next("new", false);
}
END_TEST

START_TEST(long_line_without_memory_tells_so_and_has_taken_nothing)
{
    static const struct leat_frame_config wide = {LEAT_LINE, 0, 5000, true};
    static unsigned char bytes[6000];
    memset(bytes, 'x', sizeof bytes);
    frames_feed(bytes, 100);
    ck_assert_int_eq(frames_next(&wide), 0);
    struct leat__frame before = frames.frame;
    frames.left = 5900;

    alloc_fail_from(&frames.ledger, 1);
    ck_assert_int_eq(frames_next(&wide), -ENOMEM);
    ck_assert_uint_eq(alloc_heal(&frames.ledger), 1);

    ck_assert_mem_eq(&frames.frame, &before, sizeof frames.frame);
    ck_assert_uint_eq(frames.left, 5900);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("frame_long");
    TCase *tcase = tcase_create("frame_long");

    tcase_add_checked_fixture(tcase, frames_setup, frames_teardown);
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
