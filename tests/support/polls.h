/*
 * polls.h - a loop with busy poll whose calls of select() are counted.
 *
 * The clock stands still but for the polls, each of which takes a microsecond.
 *
 *     polls_setup_pipe();
 *     polls_credit(POLLS_CREDIT);
 *     polls_act(7, polls_feed);
 *     rig_wait();
 *     polls_were(7, 0);
 */
#ifndef TESTS_POLLS_H
#define TESTS_POLLS_H

#include <leat/timer.h>

#include "loop_rig.h"

#define POLLS_WINDOW 50 /* busy_poll_us, where the test has no other */
#define POLLS_CREDIT 8  /* polls in vain until it stops */

/* Calls of select() that may not wait, and that may, since polls_were; and
 * what is done in the poll of that number. */
struct polls {
    unsigned made, blocks, act_in;
    void (*act)(void);
    struct leat_timer timer; /* "timer" in the trace */
    int fds[2];              /* of polls_setup_pipe */
};

extern struct polls polls;

/* Fixtures, with rig_teardown: a fake kernel; a real one and a pipe, whose
 * reading end is watched: "in r" in the trace. */
void polls_setup(void);
void polls_setup_pipe(void);
/* Another loop in place of this one. */
void polls_open(int64_t busy_poll_us);

/* What happens before each select(), for a rig.on_wait of the test's own. */
void polls_count(void);
void polls_were(unsigned made, unsigned blocks);
void polls_act(unsigned poll, void (*act)(void));
/* Make the pipe readable. */
void polls_feed(void);
/* As if so much had come soon. */
void polls_credit(unsigned credit);

#endif
