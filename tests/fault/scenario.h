/*
 * scenario.h - what a run plays.
 */
#ifndef FAULT_SCENARIO_H
#define FAULT_SCENARIO_H

#include "guest.h"

struct scenario {
    const char *name;
    const char *about;
    /* The command line of leatd, see world_open; NULL: the play opens and
     * closes what it needs, and the second wind is a second such server. */
    const char *line;
    /* Clients that come at once, at its first port. */
    const struct script *scripts;
    size_t count;
    /* Before the first run: fill the buffers. */
    void (*prepare)(void);
    /* NULL: all guests come and it is driven to the end. */
    void (*play)(void);
    /* After all runs: have they shown what the scenario is there to show? */
    void (*check)(void);
};

size_t scenario_count(void);
const struct scenario *scenario_at(size_t index);
const struct scenario *scenario_find(const char *name);

#endif
