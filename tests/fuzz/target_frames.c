/*
 * target_frames.c - frames do not depend on how the stream was cut.
 *
 * The configuration and the lengths of up to 15 pieces, which are repeated, and
 * then the stream. It is handed over whole, in these pieces, and in these while
 * one allocation fails; frames, error and rest of the second must be those of
 * the first, and of the third up to the failure.
 */
#include "fuzz.h"

#include "base/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/alloc.h"

#define FRAMES_MOST 512
#define CUTS_MOST 15

/* How long a frame is, and where in it its body. */
struct extent {
    size_t whole, before, body, is_long;
};

struct result {
    struct extent frame[FRAMES_MOST];
    size_t count;
    size_t taken;   /* bytes of them all, and what was skipped */
    int error;      /* 0 the stream was used up; 1 enough frames */
    int last;       /* of leat__frame_last */
    size_t partial; /* before it */
};

struct run {
    const struct leat_frame_config *config;
    const uint8_t *stream;
    size_t len;
    struct leat__frame frame;
    struct leat__pool pool;
    struct alloc_ledger ledger;
};

/* --- configuration -------------------------------------------------------- */

/* What leat__frame_config should say, from the contract. */
static bool
is_right(const struct leat_frame_config *config)
{
    size_t max = config->max == 0 ? 65536 : config->max;

    if ((unsigned)config->kind > 3 || max > 2147483647)
        return false;
    if (config->skip_long && config->kind != LEAT_LINE)
        return false;
    if (config->kind == LEAT_FIXED)
        return config->size >= 1 && config->size <= max;
    if (config->kind == LEAT_PREFIX)
        return config->size == 1 || config->size == 2 || config->size == 4;
    return true;
}

/* Mostly small: there a mistake by one shows. */
static size_t
take_max(struct input *input)
{
    static const size_t large[] = {
        0, 255, 256, 65535, 65536, 70000, 2147483647, 2147483648u, SIZE_MAX};
    uint8_t byte = input_byte(input);

    if (byte < 200)
        return 1 + byte;
    return large[byte % (sizeof large / sizeof large[0])];
}

static bool
take_config(struct input *input, struct leat_frame_config *config)
{
    uint8_t byte = input_byte(input);
    struct leat_frame_config asked = {
        .kind = (enum leat_framing)(byte % 5), .skip_long = byte / 5 % 2 == 1};

    asked.size = input_byte(input);
    asked.max = take_max(input);
    int error = leat__frame_config(config, &asked);

    quick_eq(error, is_right(&asked) ? 0 : -EINVAL);
    return error == 0 && config->kind != LEAT_RAW;
}

/* --- one way to hand the stream over -------------------------------------- */

/* Of a line that is too long its LF ends what is skipped, or the stream does.
 */
static size_t
skipped_to(const struct run *run, size_t begin)
{
    const uint8_t *start = run->stream + begin;
    const uint8_t *feed = memchr(start, '\n', run->len - begin);

    return feed != NULL ? begin + (size_t)(feed - start) + 1 : run->len;
}

/* What must be so of any frame: it is the next bytes of the stream. */
static void
note_frame(struct run *run, struct result *result, const struct leat_frame *out)
{
    size_t before = (size_t)(out->body - out->whole);

    quick_assert(out->whole_len >= 1);
    quick_assert(before + out->body_len <= out->whole_len);
    quick_assert(out->body_len <= run->config->max);
    quick_assert(result->taken + out->whole_len <= run->len);
    quick_assert(
        memcmp(out->whole, run->stream + result->taken, out->whole_len) == 0);
    result->frame[result->count++] =
        (struct extent){out->whole_len, before, out->body_len, out->is_long};
    if (!out->is_long) {
        result->taken += out->whole_len;
        return;
    }
    quick_assert(run->config->skip_long);
    quick_eq(out->whole_len, run->config->max);
    quick_eq(out->body_len, run->config->max);
    result->taken = skipped_to(run, result->taken);
    quick_assert(result->taken > out->whole_len);
}

