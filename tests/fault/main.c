/*
 * main.c - leat-faults: every call of the seam made to fail, one by one.
 *
 *   leat-faults [--every K] [SCENARIO]...     all calls, all their faults
 *   leat-faults --pairs N [--seed S]          two faults in a run, by chance
 *   leat-faults --sites                       which sites are reached
 *   leat-faults --mutants                     do mistakes show?
 *   leat-faults --replay SCENARIO SITE N ERRNO once|sticky ...
 *   leat-faults --list
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/dice.h"
#include "sweep.h"
#include "world.h"

/* Where the ports of a sweep would get in the way of others. */
#define EVERY_WITHOUT_NETWORK 20u

#ifdef FAULT_PLAIN
#define IS_PLAIN true
#else
#define IS_PLAIN false
#endif

/* --- crashes -------------------------------------------------------------- */

static void
say(const char *text)
{
    if (write(1, text, strlen(text)) < 0)
        _exit(1);
}

static void
tell_replay(void)
{
    say("\nCRASHED\n    ");
    say(run_replay());
    say("\n");
}

static void
on_crash(int signo)
{
    tell_replay();
    (void)signal(signo, SIG_DFL);
    (void)raise(signo);
}

/* The sanitizers call it before they end the process. */
void __asan_on_error(void);
void
__asan_on_error(void)
{
    tell_replay();
}

/* --- what to do ----------------------------------------------------------- */

static int
usage(void)
{
    fprintf(stderr,
        "usage: leat-faults [--every K] [SCENARIO]... | --pairs N [--seed S] |"
        " --sites | --mutants | --list | --replay SCENARIO SITE N ERRNO"
        " once|sticky\n");
    return 2;
}

static int
list(void)
{
    for (size_t i = 0; i < scenario_count(); i++)
        printf("%-8s %s\n", scenario_at(i)->name, scenario_at(i)->about);
    return 0;
}

static double
cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static int
report(const struct sweep *sweep)
{
    const struct tally *tally = &sweep->tally;

    if (sweep->every > 1)
        printf("thinned: each %u. call only%s\n", sweep->every,
            world_has_network() ? "" : ", there is no network of our own");
    printf("runs %lu, of which %lu met no call; %.1f s of CPU\n", tally->runs,
        tally->missed, cpu_seconds());
    if (tally->sites > 0)
        printf("sites %zu/%zu ", tally->swept, tally->sites);
    printf("runs %lu fail %lu\n", tally->runs, tally->failures);
    return tally->failures == 0 && tally->runs > 1 ? 0 : 1;
}

static unsigned
thinning(unsigned asked)
{
    unsigned every =
        asked > 0 ? asked : (unsigned)dice_env("LEAT_FAULT_EVERY", 1);
    bool is_crowded = !world_has_network() && every < EVERY_WITHOUT_NETWORK;

    if (every == 0)
        every = 1;
    return is_crowded ? EVERY_WITHOUT_NETWORK : every;
}

static int
run_sweep(unsigned every, int count, char **names)
{
    struct sweep sweep = {.every = thinning(every)};

    for (int i = 0; i < count; i++)
        if (scenario_find(names[i]) == NULL)
            return usage();
    for (size_t i = 0; i < scenario_count(); i++) {
        const struct scenario *scenario = scenario_at(i);
        bool is_asked = count == 0;
        for (int j = 0; j < count; j++)
            is_asked = is_asked || strcmp(names[j], scenario->name) == 0;
        if (is_asked)
            sweep_all(&sweep, scenario);
    }
    return report(&sweep);
}

static int
run_pairs(int argc, char **argv)
{
    struct sweep sweep = {.every = 1};
    unsigned long count = strtoul(argv[0], NULL, 10);
    uint64_t seed = (uint64_t)time(NULL) * 1000 + (uint64_t)getpid() % 1000;

    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 0);
    else if (argc != 1)
        return usage();
    printf("pairs %lu seed %" PRIu64 "\n", count, seed);
    sweep_pairs(&sweep, count, seed);
    return report(&sweep);
}

static int
act(int argc, char **argv)
{
    const char *what = argc > 0 ? argv[0] : "";

    if (strcmp(what, "--list") == 0)
        return list();
    if (strcmp(what, "--sites") == 0)
        return sweep_sites(IS_PLAIN) ? 0 : 1;
    if (strcmp(what, "--mutants") == 0)
        return sweep_mutants() ? 0 : 1;
    if (strcmp(what, "--replay") == 0) {
        int code = sweep_replay(argc - 1, argv + 1);
        return code == 2 ? usage() : code;
    }
    if (strcmp(what, "--pairs") == 0 && argc > 1)
        return run_pairs(argc - 1, argv + 1);
    if (strcmp(what, "--every") == 0 && argc > 1)
        return run_sweep(
            (unsigned)strtoul(argv[1], NULL, 10), argc - 2, argv + 2);
    return what[0] == '-' ? usage() : run_sweep(0, argc, argv);
}

int
main(int argc, char **argv)
{
    (void)signal(SIGABRT, on_crash);
    (void)signal(SIGSEGV, on_crash);
    (void)signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    setenv("TZ", "UTC0", 1);
    world_begin();
    int code = act(argc - 1, argv + 1);
    world_end();
    return code;
}
