/*
 * wall.h - the time of day as text.
 */
#ifndef LEATD_WALL_H
#define LEATD_WALL_H

#include "cli/text.h"

#include <time.h>

/* The most characters of any form. */
#define WALL_TEXT 24u

enum wall_form {
    WALL_CTIME,     /* Fri Nov 20 14:51:16 2026, local time */
    WALL_RFC3339,   /* 2026-11-20T14:51:16Z */
    WALL_RFC3339MS, /* 2026-11-20T14:51:16.123Z */
    WALL_UNIX       /* 1795186276, seconds since 1970 in UTC */
};

/*
 * Put a moment between 1970 and 9999.
 *
 * 0; -EOVERFLOW another year, and nothing is put.
 */
int wall_put(
    struct text *text, const struct timespec *when, enum wall_form form);

/* The same for now. Also what the clock says, when it has no time. */
int wall_put_now(struct text *text, enum wall_form form);

#endif
