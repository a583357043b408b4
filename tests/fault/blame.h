/*
 * blame.h - the first thing that went wrong in a run.
 */
#ifndef FAULT_BLAME_H
#define FAULT_BLAME_H

/* Note it; what comes later in the same run is only a consequence. */
void blame(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* NULL: nothing is wrong. */
const char *blame_told(void);
void blame_forget(void);

#endif
