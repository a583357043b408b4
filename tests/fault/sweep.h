/*
 * sweep.h - which runs are made, and what is said about them.
 */
#ifndef FAULT_SWEEP_H
#define FAULT_SWEEP_H

#include "run.h"
#include "sites.h"

#include <stdint.h>

struct tally {
    unsigned long runs, failures;
    unsigned long missed; /* runs in which a fault met no call */
    /* Sites that the scenarios reach, counted for each of them, and those of
     * them where a fault has struck or that cannot fail. */
    size_t sites, swept;
};

struct sweep {
    unsigned every;  /* of the calls of a site only each so manieth; 1 all */
    unsigned enough; /* failures, not told, and the rest is left out; 0 none */
    bool struck[SITES_MOST];
    struct tally tally;
};

/* One run, told when it fails. */
bool sweep_run(struct sweep *sweep, const struct scenario *scenario,
    const struct fault *faults, size_t count);
/* A run without faults, for the calls of each site; false: it failed. */
bool sweep_clean(struct sweep *sweep, const struct scenario *scenario);
/* Each call of each site in each of its ways, once and sticky. */
void sweep_all(struct sweep *sweep, const struct scenario *scenario);
/* So many runs of two faults, by a seed. */
void sweep_pairs(struct sweep *sweep, unsigned long count, uint64_t seed);
/* Every mutant must make runs fail. Whether they all do. */
bool sweep_mutants(void);
/* The sites that are reached are those of the list. Whether they are. */
bool sweep_sites(bool is_plain);
/* "scenario site N errno once|sticky", with a second fault perhaps. */
int sweep_replay(int count, char **words);

#endif
