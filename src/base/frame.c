/*
 * frame.c - find where frames end in a stream that arrives in pieces.
 *
 * On the path: conn_in (phase 3) -> HERE -> service.on_message.
 *
 * Invariants:
 *  1. len > 0 => partial holds the first len bytes of one frame, nothing else
 *  2. is_delivered => what is in partial was handed out; the next call gives it
 *     back
 *  3. partial is NULL exactly when capacity is 0, and then len is 0
 *  4. is_skipping => is_delivered: the beginning of a line that is too long was
 *     handed out, and all bytes up to the next LF belong to it
 *
 * What comes out depends on the bytes alone, never on how they were cut: each
 * kind of frame has one function that judges the bytes kept together with the
 * bytes at hand, and it says "too long" as soon as no continuation could make
 * the frame short enough - neither earlier nor later for other pieces.
 */
#include "frame.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#define MAX_DEFAULT ((size_t)64 * 1024)
#define MAX_MOST ((size_t)INT32_MAX)

/* What a frame has beyond its body at most: a prefix of 4, or CR and LF. */
#define AROUND_BODY 4u

/* The beginning of a frame: what is kept of it, then the piece at hand. */
struct view {
    const unsigned char *kept, *more;
    size_t kept_len, more_len;
};

/* As if the two were one; i is below the sum of their lengths. */
static unsigned char
byte_at(const struct view *view, size_t i)
{
    return i < view->kept_len ? view->kept[i] : view->more[i - view->kept_len];
}

/* --- how far a frame reaches -------------------------------------------- */

/*
 * Each sets *take to how many bytes of view->more belong to the frame. 1: with
 * them it is whole; 0: all of more belongs to it and it is not whole yet;
 * -EMSGSIZE.
 */
typedef int (*extent_fn)(const struct leat_frame_config *config,
    const struct view *view, size_t *take);

/* A frame of so many bytes in all. */
static int
extent_of_known(const struct view *view, size_t whole, size_t *take)
{
    size_t missing = whole - view->kept_len;

    *take = missing < view->more_len ? missing : view->more_len;
    return missing <= view->more_len;
}

/* The size of the frame is the configuration's. */
static int
extent_of_fixed(const struct leat_frame_config *config, const struct view *view,
    size_t *take)
{
    return extent_of_known(view, config->size, take);
}

/* The size of the frame is the peer's claim, so it is held against max before
 * anything else is done with it. */
static int
extent_of_prefix(const struct leat_frame_config *config,
    const struct view *view, size_t *take)
{
    /* Until the prefix is there, it alone is what is waited for. */
    if (view->kept_len + view->more_len < config->size)
        return extent_of_known(view, config->size, take);

    /* Four bytes at most, decoded anew with each piece: cheaper than a state.
     */
    size_t body = 0;
    for (size_t i = 0; i < config->size; i++)
        body = body << 8 | byte_at(view, i);
    if (body > config->max)
        return -EMSGSIZE;
    return extent_of_known(view, config->size + body, take);
}

/* No line ends in what there is: may one still end in time? Beyond max only a
 * CR may come, and only right before the LF. */
static int
extent_of_open_line(const struct leat_frame_config *config,
    const struct view *view, size_t *take)
{
    size_t len = view->kept_len + view->more_len;

    if (len > config->max + 1)
        return -EMSGSIZE;
    if (len == config->max + 1 && byte_at(view, len - 1) != '\r')
        return -EMSGSIZE;
    *take = view->more_len;
    return 0;
}

static int
extent_of_line(const struct leat_frame_config *config, const struct view *view,
    size_t *take)
{
    /* There is no LF in what is kept: it was searched when it came. In the
     * rest none is looked for where it would be too late anyway. */
    size_t reach = config->max + 2 - view->kept_len;
    if (reach > view->more_len)
        reach = view->more_len;
    const unsigned char *feed = memchr(view->more, '\n', reach);
    if (feed == NULL)
        return extent_of_open_line(config, view, take);

    /* The CR may have come with an earlier piece than its LF. */
    *take = (size_t)(feed - view->more) + 1;
    size_t body = view->kept_len + *take - 1;
    if (body > 0 && byte_at(view, body - 1) == '\r')
        body--;
    return body > config->max ? -EMSGSIZE : 1;
}

