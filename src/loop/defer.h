/*
 * defer.h - work put off to a fixed place in the turn.
 *
 * The loop has three such lists: held input (phase 3), dirty connections
 * (phase 6) and dying ones (phase 7). Whoever is on one links a node of its
 * own, so putting something off cannot fail; what is put off while the list
 * runs waits for the next turn.
 */
#ifndef LEAT_LOOP_DEFER_H
#define LEAT_LOOP_DEFER_H

#include "base/list.h"

/* node is off the list when it is run. */
typedef void (*leat__defer_fn)(struct leat__node *node);

struct leat__defer {
    struct leat__node head;
    leat__defer_fn run; /* set by the room whose work it is */
};

void leat__defer_init(struct leat__defer *defer);
/* Put off; harmless when node is on the list already. */
void leat__defer_add(struct leat__defer *defer, struct leat__node *node);
bool leat__defer_is_empty(const struct leat__defer *defer);

/*
 * Run what is on the list now, in order, as long as go_on says so; the rest
 * stays first in line. go_on may be NULL: no end.
 */
void leat__defer_run(
    struct leat__defer *defer, bool (*go_on)(void *user), void *user);

#endif
