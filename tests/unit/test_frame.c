/*
 * test_frame.c - frames by example: each kind, its bounds, its memory.
 *
 * That the result does not depend on the cuts is in test_frame_model.c, lines
 * that are skipped in test_frame_long.c.
 */
#include "base/frame.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "support/frame_rig.h"
#include "support/run.h"

static const struct leat_frame_config line = {LEAT_LINE, 0, 8, false};
static const struct leat_frame_config fixed = {LEAT_FIXED, 4, 8, false};

static void
assert_frame(const char *body, const char *whole, size_t whole_len)
{
    ck_assert_uint_eq(frames.out.body_len, strlen(body));
    ck_assert_mem_eq(frames.out.body, body, frames.out.body_len);
    ck_assert_uint_eq(frames.out.whole_len, whole_len);
    ck_assert_mem_eq(frames.out.whole, whole, whole_len);
}

/* --- lines ---------------------------------------------------------------- */

START_TEST(frame_line_ends_with_lf_or_cr_lf)
{
    frames_feed_text("ab\n\ncd\r\n\r\nx\ry\n");

    ck_assert_int_eq(frames_next(&line), 1);
    assert_frame("ab", "ab\n", 3);
    ck_assert_int_eq(frames_next(&line), 1);
    assert_frame("", "\n", 1);
    ck_assert_int_eq(frames_next(&line), 1);
    assert_frame("cd", "cd\r\n", 4);
    ck_assert_int_eq(frames_next(&line), 1);
    assert_frame("", "\r\n", 2);
    ck_assert_int_eq(frames_next(&line), 1);
    assert_frame("x\ry", "x\ry\n", 4);
    ck_assert_int_eq(frames_next(&line), 0);
    ck_assert_uint_eq(frames.left, 0);
}
END_TEST

START_TEST(frame_whole_in_a_piece_is_not_copied)
{
    static const char text[] = "ab\ncd\n";
    frames_feed_text(text);

    ck_assert_int_eq(frames_next(&line), 1);
    ck_assert_ptr_eq(frames.out.whole, text);
    ck_assert_int_eq(frames_next(&line), 1);
    ck_assert_ptr_eq(frames.out.whole, text + 3);

    ck_assert_int_eq(frames_next(&line), 0);
    ck_assert_uint_eq(frames.ledger.calls, 0);
}
END_TEST

/* A CR before the piece is another frame's or nobody's. */
START_TEST(frame_line_looks_at_no_byte_before_its_own)
{
    frames_feed(&"\r\nx"[1], 2);

    ck_assert_int_eq(frames_next(&line), 1);
    assert_frame("", "\n", 1);
    ck_assert_int_eq(frames_next(&line), 0);
    ck_assert_uint_eq(leat__frame_partial(&frames.frame), 1);
}
END_TEST

START_TEST(frame_line_may_have_max_bytes_and_an_ending)
{
    frames_feed_text("12345678\n12345678\r\n");
    ck_assert_int_eq(frames_next(&line), 1);
    assert_frame("12345678", "12345678\n", 9);
    ck_assert_int_eq(frames_next(&line), 1);
    assert_frame("12345678", "12345678\r\n", 10);
}
END_TEST

static const char *const long_lines[] = {"123456789", "123456789\n",
    "123456789\r\n", "12345678\rx", "12345678\r\r\n", "1234567890\n"};

START_TEST(frame_line_over_max_is_an_error_and_nothing_of_it_is_given)
{
    frames_feed_text(long_lines[_i]);
    ck_assert_int_eq(frames_next(&line), -EMSGSIZE);
}
END_TEST

START_TEST(frame_last_gives_a_line_that_end_of_file_cut_off)
{
    frames_feed_text("one\ntwo");
    ck_assert_int_eq(frames_next(&line), 1);
    ck_assert_int_eq(frames_next(&line), 0);

    ck_assert_int_eq(frames_last(&line), 1);

    assert_frame("two", "two", 3);
    ck_assert_int_eq(frames_last(&line), 0);
    ck_assert_uint_eq(leat__frame_partial(&frames.frame), 0);
}
END_TEST

START_TEST(frame_last_keeps_a_cr_but_only_within_max)
{
    frames_feed_text("1234567\r");
    ck_assert_int_eq(frames_next(&line), 0);
    ck_assert_int_eq(frames_last(&line), 1);
    assert_frame("1234567\r", "1234567\r", 8);

    frames_feed_text("12345678\r");
    ck_assert_int_eq(frames_next(&line), 0);
    ck_assert_int_eq(frames_last(&line), -EMSGSIZE);
}
END_TEST

START_TEST(frame_last_gives_nothing_between_frames_and_of_other_kinds)
{
    ck_assert_int_eq(frames_last(&line), 0);
    frames_feed_text("a\n");
    ck_assert_int_eq(frames_next(&line), 1);
    ck_assert_int_eq(frames_last(&line), 0);

    frames_feed_text("abc");
    ck_assert_int_eq(frames_next(&fixed), 0);
    ck_assert_int_eq(frames_last(&fixed), 0);
    ck_assert_uint_eq(leat__frame_partial(&frames.frame), 3);
}
END_TEST