/* The mistake: an LF that came alone is told with the CR before it as part of
 * the body. */
static void
mistake(const uint8_t *piece, struct leat_frame *out)
{
    if (is_mistaken && !out->is_long && out->whole != piece &&
        piece[0] == '\n' && out->whole_len - out->body_len == 2)
        out->body_len++;
}

/* A piece in a block of its own, which is gone afterwards. */
static void
feed(struct run *run, struct result *result, size_t at, size_t len)
{
    uint8_t *piece = malloc(len);
    const unsigned char *rest = piece;
    size_t left = len;
    struct leat_frame out;

    quick_assert(piece != NULL);
    memcpy(piece, run->stream + at, len);
    for (;;) {
        int found = leat__frame_next(
            &run->frame, run->config, &run->pool, &rest, &left, &out);
        if (found != 1) {
            quick_assert(found < 0 || left == 0);
            result->error = found;
            break;
        }
        mistake(piece, &out);
        note_frame(run, result, &out);
        if (result->count == FRAMES_MOST) {
            result->error = 1;
            break;
        }
    }
    free(piece);
}

static void
end_stream(struct run *run, struct result *result)
{
    struct leat_frame out;

    result->partial = leat__frame_partial(&run->frame);
    quick_eq(result->partial, run->len - result->taken);
    result->last = leat__frame_last(&run->frame, run->config, &out);
    if (result->last != 1)
        return;
    quick_eq(out.whole_len, result->partial - out.is_long);
    quick_eq(out.body_len, out.whole_len);
    quick_assert(
        memcmp(out.whole, run->stream + result->taken, out.whole_len) == 0);
}

/* A length of 0 among the cuts is all that is left. fail_at 0: none does. */
static void
hand_over(struct run *run, struct result *result, const uint8_t *cuts,
    size_t cut_count, size_t fail_at)
{
    size_t at = 0, i = 0;

    *result = (struct result){.count = 0};
    alloc_init(&run->ledger);
    leat__pool_init(&run->pool, &run->ledger.alloc);
    leat__frame_init(&run->frame);
    if (fail_at > 0)
        alloc_fail_once(&run->ledger, fail_at);
    while (at < run->len && result->error == 0) {
        size_t piece = cut_count > 0 ? cuts[i++ % cut_count] : 0;
        if (piece == 0 || piece > run->len - at)
            piece = run->len - at;
        feed(run, result, at, piece);
        at += piece;
    }
    if (result->error == 0)
        end_stream(run, result);
    leat__frame_clear(&run->frame, &run->pool);
    leat__pool_fini(&run->pool);
    alloc_fini(&run->ledger);
}

static void
compare(const struct result *whole, const struct result *cut)
{
    quick_eq(cut->error, whole->error);
    quick_eq(cut->count, whole->count);
    quick_assert(memcmp(cut->frame, whole->frame,
                     whole->count * sizeof whole->frame[0]) == 0);
    quick_eq(cut->last, whole->last);
    quick_eq(cut->partial, whole->partial);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct result whole, cut;
    struct input input = {bytes, len};
    struct leat_frame_config config;

    if (!take_config(&input, &config))
        return 0;
    size_t fail_at = 1 + input_pick(&input, 8);
    size_t cut_count = input_pick(&input, CUTS_MOST + 1);
    const uint8_t *cuts = input_take(&input, &cut_count);
    struct run run = {.config = &config, .stream = input.at, .len = input.left};

    hand_over(&run, &whole, NULL, 0, 0);
    hand_over(&run, &cut, cuts, cut_count, 0);
    compare(&whole, &cut);
    hand_over(&run, &cut, cuts, cut_count, fail_at);
    if (cut.error != -ENOMEM)
        compare(&whole, &cut);
    quick_assert(cut.count <= whole.count);
    quick_assert(
        memcmp(whole.frame, cut.frame, cut.count * sizeof cut.frame[0]) == 0);
    return 0;
}
