/*
 * ready.c - phases 3 and 4: who is called, in which order, and until when.
 *
 * On the path: select() -> fd set -> HERE -> wake.c, src/net, watch.c.
 *
 * Phase 3 has parts that come in a fixed order, whoever is ready. A program may
 * bound its time; where that cuts it off,
 *  1. the next turn begins with the part after the one that was cut off, and
 *  2. each scan goes on after the last one it served,
 * so that everybody is served in turn, however small the budget: a flood of
 * posts, accepts or held input keeps nobody waiting for ever.
 */
#include <assert.h>
#include <errno.h>

#include "loop.h"
#include "sys/sys.h"

bool
leat__loop_may_go_on(void *user)
{
    struct leat_loop *loop = user;
    if (loop->is_doomed || loop->is_late)
        return false;
    /* The clock is read after every callback, and only then: so there is at
     * least one, however small the budget. */
    if (loop->budget_us <= 0 || loop->stats.callbacks == loop->budget_mark)
        return true;
    loop->budget_mark = loop->stats.callbacks;
    loop->is_late = leat__loop_fresh(loop) - loop->now_us >= loop->budget_us;
    return !loop->is_late;
}

/* --- one descriptor ------------------------------------------------------- */

static void
serve(struct leat_loop *loop, size_t fd, enum leat__set which)
{
    if (!leat__fdset_claim(&loop->fds, which, fd))
        return;
    struct leat__io *io = loop->fds.owner[fd];
    assert(io != NULL);
    io->on_ready(io, leat__event_of[which]);
}

/* Wherever phase 3 begins, an urgent mark is told before the bytes around it
 * are read. */
static void
serve_input(struct leat_loop *loop, size_t fd, enum leat__set which)
{
    serve(loop, fd, LEAT__EXCEPT);
    if (which == LEAT__READ && !loop->is_doomed)
        serve(loop, fd, LEAT__READ);
}

/* --- scans ---------------------------------------------------------------- */

static const struct {
    enum leat__set set;
    bool is_early; /* looks for early ones only */
} scans[LEAT__SCANS] = {
    [LEAT__SCAN_URGENT] = {LEAT__EXCEPT, false},
    [LEAT__SCAN_EARLY] = {LEAT__READ, true},
    [LEAT__SCAN_REST] = {LEAT__READ, false},
};

/* Serve from..end-1. Returns where to go on; end when nothing is left. */
static size_t
scan_range(
    struct leat_loop *loop, enum leat__scan scan, size_t from, size_t end)
{
    enum leat__set set = scans[scan].set;
    while (leat__loop_may_go_on(loop)) {
        size_t fd = scans[scan].is_early
                        ? leat__fdset_find_early(&loop->fds, from, end)
                        : leat__fdset_find(&loop->fds, set, from, end);
        if (fd >= end)
            return end;
        serve_input(loop, fd, set);
        from = fd + 1;
        loop->cursor[scan] = from;
    }
    return from;
}

/*
 * Once round, beginning after the last one served. Not only what a budget cuts
 * off has to go on there: where one place is free in each turn, the first of
 * two listeners would take every one of them.
 */
static void
scan_round(struct leat_loop *loop, enum leat__scan scan)
{
    size_t end = (size_t)loop->fds.ready_nfds;
    size_t start = loop->cursor[scan] < end ? loop->cursor[scan] : 0;
    size_t at = scan_range(loop, scan, start, end);
    if (at >= end)
        (void)scan_range(loop, scan, 0, start);
}

/* --- parts of phase 3 ----------------------------------------------------- */

/* select() said that one of our descriptors was closed behind our back. Fail
 * its owner only. */
static void
find_lost(struct leat_loop *loop)
{
    if (!loop->has_lost)
        return;
    for (size_t fd = 0; fd < loop->fds.capacity; fd++) {
        struct leat__io *io = loop->fds.owner[fd];
        if (io == NULL || leat__sys_probe(io->fd) == 0)
            continue;
        if (!leat__loop_may_go_on(loop))
            return;
        leat__loop_note(loop, &(struct leat_note){.level = LEAT_NOTE_WARN,
                                  .key = "fd-lost",
                                  .error = -EBADF,
                                  .fd = io->fd});
        io->on_ready(io, LEAT_FAILED);
    }
    loop->has_lost = false;
}

static void
answer_wake(struct leat_loop *loop)
{
    if (loop->wake.fd < loop->fds.ready_nfds)
        serve(loop, (size_t)loop->wake.fd, LEAT__READ);
}

static void
tell_urgent(struct leat_loop *loop)
{
    scan_round(loop, LEAT__SCAN_URGENT);
}

static void
accept_some(struct leat_loop *loop)
{
    scan_round(loop, LEAT__SCAN_EARLY);
}

static void
deliver_held(struct leat_loop *loop)
{
    leat__defer_run(&loop->held, leat__loop_may_go_on, loop);
}

static void
read_some(struct leat_loop *loop)
{
    scan_round(loop, LEAT__SCAN_REST);
}

static void (*const parts[])(struct leat_loop *) = {
    find_lost, answer_wake, tell_urgent, accept_some, deliver_held, read_some};

#define PARTS (sizeof parts / sizeof *parts)

/* --- phases --------------------------------------------------------------- */

static bool
is_work_left(struct leat_loop *loop)
{
    size_t end = (size_t)loop->fds.ready_nfds;
    return loop->has_lost || !leat__defer_is_empty(&loop->held) ||
           leat__posts_pending(&loop->posts) ||
           leat__fdset_find(&loop->fds, LEAT__READ, 0, end) < end ||
           leat__fdset_find(&loop->fds, LEAT__EXCEPT, 0, end) < end;
}

void
leat__phase_read(struct leat_loop *loop)
{
    size_t first = loop->part;
    loop->part = 0;
    loop->budget_mark = loop->stats.callbacks;
    loop->is_late = false;
    leat__park_take(loop);

    for (size_t i = 0; i < PARTS; i++) {
        size_t part = (first + i) % PARTS;
        parts[part](loop);
        if (!leat__loop_may_go_on(loop)) {
            loop->part = (part + 1) % PARTS;
            break;
        }
    }
    loop->has_more = loop->is_late && is_work_left(loop);
}

void
leat__phase_write(struct leat_loop *loop)
{
    size_t end = (size_t)loop->fds.ready_nfds;
    size_t fd = 0;
    while (!loop->is_doomed) {
        fd = leat__fdset_find(&loop->fds, LEAT__WRITE, fd, end);
        if (fd >= end)
            return;
        serve(loop, fd, LEAT__WRITE);
    }
}
