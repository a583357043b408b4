/*
 * frame.h - cut a stream into frames, wherever the pieces of it were cut.
 *
 * What is whole in the piece at hand is pointed at where it is; only a frame
 * that spans pieces is copied, into a block of the pool that grows with it.
 * Each byte is looked at once, however small the pieces.
 */
#ifndef LEAT_BASE_FRAME_H
#define LEAT_BASE_FRAME_H

#include "pool.h"

#include <leat/frame.h>

struct leat__frame {
    unsigned char *partial; /* what has come of the frame; NULL without any */
    size_t capacity;        /* of the pool block */
    size_t len;             /* bytes in partial */
    bool is_delivered;      /* a frame was handed out that the next call has to
                             * settle: give partial back, or skip */
    bool is_skipping;       /* its line goes on, up to an LF */
};

/* Fill in defaults and check. 0 or -EINVAL. */
int leat__frame_config(
    struct leat_frame_config *out, const struct leat_frame_config *config);

void leat__frame_init(struct leat__frame *frame);

/*
 * The next whole frame.
 *
 * bytes, len   the rest of the piece; moved past what was taken
 * out          the frame; valid until the next call for the same frame
 *
 * 1 a frame; 0 the piece is used up, more is needed; -EMSGSIZE the frame is
 * longer than config->max, and skip_long is off; -ENOMEM. After an error only
 * clear makes sense. config->kind is not LEAT_RAW.
 */
int leat__frame_next(struct leat__frame *frame,
    const struct leat_frame_config *config, struct leat__pool *pool,
    const unsigned char **bytes, size_t *len, struct leat_frame *out);

/* At end of file: 1 and a last line without an ending; 0 there is none;
 * -EMSGSIZE it is max bytes and a CR, which without LF is one too many; with
 * skip_long it is a long line. */
int leat__frame_last(struct leat__frame *frame,
    const struct leat_frame_config *config, struct leat_frame *out);

/* Bytes that have come of a frame that is not whole. */
size_t leat__frame_partial(const struct leat__frame *frame);

/* Forget what has come and give the block back. */
void leat__frame_clear(struct leat__frame *frame, struct leat__pool *pool);

#endif
