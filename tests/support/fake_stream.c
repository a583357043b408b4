/*
 * fake_stream.c - one direction of a link: bytes with a delay, and what ends
 * them.
 *
 * The capacity is both kernels' buffers together; of these the reader's holds
 * window bytes. What does not fit there waits with the writer, and is the
 * first that a reset destroys.
 *
 * Invariants:
 *  1. taken <= seen <= put, put - taken <= capacity, seen - taken <= window
 *  2. segments are in order of position and of time; the last one ends at put
 */
#include "fake_parts.h"

#include <string.h>

void
fake_stream_init(struct fake_stream *stream, bool is_pipe)
{
    memset(stream, 0, offsetof(struct fake_stream, bytes));
    stream->capacity = fake.capacity;
    stream->window = fake.window;
    stream->latency_us = is_pipe ? 0 : fake.latency_us;
    stream->is_pipe = is_pipe;
}

/* --- arrival -------------------------------------------------------------- */

/* An end behind it never comes. */
static void
drop_undelivered(struct fake_stream *stream)
{
    if (stream->seen < stream->put)
        stream->is_ended = false;
    stream->lost += stream->put - stream->seen;
    stream->put = stream->seen;
    stream->segments = 0;
    while (stream->marks > 0 && stream->mark[stream->marks - 1] >= stream->put)
        stream->marks--;
}

/* The oldest segment, as far as it fits. Whether all of it did. */
static bool
deliver_first(struct fake_stream *stream)
{
    const struct fake_segment *segment = &stream->segment[stream->first];
    size_t unread = (size_t)(stream->seen - stream->taken);
    size_t room = stream->window > unread ? stream->window - unread : 0;

    if (segment->end - stream->seen > room) {
        stream->seen += room;
        return false;
    }
    stream->seen = segment->end;
    stream->first = (stream->first + 1) % FAKE_SEGMENTS;
    stream->segments--;
    return true;
}

void
fake_settle(struct fake_stream *stream)
{
    while (stream->segments > 0 &&
           stream->segment[stream->first].at_us <= fake.now_us)
        if (!deliver_first(stream))
            break;
    if (stream->is_reset && stream->reset_us <= fake.now_us)
        drop_undelivered(stream);
}

static int64_t
earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

int64_t
fake_arrival(const struct fake_stream *stream)
{
    int64_t at_us = FAKE_NEVER;

    if (stream->segments > 0)
        at_us = stream->segment[stream->first].at_us;
    if (stream->is_ended && stream->end_us > fake.now_us)
        at_us = earlier(at_us, stream->end_us);
    if (stream->is_reset && stream->reset_us > fake.now_us)
        at_us = earlier(at_us, stream->reset_us);
    /* What has arrived and does not fit waits for the reader, not for time. */
    return at_us > fake.now_us ? at_us : FAKE_NEVER;
}

/* --- asked about ---------------------------------------------------------- */

size_t
fake_room(const struct fake_stream *stream)
{
    size_t used = (size_t)(stream->put - stream->taken);

    return used < stream->capacity ? stream->capacity - used : 0;
}

size_t
fake_unread(struct fake_stream *stream)
{
    fake_settle(stream);
    return (size_t)(stream->seen - stream->taken);
}

size_t
fake_unacked(struct fake_stream *stream)
{
    fake_settle(stream);
    return (size_t)(stream->put - stream->seen) +
           (stream->is_ended && !fake_has_end(stream) ? 1 : 0);
}

/* A third of what the writer's kernel holds must be free, however small a
 * piece send would still take; of a pipe, a page. */
bool
fake_takes_more(struct fake_stream *stream)
{
    size_t room = fake_room(stream), own = stream->capacity;

    if (stream->is_pipe)
        return room >= (own < 4096 ? own : 4096);
    if (stream->window < own)
        own -= stream->window;
    return room > 0 && room >= (own + 2) / 3;
}

bool
fake_has_end(struct fake_stream *stream)
{
    fake_settle(stream);
    return stream->is_ended && stream->end_us <= fake.now_us &&
           stream->seen == stream->put;
}

bool
fake_has_reset(struct fake_stream *stream)
{
    fake_settle(stream);
    return stream->is_reset && stream->reset_us <= fake.now_us;
}

/* --- the mark ------------------------------------------------------------- */

