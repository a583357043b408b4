/*
 * eva_frame.c - base/frame.c for Eva: one call for each kind of frame, from
 * each state, with each number of bytes kept and at hand, whatever they are.
 *
 * Lengths are tried one by one, as Eva knows a variable's values but not how
 * two of them go together. A block lies at the end of its array, so that one
 * byte more than was asked for is beyond it; and each may be the one that is
 * not to be had. What a call leaves behind is such a state again.
 */
#include "eva.h"

#include "base/frame.h"

#define MAX_MOST 2
#define PIECE_MOST 4
#define ROOM 16

/* What is kept, what may be taken for it, and what is at hand. */
static unsigned char kept_room[ROOM], next_room[ROOM], piece_room[ROOM];
static struct leat__pool pool;

size_t eva_place;

void *
leat__pool_take(struct leat__pool *from, size_t size, size_t *capacity)
{
    (void)from;
    //@ assert 0 < size <= ROOM;
    *capacity = size;
    return any_bool() ? next_room + ROOM - size : NULL;
}

void
leat__pool_give(struct leat__pool *to, void *block, size_t capacity)
{
    (void)to;
    //@ assert (block == \null) <==> (capacity == 0);
    (void)block;
    (void)capacity;
}

static void
fill(unsigned char room[ROOM])
{
    //@ loop unroll 16;
    for (int i = 0; i < ROOM; i++)
        room[i] = Frama_C_unsigned_char_interval(0, UCHAR_MAX);
}

/* Whoever gets a frame reads all of it. */
static void
read_frame(const struct leat_frame *out)
{
    unsigned sum = 0;

    //@ assert 1 <= out->whole_len <= ROOM;
    //@ loop unroll 16;
    for (size_t i = 0; i < out->whole_len; i++)
        sum += out->whole[i];
    //@ loop unroll 16;
    for (size_t i = 0; i < out->body_len; i++)
        sum += out->body[i];
    (void)sum;
}

enum state { WAITS, DELIVERED, SKIPS, STATES };

static void
try_one(const struct leat_frame_config *config, enum state state, size_t kept,
    size_t len)
{
    const unsigned char *bytes = piece_room + ROOM - len;
    struct leat_frame out;
    struct leat__frame frame = {
        .partial = kept > 0 ? kept_room + ROOM - kept : NULL,
        .capacity = kept,
        .len = kept,
        .is_delivered = state != WAITS,
        .is_skipping = state == SKIPS,
    };

    if (leat__frame_next(&frame, config, &pool, &bytes, &len, &out) == 1)
        read_frame(&out);
    (void)leat__frame_partial(&frame);
    if (leat__frame_last(&frame, config, &out) == 1)
        read_frame(&out);
    leat__frame_clear(&frame, &pool);
}

/* kept_most: a frame of more bytes would be whole, or too long. */
static void
try_lengths(const struct leat_frame_config *config, size_t kept_most)
{
    //@ loop unroll 16;
    for (size_t kept = 0; kept <= kept_most; kept++)
        //@ loop unroll 16;
        for (size_t len = 0; len <= PIECE_MOST; len++)
            //@ loop unroll 16;
            for (eva_place = 0; eva_place <= PIECE_MOST; eva_place++)
                //@ loop unroll 4;
                for (int state = WAITS; state < STATES; state++)
                    if (config->kind == LEAT_LINE ||
                        (eva_place == 0 && state != SKIPS))
                        try_one(config, (enum state)state, kept, len);
}

/* --- prefixes ------------------------------------------------------------- */

/* The i-th byte of what is kept and at hand, if there is one. */
static void
set_byte(size_t kept, size_t len, size_t i, unsigned char byte)
{
    if (i < kept)
        kept_room[ROOM - kept + i] = byte;
    else if (i < kept + len)
        piece_room[ROOM - len + i - kept] = byte;
}

/* A body of so many bytes, or, if it is huge, of any number above 255. */
static void
set_prefix(size_t size, size_t kept, size_t len, size_t body, bool is_huge)
{
    //@ loop unroll 4;
    for (size_t i = 0; i + 1 < size; i++)
        set_byte(kept, len, i, 0);
    if (is_huge)
        set_byte(kept, len, 0, Frama_C_unsigned_char_interval(1, UCHAR_MAX));
    set_byte(kept, len, size - 1, (unsigned char)body);
}

/* What is kept is less than the frame. */
static void
try_prefix(const struct leat_frame_config *config, size_t body, bool is_huge)
{
    size_t size = config->size;
    size_t most = is_huge || body > config->max ? size : size + body;

    //@ loop unroll 16;
    for (size_t kept = 0; kept < most; kept++)
        //@ loop unroll 16;
        for (size_t len = 0; len <= size + PIECE_MOST; len++)
            //@ loop unroll 2;
            for (int state = WAITS; state <= DELIVERED; state++) {
                fill(kept_room);
                fill(piece_room);
                set_prefix(size, kept, len, body, is_huge);
                try_one(config, (enum state)state, kept, len);
            }
}

static void
try_prefixes(const struct leat_frame_config *config)
{
    //@ loop unroll 16;
    for (size_t body = 0; body <= config->max + 1; body++)
        try_prefix(config, body, false);
    if (config->size > 1)
        try_prefix(config, 0, true);
}

/* --- all of them ---------------------------------------------------------- */

static void
try_config(enum leat_framing kind, size_t size, size_t max, bool skip_long)
{
    struct leat_frame_config asked = {kind, size, max, skip_long}, config;

    if (leat__frame_config(&config, &asked) != 0)
        return;
    if (kind == LEAT_LINE)
        try_lengths(&config, max + 1);
    else if (kind == LEAT_FIXED)
        try_lengths(&config, size - 1);
    else
        try_prefixes(&config);
}

int
main(void)
{
    fill(kept_room);
    fill(next_room);
    fill(piece_room);
    //@ loop unroll 8;
    for (size_t max = 1; max <= MAX_MOST; max++) {
        try_config(LEAT_LINE, 0, max, false);
        try_config(LEAT_LINE, 0, max, true);
        //@ loop unroll 8;
        for (size_t size = 0; size <= MAX_MOST + 1; size++)
            try_config(LEAT_FIXED, size, max, false);
        //@ loop unroll 8;
        for (size_t size = 0; size <= 5; size++)
            try_config(LEAT_PREFIX, size, max, false);
    }
    struct leat_frame_config any = {(enum leat_framing)Frama_C_interval(0, 9),
        any_size(0, SIZE_MAX), any_size(0, SIZE_MAX), any_bool()};
    (void)leat__frame_config(&any, &any);
    return 0;
}
