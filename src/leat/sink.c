/*
 * sink.c - bytes to a descriptor that may be slow, without ever waiting for it.
 *
 * On the path: connection -> session -> HERE -> standard output.
 *
 * Standard output is shared with whoever else has it, so it is never made
 * non-blocking. A pipe or terminal that select() calls writable takes PIPE_BUF
 * bytes: so many are written, and not again before the next select().
 *
 * Invariants:
 *  1. at <= end <= SINK_ROOM, and both are 0 when it is empty
 *  2. the watch asks for writable <=> the sink is not empty
 */
#include "sink.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "sys/sys.h"

/* Closed first: from then on what is put in is thrown away in silence. */
static void
fail(struct sink *sink, int error)
{
    sink_close(sink);
    sink->ops->on_error(error, sink->user);
}

/* Refused only when the descriptor was closed behind our back. */
static void
want(struct sink *sink, unsigned events)
{
    int error = leat_watch_set(sink->watch, events);

    if (error != 0)
        fail(sink, error);
}

/* One write each time, and a short one is no surprise. */
static void
on_ready(struct leat_watch *watch, unsigned ready, void *user)
{
    struct sink *sink = user;
    size_t left = sink->end - sink->at;

    (void)watch;
    if (ready & LEAT_FAILED) {
        fail(sink, -EBADF);
        return;
    }
    ssize_t count = leat__sys_write(leat_watch_fd(sink->watch),
        sink->bytes + sink->at, left < PIPE_BUF ? left : PIPE_BUF);
    if (count == -EAGAIN || count == -EINTR)
        return; /* another process has taken the room */
    if (count < 0) {
        fail(sink, (int)count);
        return;
    }
    sink->at += (size_t)count;
    if (sink->at < sink->end)
        return;
    sink->at = sink->end = 0;
    want(sink, 0);
    if (sink->watch != NULL)
        sink->ops->on_empty(sink->user);
}

int
sink_open(struct sink *sink, struct leat_loop *loop, int fd,
    const struct sink_ops *ops, void *user)
{
    sink->ops = ops;
    sink->user = user;
    sink->at = sink->end = 0;
    return leat_watch_open(&sink->watch, loop, fd, 0, on_ready, sink);
}

void
sink_close(struct sink *sink)
{
    leat_watch_close(sink->watch);
    sink->watch = NULL;
    sink->at = sink->end = 0;
}

/* Always at the end: what was written in part is not moved, for it is empty
 * soon. */
bool
sink_put(struct sink *sink, const void *bytes, size_t len)
{
    if (sink->watch == NULL)
        return true; /* it has failed, and that was told */
    if (len > SINK_ROOM - sink->end)
        return false;
    memcpy(sink->bytes + sink->end, bytes, len);
    sink->end += len;
    if (sink->end > sink->at)
        want(sink, LEAT_WRITABLE);
    return true;
}

bool
sink_is_empty(const struct sink *sink)
{
    return sink->end == 0;
}
