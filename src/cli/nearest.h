/*
 * nearest.h - of the names there are, the one most like a mistyped word.
 */
#ifndef LEAT_CLI_NEAREST_H
#define LEAT_CLI_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *word; /* borrowed */
    const char *best; /* borrowed from nearest_offer; NULL before the first */
    size_t distance;  /* between the two */
};

void nearest_init(struct nearest *nearest, const char *word);
/* Of equally near names the first one offered stays. One that begins with the
 * word is nearer than any that does not. */
void nearest_offer(struct nearest *nearest, const char *name);

/* How many letters must be put in, left out, changed, or swapped with their
 * neighbour, to turn one word into the other. Only the first 32 letters
 * count. */
size_t nearest_distance(const char *a, const char *b);

#endif