/* --- fixed and prefixed --------------------------------------------------- */

START_TEST(frame_fixed_has_its_size_and_may_hold_any_byte)
{
    frames_feed("ab\n\0wxyz12", 10);

    ck_assert_int_eq(frames_next(&fixed), 1);
    ck_assert_uint_eq(frames.out.body_len, 4);
    ck_assert_mem_eq(frames.out.body, "ab\n\0", 4);
    ck_assert_int_eq(frames_next(&fixed), 1);
    assert_frame("wxyz", "wxyz", 4);
    ck_assert_int_eq(frames_next(&fixed), 0);
    ck_assert_uint_eq(leat__frame_partial(&frames.frame), 2);
    frames_feed_text("34");
    ck_assert_int_eq(frames_next(&fixed), 1);
    assert_frame("1234", "1234", 4);
}
END_TEST

static const struct {
    struct leat_frame_config config;
    const char *bytes;
    size_t len;
} prefixed[] = {
    {{LEAT_PREFIX, 1, 8, false}, "\3abc\0\10", 6},
    {{LEAT_PREFIX, 2, 8, false}, "\0\3abc\0\0\0\10", 9},
    {{LEAT_PREFIX, 4, 8, false}, "\0\0\0\3abc\0\0\0\0\0\0\0\10", 15},
};

START_TEST(frame_prefix_is_big_endian_and_no_part_of_the_body)
{
    const struct leat_frame_config *config = &prefixed[_i].config;
    size_t size = config->size;
    frames_feed(prefixed[_i].bytes, prefixed[_i].len);

    ck_assert_int_eq(frames_next(config), 1);
    assert_frame("abc", prefixed[_i].bytes, size + 3);
    ck_assert_int_eq(frames_next(config), 1);
    assert_frame("", "\0\0\0", size);
    ck_assert_int_eq(frames_next(config), 0);
    ck_assert_uint_eq(leat__frame_partial(&frames.frame), size);
    frames_feed_text("12345678");
    ck_assert_int_eq(frames_next(config), 1);
    ck_assert_mem_eq(frames.out.body, "12345678", 8);
}
END_TEST

static const struct {
    struct leat_frame_config config;
    const char *bytes;
} over[] = {
    {{LEAT_PREFIX, 1, 8, false}, "\11"},
    {{LEAT_PREFIX, 1, 8, false}, "\377"},
    {{LEAT_PREFIX, 2, 8, false}, "\0\11"},
    {{LEAT_PREFIX, 2, 255, false}, "\1\0"},
    {{LEAT_PREFIX, 4, 8, false}, "\0\0\0\11"},
    {{LEAT_PREFIX, 4, 65536, false}, "\377\377\377\377"},
    {{LEAT_PREFIX, 4, INT32_MAX, false}, "\200\0\0\0"},
};

START_TEST(frame_prefix_over_max_is_an_error_as_soon_as_it_is_there)
{
    frames_feed(over[_i].bytes, over[_i].config.size);
    ck_assert_int_eq(frames_next(&over[_i].config), -EMSGSIZE);
    ck_assert_uint_eq(frames.ledger.calls, 0);
}
END_TEST

/* --- memory --------------------------------------------------------------- */

START_TEST(frame_takes_memory_for_what_came_and_not_for_what_is_promised)
{
    static const struct leat_frame_config huge = {
        LEAT_PREFIX, 4, INT32_MAX, false};
    frames_feed("\177\377\377\377abc", 7);

    ck_assert_int_eq(frames_next(&huge), 0);

    ck_assert_uint_eq(leat__frame_partial(&frames.frame), 7);
    ck_assert_uint_le(frames.pool.source.bytes, 64 + LEAT__CLASS_EXTRA);
}
END_TEST

START_TEST(frame_that_spans_pieces_gives_its_block_back_with_the_next_call)
{
    frames_feed_text("ab");
    ck_assert_int_eq(frames_next(&line), 0);
    frames_feed_text("c\n");
    ck_assert_int_eq(frames_next(&line), 1);
    assert_frame("abc", "abc\n", 4);
    ck_assert(!frames.pool.source.has_surplus);
    ck_assert_uint_eq(leat__frame_partial(&frames.frame), 0);

    ck_assert_int_eq(frames_next(&line), 0);

    ck_assert(frames.pool.source.has_surplus);
    ck_assert_ptr_null(frames.frame.partial);
}
END_TEST

