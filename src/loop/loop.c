/*
 * loop.c - the turn.
 *
 * 1 wait     timeout = nearest deadline - a fresh clock reading; select()
 * 2 clock    read the clock: this is "now" for phases 3-7
 * 3 read     wake-ups and signals, urgent marks, accepts, held input, readable
 * 4 write    writable ones are marked dirty; nothing is sent here
 * 5 timers   due timers run; those armed now run next turn
 * 6 flush    each dirty connection: one gathered send; then on_drain
 * 7 reap     closing connections: on_close once, fd closed, memory returned
 *
 * A byte only moves forward: socket -> 3 -> service -> queue -> 6 -> socket.
 */
#include "loop.h"

#include <errno.h>

#include "sys/sys.h"

void
leat__loop_note(struct leat_loop *loop, const struct leat_note *note)
{
    if (loop->config.on_note != NULL)
        loop->config.on_note(note, loop->config.note_user);
}

void
leat__loop_clock(struct leat_loop *loop)
{
    loop->now_us = leat__loop_fresh(loop);
}

int64_t
leat__loop_fresh(struct leat_loop *loop)
{
    int64_t now_us;
    int error = leat__sys_monotonic(&now_us);
    if (error == 0)
        return now_us;
    leat__loop_note(loop, &(struct leat_note){.level = LEAT_NOTE_WARN,
                              .key = "clock-failed",
                              .error = error,
                              .fd = -1});
    return loop->now_us;
}

static bool
is_not_doomed(void *user)
{
    const struct leat_loop *loop = user;
    return !loop->is_doomed;
}

/* Woken up for nothing: a mistake in our bookkeeping, or a spurious wake-up,
 * which select(2) allows. More than a few in a row would burn the processor. */
static void
count_spin(struct leat_loop *loop, bool found, uint64_t progress)
{
    if (found && loop->progress == progress)
        loop->stats.spins++;
}

int
leat__turn(struct leat_loop *loop, bool found)
{
    uint64_t callbacks = loop->stats.callbacks;
    uint64_t progress = loop->progress;
    loop->is_running = true;
    loop->stats.turns++;

    leat__loop_clock(loop);
    leat__phase_read(loop);
    leat__phase_write(loop);
    leat__timers_run(loop);
    leat__defer_run(&loop->dirty, is_not_doomed, loop);
    if (!loop->is_doomed)
        leat__defer_run(&loop->dying, NULL, NULL);
    if (!loop->is_doomed)
        leat__park_sweep(loop);
    count_spin(loop, found, progress);
    leat__memory_watch(loop);

    loop->is_running = false;
    if (loop->is_doomed) {
        leat__loop_free(loop);
        return -ECANCELED;
    }
    return (int)(loop->stats.callbacks - callbacks);
}

int
leat_loop_step(struct leat_loop *loop, int64_t timeout_us)
{
    if (loop->is_running)
        return -EBUSY;
    int found = leat__wait(loop, leat__wait_time(loop, timeout_us));
    if (found < 0)
        return found;
    return leat__turn(loop, found > 0);
}

/* Something is left that could call the program. */
static bool
is_alive(struct leat_loop *loop)
{
    size_t own = loop->trim.is_started ? 1 : 0;
    size_t own_fds = loop->park.io.fd >= 0 ? 2 : 1; /* and the pipe */
    return loop->fds.count > own_fds || loop->timers.count > own ||
           loop->signals.count > 0 || leat__wait_time(loop, -1) == 0 ||
           leat__posts_pending(&loop->posts) ||
           (loop->net != NULL && loop->count_net(loop) > 0);
}

int
leat_loop_run(struct leat_loop *loop)
{
    if (loop->is_running)
        return -EBUSY;
    while (!loop->is_stopped && is_alive(loop)) {
        int result = leat_loop_step(loop, -1);
        if (result < 0)
            return result;
    }
    loop->is_stopped = false;
    return 0;
}

void
leat_loop_stop(struct leat_loop *loop)
{
    loop->is_stopped = true;
}

void
leat_loop_set_budget(struct leat_loop *loop, int64_t budget_us)
{
    loop->budget_us = budget_us > 0 ? budget_us : 0;
}

bool
leat_loop_more(const struct leat_loop *loop)
{
    return loop->has_more;
}

int64_t
leat_loop_now(const struct leat_loop *loop)
{
    return loop->now_us;
}
