/*
 * watch.c - other people's descriptors.
 *
 * On the path: select() -> loop (phases 3, 4) -> HERE -> program.
 */
#include <leat/watch.h>

#include <errno.h>

#include "loop.h"
#include "sys/sys.h"

#define ALL_EVENTS (LEAT_READABLE | LEAT_WRITABLE | LEAT_EXCEPTIONAL)

struct leat_watch {
    struct leat__io io;
    struct leat__node node; /* in loop->watches */
    struct leat_loop *loop;
    leat_watch_fn fn;
    void *user;
    bool is_lost; /* the descriptor failed; off the loop */
};

static void
watch_ready(struct leat__io *io, unsigned ready)
{
    struct leat_watch *watch = LEAT__CONTAINER(io, struct leat_watch, io);
    if (ready == LEAT_FAILED) {
        leat__fdset_remove(&watch->loop->fds, io);
        watch->is_lost = true;
    }
    leat__loop_calls(watch->loop);
    watch->fn(watch, ready, watch->user);
}

int
leat_watch_open(struct leat_watch **out, struct leat_loop *loop, int fd,
    unsigned events, leat_watch_fn fn, void *user)
{
    *out = NULL;
    if (fd < 0 || (events & ~ALL_EVENTS) != 0 || fn == NULL)
        return -EINVAL;
    /* Room is made by the number, so one out of thin air could cost gigabytes
     * before select() said the same. */
    int error = leat__sys_probe(fd);
    if (error != 0)
        return error;

    struct leat_watch *watch =
        leat__source_resize(&loop->pool.source, NULL, 0, sizeof *watch);
    if (watch == NULL)
        return -ENOMEM;

    *watch = (struct leat_watch){.io = {.fd = fd, .on_ready = watch_ready},
        .loop = loop,
        .fn = fn,
        .user = user};
    error = leat__fdset_add(&loop->fds, leat__loop_alloc(loop), &watch->io);
    if (error != 0) {
        leat__source_resize(&loop->pool.source, watch, sizeof *watch, 0);
        return error;
    }
    leat__fdset_want(&loop->fds, &watch->io, events);
    leat__list_init(&watch->node);
    leat__list_append(&loop->watches, &watch->node);
    *out = watch;
    return 0;
}

int
leat_watch_set(struct leat_watch *watch, unsigned events)
{
    if ((events & ~ALL_EVENTS) != 0)
        return -EINVAL;
    if (watch->is_lost)
        return -EBADF;
    leat__fdset_want(&watch->loop->fds, &watch->io, events);
    return 0;
}

int
leat_watch_fd(const struct leat_watch *watch)
{
    return watch->io.fd;
}

void
leat_watch_close(struct leat_watch *watch)
{
    if (watch == NULL)
        return;
    struct leat_loop *loop = watch->loop;
    if (!watch->is_lost)
        leat__fdset_remove(&loop->fds, &watch->io);
    leat__list_unlink(&watch->node);
    leat__source_resize(&loop->pool.source, watch, sizeof *watch, 0);
}

void
leat__watches_end(struct leat_loop *loop)
{
    while (!leat__list_is_empty(&loop->watches))
        leat_watch_close(
            LEAT__CONTAINER(loop->watches.next, struct leat_watch, node));
}
