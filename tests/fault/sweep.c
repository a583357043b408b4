/*
 * sweep.c - which runs are made, and what is said about them.
 */
#include "sweep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blame.h"
#include "mutant.h"
#include "sites.h"
#include "world.h"

/* Failures that are told one by one. */
#define TOLD_MOST 20u
/* Beyond so many calls of a site some are left out. */
#define CALLS_MOST 600u

bool
sweep_run(struct sweep *sweep, const struct scenario *scenario,
    const struct fault *faults, size_t count)
{
    bool is_well = run_once(scenario, faults, count);

    sweep->tally.runs++;
    if (count > 0 && !run_all_fired())
        sweep->tally.missed++;
    else if (count == 1)
        sweep->struck[faults->kind->site] = true;
    if (is_well)
        return true;
    sweep->tally.failures++;
    if (sweep->enough == 0 && sweep->tally.failures <= TOLD_MOST)
        printf("FAILED %s: %s\n    %s\n", scenario->name, blame_told(),
            run_replay());
    return false;
}

bool
sweep_clean(struct sweep *sweep, const struct scenario *scenario)
{
    if (scenario->prepare != NULL)
        scenario->prepare();
    return sweep_run(sweep, scenario, NULL, 0);
}

/* --- all ------------------------------------------------------------------ */

/* The sites are counted anew in each run: keep those of the run without
 * faults. */
static unsigned *
copy_calls(void)
{
    unsigned *calls = calloc(fault_site_count, sizeof *calls);

    for (size_t i = 0; calls != NULL && i < fault_site_count; i++)
        calls[i] = sites_calls(i);
    if (calls == NULL)
        abort();
    return calls;
}

static bool
is_enough(const struct sweep *sweep)
{
    return sweep->enough > 0 && sweep->tally.failures >= sweep->enough;
}

static void
sweep_kind(struct sweep *sweep, const struct scenario *scenario,
    const struct fault_kind *kind, unsigned calls)
{
    /* A wait that polls has thousands of calls where the machine is slow. */
    unsigned every = sweep->every > calls / CALLS_MOST ? sweep->every
                                                       : calls / CALLS_MOST + 1;

    for (unsigned nth = 1; nth <= calls && !is_enough(sweep); nth += every) {
        struct fault fault = {.kind = kind, .nth = nth};

        (void)sweep_run(sweep, scenario, &fault, 1);
        fault.is_sticky = true;
        (void)sweep_run(sweep, scenario, &fault, 1);
    }
}

/* A fault of the site has struck, or it has none. */
static bool
has_struck(const struct sweep *sweep, size_t site)
{
    bool has_kinds = false;

    for (size_t i = 0; i < fault_kind_count; i++)
        has_kinds = has_kinds || fault_kinds[i].site == site;
    return !has_kinds || sweep->struck[site];
}

static void
check_scenario(struct sweep *sweep, const struct scenario *scenario)
{
    if (scenario->check == NULL || sweep->enough > 0)
        return;
    blame_forget();
    scenario->check();
    if (blame_told() == NULL)
        return;
    sweep->tally.failures++;
    printf("FAILED %s: %s\n", scenario->name, blame_told());
}

void
sweep_all(struct sweep *sweep, const struct scenario *scenario)
{
    if (!sweep_clean(sweep, scenario))
        return;
    unsigned *calls = copy_calls();

    for (size_t i = 0; i < fault_kind_count; i++)
        sweep_kind(
            sweep, scenario, &fault_kinds[i], calls[fault_kinds[i].site]);
    for (size_t i = 0; i < fault_site_count; i++) {
        sweep->tally.sites += calls[i] > 0;
        sweep->tally.swept += calls[i] > 0 && has_struck(sweep, i);
    }
    free(calls);
    check_scenario(sweep, scenario);
}

/* --- pairs ---------------------------------------------------------------- */

/* splitmix64: any seed is a good one. */
static uint64_t
roll(uint64_t *state, uint64_t n)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return (x ^ x >> 31) % n;
}

static struct fault
pick(uint64_t *state, const unsigned *calls)
{
    const struct fault_kind *kind = fault_kinds;

    do
        kind = &fault_kinds[roll(state, fault_kind_count)];
    while (calls[kind->site] == 0);
    return (struct fault){.kind = kind,
        .nth = 1 + (unsigned)roll(state, calls[kind->site]),
        .is_sticky = roll(state, 4) == 0};
}

