/*
 * source.c - bytes from a descriptor, read only while somebody wants them.
 *
 * On the path: standard input -> HERE -> session -> connection.
 *
 * One read for each time that select() says readable: such a read does not
 * wait, whatever the descriptor is, as long as nobody else reads from it.
 */
#include "source.h"

#include <errno.h>

#include "sys/sys.h"

/* Closed first, so that the callback may do what it likes with it. */
static void
end(struct source *source, int error)
{
    source_close(source);
    source->ops->on_end(error, source->user);
}

/* A chunk on the stack: it is handed on before the next one is read. */
static void
on_ready(struct leat_watch *watch, unsigned ready, void *user)
{
    struct source *source = user;
    char bytes[SOURCE_CHUNK];

    if (ready & LEAT_FAILED) {
        end(source, -EBADF);
        return;
    }
    ssize_t count = leat__sys_read(leat_watch_fd(watch), bytes, sizeof bytes);
    if (count == -EAGAIN || count == -EINTR)
        return; /* another process was faster */
    if (count <= 0)
        end(source, (int)count);
    else
        source->ops->on_bytes(bytes, (size_t)count, source->user);
}

int
source_open(struct source *source, struct leat_loop *loop, int fd,
    const struct source_ops *ops, void *user)
{
    source->ops = ops;
    source->user = user;
    return leat_watch_open(
        &source->watch, loop, fd, LEAT_READABLE, on_ready, source);
}

void
source_close(struct source *source)
{
    leat_watch_close(source->watch);
    source->watch = NULL;
}

/* Refused only when the descriptor was closed behind our back. */
static void
want(struct source *source, unsigned events)
{
    int error =
        source->watch == NULL ? 0 : leat_watch_set(source->watch, events);

    if (error != 0)
        end(source, error);
}

void
source_pause(struct source *source)
{
    want(source, 0);
}

void
source_resume(struct source *source)
{
    want(source, LEAT_READABLE);
}
