/*
 * said.h - what holds of every complaint: one line, printable, of some length,
 * and it ends within its room.
 */
#ifndef TESTS_SAID_H
#define TESTS_SAID_H

#include <stddef.h>

#include "cli/complaint.h"

/* Before the call that may fill it. */
void said_nothing(struct complaint *wrong);
/* After a call that says 0 or -EINVAL with the complaint filled. */
void said_why(const struct complaint *wrong, int error);
/* The same of any text. */
void said_plainly(const char *text, size_t size);

#endif
