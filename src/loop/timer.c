/*
 * timer.c - timers on the loop's heap.
 *
 * On the path: program -> HERE -> (phase 5) program.
 *
 * Invariants:
 *  1. timer->is_started  <=>  its node is in loop->timers
 *  2. sequences only grow, so timers of one deadline fire in the order they
 *     were started, and those started in phase 5 are told from those before
 */
#include <leat/timer.h>

#include <assert.h>

#include "base/num.h"
#include "loop.h"

void
leat_timer_init(struct leat_timer *timer, struct leat_loop *loop,
    leat_timer_fn fn, void *user)
{
    assert(fn != NULL);
    *timer = (struct leat_timer){.loop = loop, .fn = fn, .user = user};
}

static void
insert(struct leat_timer *timer, int64_t deadline_us)
{
    struct leat_loop *loop = timer->loop;
    timer->node.deadline_us = deadline_us;
    timer->node.sequence = loop->timer_sequence++;
    timer->is_started = true;
    leat__heap_insert(&loop->timers, &timer->node);
}

void
leat_timer_start(struct leat_timer *timer, int64_t delay_us, int64_t period_us)
{
    leat_timer_stop(timer);
    timer->period_us = period_us > 0 ? period_us : 0;
    int64_t delay = delay_us > 0 ? delay_us : 0;
    insert(timer, leat__add_time(leat__loop_fresh(timer->loop), delay));
}

void
leat__timer_start_at(struct leat_timer *timer, int64_t deadline_us)
{
    leat_timer_stop(timer);
    timer->period_us = 0;
    insert(timer, deadline_us);
}

void
leat_timer_stop(struct leat_timer *timer)
{
    if (!timer->is_started)
        return;
    leat__heap_remove(&timer->loop->timers, &timer->node);
    timer->is_started = false;
}

/* The next beat of the old rhythm that lies in the future: however long the
 * stall was, there is one call and no burst. */
static int64_t
next_beat(int64_t deadline_us, int64_t period_us, int64_t now_us)
{
    int64_t missed = (now_us - deadline_us) / period_us;
    return leat__add_time(deadline_us + missed * period_us, period_us);
}

/* The least timer that is due and was started before this phase. */
static struct leat_timer *
due(struct leat_loop *loop, uint64_t before)
{
    struct leat_heap_node *node = leat__heap_least(&loop->timers);
    if (node == NULL || node->deadline_us > loop->now_us)
        return NULL;
    /* Whatever was started in this phase is not due before now_us, and sorts
     * behind everything older that is. */
    if (node->sequence >= before)
        return NULL;
    return LEAT__CONTAINER(node, struct leat_timer, node);
}

void
leat__timers_run(struct leat_loop *loop)
{
    uint64_t before = loop->timer_sequence;
    struct leat_timer *timer;
    while (!loop->is_doomed && (timer = due(loop, before)) != NULL) {
        leat_timer_stop(timer);
        if (timer->period_us > 0)
            insert(timer, next_beat(timer->node.deadline_us, timer->period_us,
                              loop->now_us));
        if (!timer->is_internal)
            leat__loop_calls(loop);
        timer->fn(timer, timer->user);
    }
}

int64_t
leat__timers_wait(struct leat_loop *loop)
{
    const struct leat_heap_node *node = leat__heap_least(&loop->timers);
    if (node == NULL)
        return -1;
    int64_t wait = node->deadline_us - leat__loop_fresh(loop);
    return wait > 0 ? wait : 0;
}

/* The heap is about to go: a timer that is stopped later must not look for
 * its node in it. */
void
leat__timers_end(struct leat_loop *loop)
{
    struct leat_heap_node *node;
    while ((node = leat__heap_least(&loop->timers)) != NULL)
        leat_timer_stop(LEAT__CONTAINER(node, struct leat_timer, node));
}