/* No entry for LEAT_RAW, which has no frames to look for. */
static const extent_fn extent_of[] = {
    [LEAT_LINE] = extent_of_line,
    [LEAT_FIXED] = extent_of_fixed,
    [LEAT_PREFIX] = extent_of_prefix,
};

/* --- what is kept between pieces ---------------------------------------- */

void
leat__frame_init(struct leat__frame *frame)
{
    memset(frame, 0, sizeof *frame);
}

void
leat__frame_clear(struct leat__frame *frame, struct leat__pool *pool)
{
    leat__pool_give(pool, frame->partial, frame->capacity);
    leat__frame_init(frame);
}

/*
 * Have room for need bytes in all, of a frame that has at most most. The block
 * grows with what has come, not with what a prefix promises: four bytes must
 * not be enough to make us take 2 GiB. Growing by half leads from each size
 * class of the pool to the next.
 */
static int
make_room(struct leat__frame *frame, struct leat__pool *pool, size_t need,
    size_t most)
{
    if (need <= frame->capacity)
        return 0;

    size_t size = frame->capacity + frame->capacity / 2;
    if (size > most)
        size = most;
    if (size < need)
        size = need;
    size_t capacity;
    /* Taken before the old one is given: on failure nothing has changed. */
    unsigned char *larger = leat__pool_take(pool, size, &capacity);
    if (larger == NULL)
        return -ENOMEM;

    if (frame->len > 0)
        memcpy(larger, frame->partial, frame->len);
    leat__pool_give(pool, frame->partial, frame->capacity);
    frame->partial = larger;
    frame->capacity = capacity;
    return 0;
}

/* --- delivery ----------------------------------------------------------- */

/* Who got the last frame has returned: an idle connection keeps no block. Of a
 * line that was too long all up to its LF is thrown away, or all there is. */
static void
settle(struct leat__frame *frame, struct leat__pool *pool,
    const unsigned char **bytes, size_t *len)
{
    bool is_skipping = frame->is_skipping;

    leat__frame_clear(frame, pool);
    if (!is_skipping)
        return;
    const unsigned char *feed = *len > 0 ? memchr(*bytes, '\n', *len) : NULL;
    size_t take = feed != NULL ? (size_t)(feed - *bytes) + 1 : *len;
    *bytes += take;
    *len -= take;
    frame->is_skipping = frame->is_delivered = feed == NULL;
}

/* Describe a whole frame; where its body lies within it depends on the kind. */
static void
describe(const struct leat_frame_config *config, const unsigned char *whole,
    size_t len, struct leat_frame *out)
{
    /* A CR right before the LF belongs to the ending, also of an empty line. */
    size_t before = config->kind == LEAT_PREFIX ? config->size : 0;
    size_t after = 0;

    if (config->kind == LEAT_LINE)
        after = len > 1 && whole[len - 2] == '\r' ? 2 : 1;
    out->whole = whole;
    out->whole_len = len;
    out->body = whole + before;
    out->body_len = len - before - after;
    out->is_long = false;
}

/*
 * The line is too long: hand out its first max bytes, which are there, and skip
 * the rest from the next call on. Neither depends on the cuts, since the line
 * was judged by its bytes alone.
 */
