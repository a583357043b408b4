/*
 * park.c - who is awake, who is parked.
 *
 * On the path: connection's wants -> HERE -> sets, or the kernel's queue;
 *              queue -> HERE (before phase 3) -> ready bits -> ready.c.
 *
 * The rule. Being awake costs a descriptor about 40 ns in each call of
 * select() (250 ns where it waits to write), ready or not. Being parked costs
 * nothing while it is quiet, and some 400 ns each time it is ready: the kernel
 * tells the queue, and the queue us. So both cost the same for who is ready in
 * one turn of ten. But the busy do each other good where they are awake: while
 * select() looks at many more bytes come, the next turn finds more of them
 * ready, and each has a smaller share of its cost. So whoever was ready in a
 * few turns not too far apart is awake, and stays so for longer than that:
 *
 *  - awake, and not ready in QUIET_TURNS turns: parked. They are told apart as
 *    in a clock: bits of who was ready, looked at and cleared by a sweep.
 *  - parked, and ready: served in place. Ready in WAKE_AFTER turns, each within
 *    WAKE_GAP turns of the one before: awake.
 *  - new ones, and those whose wants change, are awake: most are about to move.
 *  - among FEW or less nobody is parked, as nothing would be gained.
 *
 * Invariants:
 *  1. count is the number of owners with parked != 0; none without a queue
 *  2. the queue is in the readable set if and only if count > 0
 *  3. a member of the queue waits for something, and leaves it before its
 *     descriptor is closed: the queue would tell for ever of one that lives on
 *     in a child process, and nobody could stop it
 */
#include "park.h"

#include <assert.h>
#include <errno.h>

#include "loop.h"
#include "sys/sys.h"

#define FEW 16u
#define QUIET_TURNS 32u
#define WAKE_AFTER 4u
#define WAKE_GAP 16u

#define MOVES_PER_TURN 256u
#define FIRST_ROOM 64u
#define MOST_ROOM 4096u  /* reports at a time */
#define RETRY_US 1000000 /* after a failure */

#define CACHE_LINE 64
#define FETCHED 192 /* a connection, whose io stands first in it */

_Static_assert(LEAT__SYS_READ == LEAT_READABLE &&
                   LEAT__SYS_WRITE == LEAT_WRITABLE &&
                   LEAT__SYS_URGENT == LEAT_EXCEPTIONAL,
    "wants and reports are the same bits");

void
leat__park_init(struct leat__park *park)
{
    *park = (struct leat__park){.io.fd = -1};
}

static void
note(struct leat_loop *loop, const char *key, int error)
{
    leat__loop_note(loop,
        &(struct leat_note){
            .level = LEAT_NOTE_WARN, .key = key, .error = error, .fd = -1});
}

/* --- the queue ------------------------------------------------------------ */

static void queue_ready(struct leat__io *io, unsigned ready);

static int
open_queue(struct leat_loop *loop)
{
    struct leat__park *park = &loop->park;
    if (park->io.fd >= 0)
        return 0;
    int queue = leat__sys_park_open();
    if (queue < 0)
        return queue;
    park->io = (struct leat__io){.fd = queue, .on_ready = queue_ready};
    int error = leat__fdset_add(&loop->fds, leat__loop_alloc(loop), &park->io);
    if (error == 0)
        return 0;
    park->io.fd = -1;
    (void)leat__sys_close(queue); /* the first error is the one told */
    return error;
}

/* Everybody waits in the sets again. */
static void
wake_all(struct leat_loop *loop)
{
    struct leat__fdset *fds = &loop->fds;
    for (size_t fd = 0; fd < fds->capacity; fd++) {
        struct leat__io *io = fds->owner[fd];
        if (io == NULL || io->parked == 0)
            continue;
        unsigned events = io->parked;
        io->parked = 0;
        leat__fdset_want(fds, io, events);
    }
    loop->park.count = 0;
}

/* Give the queue up, whatever is in it. There may be a new one in a second. */
static void
drop_queue(struct leat_loop *loop, bool is_ours)
{
    struct leat__park *park = &loop->park;
    wake_all(loop);
    leat__fdset_remove(&loop->fds, &park->io);
    if (is_ours)
        (void)leat__sys_close(park->io.fd); /* the number is free either way */
    park->io.fd = -1;
    park->is_stale = false;
    park->retry_us = loop->now_us + RETRY_US;
    loop->progress++; /* no spin: it is not in the sets any more */
}

/* leat__park_take has claimed what is readable: the queue was closed behind our
 * back. */
static void
queue_ready(struct leat__io *io, unsigned ready)
{
    (void)ready;
    struct leat_loop *loop = LEAT__CONTAINER(io, struct leat_loop, park.io);
    drop_queue(loop, false);
}

