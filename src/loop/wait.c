/*
 * wait.c - phase 1: how long to wait, the wait, and what its failures mean.
 *
 * On the path: fd set -> HERE: select() -> fd set -> loop.c (phases 2-7).
 *
 * The wait is zero if and only if something is left that no descriptor will
 * report: a dirty or dying connection, held input that may be delivered, a
 * due timer. One that is not may begin with a poll, where the program asks for
 * it (busy_poll_us) and busy.c thinks it worth its price. After a failed
 * select() the sets are untouched and are never looked at.
 */
#include <errno.h>

#include "base/num.h"
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

/* One call of select() on what is wanted. How many were found, or -errno. */
static int
look(struct leat_loop *loop, int64_t timeout_us)
{
    struct leat__fdset *fds = &loop->fds;
    loop->stats.selects++;
    leat__fdset_copy(fds);
    return leat__sys_select(fds->nfds, leat__fdset_words(fds, LEAT__READ),
        leat__fdset_words(fds, LEAT__WRITE),
        leat__fdset_words(fds, LEAT__EXCEPT), timeout_us);
}

/* Out of memory a moment ago: wait without descriptors, once. */
static int
wait_blindly(struct leat_loop *loop, int64_t timeout_us)
{
    int64_t backoff_us = loop->backoff_us;
    loop->backoff_us = 0;
    loop->stats.selects++;
    leat__fdset_forget(&loop->fds);
    int error =
        leat__sys_select(0, NULL, NULL, NULL, shorter(timeout_us, backoff_us));
    return error == -EINTR ? 0 : error;
}

/* --- busy poll ------------------------------------------------------------ */

/* Looks without a wait between two readings of the clock that say the same: so
 * many are not made in a microsecond, the clock stands still. */
#define LOOKS_MOST 64

/* Look until something is found, or until then; what the last look found.
 * *now_us is the time, and is moved on. */
static int
poll_until(struct leat_loop *loop, int64_t end_us, int64_t *now_us)
{
    int looks = 0;

    for (;;) {
        int64_t last_us = *now_us;
        /* Without a clock nobody knows how long; phase 2 will tell. */
        if (leat__sys_monotonic(now_us) != 0)
            return 0;
        looks = *now_us == last_us ? looks + 1 : 0;
        if (*now_us >= end_us || looks >= LOOKS_MOST)
            return 0;
        int found = look(loop, 0);
        if (found != 0)
            return found;
    }
}

/* When a wait of this length that begins now is over; INT64_MAX never. A timer
 * is asked for its own deadline: the time since the length was reckoned is not
 * added to it. */
static int64_t
end_of(struct leat_loop *loop, int64_t now_us, int64_t timeout_us)
{
    const struct leat_heap_node *node = leat__heap_least(&loop->timers);
    int64_t end_us = INT64_MAX;
    if (timeout_us >= 0)
        end_us = leat__add_time(now_us, timeout_us);
    if (node != NULL && node->deadline_us < end_us)
        end_us = node->deadline_us;
    return end_us;
}

/* Poll, then block for the time that is left. What the first look finds tells
 * nothing: no wait would have slept for it. */
static int
wait_polling(struct leat_loop *loop, int64_t timeout_us)
{
    int64_t now_us = leat__loop_fresh(loop);
    int found = look(loop, 0);
    if (found != 0)
        return found;
    int64_t end_us = end_of(loop, now_us, timeout_us);
    int64_t poll_us = leat__add_time(now_us, loop->config.busy_poll_us);
    found = poll_until(loop, poll_us < end_us ? poll_us : end_us, &now_us);
    leat__busy_polled(&loop->busy, found > 0);
    if (found != 0 || now_us >= end_us)
        return found;
    return look(loop, end_us == INT64_MAX ? -1 : end_us - now_us);
}

/* The same without the poll, and learn whether one would have helped. */
static int
wait_learning(struct leat_loop *loop, int64_t timeout_us)
{
    int64_t start_us = leat__loop_fresh(loop);
    int found = look(loop, timeout_us);
    leat__busy_blocked(&loop->busy, found > 0,
        leat__loop_fresh(loop) - start_us, loop->config.busy_poll_us);
    return found;
}

/* --- the wait ------------------------------------------------------------- */

static int
wait_once(struct leat_loop *loop, int64_t timeout_us)
{
    if (timeout_us == 0 || loop->config.busy_poll_us <= 0)
        return look(loop, timeout_us);
    if (leat__busy_polls(&loop->busy))
        return wait_polling(loop, timeout_us);
    return wait_learning(loop, timeout_us);
}

int
leat__wait(struct leat_loop *loop, int64_t timeout_us)
{
    if (loop->backoff_us > 0)
        return wait_blindly(loop, timeout_us);
    int found = wait_once(loop, timeout_us);
    if (found > 0)
        return found;
    leat__fdset_forget(&loop->fds);
    return found == 0 ? 0 : forgive(loop, found);
}
