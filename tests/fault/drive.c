/*
 * drive.c - turns, until a play is over.
 *
 * In each round every guest says and hears what it can, then the loop makes
 * one turn, which may move the frozen clock on but never waits. Where nothing
 * happens the turns may take longer and longer: whatever a timer has to do is
 * done. What stands still all the same is stuck.
 */
#include <leat/loop.h>

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>

#include "blame.h"
#include "net/net.h"
#include "run.h"
#include "support/kernel.h"
#include "world.h"

/* A client whom the kernel refuses memory waits 3 s in steps of 10 ms, one that
 * is drained up to 30 s after its end: so many rounds may pass without a byte,
 * and many more with them. */
#define STILL_MOST 3200u
#define STILL_ARMED 700u /* while the faults may be what holds it up */
#define ROUNDS_MOST 20000u
#define REST_MOST 50u
#define STEP_US ((int64_t)10000)
#define STEP_MOST_US ((int64_t)3600 * 1000000)
/* Before it is said that all stands still the kernel is given real time. */
#define PATIENCE 200

/* That of the descriptors looks at each that there could be: not every time. */
static void
check_invariants(void)
{
    static unsigned turns;

    if (++turns % 8 == 0)
        leat__fdset_check(&world.loop->fds);
    leat__heap_check(&world.loop->timers);
    leat__pool_check(&world.loop->pool);
    leat__net_check(world.loop);
}

/* What would be different after a turn that did something. */
static uint64_t
moved_so_far(void)
{
    struct leat_loop_stats stats;

    leat_loop_stats(world.loop, &stats);
    return stats.callbacks + stats.bytes_in + stats.bytes_out + stats.closed +
           stats.accepted;
}

static bool
turn(int64_t timeout_us)
{
    uint64_t before = moved_so_far();
    int result = leat_loop_step(world.loop, timeout_us);

    if (result < 0)
        world.turn_error = result;
    check_invariants();
    return moved_so_far() != before;
}

bool
world_is_idle(void)
{
    struct leat_loop_stats stats;

    for (size_t i = 0; i < world.count; i++)
        if (!world.guest[i].is_over)
            return false;
    leat_loop_stats(world.loop, &stats);
    return stats.conns == 0;
}

static bool
is_over(void)
{
    return world.is_over != NULL ? world.is_over() : world_is_idle();
}

/* Who is left never reads: no more will come from the kernel for anybody. */
static bool
only_mutes_are_left(void)
{
    struct leat_loop_stats stats;
    size_t mutes = 0;

    for (size_t i = 0; i < world.count; i++) {
        if (world.guest[i].fd >= 0 && !world.guest[i].script->is_mute)
            return false;
        mutes += world.guest[i].fd >= 0;
    }
    leat_loop_stats(world.loop, &stats);
    return stats.conns == mutes;
}

/* On a busy machine the kernel may owe us something that was sent already. */
static void
yield(unsigned still, int wait_ms)
{
    struct pollfd fds[GUESTS_MOST];
    nfds_t count = 0;

    if (still == 3)
        (void)sched_yield();
    if (wait_ms > 0 && only_mutes_are_left())
        return;
    for (size_t i = 0; i < world.count && wait_ms > 0; i++)
        if (world.guest[i].fd >= 0 && !world.guest[i].script->is_mute)
            fds[count++] =
                (struct pollfd){.fd = world.guest[i].fd, .events = POLLIN};
    if (wait_ms > 0)
        (void)poll(fds, count, wait_ms);
}

static bool
round_of_all(int64_t timeout_us)
{
    bool moved = false;

    for (size_t i = 0; i < world.count; i++)
        moved = guest_round(&world.guest[i]) || moved;
    return turn(timeout_us) || moved;
}

/* Real time, and none on the frozen clock. Whether it has helped. */
static bool
be_patient(void)
{
    for (int i = 0; i < PATIENCE && !world.is_hasty; i++) {
        yield(0, 10);
        if (round_of_all(0))
            return true;
    }
    return false;
}

static void
tell_stuck(const char *what)
{
    for (size_t i = 0; i < world.count; i++) {
        const struct guest *guest = &world.guest[i];
        if (!guest->is_over)
            blame("%s: client %zu has said %zu of %zu, heard %zu of %zu", what,
                i, guest->said, guest->script->out_len, guest->heard,
                guest->script->want_len);
    }
    blame("%s: a connection or the server does not end", what);
}

/* A few turns for what is left, so that the run can go on to its end. */
static void
break_off(void)
{
    for (size_t i = 0; i < world.count; i++)
        guest_hang_up(&world.guest[i]);
    for (int i = 0; i < 20 && !is_over(); i++)
        (void)turn(STEP_MOST_US);
}

void
world_drive(void)
{
    int64_t step_us = STEP_US;
    unsigned still = 0;

    for (unsigned rounds = 0; !is_over(); rounds++) {
        if (rounds == ROUNDS_MOST) {
            tell_stuck("no end");
            break_off();
            return;
        }
        if (round_of_all(step_us)) {
            still = 0;
            step_us = STEP_US;
            continue;
        }
        step_us = step_us < STEP_MOST_US / 2 ? step_us * 2 : STEP_MOST_US;
        still++;
        yield(still, still == 6 || still == 9);
        if (still < STILL_ARMED || (!run_is_armed() && still < STILL_MOST))
            continue;
        if (!run_release() && !be_patient()) {
            tell_stuck("stuck");
            break_off();
            return;
        }
        still = 0;
        step_us = STEP_US;
    }
}

/* Whether it waited, and nothing came of that. */
static bool
rests(void)
{
    int64_t before_us = clock_now();

    return !turn(1000000) && clock_now() > before_us;
}

/* What reset while it stood in the backlog may still be looked at. */
void
world_rest(void)
{
    unsigned turns = 0;

    if (world.loop == NULL)
        return;
    while (!rests())
        if (++turns == REST_MOST) {
            blame("the loop does not come to rest");
            return;
        }
}
