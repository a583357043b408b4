/*
 * leat/watch.h - other people's file descriptors on the loop.
 *
 * A watch reports readiness and does nothing to the descriptor: it neither
 * reads, nor writes, nor closes it. Readiness is level-triggered: a callback
 * that leaves the cause standing is called again next turn.
 */
#ifndef LEAT_WATCH_H
#define LEAT_WATCH_H

#include <leat/api.h>

#ifdef __cplusplus
extern "C" {
#endif

struct leat_loop;
struct leat_watch;

/* Readiness, as in the three sets of select(2). */
#define LEAT_READABLE 1u
#define LEAT_WRITABLE 2u
#define LEAT_EXCEPTIONAL 4u
/* Reported only: the descriptor was closed behind the loop's back. The watch
 * asks for nothing any more; close it. */
#define LEAT_FAILED 8u

/* ready is a non-empty mix of the bits above. watch may be closed inside. */
typedef void (*leat_watch_fn)(
    struct leat_watch *watch, unsigned ready, void *user);

/*
 * Put a descriptor on the loop.
 *
 * out      set to the watch; returned owned, leat_watch_close ends it
 * loop     open loop; borrowed
 * fd       open descriptor; kept, never closed. Unwatch before closing it.
 *          Should be non-blocking where the callback reads or writes.
 * events   LEAT_READABLE, LEAT_WRITABLE, LEAT_EXCEPTIONAL or 0
 * fn       not NULL; user is kept and handed to it
 *
 * Returns  0; -EINVAL fd below 0 or unknown event; -EBADF fd is not open;
 *          -EEXIST it is on this loop already; -ERANGE it is beyond what this
 *          platform's select can watch; -ENOMEM.
 * On error nothing has changed; *out is NULL.
 * Calls back fn, in phase 3 (readable, exceptional) or 4 (writable), from the
 *          next turn on.
 */
LEAT_API LEAT_CHECKED int leat_watch_open(struct leat_watch **out,
    struct leat_loop *loop, int fd, unsigned events, leat_watch_fn fn,
    void *user);

/*
 * Change what is waited for.
 *
 * watch    open watch; borrowed
 * events   as in leat_watch_open
 *
 * Returns  0; -EINVAL unknown event; -EBADF the watch has failed.
 * Calls back never; a bit taken away is not reported any more, not even when
 *          it was already found ready in this turn.
 */
LEAT_API LEAT_CHECKED int leat_watch_set(
    struct leat_watch *watch, unsigned events);

/*
 * The descriptor of a watch.
 *
 * Returns  the number given to leat_watch_open.
 */
LEAT_API int leat_watch_fd(const struct leat_watch *watch);

/*
 * End a watch. The descriptor stays open.
 *
 * watch    taken; NULL is harmless. No callback follows.
 */
LEAT_API void leat_watch_close(struct leat_watch *watch);

#ifdef __cplusplus
}
#endif

#endif