void
leat__park_close(struct leat_loop *loop)
{
    struct leat__park *park = &loop->park;
    if (park->io.fd >= 0)
        drop_queue(loop, true);
    const struct leat_alloc *alloc = leat__loop_alloc(loop);
    if (park->reports != NULL)
        alloc->resize(alloc->user, park->reports, 0);
    leat__park_init(park);
}

/* --- one member ----------------------------------------------------------- */

static int
make_room(struct leat_loop *loop)
{
    struct leat__park *park = &loop->park;
    if (park->count < park->room || park->room == MOST_ROOM)
        return 0;
    const struct leat_alloc *alloc = leat__loop_alloc(loop);
    size_t room = park->room > 0 ? park->room * 2 : FIRST_ROOM;
    void *reports =
        alloc->resize(alloc->user, park->reports, room * leat__sys_park_size());
    if (reports == NULL)
        return -ENOMEM;
    park->reports = reports;
    park->room = room;
    return 0;
}

static int
park_it(struct leat_loop *loop, struct leat__io *io)
{
    struct leat__park *park = &loop->park;
    int error = open_queue(loop);
    if (error == 0)
        error = make_room(loop);
    if (error != 0)
        return error;

    unsigned events = leat__fdset_wanted(&loop->fds, io);
    uint64_t key = (uint64_t)++park->ticket << 32 | (uint32_t)io->fd;
    error = leat__sys_park_join(park->io.fd, io->fd, events, key);
    if (error != 0)
        return error;
    leat__fdset_want(&loop->fds, io, 0);
    io->parked = (unsigned char)events;
    io->ticket = park->ticket;
    io->streak = 0;
    if (park->count++ == 0)
        leat__fdset_want(&loop->fds, &park->io, LEAT_READABLE);
    return 0;
}

/* It waits for these in the sets from now on; what it is ready for, and still
 * waits for, stays. */
static void
wake(struct leat_loop *loop, struct leat__io *io, unsigned events)
{
    struct leat__park *park = &loop->park;
    int error = leat__sys_park_leave(park->io.fd, io->fd, io->parked);
    io->parked = 0;
    leat__fdset_want(&loop->fds, io, events);
    if (--park->count == 0)
        leat__fdset_want(&loop->fds, &park->io, 0);
    /* It may be in there still, and nobody could get it out. */
    if (error != 0)
        park->is_stale = true;
}

void
leat__park_want(struct leat_loop *loop, struct leat__io *io, unsigned events)
{
    if (io->parked == 0)
        leat__fdset_want(&loop->fds, io, events);
    else if (io->parked != events)
        wake(loop, io, events);
}

unsigned
leat__park_wanted(const struct leat_loop *loop, const struct leat__io *io)
{
    return io->parked != 0 ? io->parked : leat__fdset_wanted(&loop->fds, io);
}

/* --- what the queue tells ------------------------------------------------- */

/* Whether it has been ready so often of late that select() is the cheaper. A
 * queue may tell of one twice in a turn; that is once. */
static bool
is_busy(const struct leat_loop *loop, struct leat__io *io)
{
    uint32_t turn = (uint32_t)loop->stats.turns;
    if (io->met == turn)
        return false;
    bool goes_on = turn - io->met <= WAKE_GAP;
    io->streak = goes_on ? (unsigned char)(io->streak + 1) : 1;
    io->met = turn;
    return io->streak >= WAKE_AFTER && loop->config.park == LEAT_PARK_AUTO;
}

/* Parked, or woken by an earlier report of this turn: kqueue tells of each
 * event in a report of its own. */
static bool
is_member(const struct leat_loop *loop, const struct leat__io *io)
{
    return io->parked != 0 || io->met == (uint32_t)loop->stats.turns;
}

static void
found(struct leat_loop *loop, uint64_t key, unsigned events)
{
    struct leat__fdset *fds = &loop->fds;
    uint32_t fd = (uint32_t)key;
    struct leat__io *io = fd < fds->capacity ? fds->owner[fd] : NULL;
    if (io == NULL || io->ticket != key >> 32 || !is_member(loop, io)) {
        loop->park.is_stale = true;
        return;
    }
    unsigned wanted = leat__park_wanted(loop, io);
    bool is_due = is_busy(loop, io);
    /* Ready for what select() would not tell, as a hang-up is: there it does no
     * harm. Or the queue cannot tell for what. */
    if (io->parked != 0 && (is_due || (events & wanted) == 0))
        wake(loop, io, wanted);
    leat__fdset_mark(fds, io, events & wanted);
    loop->progress++;
}

/* The reported are far apart in memory, and were not looked at for long: have
 * them come while the first ones are served. */
