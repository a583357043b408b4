/*
 * notes.c - the library's notes as lines of the log.
 *
 * On the path: library -> HERE -> log.
 *
 * Each key has one line a second at most, so that a storm (no descriptors
 * left, say) fills no disk; the next line tells how many were left out. A note
 * comes from inside the library, which must not be called from here: the clock
 * is the seam's, and the log is told to write without the loop.
 */
#include "notes.h"

#include <leat/error.h>

#include <string.h>

#include "sys/sys.h"

#define INTERVAL_US 1000000

void
notes_init(struct notes *notes, struct log *log)
{
    *notes = (struct notes){.log = log};
}

/* The place of a key. More keys than places share the last one: still one
 * line a second for all of them together. */
static size_t
find_place(const struct notes *notes, const char *key)
{
    size_t i = 0;
    while (i < NOTES_KEYS - 1 && notes->of[i].key != NULL &&
           strcmp(notes->of[i].key, key) != 0)
        i++;
    return i;
}

/* Without a clock nothing is written: silence is safer than a flood. */
static bool
may_write(struct notes *notes, size_t place, const char *key)
{
    int64_t now_us;

    if (leat__sys_monotonic(&now_us) != 0)
        return false;
    if (notes->of[place].key != NULL &&
        now_us - notes->of[place].since_us < INTERVAL_US)
        return false;
    notes->of[place].key = key;
    notes->of[place].since_us = now_us;
    return true;
}

/* What does not apply is 0 in a note, and is left out. */
static void
log_optional(struct log_line *line, const char *key, uint64_t number)
{
    if (number != 0)
        log_number(line, key, number);
}

void
notes_take(const struct leat_note *note, void *user)
{
    static const enum log_level levels[] = {
        [LEAT_NOTE_DEBUG] = LEVEL_DEBUG,
        [LEAT_NOTE_INFO] = LEVEL_INFO,
        [LEAT_NOTE_WARN] = LEVEL_WARN,
    };
    struct notes *notes = user;
    struct log_line line;

    /* What is not to be logged is not counted either. */
    if (!log_begin(notes->log, &line, levels[note->level], note->key))
        return;
    size_t place = find_place(notes, note->key);
    if (!may_write(notes, place, note->key)) {
        notes->of[place].suppressed++;
        return;
    }
    if (note->error != 0)
        log_value(&line, "error", leat_error_name(note->error));
    if (note->fd >= 0)
        log_number(&line, "fd", (uint64_t)note->fd);
    log_optional(&line, "conn", note->conn);
    log_optional(&line, "value", note->value);
    log_optional(&line, "suppressed", notes->of[place].suppressed);
    notes->of[place].suppressed = 0;
    log_end_now(notes->log, &line);
}

void
notes_flush(struct notes *notes)
{
    for (size_t i = 0; i < NOTES_KEYS; i++) {
        struct log_line line;
        if (notes->of[i].suppressed == 0 ||
            !log_begin(notes->log, &line, LEVEL_INFO, notes->of[i].key))
            continue;
        log_number(&line, "suppressed", notes->of[i].suppressed);
        notes->of[i].suppressed = 0;
        log_end(notes->log, &line);
    }
}