void
sweep_pairs(struct sweep *sweep, unsigned long count, uint64_t seed)
{
    size_t scenes = scenario_count();

    for (size_t i = 0; i < scenes; i++) {
        const struct scenario *scenario = scenario_at(i);
        unsigned long share = count / scenes + (i < count % scenes ? 1 : 0);
        /* Each scenario has a stream of its own. */
        uint64_t state = seed * scenes + i;
        if (!sweep_clean(sweep, scenario))
            continue;
        unsigned *calls = copy_calls();
        for (unsigned long done = 0; done < share; done++) {
            struct fault faults[2];
            faults[0] = pick(&state, calls);
            faults[1] = pick(&state, calls);
            (void)sweep_run(sweep, scenario, faults, 2);
        }
        free(calls);
    }
}

/* --- the sweep itself ----------------------------------------------------- */

bool
sweep_mutants(void)
{
    bool is_well = true;

    for (size_t i = 0; i < mutant_count(); i++) {
        struct sweep sweep = {.every = 3, .enough = 5};

        mutant_use(i);
        world.is_hasty = true;
        sweep_all(&sweep, scenario_find("echo"));
        printf("mutant %-18s %s: %lu of %lu runs fail\n", mutant_at(i)->name,
            mutant_at(i)->mistake, sweep.tally.failures, sweep.tally.runs);
        /* A mistake that is seen without a fault proves nothing here. */
        if (sweep.tally.failures == 0 || sweep.tally.runs == 1)
            is_well = false;
    }
    mutant_use(mutant_count());
    world.is_hasty = false;
    return is_well;
}

bool
sweep_sites(bool is_plain)
{
    struct sweep sweep = {.every = 1};
    size_t reached = 0, reachable = 0, wrong = 0;

    for (size_t i = 0; i < scenario_count(); i++)
        (void)sweep_clean(&sweep, scenario_at(i));
    for (size_t i = 0; i < fault_site_count; i++) {
        const struct fault_site *site = &fault_sites[i];
        bool is_out = is_plain ? site->is_out_of_plain : site->is_out_of_sweep;

        reached += sites_reached(i);
        reachable += !is_out;
        if (sites_reached(i) != is_out)
            continue;
        wrong++;
        printf("%s is %s\n", site->name,
            is_out ? "reached: not for unreached.def" : "not reached");
    }
    printf("sites %zu/%zu, %zu out of reach\n", reached, reachable,
        fault_site_count - reachable);
    return wrong == 0 && sweep.tally.failures == 0;
}

/* --- once more ------------------------------------------------------------ */

static const struct fault_kind *
find_kind(const char *site_name, const char *name)
{
    size_t site = sites_find(site_name);

    for (size_t i = 0; i < fault_kind_count; i++)
        if (fault_kinds[i].site == site &&
            strcmp(fault_kinds[i].name, name) == 0)
            return &fault_kinds[i];
    return NULL;
}

static bool
read_fault(struct fault *fault, char **words)
{
    fault->kind = find_kind(words[0], words[2]);
    fault->nth = (unsigned)strtoul(words[1], NULL, 10);
    fault->is_sticky = strcmp(words[3], "sticky") == 0;
    return fault->kind != NULL && fault->nth > 0;
}

/* What there is to replay. */
static void
list_calls(void)
{
    for (size_t i = 0; i < fault_site_count; i++)
        if (sites_calls(i) > 0)
            printf("%6u %s\n", sites_calls(i), fault_sites[i].name);
}

int
sweep_replay(int count, char **words)
{
    const struct scenario *scenario =
        count > 0 ? scenario_find(words[0]) : NULL;
    struct sweep sweep = {.every = 1};
    struct fault faults[FAULTS_MOST];
    size_t wanted = (size_t)(count - 1) / 4;

    if (scenario == NULL || (count - 1) % 4 != 0 || wanted > FAULTS_MOST)
        return 2;
    for (size_t i = 0; i < wanted; i++)
        if (!read_fault(&faults[i], words + 1 + 4 * i))
            return 2;
    /* First without: that is how the lines of the sites are known. */
    bool is_well = sweep_clean(&sweep, scenario);
    if (wanted == 0)
        list_calls();
    if (is_well && wanted > 0)
        is_well = sweep_run(&sweep, scenario, faults, wanted);
    printf("%s\n", is_well ? "it goes well" : "it fails");
    return is_well ? 0 : 1;
}