/* The latest that has arrived counts; older ones are plain bytes then. */
static void
settle_marks(struct fake_stream *stream)
{
    unsigned drop = 0;

    fake_settle(stream);
    while (drop + 1 < stream->marks && stream->mark[drop + 1] < stream->seen)
        drop++;
    if (drop < stream->marks && stream->mark[drop] < stream->taken)
        drop++;
    if (drop == 0)
        return;
    stream->marks -= drop;
    memmove(stream->mark, stream->mark + drop,
        stream->marks * sizeof stream->mark[0]);
}

bool
fake_is_marked(struct fake_stream *stream)
{
    settle_marks(stream);
    return stream->marks > 0 && stream->mark[0] < stream->seen;
}

bool
fake_is_at_mark(struct fake_stream *stream)
{
    return fake_is_marked(stream) && stream->mark[0] == stream->taken;
}

void
fake_urge(struct fake_stream *stream)
{
    if (stream->marks == FAKE_MARKS) {
        stream->marks--; /* the kernel, too, knows the latest only */
        memmove(stream->mark, stream->mark + 1,
            stream->marks * sizeof stream->mark[0]);
    }
    stream->mark[stream->marks++] = stream->put - 1;
}

/* --- bytes ---------------------------------------------------------------- */

/* One more on the way, or a longer last one. */
static void
send_segment(struct fake_stream *stream)
{
    int64_t at_us = fake.now_us + stream->latency_us;
    unsigned last =
        (stream->first + stream->segments + FAKE_SEGMENTS - 1) % FAKE_SEGMENTS;

    if (at_us < stream->last_us)
        at_us = stream->last_us; /* nothing overtakes */
    stream->last_us = at_us;
    if (stream->segments < FAKE_SEGMENTS) {
        stream->segments++;
        last = (last + 1) % FAKE_SEGMENTS;
    }
    stream->segment[last] =
        (struct fake_segment){.end = stream->put, .at_us = at_us};
}

void
fake_append(struct fake_stream *stream, const void *bytes, size_t len)
{
    size_t at = (size_t)(stream->put % FAKE_STREAM_MAX);
    size_t first = FAKE_STREAM_MAX - at < len ? FAKE_STREAM_MAX - at : len;

    memcpy(stream->bytes + at, bytes, first);
    memcpy(stream->bytes, (const char *)bytes + first, len - first);
    stream->put += len;
    send_segment(stream);
    fake_settle(stream);
}

/* A byte that is out of line is passed over; only another recv goes on. */
static size_t
stop_at_mark(struct fake_stream *stream, size_t len, bool is_inline)
{
    uint64_t mark;

    if (!fake_is_marked(stream))
        return len;
    mark = stream->mark[0];
    if (mark == stream->taken && !is_inline) {
        stream->taken++;
        settle_marks(stream);
        return len < fake_unread(stream) ? len : fake_unread(stream);
    }
    if (mark > stream->taken && mark - stream->taken < len)
        return (size_t)(mark - stream->taken);
    return len;
}

size_t
fake_consume(
    struct fake_stream *stream, void *bytes, size_t len, bool is_inline)
{
    size_t unread = fake_unread(stream), at, first;

    if (len > unread)
        len = unread;
    len = stop_at_mark(stream, len, is_inline);
    at = (size_t)(stream->taken % FAKE_STREAM_MAX);
    first = FAKE_STREAM_MAX - at < len ? FAKE_STREAM_MAX - at : len;
    memcpy(bytes, stream->bytes + at, first);
    memcpy((char *)bytes + first, stream->bytes, len - first);
    stream->taken += len;
    settle_marks(stream);
    return len;
}

/* --- ends ----------------------------------------------------------------- */

void
fake_end_stream(struct fake_stream *stream)
{
    if (stream->is_ended || stream->is_reset)
        return;
    stream->is_ended = true;
    stream->end_us = fake.now_us + stream->latency_us;
    if (stream->end_us < stream->last_us)
        stream->end_us = stream->last_us;
}

/* What waits with the writer goes at once, what is on the way arrives before,
 * and so does an end. */
void
fake_reset_stream(struct fake_stream *stream, int64_t delay_us)
{
    if (stream->is_reset)
        return;
    fake_settle(stream);
    stream->is_reset = true;
    stream->reset_us = fake.now_us + delay_us + stream->latency_us;
    if (stream->reset_us < stream->last_us)
        stream->reset_us = stream->last_us;
    if (stream->segments > 0 &&
        stream->segment[stream->first].at_us <= fake.now_us)
        drop_undelivered(stream);
    fake_settle(stream);
}
