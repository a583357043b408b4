/*
 * timer_rig.h - timers of rig.loop that say their names when they fire.
 *
 *     timer_make(&one, "one");
 *     leat_timer_start(&one, 10, 0);
 *     timer_after(10);
 *     trace_expect("one");
 */
#ifndef TESTS_TIMER_RIG_H
#define TESTS_TIMER_RIG_H

#include <leat/timer.h>

#include "loop_rig.h"
#include "trace.h"

/* name is kept, and nobody writes to it. */
void timer_make(struct leat_timer *timer, char *name);
/* What such a one does, for callbacks that do more; name is a text. */
void timer_tell(struct leat_timer *timer, void *name);
/* So much time passes, then there is one turn. */
void timer_after(int64_t us);

#endif
