/*
 * test_frame_model.c - frames do not depend on how the stream was cut.
 *
 * A slow reference looks at a stream from its beginning. After each piece what
 * the splitter has given out, kept or refused must be what the reference makes
 * of the same bytes in one go. All short streams over a small alphabet in all
 * cuts (LEAT_DEPTH is their length), and long ones cut by chance (LEAT_OPS is
 * about the number of pieces, LEAT_SEED).
 */
#include "base/frame.h"

#include <errno.h>
#include <string.h>

#include "support/dice.h"
#include "support/frame_rig.h"
#include "support/quick.h"
#include "support/run.h"

#define STREAM_MAX (1u << 17)

static unsigned char stream[STREAM_MAX];

/* --- the reference -------------------------------------------------------- */

/* The length of the frame that len bytes begin with, 0 when it is not whole;
 * -EMSGSIZE. */
typedef long (*measure_fn)(const struct leat_frame_config *config,
    const unsigned char *bytes, size_t len, struct leat_frame *out);

static long
measure_line(const struct leat_frame_config *config, const unsigned char *bytes,
    size_t len, struct leat_frame *out)
{
    const unsigned char *lf = len > 0 ? memchr(bytes, '\n', len) : NULL;
    size_t end = lf != NULL ? (size_t)(lf - bytes) : len;
    bool is_whole = lf != NULL;
    /* Without an LF, a last CR may turn out to belong to the ending. */
    size_t body = end > 0 && bytes[end - 1] == '\r' ? end - 1 : end;
    if (body > config->max)
        return -EMSGSIZE;
    *out = (struct leat_frame){bytes, body, bytes, end + 1, false};
    return is_whole ? (long)end + 1 : 0;
}

static long
measure_fixed(const struct leat_frame_config *config,
    const unsigned char *bytes, size_t len, struct leat_frame *out)
{
    *out = (struct leat_frame){bytes, config->size, bytes, config->size, false};
    return len >= config->size ? (long)config->size : 0;
}

static long
measure_prefix(const struct leat_frame_config *config,
    const unsigned char *bytes, size_t len, struct leat_frame *out)
{
    size_t body = 0;

    if (len < config->size)
        return 0;
    for (size_t i = 0; i < config->size; i++)
        body = body * 256 + bytes[i];
    if (body > config->max)
        return -EMSGSIZE;
    size_t whole = config->size + body;
    *out = (struct leat_frame){bytes + config->size, body, bytes, whole, false};
    return len >= whole ? (long)whole : 0;
}

static const measure_fn measure[] = {
    [LEAT_LINE] = measure_line,
    [LEAT_FIXED] = measure_fixed,
    [LEAT_PREFIX] = measure_prefix,
};

/* --- one piece ------------------------------------------------------------ */

