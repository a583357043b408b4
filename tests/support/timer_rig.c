/*
 * timer_rig.c - timers that say their names.
 */
#include "timer_rig.h"

#include "kernel.h"

void
timer_tell(struct leat_timer *timer, void *name)
{
    (void)timer;
    trace("%s", (const char *)name);
}

void
timer_make(struct leat_timer *timer, char *name)
{
    leat_timer_init(timer, rig.loop, timer_tell, name);
}

void
timer_after(int64_t us)
{
    clock_advance(us);
    rig_turn();
}
