/*
 * wake.c - the pipe that ends a wait: posts and signals.
 *
 * On the path: another thread, a signal handler -> HERE -> posts, signals
 * (phase 3).
 *
 * Each byte in the pipe is a signal number, or 0 for "there are posts". It is
 * an ordinary member of the readable set, so a signal that comes between the
 * check and the wait is not lost, and one that comes while descriptors are
 * ready is not starved, as it would be with pselect(2). A full pipe loses a
 * signal: 64 KiB, so many of them would have to come between two turns.
 */
#include "loop.h"

#include "sys/sys.h"

/* Bytes taken at a time: a storm of signals is read in a few turns. */
#define WAKE_CHUNK 512u

static void
wake_ready(struct leat__io *io, unsigned ready)
{
    struct leat_loop *loop = LEAT__CONTAINER(io, struct leat_loop, wake);
    if (ready != LEAT_READABLE)
        return;

    unsigned char bytes[WAKE_CHUNK];
    ssize_t n = leat__sys_read(io->fd, bytes, sizeof bytes);
    for (ssize_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            loop->signals.arrived |= (uint64_t)1 << (bytes[i] - 1);
    if (n > 0)
        loop->progress++;

    leat__signals_run(loop);
    leat__posts_run(loop);
}

int
leat__wake_open(struct leat_loop *loop)
{
    int fds[2];
    int error = leat__sys_pipe(fds);
    if (error != 0)
        return error;

    loop->wake = (struct leat__io){.fd = fds[0], .on_ready = wake_ready};
    loop->wake_write = fds[1];
    error = leat__fdset_add(&loop->fds, leat__loop_alloc(loop), &loop->wake);
    if (error != 0) {
        (void)leat__sys_close(fds[0]); /* nothing more can be done about it */
        (void)leat__sys_close(fds[1]);
        return error;
    }
    leat__fdset_want(&loop->fds, &loop->wake, LEAT_READABLE);
    return 0;
}

void
leat__wake_close(struct leat_loop *loop)
{
    leat__fdset_remove(&loop->fds, &loop->wake);
    (void)leat__sys_close(loop->wake.fd); /* the numbers are free either way */
    (void)leat__sys_close(loop->wake_write);
}

void
leat__wake_ring(const struct leat_loop *loop)
{
    leat__sys_notify(loop->wake_write, 0);
}
