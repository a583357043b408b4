/*
 * notes.h - the library's notes as lines of the log.
 */
#ifndef LEATD_NOTES_H
#define LEATD_NOTES_H

#include "log.h"

#include <leat/stats.h>

#define NOTES_KEYS 16u

struct notes {
    struct log *log; /* kept */
    struct {
        const char *key;     /* the library's; NULL: not used yet */
        int64_t since_us;    /* when the last line was written */
        uint64_t suppressed; /* notes without a line since then */
    } of[NOTES_KEYS];
};

void notes_init(struct notes *notes, struct log *log);

/* The on_note of a loop whose note_user is a struct notes. */
void notes_take(const struct leat_note *note, void *user);

/* A line for each key that had notes without one; at the end. */
void notes_flush(struct notes *notes);

#endif
