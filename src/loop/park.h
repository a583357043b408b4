/*
 * park.h - quiet connections wait in a queue of the kernel's, not in the sets.
 *
 * select() looks at every descriptor it is given, each time. A connection that
 * has been quiet for some turns is parked: it waits, for the same events, in a
 * readiness queue (sys/park_*.c), whose own descriptor is one more bit in the
 * readable set. What the queue reports becomes ready bits of the same turn,
 * before phase 3 begins, and is served like all others. So who is called sees
 * no difference, and whoever is not parked, or cannot be, loses nothing but
 * time.
 *
 * Only ios that are is_parkable are ever parked. An io has its wants in the
 * sets, or is parked with them in io->parked, never both.
 */
#ifndef LEAT_LOOP_PARK_H
#define LEAT_LOOP_PARK_H

#include "fdset.h"

struct leat_loop;

struct leat__park {
    struct leat__io io; /* the queue; fd below 0 while there is none */
    void *reports;      /* room for what the queue tells at once */
    size_t room;        /* reports it holds */
    size_t count;       /* ios that are parked */
    uint32_t ticket;    /* of the one parked last, see found() */
    uint64_t sweep_at;  /* the turn with which the next sweep begins */
    size_t cursor;      /* where the sweep under way goes on */
    int64_t retry_us;   /* parking has failed: not again before */
    bool is_stale;      /* the queue tells of somebody who is no member */
};

void leat__park_init(struct leat__park *park);
void leat__park_close(struct leat_loop *loop);

/* Wait for exactly these of LEAT_READABLE, _WRITABLE, _EXCEPTIONAL. Whoever was
 * parked and is to wait for something else is not any more. */
void leat__park_want(
    struct leat_loop *loop, struct leat__io *io, unsigned events);
unsigned leat__park_wanted(
    const struct leat_loop *loop, const struct leat__io *io);

/* Before phase 3: what the queue tells becomes ready bits. */
void leat__park_take(struct leat_loop *loop);
/* The end of a turn: park who has been quiet. */
void leat__park_sweep(struct leat_loop *loop);

/* Asserts the invariants of park.c; O(capacity). */
void leat__park_check(const struct leat_loop *loop);

#endif
