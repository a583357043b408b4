/*
 * run.h - one run: a scenario with faults, what is looked at after it, and the
 * same scenario once more on the same loop.
 */
#ifndef FAULT_RUN_H
#define FAULT_RUN_H

#include "scenario.h"
#include "table.h"

#define FAULTS_MOST 2u

/* The nth call of a site fails in this way; sticky: and those after it, until
 * nothing moves any more or it has failed often enough. */
struct fault {
    const struct fault_kind *kind;
    unsigned nth; /* from 1 */
    bool is_sticky;
};

/*
 * Whether all went well: else blame_told says what did not. has_fired is set
 * to whether each of the faults struck.
 */
bool run_once(
    const struct scenario *scenario, const struct fault *faults, size_t count);
/* Of the latest run: whether they all have struck. */
bool run_all_fired(void);

/* --- for those inside a run ----------------------------------------------- */

/* The play that is judged strictly: nothing is to fail. */
bool run_is_strict(void);
/* There are faults, and they may still strike. */
bool run_is_armed(void);
/* Disarm the faults; false: they were already, or there are none. */
bool run_release(void);
/* Whether one has struck by now. */
bool run_has_fired(void);
/* The faults of this run. */
const struct fault *run_faults(size_t *count);
/* The command that makes it once more; for a crash, too. */
const char *run_replay(void);

/* --- judge.c -------------------------------------------------------------- */

/* Blame what a play has done wrong, by what its faults allow. */
void judge_play(void);
/* Whether a reason, an errno below 0, may be told because of the faults. */
bool judge_allows(int reason);
/* All owes of the faults together; OWES_NOBODY without any. */
unsigned judge_owes(void);
/* Blame what was left behind by a whole run. */
void judge_rest(void);

#endif
