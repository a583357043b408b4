/*
 * frame_rig.c - a splitter of frames with all it needs.
 */
#include "frame_rig.h"

#include <string.h>

struct frame_rig frames;

void
frames_setup(void)
{
    alloc_init(&frames.ledger);
    leat__pool_init(&frames.pool, &frames.ledger.alloc);
    leat__frame_init(&frames.frame);
}

void
frames_teardown(void)
{
    leat__frame_clear(&frames.frame, &frames.pool);
    leat__pool_check(&frames.pool);
    leat__pool_fini(&frames.pool);
    alloc_fini(&frames.ledger);
}

void
frames_feed(const void *bytes, size_t len)
{
    frames.at = bytes;
    frames.left = len;
}

void
frames_feed_text(const char *text)
{
    frames_feed(text, strlen(text));
}

int
frames_next(const struct leat_frame_config *config)
{
    return leat__frame_next(&frames.frame, config, &frames.pool, &frames.at,
        &frames.left, &frames.out);
}

int
frames_last(const struct leat_frame_config *config)
{
    return leat__frame_last(&frames.frame, config, &frames.out);
}
