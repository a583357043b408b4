/*
 * signal.h - the loop's side of <leat/signal.h>.
 */
#ifndef LEAT_LOOP_SIGNAL_H
#define LEAT_LOOP_SIGNAL_H

#include <leat/signal.h>

#include <stdint.h>

/* Highest signal number that can be watched. */
#define LEAT__SIGNAL_MAX 64

struct leat__signal_watch;

struct leat__signals {
    struct leat__signal_watch *watch; /* by number; NULL until one is watched */
    int count;                        /* signals watched */
    uint64_t arrived; /* bit n - 1: signal n came and is still to be told */
};

/* Phase 3: tell what has arrived. */
void leat__signals_run(struct leat_loop *loop);
/* Give all signals back. */
void leat__signals_end(struct leat_loop *loop);

#endif
