/*
 * loop.h - what a loop is inside; <leat/loop.h> has the contract.
 *
 * The rooms above hang their work on it with function pointers: ios in the fd
 * set, nodes on the three deferred lists, and the state of src/net, which the
 * loop only keeps and ends.
 */
#ifndef LEAT_LOOP_LOOP_H
#define LEAT_LOOP_LOOP_H

#include "base/heap.h"
#include "base/pool.h"
#include "busy.h"
#include "defer.h"
#include "fdset.h"
#include "park.h"
#include "post.h"
#include "signal.h"

#include <leat/loop.h>

struct leat__net;

/* What phase 3 goes through by descriptor. */
enum leat__scan {
    LEAT__SCAN_URGENT,
    LEAT__SCAN_EARLY,
    LEAT__SCAN_REST,
    LEAT__SCANS
};

struct leat_loop {
    struct leat_loop_config config; /* without zeros */
    struct leat__pool pool; /* with the allocator, see leat__loop_alloc */
    struct leat__fdset fds;
    struct leat__park park; /* those who are quiet */

    struct leat__heap timers;
    uint64_t timer_sequence; /* of the next timer started */
    struct leat_timer trim;  /* gives the pool's surplus back */

    struct leat__io wake; /* reading end of the wake-up pipe */
    int wake_write;       /* writing end */
    struct leat__posts posts;
    struct leat__signals signals;
    struct leat__node watches;

    struct leat__defer held;  /* phase 3 */
    struct leat__defer dirty; /* phase 6 */
    struct leat__defer dying; /* phase 7 */

    int64_t now_us;     /* the clock in phases 3-7 */
    int64_t backoff_us; /* no select() on descriptors before; 0 none */
    struct leat__busy busy;

    /* Phase 3: see ready.c. */
    int64_t budget_us;          /* 0 no bound */
    uint64_t budget_mark;       /* callbacks when the clock was looked at */
    size_t part;                /* with which it begins */
    size_t cursor[LEAT__SCANS]; /* where each scan begins */
    bool is_late;               /* the budget of this turn is used */
    bool has_lost;              /* a descriptor was closed behind our back */

    bool is_running; /* a turn is being made */
    bool is_stopped; /* leat_loop_run is to return */
    bool is_doomed;  /* destroyed from inside */
    bool has_more;   /* the budget cut the last turn short */

    uint64_t progress; /* callbacks, bytes moved, accepts: see spins */
    struct leat_loop_stats stats;

    /* Connections and listeners; NULL until there are some. */
    struct leat__net *net;
    void (*end_net)(struct leat_loop *loop);
    bool (*trim_net)(struct leat_loop *loop);          /* as leat__pool_trim */
    size_t (*count_net)(const struct leat_loop *loop); /* connections */
};

/* The allocator of the loop, uncounted. */
static inline const struct leat_alloc *
leat__loop_alloc(const struct leat_loop *loop)
{
    return &loop->pool.source.alloc;
}

/* A callback into the program is about to be made. */
static inline void
leat__loop_calls(struct leat_loop *loop)
{
    loop->stats.callbacks++;
    loop->progress++;
}

/* Read the clock into now_us; when it fails time stands still. */
void leat__loop_clock(struct leat_loop *loop);
/* A fresh reading of the clock, else now_us. */
int64_t leat__loop_fresh(struct leat_loop *loop);

/* Tell the program, if it wants to know. */
void leat__loop_note(struct leat_loop *loop, const struct leat_note *note);

/* Whether phase 3 may call on: the budget is not used, nobody destroyed us. */
bool leat__loop_may_go_on(void *loop);

/* Free everything; the loop is not running. */
void leat__loop_free(struct leat_loop *loop);

/* The phases that have files of their own. */
void leat__phase_read(struct leat_loop *loop);     /* ready.c, phase 3 */
void leat__phase_write(struct leat_loop *loop);    /* ready.c, phase 4 */
void leat__timers_run(struct leat_loop *loop);     /* timer.c, phase 5 */
int64_t leat__timers_wait(struct leat_loop *loop); /* us to the next; -1 none */
/* As leat_timer_start for a single shot, at a time and not after one. */
void leat__timer_start_at(struct leat_timer *timer, int64_t deadline_us);
/* Stop all of them. */
void leat__timers_end(struct leat_loop *loop);

/* End of a turn: where blocks came back, have the pool trimmed in a second. */
void leat__memory_watch(struct leat_loop *loop);
void leat__memory_init(struct leat_loop *loop);

/* select() on what is wanted, once, or more often where it polls; fills the
 * ready sets. How many were found, or -errno with nothing ready. */
int leat__wait(struct leat_loop *loop, int64_t timeout_us);
/* How long phase 1 may wait, given what the caller allows. */
int64_t leat__wait_time(struct leat_loop *loop, int64_t timeout_us);
/* Phases 2 to 7. found says whether the ready sets held something. */
int leat__turn(struct leat_loop *loop, bool found);

int leat__wake_open(struct leat_loop *loop);
void leat__wake_close(struct leat_loop *loop);
/* Make the pipe readable; from any thread. */
void leat__wake_ring(const struct leat_loop *loop);

/* Close what is left of the program's watches. */
void leat__watches_end(struct leat_loop *loop);

#endif