static bool
is_same(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

/* Where in the stream the splitter is: the frames before it were compared. */
struct progress {
    size_t begin;     /* of the frame that is not whole yet */
    bool is_skipping; /* or of the rest of a line that was too long */
    int error;
};

/* Go past the rest of a line that was too long, as far as end. */
static void
skip(struct progress *progress, size_t end)
{
    while (progress->is_skipping && progress->begin < end)
        progress->is_skipping = stream[progress->begin++] != '\n';
}

/* One frame that was given out of a piece that begins at start. */
static void
compare_frame(const struct leat_frame_config *config, struct progress *progress,
    const struct leat_frame *given, size_t end, size_t start,
    const unsigned char *piece)
{
    struct leat_frame expected;
    skip(progress, end);
    const unsigned char *begin = stream + progress->begin;
    long whole =
        measure[config->kind](config, begin, end - progress->begin, &expected);

    if (whole == -EMSGSIZE && config->skip_long) {
        whole = (long)config->max;
        expected =
            (struct leat_frame){begin, config->max, begin, config->max, true};
        progress->is_skipping = true;
    }
    quick_assert(whole > 0);
    quick_eq(given->is_long, expected.is_long);
    quick_assert(is_same(
        given->whole, given->whole_len, expected.whole, expected.whole_len));
    quick_assert(is_same(
        given->body, given->body_len, expected.body, expected.body_len));
    /* What lay whole in the piece was not copied. */
    if (progress->begin >= start)
        quick_assert(given->whole == piece + (progress->begin - start));
    progress->begin += (size_t)whole;
}

/* Hand out the bytes from start to end as a piece of its own, in a block of
 * its own that is gone afterwards. */
static void
feed(const struct leat_frame_config *config, struct progress *progress,
    size_t start, size_t end)
{
    struct leat_frame given;
    size_t left = end - start;
    unsigned char *piece =
        frames.ledger.alloc.resize(&frames.ledger, NULL, left);
    const unsigned char *at = piece;
    int result;

    memcpy(piece, stream + start, left);
    do {
        result = leat__frame_next(
            &frames.frame, config, &frames.pool, &at, &left, &given);
        if (result == 1)
            compare_frame(config, progress, &given, end, start, piece);
    } while (result == 1);
    progress->error = result;
    quick_assert(result < 0 || left == 0);
    frames.ledger.alloc.resize(&frames.ledger, piece, 0);
}

/* After a piece: nothing more is whole, and what is kept is the rest. */
static void
compare_rest(const struct leat_frame_config *config, struct progress *progress,
    size_t end)
{
    struct leat_frame next;
    size_t reach = config->kind == LEAT_FIXED ? config->size : config->max + 4;
    skip(progress, end);
    size_t rest = end - progress->begin;
    long whole =
        measure[config->kind](config, stream + progress->begin, rest, &next);

    quick_assert(frames.frame.capacity <= leat__pool_capacity(reach));
    quick_assert(!progress->is_skipping || frames.frame.capacity == 0);
    quick_eq(progress->error, whole);
    if (progress->error == 0)
        quick_eq(leat__frame_partial(&frames.frame), rest);
}

/* At end of file: what the stream breaks off with. */
static void
compare_last(const struct leat_frame_config *config,
    const struct progress *progress, size_t len)
{
    struct leat_frame last;
    size_t rest = len - progress->begin;
    int expected = 0;
    bool is_long = config->kind == LEAT_LINE && rest > config->max;

    if (config->kind == LEAT_LINE && rest > 0)
        expected = is_long && !config->skip_long ? -EMSGSIZE : 1;
    quick_eq(leat__frame_last(&frames.frame, config, &last), expected);
    if (expected == 1) {
        size_t there = is_long ? config->max : rest;
        quick_assert(is_same(
            last.whole, last.whole_len, stream + progress->begin, there));
        quick_assert(last.body == last.whole && last.body_len == there);
        quick_eq(last.is_long, is_long);
    }
}

/* --- all short streams in all cuts ---------------------------------------- */

static const struct {
    struct leat_frame_config config;
    const char *alphabet;
    size_t letters;
} small[] = {
    {{LEAT_LINE, 0, 1, false}, "a\r\n", 3},
    {{LEAT_LINE, 0, 2, false}, "a\r\n", 3},
    {{LEAT_LINE, 0, 4, false}, "a\r\n", 3},
    {{LEAT_LINE, 0, 1, true}, "a\r\n", 3},
    {{LEAT_LINE, 0, 2, true}, "a\r\n", 3},
    {{LEAT_LINE, 0, 4, true}, "a\r\n", 3},
    {{LEAT_FIXED, 1, 9, false}, "ab", 2},
    {{LEAT_FIXED, 2, 9, false}, "ab", 2},
    {{LEAT_FIXED, 3, 9, false}, "ab", 2},
    {{LEAT_FIXED, 7, 9, false}, "ab", 2},
    {{LEAT_PREFIX, 1, 2, false}, "\0\1\2\3", 4},
    {{LEAT_PREFIX, 1, 5, false}, "\1\4\6", 3},
    {{LEAT_PREFIX, 2, 2, false}, "\0\1\3", 3},
    {{LEAT_PREFIX, 2, 256, false}, "\0\1\2", 3},
    {{LEAT_PREFIX, 4, 2, false}, "\0\2", 2},
};

/* Bit i of cuts cuts before byte i + 1. */
static void
try_cuts(const struct leat_frame_config *config, size_t len, size_t cuts)
{
    struct progress progress = {0, false, 0};
    size_t start = 0;

    for (size_t end = 1; end <= len && progress.error == 0; end++) {
        if (end < len && (cuts >> (end - 1) & 1) == 0)
            continue;
        feed(config, &progress, start, end);
        compare_rest(config, &progress, end);
        start = end;
    }
    if (progress.error == 0)
        compare_last(config, &progress, len);
    leat__frame_clear(&frames.frame, &frames.pool);
}

/* The next stream of this length; false after the last one. */
static bool
next_stream(size_t *digits, size_t len, const char *alphabet, size_t letters)
{
    size_t i = 0;

    while (i < len && ++digits[i] == letters)
        digits[i++] = 0;
    for (size_t k = 0; k < len; k++)
        stream[k] = (unsigned char)alphabet[digits[k]];
    return i < len;
}

#define SHORT_MAX 16

START_TEST(frame_of_short_streams_is_independent_of_all_cuts)
{
    size_t most = dice_env("LEAT_DEPTH", 7);
    quick_assert(most <= SHORT_MAX);

    for (size_t len = 1; len <= most; len++) {
        size_t digits[SHORT_MAX] = {0};
        memset(stream, small[_i].alphabet[0], len);
        do {
            for (size_t cuts = 0; cuts < (size_t)1 << (len - 1); cuts++)
                try_cuts(&small[_i].config, len, cuts);
        } while (
            next_stream(digits, len, small[_i].alphabet, small[_i].letters));
    }
}
END_TEST

/* --- long streams cut by chance ------------------------------------------- */

static const struct leat_frame_config large[] = {
    {LEAT_LINE, 0, 100, false},
    {LEAT_LINE, 0, 65536, false},
    {LEAT_LINE, 0, 1, true},
    {LEAT_LINE, 0, 100, true},
    {LEAT_LINE, 0, 20000, true},
    {LEAT_FIXED, 16, 65536, false},
    {LEAT_FIXED, 5000, 65536, false},
    {LEAT_PREFIX, 1, 255, false},
    {LEAT_PREFIX, 2, 65535, false},
    {LEAT_PREFIX, 4, 70000, false},
};

/* A body has so many bytes at most. */
static size_t
longest(const struct leat_frame_config *config)
{
    return config->skip_long ? 3 * config->max : config->max + 1;
}

/* Bytes without LF, then whatever makes a frame of this kind of them; now and
 * then one over max. Returns its length. */
static size_t
write_frame(
    struct dice *dice, const struct leat_frame_config *config, size_t at)
{
    size_t most = dice_roll(dice, 3) == 0 ? config->max : config->max / 50 + 2;
    size_t body = dice_roll(dice, most + 1) + (dice_roll(dice, 500) == 0);
    if (config->skip_long && dice_roll(dice, 4) == 0)
        body = dice_roll(dice, longest(config) + 1);
    size_t before = config->kind == LEAT_PREFIX ? config->size : 0;

    for (size_t i = 0; i < before; i++)
        stream[at + i] = (unsigned char)(body >> 8 * (before - 1 - i));
    for (size_t i = 0; i < body; i++)
        stream[at + before + i] = (unsigned char)('\r' + dice_roll(dice, 99));
    if (config->kind != LEAT_LINE)
        return before + body;
    if (dice_roll(dice, 2) == 0)
        stream[at + body++] = '\r';
    stream[at + body++] = '\n';
    return body;
}

static size_t
write_stream(struct dice *dice, const struct leat_frame_config *config)
{
    size_t len = 0;

    while (len < STREAM_MAX - longest(config) - 8 && dice_roll(dice, 40) != 0)
        len += write_frame(dice, config, len);
    /* Broken off somewhere. */
    return len - dice_roll(dice, len < 100 ? len + 1 : 100);
}

START_TEST(frame_of_long_streams_is_independent_of_random_cuts)
{
    const struct leat_frame_config *config = &large[_i];
    struct dice dice;
    dice_init(&dice, "frame model");
    size_t pieces = dice_env("LEAT_OPS", 300000) / 7;
    size_t count = 0;

    while (count < pieces) {
        size_t len = write_stream(&dice, config);
        size_t most = (size_t)1 << dice_roll(&dice, 17);
        struct progress progress = {0, false, 0};
        size_t end = 0;
        for (; end < len && progress.error == 0; count++) {
            size_t start = end;
            end += 1 + dice_roll(&dice, most);
            end = end < len ? end : len;
            feed(config, &progress, start, end);
            compare_rest(config, &progress, end);
        }
        if (progress.error == 0)
            compare_last(config, &progress, len);
        leat__frame_clear(&frames.frame, &frames.pool);
        count++; /* also where there was nothing to cut */
    }
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("frame_model");
    TCase *tcase = tcase_create("frame_model");

    tcase_add_checked_fixture(tcase, frames_setup, frames_teardown);
    tcase_add_loop_test(tcase,
        frame_of_short_streams_is_independent_of_all_cuts, 0,
        (int)(sizeof small / sizeof small[0]));
    tcase_add_loop_test(tcase,
        frame_of_long_streams_is_independent_of_random_cuts, 0,
        (int)(sizeof large / sizeof large[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}
