/*
 * frame_rig.h - a splitter of frames with all it needs: allocator, pool, and
 * the piece of a stream that it is given.
 *
 *     tcase_add_checked_fixture(tcase, frames_setup, frames_teardown);
 *     ...
 *     frames_feed_text("one\ntw");
 *     ck_assert_int_eq(frames_next(&line), 1);
 *     ... frames.out is "one", of frames.at so many bytes are left ...
 */
#ifndef TESTS_FRAME_RIG_H
#define TESTS_FRAME_RIG_H

#include "alloc.h"
#include "base/frame.h"

struct frame_rig {
    struct alloc_ledger ledger;
    struct leat__pool pool;
    struct leat__frame frame;
    struct leat_frame out;   /* the latest one */
    const unsigned char *at; /* what has not been taken of the piece */
    size_t left;
};

extern struct frame_rig frames;

void frames_setup(void);
/* Fails the test when memory is left that the splitter did not have. */
void frames_teardown(void);

/* The next piece; whatever was left of the one before is forgotten. */
void frames_feed(const void *bytes, size_t len);
void frames_feed_text(const char *text);
/* What leat__frame_next says of it. */
int frames_next(const struct leat_frame_config *config);
/* What leat__frame_last says. */
int frames_last(const struct leat_frame_config *config);

#endif