START_TEST(frame_that_grows_byte_by_byte_is_copied_few_times)
{
    static const struct leat_frame_config config = {
        LEAT_LINE, 0, 200000, false};

    for (size_t i = 0; i < 200000; i++) {
        frames_feed("x", 1);
        if (frames_next(&config) != 0)
            ck_abort_msg("at byte %zu", i);
    }
    frames_feed_text("\r\n");

    ck_assert_int_eq(frames_next(&config), 1);
    ck_assert_uint_eq(frames.out.body_len, 200000);
    ck_assert_uint_eq(frames.out.whole_len, 200002);
    ck_assert_uint_le(frames.ledger.calls, 16);
    ck_assert_uint_le(frames.frame.capacity, 200004);
}
END_TEST

START_TEST(frame_of_one_byte_and_a_long_rest_keeps_the_byte)
{
    static const struct leat_frame_config config = {
        LEAT_FIXED, 300, 300, false};
    char rest[299];
    memset(rest, 'y', sizeof rest);

    frames_feed("x", 1);
    ck_assert_int_eq(frames_next(&config), 0);
    frames_feed(rest, sizeof rest);
    ck_assert_int_eq(frames_next(&config), 1);

    ck_assert_uint_eq(frames.out.body_len, 300);
    ck_assert_int_eq(frames.out.body[0], 'x');
    ck_assert_mem_eq(frames.out.body + 1, rest, sizeof rest);
}
END_TEST

START_TEST(frame_clear_forgets_what_came)
{
    frames_feed_text("half");
    ck_assert_int_eq(frames_next(&line), 0);

    leat__frame_clear(&frames.frame, &frames.pool);

    ck_assert_uint_eq(leat__frame_partial(&frames.frame), 0);
    frames_feed_text("ab\n");
    ck_assert_int_eq(frames_next(&line), 1);
    assert_frame("ab", "ab\n", 3);
}
END_TEST

/* A line in many pieces, with the first, second, ... allocation failing, until
 * one run needs no more of them. */
START_TEST(frame_without_memory_tells_so_and_has_taken_nothing)
{
    static const struct leat_frame_config config = {
        LEAT_LINE, 0, 100000, false};
    static const char piece[1000] = {0};
    size_t failing = 0;
    size_t failed;

    do {
        frames_teardown();
        frames_setup();
        int result = 0;
        alloc_fail_once(&frames.ledger, ++failing);
        for (int i = 0; i < 90 && result == 0; i++) {
            struct leat__frame before = frames.frame;
            frames_feed(piece, sizeof piece);
            result = frames_next(&config);
            if (result == 0)
                continue;
            ck_assert_int_eq(result, -ENOMEM);
            ck_assert_mem_eq(&frames.frame, &before, sizeof frames.frame);
            ck_assert_uint_eq(frames.left, sizeof piece);
        }
        failed = alloc_heal(&frames.ledger);
        ck_assert_int_eq(result, failed > 0 ? -ENOMEM : 0);
    } while (failed > 0);

    ck_assert_uint_ge(failing, 8);
}
END_TEST

static void
add_line_tests(TCase *tcase)
{
    tcase_add_test(tcase, frame_line_ends_with_lf_or_cr_lf);
    tcase_add_test(tcase, frame_whole_in_a_piece_is_not_copied);
    tcase_add_test(tcase, frame_line_looks_at_no_byte_before_its_own);
    tcase_add_test(tcase, frame_line_may_have_max_bytes_and_an_ending);
    tcase_add_loop_test(tcase,
        frame_line_over_max_is_an_error_and_nothing_of_it_is_given, 0,
        (int)(sizeof long_lines / sizeof long_lines[0]));
    tcase_add_test(tcase, frame_last_gives_a_line_that_end_of_file_cut_off);
    tcase_add_test(tcase, frame_last_keeps_a_cr_but_only_within_max);
    tcase_add_test(
        tcase, frame_last_gives_nothing_between_frames_and_of_other_kinds);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("frame");
    TCase *tcase = tcase_create("frame");

    tcase_add_checked_fixture(tcase, frames_setup, frames_teardown);
    add_line_tests(tcase);
    tcase_add_test(tcase, frame_fixed_has_its_size_and_may_hold_any_byte);
    tcase_add_loop_test(
        tcase, frame_prefix_is_big_endian_and_no_part_of_the_body, 0, 3);
    tcase_add_loop_test(tcase,
        frame_prefix_over_max_is_an_error_as_soon_as_it_is_there, 0,
        (int)(sizeof over / sizeof over[0]));
    tcase_add_test(
        tcase, frame_takes_memory_for_what_came_and_not_for_what_is_promised);
    tcase_add_test(
        tcase, frame_that_spans_pieces_gives_its_block_back_with_the_next_call);
    tcase_add_test(tcase, frame_that_grows_byte_by_byte_is_copied_few_times);
    tcase_add_test(tcase, frame_of_one_byte_and_a_long_rest_keeps_the_byte);
    tcase_add_test(tcase, frame_clear_forgets_what_came);
    tcase_add_test(tcase, frame_without_memory_tells_so_and_has_taken_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
