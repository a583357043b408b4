/*
 * leat/frame.h - where one message ends and the next begins.
 *
 * TCP carries a stream: what was sent with one call may arrive in pieces or
 * together with what follows. A framed connection puts the pieces together
 * and hands out whole messages, one at a time.
 */
#ifndef LEAT_FRAME_H
#define LEAT_FRAME_H

#include <leat/api.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum leat_framing {
    LEAT_RAW,   /* no frames: on_data gets whatever arrives */
    LEAT_LINE,  /* ends with LF, which a CR may precede */
    LEAT_FIXED, /* every frame has size bytes */
    LEAT_PREFIX /* a length of size bytes, big-endian, then so many bytes */
};

/* A field of 0 means its default. */
struct leat_frame_config {
    enum leat_framing kind;
    size_t size;    /* LEAT_FIXED: 1..max; LEAT_PREFIX: 1, 2 or 4 */
    size_t max;     /* most bytes of one frame's body; default 64 KiB, at most
                     * 2^31 - 1. A longer frame ends the connection with reason
                     * -EMSGSIZE; nothing of it is delivered. */
    bool skip_long; /* LEAT_LINE only: a longer line is skipped to its LF
                     * instead, see is_long */
};

/*
 * One whole frame, valid until the callback that got it returns.
 *
 * A last line that end of file cuts off is delivered without an ending
 * (whole_len equals body_len); a fixed or prefixed frame cut off is not
 * delivered, leat_conn_partial tells how much of it came.
 *
 * With skip_long a line of more than max bytes is one frame too: it is
 * delivered as soon as it is sure to be too long, and the rest of it, up to and
 * with its LF, is thrown away as it comes.
 */
struct leat_frame {
    const unsigned char *body;  /* without line ending or length prefix */
    size_t body_len;            /* 0 for an empty line or frame */
    const unsigned char *whole; /* as it came over the wire; borrowed */
    size_t whole_len;           /* 1 or more */
    bool is_long; /* only the first max bytes of a line: body and whole */
};

#ifdef __cplusplus
}
#endif

#endif
