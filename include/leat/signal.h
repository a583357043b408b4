/*
 * leat/signal.h - signals as ordinary callbacks of the loop.
 *
 * leat touches no signal until asked to. The handler it then installs writes
 * one byte to the loop's wake-up pipe and does nothing else; the callback runs
 * in phase 3 of the next turn, where everything is allowed. Several signals of
 * one number may be reported once, as the kernel does (signal(7)).
 *
 * A forked child inherits handlers and pipe: until it calls execve(2) or puts
 * other handlers in force, its signals are reported to the parent.
 */
#ifndef LEAT_SIGNAL_H
#define LEAT_SIGNAL_H

#include <leat/api.h>

#ifdef __cplusplus
extern "C" {
#endif

struct leat_loop;

typedef void (*leat_signal_fn)(struct leat_loop *loop, int signo, void *user);

/*
 * Call a function when a signal arrives; replaces an earlier choice for the
 * same number.
 *
 * loop     open loop; borrowed
 * signo    1..64; one that can be caught
 * fn       not NULL; user is kept and handed to it
 *
 * Returns  0; -EINVAL signo cannot be caught; -EBUSY another loop of this
 *          process has signals; -ENOMEM.
 * On error nothing has changed.
 * Calls back fn, in phase 3. A loop with watched signals has work left, so
 *          leat_loop_run goes on.
 * Source   sigaction(2), POSIX.1-2008; handlers restart system calls.
 */
LEAT_API LEAT_CHECKED int leat_signal_watch(
    struct leat_loop *loop, int signo, leat_signal_fn fn, void *user);

/*
 * Give a signal back: what was installed before leat_signal_watch is in force
 * again.
 *
 * loop     the loop that watches it; borrowed
 * signo    a number that is not watched is left as it is
 *
 * Calls back never, and no callback for signo follows.
 */
LEAT_API void leat_signal_unwatch(struct leat_loop *loop, int signo);

#ifdef __cplusplus
}
#endif

#endif
