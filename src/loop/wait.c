/*
 * wait.c - phase 1: how long to wait, the wait, and what its failures mean.
 *
 * On the path: fd set -> HERE: select() -> fd set -> loop.c (phases 2-7).
 *
 * The wait is zero if and only if something is left that no descriptor will
 * report: a dirty or dying connection, held input that may be delivered, a
 * due timer. After a failed select() the sets are untouched and are never
 * looked at.
 */
#include <errno.h>

#include "loop.h"
#include "sys/sys.h"

/* What to wait after ENOMEM before asking the kernel for memory again. */
#define BACKOFF_US 10000

static bool
has_work(const struct leat_loop *loop)
{
    return !leat__defer_is_empty(&loop->dirty) ||
           !leat__defer_is_empty(&loop->dying) ||
           !leat__defer_is_empty(&loop->held);
}

static int64_t
shorter(int64_t a_us, int64_t b_us)
{
    if (a_us < 0)
        return b_us;
    if (b_us < 0)
        return a_us;
    return a_us < b_us ? a_us : b_us;
}

int64_t
leat__wait_time(struct leat_loop *loop, int64_t timeout_us)
{
    if (timeout_us == 0 || has_work(loop))
        return 0;
    return shorter(timeout_us, leat__timers_wait(loop));
}

/* What a failure of the wait means: 0 nothing is ready, go on; else fatal. */
static int
forgive(struct leat_loop *loop, int error)
{
    if (error == -EINTR)
        return 0;
    if (error == -EBADF) {
        loop->has_lost = true;
        /* Without the pipe there is no loop. */
        return leat__sys_probe(loop->wake.fd);
    }
    if (error != -ENOMEM)
        return error;
    leat__loop_note(loop, &(struct leat_note){.level = LEAT_NOTE_WARN,
                              .key = "select-failed",
                              .error = error,
                              .fd = -1});
    loop->backoff_us = BACKOFF_US;
    return 0;
}

int
leat__wait(struct leat_loop *loop, int64_t timeout_us)
{
    struct leat__fdset *fds = &loop->fds;
    loop->stats.selects++;

    /* Out of memory a moment ago: wait without descriptors, once. */
    if (loop->backoff_us > 0) {
        int64_t backoff_us = loop->backoff_us;
        loop->backoff_us = 0;
        leat__fdset_forget(fds);
        int error = leat__sys_select(
            0, NULL, NULL, NULL, shorter(timeout_us, backoff_us));
        return error == -EINTR ? 0 : error;
    }

    leat__fdset_copy(fds);
    int found = leat__sys_select(fds->nfds, leat__fdset_words(fds, LEAT__READ),
        leat__fdset_words(fds, LEAT__WRITE),
        leat__fdset_words(fds, LEAT__EXCEPT), timeout_us);
    if (found > 0)
        return found;
    leat__fdset_forget(fds);
    return found == 0 ? 0 : forgive(loop, found);
}
