/*
 * wording.h - what a service says, as it is written on the command line.
 *
 *   \n \r \t \\ \xHH    as in C; HH is two hexadecimal digits
 *   %peer %time %%      where the service gives these words a meaning
 *
 * leatd itself undoes \, and \\ in every value before: a backslash that is to
 * be said is written as four.
 */
#ifndef LEATD_WORDING_H
#define LEATD_WORDING_H

#include "cli/complaint.h"
#include "cli/text.h"

/* What stands for the words; NULL in place of it: % is itself. */
struct wording {
    const char *peer, *time;
};

/*
 * Put what source means, which may have NUL bytes.
 *
 * NULL; else the first escape or word in source that there is none of, and
 * what stands before it is put.
 */
const char *wording_put(
    struct text *text, const char *source, const struct wording *words);

/*
 * The same when a listener is prepared: the value of a key, which must be
 * right and fit.
 *
 * 0, or -EINVAL with the complaint filled.
 */
int wording_prepare(struct text *text, const char *source,
    const struct wording *words, struct complaint *wrong);

#endif
