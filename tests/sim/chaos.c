/*
 * chaos.c - calls that fail or do less, as the scenario's rates say; and the
 * mistakes that show that the oracles see.
 */
#include "parts.h"

static const struct {
    const char *name;
    enum oracle oracle; /* the one that notices */
    unsigned times;     /* so often in a run; 0 always */
} mistakes[MISTAKES] = {
    [MISTAKE_NONE] = {"none", FINE, 0},
    [MISTAKE_DROP] = {"drop", ORACLE_BYTES, 1},
    [MISTAKE_DOUBLE] = {"double", ORACLE_BYTES, 1},
    [MISTAKE_SWAP] = {"swap", ORACLE_BYTES, 1},
    [MISTAKE_NO_FIN] = {"no-fin", ORACLE_LIVENESS, 0},
    [MISTAKE_SPIN] = {"spin", ORACLE_SPIN, 0},
    [MISTAKE_STARVE] = {"starve", ORACLE_FAIRNESS, 0},
    [MISTAKE_LEAK] = {"leak", ORACLE_MEMORY, 1},
    [MISTAKE_OPEN] = {"left-open", ORACLE_NUMBERS, 1},
    [MISTAKE_TWICE] = {"closed-twice", ORACLE_NUMBERS, 1},
    [MISTAKE_EARLY] = {"early", ORACLE_TIME, 0},
    [MISTAKE_SILENT] = {"silent", ORACLE_CLOSE, 1},
    [MISTAKE_MISCOUNT] = {"miscount", ORACLE_ACCOUNTS, 1},
    [MISTAKE_DEAF] = {"deaf", ORACLE_DRAIN, 0},
    [MISTAKE_ASTRAY] = {"astray", ORACLE_HUB, 0},
    [MISTAKE_FORGETFUL] = {"forgetful", ORACLE_BYTES, 0},
    [MISTAKE_UNHEARD] = {"unheard", ORACLE_LIVENESS, 1},
    [MISTAKE_HUSHED] = {"hushed", ORACLE_SPIN, 0},
    [MISTAKE_STAYS] = {"stays", ORACLE_NUMBERS, 0},
    [MISTAKE_REFILL] = {"refill", ORACLE_BYTES, 0},
};

const char *
mistake_name(enum mistake mistake)
{
    return mistakes[mistake].name;
}

enum oracle
mistake_oracle(enum mistake mistake)
{
    return mistakes[mistake].oracle;
}

bool
errs(enum mistake mistake)
{
    if (sim.mistake != mistake)
        return false;
    sim.mistakes++;
    return mistakes[mistake].times == 0 ||
           sim.mistakes <= mistakes[mistake].times;
}

bool
strikes(enum fault fault)
{
    uint32_t rate = sim.scenario->rate[fault];

    if (rate == 0 || sim.is_calm || sim.is_over)
        return false;
    if (!sim.has_begun && !sim.scenario->has_early_faults)
        return false;
    return chance(sim.choices, rate);
}
