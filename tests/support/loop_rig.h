/*
 * loop_rig.h - a loop for one test, and what every test looks at after it.
 *
 *     tcase_add_checked_fixture(tcase, rig_setup, rig_teardown);
 *     ... rig.loop is an empty loop, the clock stands still (kernel.h) ...
 *
 * rig_teardown fails the test when the loop spun, broke an invariant, or left
 * a descriptor or memory behind.
 */
#ifndef TESTS_LOOP_RIG_H
#define TESTS_LOOP_RIG_H

#include <leat/loop.h>

#include <stdbool.h>

#define MSEC ((int64_t)1000)
#define SEC ((int64_t)1000000)

struct loop_rig {
    struct leat_loop *loop; /* NULL: the test has destroyed it itself */
    bool may_spin;          /* the test is about spurious wake-ups */
    struct leat_note note;  /* the latest one; key is NULL before */

    /* Calls of select() there were, and the latest one. */
    unsigned waits;
    int64_t wait_us; /* its time-out; -1 none */
    int wait_nfds;
    /* Called right before it is made; NULL nobody is. */
    void (*on_wait)(void);
};

extern struct loop_rig rig;

/* Real kernel, frozen clock, a loop with defaults. */
void rig_setup(void);
/* The same on the kernel in memory of fake.h. */
void rig_setup_fake(void);
void rig_teardown(void);

/* Put another loop in place of this one; NULL means all defaults. on_note is
 * the rig's where config has none. */
void rig_open(const struct leat_loop_config *config);
/* What rig_teardown does with the loop; the rest of the test has none. */
void rig_close(void);
/* Assert the loop's invariants. Not for the inside of callbacks. */
void rig_check(void);

struct leat_loop_stats rig_stats(void);
/* How many notes with this key there were. */
unsigned rig_noted(const char *key);

/* One turn without waiting, rig_check after it: how many callbacks ran. */
int rig_turn(void);
/* That many turns; all callbacks together. */
int rig_turns(int turns);
/* One turn that may wait as long as it takes. */
int rig_wait(void);

/* Have a descriptor of the test closed by rig_teardown; returns it. */
int rig_keep(int fd);
/* Close one before that. */
void rig_drop(int fd);
/* A pipe, two connected unix stream sockets, or two of TCP over loopback; all
 * non-blocking and kept. */
void rig_pipe(int fds[2]);
void rig_pair(int fds[2]);
void rig_tcp(int fds[2]);
/* How many descriptors this process may have: the soft limit, raised as far as
 * it goes and makes sense. */
int rig_nofile(void);
/* Descriptors that leat has open, but for the queue of those who are parked. */
size_t rig_fds(void);
/* A kept duplicate with this very number. */
int rig_dup(int fd, int number);

#endif