static void
fetch(const struct leat_loop *loop, size_t count)
{
    const struct leat__fdset *fds = &loop->fds;
    for (size_t n = 0; n < count; n++) {
        uint64_t key;
        (void)leat__sys_park_report(loop->park.reports, n, &key);
        uint32_t fd = (uint32_t)key;
        const char *io =
            fd < fds->capacity ? (const char *)fds->owner[fd] : NULL;
        for (size_t at = 0; io != NULL && at < FETCHED; at += CACHE_LINE)
            __builtin_prefetch(io + at);
    }
}

/* All there are, in as many calls as that may take: whoever has been told of
 * goes to the end of the queue. */
static int
take(struct leat_loop *loop)
{
    struct leat__park *park = &loop->park;
    size_t calls = park->count / MOST_ROOM + 1;
    for (size_t i = 0; i < calls && park->count > 0; i++) {
        int count = leat__sys_park_take(park->io.fd, park->reports, park->room);
        if (count < 0)
            return count == -EINTR ? 0 : count;
        fetch(loop, (size_t)count);
        for (int n = 0; n < count; n++) {
            uint64_t key;
            unsigned events =
                leat__sys_park_report(park->reports, (size_t)n, &key);
            found(loop, key, events);
        }
        if ((size_t)count < park->room)
            return 0;
    }
    return 0;
}

void
leat__park_take(struct leat_loop *loop)
{
    struct leat__park *park = &loop->park;
    leat__fdset_mark_busy(&loop->fds);
    if (park->io.fd < 0 || park->io.fd >= loop->fds.ready_nfds ||
        !leat__fdset_claim(&loop->fds, LEAT__READ, (size_t)park->io.fd))
        return;
    int error = take(loop);
    if (error == 0)
        return;
    note(loop, "park-failed", error);
    /* The number has been closed, and may be somebody else's by now. */
    drop_queue(loop, error != -EBADF && error != -EINVAL);
}

/* --- the sweep ------------------------------------------------------------ */

static bool
is_time(const struct leat_loop *loop)
{
    const struct leat__park *park = &loop->park;
    if (loop->config.park == LEAT_PARK_OFF || loop->now_us < park->retry_us)
        return false;
    if (loop->config.park == LEAT_PARK_EAGER)
        return true;
    return loop->fds.awake.bits_set + park->count > FEW &&
           loop->stats.turns >= park->sweep_at;
}

/* Whoever was not ready since the last sweep; which ends here, or goes on next
 * turn. */
static int
sweep(struct leat_loop *loop)
{
    struct leat__park *park = &loop->park;
    struct leat__fdset *fds = &loop->fds;
    bool all = loop->config.park == LEAT_PARK_EAGER;
    size_t moves = 0;
    for (; park->cursor < fds->capacity; park->cursor += LEAT__WORD_BITS) {
        if (moves >= MOVES_PER_TURN)
            return 0;
        unsigned long quiet = leat__fdset_quiet(fds, park->cursor, all);
        for (; quiet != 0; quiet &= quiet - 1) {
            size_t bit = leat__words_next(&quiet, 0, LEAT__WORD_BITS);
            struct leat__io *io = fds->owner[park->cursor + bit];
            if (io->met == (uint32_t)loop->stats.turns)
                continue; /* woken for select() to look at it */
            int error = park_it(loop, io);
            if (error != 0)
                return error;
            moves++;
        }
    }
    park->cursor = 0;
    park->sweep_at = loop->stats.turns + QUIET_TURNS;
    return 0;
}

/* While nobody is parked select() does not see that the queue was closed behind
 * our back; the number may be somebody else's by now. */
static bool
is_queue_lost(const struct leat_loop *loop, int error)
{
    int queue = loop->park.io.fd;
    if (queue < 0)
        return false;
    return error == -EINVAL || (error == -EBADF && leat__sys_probe(queue) != 0);
}

void
leat__park_sweep(struct leat_loop *loop)
{
    if (loop->park.is_stale) {
        note(loop, "park-stale", 0);
        drop_queue(loop, true);
    }
    if (!is_time(loop))
        return;
    int error = sweep(loop);
    if (error == 0)
        return;
    if (error == -ENOSYS) { /* there is no queue here, and never will be */
        loop->config.park = LEAT_PARK_OFF;
        return;
    }
    note(loop, "park-failed", error);
    loop->park.retry_us = loop->now_us + RETRY_US;
    if (is_queue_lost(loop, error))
        drop_queue(loop, false);
}

void
leat__park_check(const struct leat_loop *loop)
{
    const struct leat__park *park = &loop->park;
    const struct leat__fdset *fds = &loop->fds;
    size_t parked = 0;
    for (size_t fd = 0; fd < fds->capacity; fd++)
        if (fds->owner[fd] != NULL && fds->owner[fd]->parked != 0)
            parked++;
    assert(parked == park->count);
    assert(park->count == 0 || park->io.fd >= 0);
    if (park->io.fd >= 0)
        assert((leat__fdset_wanted(fds, &park->io) != 0) == (parked > 0));
}
