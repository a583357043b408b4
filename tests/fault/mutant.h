/*
 * mutant.h - mistakes made on purpose, to show that they are found.
 *
 * A mutant stands between leatd and the library and does one thing wrong, most
 * of them only where a call has failed: what is not looked at in a test of
 * success.
 */
#ifndef FAULT_MUTANT_H
#define FAULT_MUTANT_H

#include "guest.h"

struct mutant {
    const char *name;
    const char *mistake;
};

size_t mutant_count(void);
const struct mutant *mutant_at(size_t index);
/* Make this mistake from now on; mutant_count() makes none. */
void mutant_use(size_t index);
bool mutant_is_on(void);
/* After each play: what the mistake keeps running ends. */
void mutant_rest(void);

/* Where a mistake can be made: a connection was opened; so many bytes came,
 * and so many are passed on; it was closed, and what is told of it. */
void mutant_opened(struct guest *guest);
size_t mutant_length(const struct guest *guest, size_t len);
int mutant_closed(struct guest *guest, int reason);

#endif