static int
give_beginning(struct leat__frame *frame,
    const struct leat_frame_config *config, struct leat__pool *pool,
    const unsigned char **bytes, size_t *len, struct leat_frame *out)
{
    /* A CR beyond max may have been kept. */
    size_t take = frame->len < config->max ? config->max - frame->len : 0;
    const unsigned char *body = *bytes;

    assert(take < *len);
    if (frame->len > 0) {
        int error = make_room(frame, pool, config->max, config->max);
        if (error != 0)
            return error;
        memcpy(frame->partial + frame->len, *bytes, take);
        frame->len += take;
        body = frame->partial;
    }
    *out = (struct leat_frame){body, config->max, body, config->max, true};
    *bytes += take;
    *len -= take;
    frame->is_delivered = frame->is_skipping = true;
    return 1;
}

int
leat__frame_next(struct leat__frame *frame,
    const struct leat_frame_config *config, struct leat__pool *pool,
    const unsigned char **bytes, size_t *len, struct leat_frame *out)
{
    assert(config->kind != LEAT_RAW);
    if (frame->is_delivered)
        settle(frame, pool, bytes, len);
    if (*len == 0)
        return 0;

    /* Judge first, then change: after an error nothing was taken. */
    struct view view = {frame->partial, *bytes, frame->len, *len};
    size_t take;
    int result = extent_of[config->kind](config, &view, &take);
    if (result < 0 && config->skip_long)
        return give_beginning(frame, config, pool, bytes, len, out);
    if (result < 0)
        return result;

    /* What needs keeping is kept; a frame that lies whole in the piece is not
     * copied. */
    bool is_in_place = result == 1 && frame->len == 0;
    if (!is_in_place) {
        int error = make_room(
            frame, pool, frame->len + take, config->max + AROUND_BODY);
        if (error != 0)
            return error;
        memcpy(frame->partial + frame->len, *bytes, take);
        frame->len += take;
        frame->is_delivered = result == 1;
    }
    if (result == 1)
        describe(config, is_in_place ? *bytes : frame->partial,
            is_in_place ? take : frame->len, out);
    /* Either a frame ended here, or the piece is used up. */
    *bytes += take;
    *len -= take;
    return result;
}

int
leat__frame_last(struct leat__frame *frame,
    const struct leat_frame_config *config, struct leat_frame *out)
{
    if (config->kind != LEAT_LINE || leat__frame_partial(frame) == 0)
        return 0;
    /* A CR beyond max waited for its LF; now it is one byte too many. */
    bool is_long = frame->len > config->max;
    if (is_long && !config->skip_long)
        return -EMSGSIZE;

    /* Nothing is cut off a line in time, not even a CR: it has no ending. */
    size_t len = is_long ? config->max : frame->len;
    *out =
        (struct leat_frame){frame->partial, len, frame->partial, len, is_long};
    frame->is_delivered = true;
    return 1;
}

/* A frame that was handed out is whole, though its block is still here. */
size_t
leat__frame_partial(const struct leat__frame *frame)
{
    return frame->is_delivered ? 0 : frame->len;
}

/* --- configuration ------------------------------------------------------ */

static bool
is_size_right(enum leat_framing kind, size_t size, size_t max)
{
    if (kind == LEAT_FIXED)
        return size >= 1 && size <= max;
    if (kind == LEAT_PREFIX)
        return size == 1 || size == 2 || size == 4;
    return true; /* the others do not use it */
}

/* Everything after this trusts the numbers, so they are checked once, when a
 * listener or connection is made. */
int
leat__frame_config(
    struct leat_frame_config *out, const struct leat_frame_config *config)
{
    unsigned kind = (unsigned)config->kind;
    size_t max = config->max != 0 ? config->max : MAX_DEFAULT;

    if (kind > (unsigned)LEAT_PREFIX || max > MAX_MOST)
        return -EINVAL;
    if (!is_size_right(config->kind, config->size, max))
        return -EINVAL;
    if (config->skip_long && config->kind != LEAT_LINE)
        return -EINVAL; /* the end of another frame is not to be found */
    /* Field by field in the order of the struct; config may be out itself. */
    *out = (struct leat_frame_config){
        config->kind, config->size, max, config->skip_long};
    return 0;
}
