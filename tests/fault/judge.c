/*
 * judge.c - what may have gone wrong in a play, and what may not.
 *
 * Exact bytes are looked at by the guests as they come. Here it is looked at
 * who was hurt, what was told about it, and what is left behind.
 */
#include <leat/error.h>

#include <errno.h>
#include <string.h>

#include "blame.h"
#include "loop/loop.h"
#include "run.h"
#include "support/kernel.h"
#include "world.h"

/* A call that fails once may be one wake-up for nothing, a call that is tried
 * again at once some more. */
#define SPINS_MOST 10u

unsigned
judge_owes(void)
{
    size_t count;
    const struct fault *faults = run_faults(&count);
    unsigned owes = 0;

    if (run_is_strict())
        return OWES_NOBODY;
    for (size_t i = 0; i < count; i++) {
        owes |= faults[i].kind->owes;
        if (faults[i].kind->owes & OWES_PATIENCE && faults[i].is_sticky)
            owes |= OWES_TURN;
    }
    return owes;
}

static bool
kind_allows(const struct fault_kind *kind, int reason)
{
    if (kind->error != 0 && reason == -kind->error)
        return true;
    for (size_t i = 0; i < kind->also_count; i++)
        if (kind->also[i] == reason)
            return true;
    return false;
}

bool
judge_allows(int reason)
{
    size_t count;
    const struct fault *faults = run_faults(&count);

    for (size_t i = 0; i < count && !run_is_strict(); i++)
        if (kind_allows(faults[i].kind, reason))
            return true;
    return false;
}

/* While draining, a peer that has nothing to say just now has said all. */
static bool
is_cut_short(void)
{
    size_t count;
    const struct fault *faults = run_faults(&count);

    for (size_t i = 0; i < count && world.closes_door && !run_is_strict(); i++)
        if (faults[i].kind->error == EAGAIN &&
            strcmp(fault_sites[faults[i].kind->site].call, "recv") == 0)
            return true;
    return false;
}

/* --- clients ------------------------------------------------------------- */

/* What the end of the other one's peer looks like. */
static bool
is_of_peer(int reason)
{
    static const int reasons[] = {0, LEAT_EOF, -ECONNRESET, -EPIPE,
        -ECONNABORTED, -ENOTCONN, -ECONNREFUSED, -ETIMEDOUT, -ETIME};

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i] == reason)
            return true;
    return false;
}

static void
judge_reason(size_t i)
{
    const struct guest *guest = &world.guest[i];
    bool is_hurt = !guest_is_whole(guest);
    bool is_good = guest->reason == 0 || guest->reason == LEAT_EOF;
    bool is_wild = guest->script->is_mute || guest->script->resets;

    if (guest->closes == 0 || judge_allows(guest->reason))
        return;
    if ((is_wild || (guest->is_leat && !run_is_strict())) &&
        is_of_peer(guest->reason))
        return;
    if (!is_good)
        blame("client %zu: %s was told", i, leat_error_name(guest->reason));
    else if (is_hurt && !is_cut_short())
        blame("client %zu: it heard %zu of %zu%s, and was told %s", i,
            guest->heard, guest->script->want_len,
            guest->has_ended ? " and the end" : "",
            leat_error_name(guest->reason));
}

/* Who still waits at the door when it is closed is turned away. */
static bool
is_shut_out(void)
{
    size_t count;
    const struct fault *faults = run_faults(&count);

    return world.closes_door && !run_is_strict() &&
           (count > 1 || faults[0].is_sticky);
}

static void
judge_refused(size_t i)
{
    bool may = judge_owes() & (OWES_ONE | OWES_LISTENER) || is_shut_out();

    if (!may)
        blame("client %zu was not let in: %s", i,
            leat_error_name(-world.guest[i].error));
}

static size_t
count_hurt(void)
{
    size_t hurt = 0;

    for (size_t i = 0; i < world.count; i++) {
        const struct guest *guest = &world.guest[i];
        bool is_whole = guest_is_whole(guest);

        if (guest->opens > 1 || guest->closes != guest->opens)
            blame("client %zu: %u times opened, %u times closed", i,
                guest->opens, guest->closes);
        judge_reason(i);
        if (!is_whole && guest->opens == 0 && !guest->is_leat)
            judge_refused(i);
        hurt += is_whole ? 0 : 1;
    }
    return hurt;
}

/* leatd asks once more who waits before it closes its door. Where that fails
 * too, all who wait are turned away. */
static bool
is_door_stuck(void)
{
    size_t count, at_door = 0;
    const struct fault *faults = run_faults(&count);

    for (size_t i = 0; i < count; i++) {
        const char *call = fault_sites[faults[i].kind->site].call;
        at_door += strncmp(call, "accept", strlen("accept")) == 0;
    }
    return world.closes_door && at_door > 1;
}

/* How many one call that fails once may hurt. */
static size_t
may_hurt(void)
{
    size_t count, most = is_cut_short() ? 1 : 0;
    const struct fault *faults = run_faults(&count);

    if (run_is_strict())
        return 0;
    if (is_door_stuck())
        return GUESTS_MOST;
    for (size_t i = 0; i < count; i++) {
        if (faults[i].is_sticky || faults[i].kind->owes & OWES_LISTENER)
            return GUESTS_MOST;
        if (faults[i].kind->owes & OWES_ONE)
            most++;
    }
    return most;
}

/* --- the loop ------------------------------------------------------------- */

static void
judge_loop(void)
{
    struct leat_loop_stats stats;
    size_t count;
    const struct fault *faults = run_faults(&count);
    bool is_once = count == 1 && !faults[0].is_sticky;

    if (world.turn_error != 0 && !judge_allows(world.turn_error))
        blame("a turn failed: %s", leat_error_name(world.turn_error));
    if (world.strange != 0 && !judge_allows(world.strange) &&
        !is_of_peer(world.strange))
        blame("a connection was told %s", leat_error_name(world.strange));
    if (world.loop == NULL)
        return;
    leat__fdset_check(&world.loop->fds);
    leat_loop_stats(world.loop, &stats);
    if (stats.conns != 0 || stats.memory != 0)
        blame("%zu connections and %zu bytes are left", stats.conns,
            stats.memory);
    if (run_is_strict() && stats.spins != world.spins)
        blame("%llu wake-ups for nothing",
            (unsigned long long)(stats.spins - world.spins));
    else if (is_once && stats.spins > world.spins + SPINS_MOST)
        blame("one failed call, %llu wake-ups for nothing",
            (unsigned long long)(stats.spins - world.spins));
}

void
judge_play(void)
{
    size_t hurt = count_hurt();

    if (hurt > may_hurt())
        blame("%zu clients were hurt, %zu may be", hurt, may_hurt());
    judge_loop();
}

/* --- what is left --------------------------------------------------------- */

/* A file that cannot be removed, or not be looked at, stays. */
static bool
may_leave_files(void)
{
    size_t count;
    const struct fault *faults = run_faults(&count);

    for (size_t i = 0; i < count; i++) {
        const char *call = fault_sites[faults[i].kind->site].call;
        if (strcmp(call, "unlink") == 0 || strcmp(call, "lstat") == 0)
            return true;
    }
    return false;
}

void
judge_rest(void)
{
    const char *left = kernel_leftover();

    if (left != NULL)
        blame("%s", left);
    if (!world_sweep() && !may_leave_files())
        blame("a file is left in the directory");
}
