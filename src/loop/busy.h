/*
 * busy.h - whether to poll before a wait that would block.
 */
#ifndef LEAT_LOOP_BUSY_H
#define LEAT_LOOP_BUSY_H

#include <stdbool.h>
#include <stdint.h>

/* All zero at first. T is the longest poll. */
struct leat__busy {
    unsigned credit; /* polls in vain until the next wait blocks at once */
    unsigned soon;   /* waits without a poll in a row that were short */
};

/* Whether the next wait is to begin with a poll. */
bool leat__busy_polls(const struct leat__busy *busy);
/* What came of a poll. */
void leat__busy_polled(struct leat__busy *busy, bool found);
/* What came of a wait without one, and how long it took. */
void leat__busy_blocked(
    struct leat__busy *busy, bool found, int64_t waited_us, int64_t window_us);

#endif
