/*
 * proc.h - the process that a program is: descriptors, limits, parent.
 */
#ifndef LEAT_CLI_PROC_H
#define LEAT_CLI_PROC_H

#include "complaint.h"

#include <sys/types.h>

/* Make sure that 0, 1 and 2 are taken, so that no socket becomes standard
 * error. 0 or -errno. */
int proc_guard(void);

/* Put /dev/null in the place of a standard descriptor. 0 or -errno. */
int proc_blank(int fd);

/* Signals that must not end a program, or need no answer. */
void proc_ignore(void);

/* Let the signals that would end a program wait for its end, which has come:
 * how it exits is settled. */
void proc_deafen(void);

/*
 * Raise the limit of open files to the hard one.
 *
 * max_conns  how many connections fit under it
 *
 * 0, or -errno with the complaint filled.
 */
int proc_limits(size_t *max_conns, struct complaint *wrong);

/*
 * Be told when the parent ends. parent is its id as main found it.
 *
 * 0; -ESRCH it has ended already; -errno.
 */
int proc_follow(pid_t parent);

#endif
