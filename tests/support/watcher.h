/*
 * watcher.h - watches on rig.loop that say in the trace what they hear.
 */
#ifndef TESTS_WATCHER_H
#define TESTS_WATCHER_H

#include <leat/watch.h>

#define WATCH_ALL (LEAT_READABLE | LEAT_WRITABLE | LEAT_EXCEPTIONAL)

/* Callbacks; user is the name. "name rwx" or "name failed" goes to the trace,
 * and watcher_reads takes one byte that made it readable. */
void watcher_tells(struct leat_watch *watch, unsigned ready, void *user);
void watcher_reads(struct leat_watch *watch, unsigned ready, void *user);

/* Opens with watcher_tells, or with a callback of the test's own. */
struct leat_watch *watcher(int fd, unsigned events, const char *name);
struct leat_watch *watcher_with(
    leat_watch_fn fn, int fd, unsigned events, const char *name);

/* Write one byte. */
void watcher_feed(int fd);

#endif
