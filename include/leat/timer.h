/*
 * leat/timer.h - call a function later, or again and again.
 *
 * A timer lives in the caller's storage and costs no allocation, so starting
 * one cannot run out of memory. Time is the monotonic clock: setting the wall
 * clock moves no timer. Timers run in phase 5 of a turn, in the order of their
 * deadlines, equal deadlines in the order they were started. A timer started
 * by a timer's callback runs in the next turn at the earliest.
 */
#ifndef LEAT_TIMER_H
#define LEAT_TIMER_H

#include <leat/api.h>

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct leat_loop;
struct leat_timer;

/* timer is stopped by now unless it is periodic; it may be started, stopped
 * and its storage released from inside. */
typedef void (*leat_timer_fn)(struct leat_timer *timer, void *user);

/* A node of the loop's heap; private. */
struct leat_heap_node {
    struct leat_heap_node *child, *next, *prev;
    int64_t deadline_us;
    uint64_t sequence;
};

/* Caller's storage; all fields are private. */
struct leat_timer {
    struct leat_heap_node node;
    struct leat_loop *loop;
    leat_timer_fn fn;
    void *user;
    int64_t period_us;
    bool is_started;
    bool is_internal; /* the library's own */
};

/*
 * Prepare a timer for use.
 *
 * timer    storage; kept by the loop while the timer is started
 * loop     borrowed; leat_loop_destroy stops the timer where it is started
 * fn       called when the timer is due; not NULL
 * user     handed to fn; kept
 *
 * Calls back never.
 */
LEAT_API void leat_timer_init(struct leat_timer *timer, struct leat_loop *loop,
    leat_timer_fn fn, void *user);

/*
 * Start a timer, or start it anew when it is running.
 *
 * timer      initialised timer; kept until it fires or is stopped
 * delay_us   microseconds from now, counted from a fresh clock reading; 0 is
 *            due at once, below 0 counts as 0
 * period_us  microseconds between later calls; 0 or below fires once. After a
 *            stall a periodic timer fires once and goes on in its old rhythm:
 *            missed calls are not made up for.
 *
 * Calls back fn in phase 5, never early.
 */
LEAT_API void leat_timer_start(
    struct leat_timer *timer, int64_t delay_us, int64_t period_us);

/*
 * Stop a timer. It will not fire, even where it is already due.
 *
 * timer    initialised timer; a stopped one is left as it is, even where its
 *          loop has been destroyed. Its storage may be released afterwards.
 *
 * Calls back never.
 */
LEAT_API void leat_timer_stop(struct leat_timer *timer);

#ifdef __cplusplus
}
#endif

#endif
