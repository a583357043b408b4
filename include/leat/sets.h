/*
 * leat/sets.h - a leat loop inside somebody else's select() or poll().
 *
 *   leat_loop_prepare(loop, &sets);
 *   ... the host waits for its own descriptors and for these ...
 *   leat_loop_dispatch(loop, &ready);
 *
 * Sets are bit sets of machine words: descriptor n is bit n % W of word n / W,
 * W being the bits of an unsigned long. On Linux the kernel takes them as they
 * are; they have no limit of 1024.
 */
#ifndef LEAT_SETS_H
#define LEAT_SETS_H

#include <leat/api.h>

#include <stdint.h>
#include <sys/select.h>

#ifdef __cplusplus
extern "C" {
#endif

struct leat_loop;

struct leat_sets {
    int nfds; /* highest descriptor + 1; each set has nfds bits or more */
    const unsigned long *readable, *writable, *exceptional;
    int64_t timeout_us; /* longest wait; 0 do not wait, -1 for ever */
};

/*
 * Tell what to wait for, and how long.
 *
 * loop     borrowed; not inside one of its callbacks
 * sets     filled; its words are borrowed until the loop is next used. Before
 *          each wait, prepare again.
 *
 * Returns  0; -EBUSY called from inside a callback.
 * Calls back never.
 */
LEAT_API LEAT_CHECKED int leat_loop_prepare(
    struct leat_loop *loop, struct leat_sets *sets);

/*
 * Make a turn with what the host found ready: phases 2 to 7.
 *
 * ready    borrowed; only bits that the latest leat_loop_prepare asked for
 *          count, and of these only what was not given up since, so the host
 *          may change the loop between its wait and this. timeout_us is
 *          ignored. NULL: the wait failed or timed out and nothing is known to
 *          be ready. Where it failed with EBADF, leat_loop_step(loop, 0) finds
 *          out whether it was a descriptor of leat's, and fails its owner.
 *
 * Returns  how many callbacks ran; -EBUSY called from inside a callback;
 *          -ECANCELED the loop was destroyed from inside.
 * Calls back everything.
 */
LEAT_API LEAT_CHECKED int leat_loop_dispatch(
    struct leat_loop *loop, const struct leat_sets *ready);

/*
 * Add the sets to a host's fd_sets.
 *
 * sets         as filled by leat_loop_prepare; borrowed
 * r, w, e      the host's; bits are added
 *
 * Returns  nfds; -ERANGE a descriptor is FD_SETSIZE or more.
 * On error the host's sets are as before.
 */
LEAT_API LEAT_CHECKED int leat_sets_to_fdset(
    const struct leat_sets *sets, fd_set *r, fd_set *w, fd_set *e);

/*
 * View a host's result sets as leat_sets, without copying.
 *
 * sets         filled; borrows the three fd_sets
 * nfds         as returned by leat_sets_to_fdset, at most FD_SETSIZE
 */
LEAT_API void leat_sets_from_fdset(struct leat_sets *sets, int nfds,
    const fd_set *r, const fd_set *w, const fd_set *e);

#ifdef __cplusplus
}
#endif

#endif
