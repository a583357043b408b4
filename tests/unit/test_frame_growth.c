/*
 * test_frame_growth.c - the block of a frame that comes byte by byte.
 */
#include "base/frame.h"

#include "support/frame_rig.h"
#include "support/run.h"

#define BODY 200000

static const struct leat_frame_config line = {.kind = LEAT_LINE, .max = BODY};
static const struct leat_frame_config prefix = {
    .kind = LEAT_PREFIX, .size = 4, .max = BODY};

static int
feed(const struct leat_frame_config *config, const char *text, size_t len)
{
    frames_feed(text, len);
    return frames_next(config);
}

/* So many bytes that end no frame, one at a time. */
static void
feed_many(const struct leat_frame_config *config, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (feed(config, "x", 1) != 0)
            ck_abort_msg("a frame at byte %zu", i);
}

START_TEST(frame_keeps_its_block_until_that_is_full)
{
    ck_assert_int_eq(feed(&line, "x", 1), 0);
    const unsigned char *block = frames.frame.partial;
    size_t capacity = frames.frame.capacity;

    feed_many(&line, capacity - 1);
    ck_assert_ptr_eq(frames.frame.partial, block);
    ck_assert_uint_eq(frames.frame.capacity, capacity);

    feed_many(&line, 1);
    ck_assert_ptr_ne(frames.frame.partial, block);
    ck_assert_uint_eq(leat__frame_partial(&frames.frame), capacity + 1);
}
END_TEST

/* Else a long frame would be copied again and again. */
START_TEST(frame_block_grows_by_half_until_it_can_hold_the_longest)
{
    const size_t most = BODY + 4;
    size_t before = 0;

    for (size_t i = 0; i < BODY; i++) {
        feed_many(&line, 1);
        if (frames.frame.capacity == before)
            continue;
        ck_assert_uint_ge(frames.frame.capacity,
            before * 3 / 2 < most ? before * 3 / 2 : most);
        before = frames.frame.capacity;
    }
    ck_assert_uint_le(before, most + most / 16); /* rounded up by the pool */
    ck_assert_int_eq(feed(&line, "\r\n", 2), 1);
    ck_assert_uint_eq(frames.out.body_len, BODY);
}
END_TEST

START_TEST(frame_with_a_prefix_needs_no_memory_for_its_last_byte)
{
    ck_assert_int_eq(feed(&prefix, "\0\3\15\100", 4), 0);
    feed_many(&prefix, BODY - 1);
    const unsigned char *block = frames.frame.partial;

    ck_assert_int_eq(feed(&prefix, "y", 1), 1);

    ck_assert_ptr_eq(frames.frame.partial, block);
    ck_assert_uint_eq(frames.out.body_len, BODY);
    ck_assert_int_eq(frames.out.body[BODY - 1], 'y');
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("frame_growth");
    TCase *tcase = tcase_create("frame_growth");

    tcase_add_checked_fixture(tcase, frames_setup, frames_teardown);
    tcase_add_test(tcase, frame_keeps_its_block_until_that_is_full);
    tcase_add_test(
        tcase, frame_block_grows_by_half_until_it_can_hold_the_longest);
    tcase_add_test(
        tcase, frame_with_a_prefix_needs_no_memory_for_its_last_byte);
    suite_add_tcase(suite, tcase);
    return suite;
}
