/*
 * leat/loop.h - one thread, one select(), seven phases a turn.
 *
 *   1 wait   2 clock   3 read   4 write   5 timers   6 flush   7 reap
 *
 * A loop belongs to the thread that uses it; only leat_loop_post may be called
 * from others. leat/sets.h runs a loop inside somebody else's select().
 */
#ifndef LEAT_LOOP_H
#define LEAT_LOOP_H

#include <leat/stats.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct leat_loop;

/*
 * Where quiet connections wait. One that is parked waits in a queue of the
 * kernel's (epoll(7), kqueue(2)), so that select() need not look at it in each
 * turn: with thousands of quiet ones that is most of the time. What is called,
 * and when, is the same. The one difference: nothing is read from a paused
 * connection, and that its peer has reset it is noticed when it is resumed,
 * sent to, or idle for too long.
 */
enum leat_park {
    LEAT_PARK_AUTO, /* who has been quiet for some turns, among more than 16;
                     * nobody where the platform has no such queue */
    LEAT_PARK_OFF,  /* nobody */
    LEAT_PARK_EAGER /* everybody, after each turn: for tests */
};

/* A field of 0 or NULL means its default. */
struct leat_loop_config {
    const struct leat_alloc *alloc; /* copied; default realloc(3), free(3) */
    size_t max_memory;    /* what queued and held bytes take; 256 MiB */
    size_t max_conns;     /* default RLIMIT_NOFILE - 32, at least 1 */
    enum leat_park park;  /* LEAT_PARK_AUTO */
    leat_note_fn on_note; /* default: notes are dropped */
    void *note_user;      /* kept; handed to on_note */

    /* Longest poll before a wait that would block, in microseconds; 0 or below
     * none, the default. Asking again and again, without waiting, saves the
     * time that waking up takes (a round trip of one client was 80 us and
     * became 20) and burns the processor meanwhile. It polls only while about
     * half of the polls find something: a loop to which nothing comes soon
     * blocks at once, until messages come within that time of each other
     * again. A poll never outlasts the nearest timer or the caller's time-out.
     * leat_loop_step(loop, 0) never polls, nor does leat_loop_prepare ask a
     * host to; each look counts in the statistics' selects. */
    int64_t busy_poll_us;
};

/*
 * Create a loop. Takes two descriptors, for the wake-up pipe, and one more when
 * a connection is parked for the first time.
 *
 * out      set to the loop; returned owned, leat_loop_destroy frees it
 * config   borrowed; NULL means all defaults
 *
 * Returns  0; -ENOMEM; -EMFILE or -ENFILE no descriptor for the pipe; -ERANGE
 *          its number is beyond what select can watch; an error of
 *          clock_gettime(2), fcntl(2) or getrlimit(2).
 * On error *out is NULL and nothing is left behind.
 */
LEAT_API LEAT_CHECKED int leat_loop_create(
    struct leat_loop **out, const struct leat_loop_config *config);

/*
 * End a loop: every connection gets its on_close with -ECANCELED, listeners,
 * dgrams, watches and signals are closed, groups freed, timers stopped, posts
 * that were accepted but not yet run dropped.
 *
 * loop     taken; NULL is harmless. From inside a callback destruction waits
 *          until the running leat_loop_run, step or dispatch unwinds, which
 *          then returns -ECANCELED; a second call is harmless until then.
 *          A forked child may destroy its copy and do nothing else with it:
 *          the parent goes on, but without the files of its unix sockets.
 *
 * Calls back on_close.
 */
LEAT_API void leat_loop_destroy(struct leat_loop *loop);

/*
 * Turn until leat_loop_stop, or until nothing is left that could call back:
 * no connection, listener, dgram, watch, started timer, watched signal, post.
 *
 * Returns  0; -EBUSY called from inside a callback; -ECANCELED the loop was
 *          destroyed from inside; an error of select(2) that waiting does not
 *          mend.
 * Calls back everything.
 */
LEAT_API LEAT_CHECKED int leat_loop_run(struct leat_loop *loop);

/*
 * Make one turn.
 *
 * timeout_us  longest wait in microseconds; 0 do not wait, -1 for ever
 *
 * Returns  how many callbacks ran, 0 or more; else as leat_loop_run.
 * Calls back everything.
 */
LEAT_API LEAT_CHECKED int leat_loop_step(
    struct leat_loop *loop, int64_t timeout_us);

/*
 * Make leat_loop_run return once the turn is over; when none is running, the
 * next one returns at once.
 */
LEAT_API void leat_loop_stop(struct leat_loop *loop);

/*
 * Bound the time that phase 3 of a turn may take, for frame loops.
 *
 * budget_us  the clock is read after every callback, and once the budget is
 *            used phase 3 ends; who was not served is first next turn. Phases
 *            5 to 7 always run. 0 or below: no bound (the default).
 */
LEAT_API void leat_loop_set_budget(struct leat_loop *loop, int64_t budget_us);

/*
 * Whether the last turn left ready work behind because its budget was used.
 */
LEAT_API bool leat_loop_more(const struct leat_loop *loop);

/*
 * The time of this turn on the monotonic clock, in microseconds.
 */
LEAT_API int64_t leat_loop_now(const struct leat_loop *loop);

typedef void (*leat_post_fn)(struct leat_loop *loop, void *arg);

/*
 * Have a function called on the loop's thread: the one thread-safe call.
 *
 * loop     not yet being destroyed
 * fn, arg  called once as fn(loop, arg), in phase 3; posts of one thread in
 *          their order, at most 256 a turn
 *
 * Returns  0; -ENOMEM; -ESHUTDOWN the loop is being destroyed.
 * On error fn will not be called.
 */
LEAT_API LEAT_CHECKED int leat_loop_post(
    struct leat_loop *loop, leat_post_fn fn, void *arg);

#ifdef __cplusplus
}
#endif

#endif
