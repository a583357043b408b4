/*
 * run.c - one run: arm the faults, play, judge, and play once more without.
 *
 * Invariants:
 *  1. faults are armed during the first play only; leatd is opened and closed
 *     under them only where that is what the scenario plays
 *  2. the second play is judged strictly, on the same loop where it is open
 */
#include "run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "blame.h"
#include "mutant.h"
#include "sites.h"
#include "support/kernel.h"
#include "world.h"

/* A sticky fault ends by itself after so many calls. */
#define STICKY_TIMES 320u
/* A run makes some thousands at most: beyond that it does not end. */
#define CALLS_MOST 400000ul

static struct {
    const struct fault *faults;
    size_t count;
    int armed[FAULTS_MOST]; /* numbers of kernel.h, while is_armed */
    bool fired[FAULTS_MOST];
    bool is_armed, is_strict;
    char replay[512];
} run;

bool
run_is_strict(void)
{
    return run.is_strict;
}

const struct fault *
run_faults(size_t *count)
{
    *count = run.count;
    return run.faults;
}

const char *
run_replay(void)
{
    return run.replay;
}

/* --- faults --------------------------------------------------------------- */

static int
arm(const struct fault *fault)
{
    const struct fault_kind *kind = fault->kind;
    const char *file = fault_sites[kind->site].file;
    unsigned times = fault->is_sticky ? STICKY_TIMES : 1;
    int line = sites_line(kind->site);

    if (kind->error == 0)
        return fault_at_short(file, line, fault->nth, times, kind->bytes);
    return fault_at_times(file, line, fault->nth, times, kind->error);
}

static void
arm_all(void)
{
    for (size_t i = 0; i < run.count; i++)
        run.armed[i] = arm(&run.faults[i]);
    memset(run.fired, 0, sizeof run.fired);
    run.is_armed = true;
}

static void
look(void)
{
    for (size_t i = 0; i < run.count && run.is_armed; i++)
        run.fired[i] = fault_fired(run.armed[i]) > 0;
}

bool
run_is_armed(void)
{
    return run.is_armed && run.count > 0;
}

bool
run_release(void)
{
    if (!run_is_armed())
        return false;
    look();
    fault_clear();
    run.is_armed = false;
    return true;
}

bool
run_has_fired(void)
{
    look();
    for (size_t i = 0; i < run.count; i++)
        if (run.fired[i])
            return true;
    return false;
}

bool
run_all_fired(void)
{
    for (size_t i = 0; i < run.count; i++)
        if (!run.fired[i])
            return false;
    return true;
}

/* --- the run -------------------------------------------------------------- */

static void
write_replay(const struct scenario *scenario)
{
    size_t size = sizeof run.replay;
    int len = snprintf(run.replay, size, "--replay %s", scenario->name);

    for (size_t i = 0; i < run.count && len < (int)size; i++) {
        const struct fault *fault = &run.faults[i];
        len += snprintf(run.replay + len, size - (size_t)len, " '%s' %u %s %s",
            fault_sites[fault->kind->site].name, fault->nth, fault->kind->name,
            fault->is_sticky ? "sticky" : "once");
    }
}

static void
play(const struct scenario *scenario)
{
    world_forget();
    if (scenario->play != NULL) {
        scenario->play();
    } else {
        world_connect_all(scenario->scripts, scenario->count);
        world_drive();
    }
}

/* What a play was, and what is left of it on the loop. */
static void
judge(void)
{
    judge_play();
    world_rest();
    mutant_rest();
}

/* leatd leaves its signals blocked when it ends, as a process may. */
static void
unblock_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
first_play(const struct scenario *scenario)
{
    sites_watch(CALLS_MOST);
    arm_all();
    play(scenario);
    sites_keep();
    (void)run_release();
    run.is_armed = false;
    judge();
}

static void
second_wind(const struct scenario *scenario)
{
    run.is_strict = true;
    unblock_signals();
    world_reopen();
    /* One that was drained is gone: another takes its place. */
    if (scenario->line != NULL && world.loop == NULL &&
        !world_open(scenario->line, -1)) {
        blame("leatd does not start again: %s", world.wrong.text);
        return;
    }
    play(scenario);
    judge();
}

bool
run_once(
    const struct scenario *scenario, const struct fault *faults, size_t count)
{
    run.faults = faults;
    run.count = count;
    run.is_strict = count == 0;
    run.is_armed = false;
    blame_forget();
    write_replay(scenario);
    unblock_signals();
    world_reset();
    if (scenario->line != NULL && !world_open(scenario->line, -1)) {
        blame("leatd does not start: %s", world.wrong.text);
        return false;
    }
    first_play(scenario);
    if (blame_told() == NULL)
        second_wind(scenario);
    world_close();
    judge_rest();
    return blame_told() == NULL;
}
