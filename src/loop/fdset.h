/*
 * fdset.h - which descriptors are on the loop, who owns each, and what is
 * wanted of them.
 *
 * An io is a member of its owner (a connection, a listener's socket, a watch,
 * the wake-up pipe) and stands in the set from add to remove. Wants are bits in
 * machine words, so that the kernel reads them as they are, far beyond
 * FD_SETSIZE. Taking a want away, and leaving the set, also takes back what
 * the current turn has already found ready: readiness never reaches an owner
 * that no longer asks, or one that came later and got the same number.
 */
#ifndef LEAT_LOOP_FDSET_H
#define LEAT_LOOP_FDSET_H

#include "base/words.h"

#include <leat/watch.h>

#include <stdint.h>

struct leat__io;

/* ready is one of LEAT_READABLE, _WRITABLE, _EXCEPTIONAL, _FAILED. The io may
 * leave the set, and its owner be freed, inside. */
typedef void (*leat__io_fn)(struct leat__io *io, unsigned ready);

struct leat__io {
    leat__io_fn on_ready;
    int fd;
    bool is_early;        /* served before the others in phase 3: listeners */
    bool is_parkable;     /* while it is quiet park.h may take its wants over */
    unsigned char parked; /* what it waits for there; 0: it is not parked */
    unsigned char streak; /* parked: turns running in which it was ready */
    uint32_t met;         /* parked: the turn in which it was ready last */
    uint32_t ticket;      /* parked: tells its stay from others */
};

/* The three sets, in the order select() takes them. */
enum leat__set { LEAT__READ, LEAT__WRITE, LEAT__EXCEPT, LEAT__SETS };

/* LEAT_READABLE, LEAT_WRITABLE, LEAT_EXCEPTIONAL. */
extern const unsigned leat__event_of[LEAT__SETS];

struct leat__fdset {
    struct leat__words want[LEAT__SETS];
    unsigned long *ready[LEAT__SETS]; /* what select() found; capacity bits */
    int ready_nfds;                   /* bits of them that mean something */
    struct leat__words early; /* readable ones of these are served first */
    struct leat__words awake; /* parkable ones with a want */
    unsigned long *busy;      /* of them, ready since leat__fdset_quiet asked */
    struct leat__io **owner;  /* by descriptor; NULL where there is none */
    size_t capacity;          /* descriptors there is room for */
    size_t count;             /* owners */
    int nfds;                 /* highest descriptor with a want, + 1 */
    int limit;                /* first descriptor that select() cannot watch */
};

void leat__fdset_init(struct leat__fdset *set);
void leat__fdset_fini(struct leat__fdset *set, const struct leat_alloc *alloc);

/*
 * Add an io, with no wants yet. 0; -EINVAL fd below 0; -EEXIST the number has
 * an owner; -ERANGE beyond what select can watch here; -ENOMEM. On error the
 * set is as before.
 */
int leat__fdset_add(struct leat__fdset *set, const struct leat_alloc *alloc,
    struct leat__io *io);
void leat__fdset_remove(struct leat__fdset *set, struct leat__io *io);

/* Want exactly these of LEAT_READABLE, _WRITABLE, _EXCEPTIONAL. */
void leat__fdset_want(
    struct leat__fdset *set, const struct leat__io *io, unsigned events);
unsigned leat__fdset_wanted(
    const struct leat__fdset *set, const struct leat__io *io);

/* Make ready a copy of the wants, for select() to overwrite. */
void leat__fdset_copy(struct leat__fdset *set);
/* Make ready what a host found of it: of the copy that was made last, only
 * bits that are in word too and whose want was not taken away since. */
void leat__fdset_take(struct leat__fdset *set, int nfds,
    const unsigned long *const word[LEAT__SETS]);
/* Nothing is ready. */
void leat__fdset_forget(struct leat__fdset *set);
bool leat__fdset_is_ready(const struct leat__fdset *set);
/* The ready words to hand to select(); NULL for a set that wants nothing. */
unsigned long *leat__fdset_words(
    const struct leat__fdset *set, enum leat__set which);
/* The first ready descriptor of a set in from..end-1, or the first readable
 * early one; end where there is none. end is ready_nfds at most. */
size_t leat__fdset_find(const struct leat__fdset *set, enum leat__set which,
    size_t from, size_t end);
size_t leat__fdset_find_early(
    const struct leat__fdset *set, size_t from, size_t end);
/* Take the ready bit of a descriptor below ready_nfds; whether it was 1. */
bool leat__fdset_claim(
    struct leat__fdset *set, enum leat__set which, size_t fd);

/* A parked one is ready, for events it waits for. */
void leat__fdset_mark(
    struct leat__fdset *set, const struct leat__io *io, unsigned events);
/* The awake ones that are ready now are busy. */
void leat__fdset_mark_busy(struct leat__fdset *set);
/* Of a word of descriptors from first on, those who are awake and were not
 * busy, or all who are awake; then nobody of them is busy. */
unsigned long leat__fdset_quiet(
    struct leat__fdset *set, size_t first, bool all);

/* Asserts the invariants of fdset.c; O(capacity). */
void leat__fdset_check(const struct leat__fdset *set);

#endif
