/*
 * fdset_rig.h - a set of descriptors with two owners who are not in it yet. No
 * number in it need be real. Each step here checks the set afterwards.
 */
#ifndef TESTS_FDSET_RIG_H
#define TESTS_FDSET_RIG_H

#include "alloc.h"
#include "loop/fdset.h"

#define ALL (LEAT_READABLE | LEAT_WRITABLE | LEAT_EXCEPTIONAL)
#define BITS ((int)LEAT__WORD_BITS)

struct fdset_rig {
    struct alloc_ledger ledger;
    struct leat__fdset set;
    struct leat__io io, other;
};

extern struct fdset_rig fdset;

void fdset_setup(void);
/* The same with owners who may be parked. */
void fdset_setup_parkable(void);
void fdset_teardown(void);
/* The same for a set that is broken, on purpose. */
void fdset_drop(void);

/* leat__fdset_add. */
int fdset_try(struct leat__io *which, int fd);
/* It must be taken; and wants these. */
void fdset_add(struct leat__io *which, int fd, unsigned events);
void fdset_want(const struct leat__io *which, unsigned events);
/* The first that is ready, at or after from, or ready_nfds; it is taken. */
size_t fdset_next(enum leat__set which, size_t from);

#endif
