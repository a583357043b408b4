/*
 * watcher.c - watches that write into the trace.
 */
#include "watcher.h"

#include <stdint.h>
#include <unistd.h>

#include "loop_rig.h"
#include "run.h"
#include "trace.h"

void
watcher_tells(struct leat_watch *watch, unsigned ready, void *user)
{
    (void)watch;
    trace("%s %s%s%s%s", (const char *)user, ready & LEAT_READABLE ? "r" : "",
        ready & LEAT_WRITABLE ? "w" : "", ready & LEAT_EXCEPTIONAL ? "x" : "",
        ready & LEAT_FAILED ? "failed" : "");
}

void
watcher_reads(struct leat_watch *watch, unsigned ready, void *user)
{
    char byte;
    watcher_tells(watch, ready, user);
    ck_assert_int_eq(read(leat_watch_fd(watch), &byte, 1), 1);
}

struct leat_watch *
watcher_with(leat_watch_fn fn, int fd, unsigned events, const char *name)
{
    struct leat_watch *watch;
    void *user = (void *)(uintptr_t)name; /* nobody writes to it */
    ck_assert_int_eq(
        leat_watch_open(&watch, rig.loop, fd, events, fn, user), 0);
    return watch;
}

struct leat_watch *
watcher(int fd, unsigned events, const char *name)
{
    return watcher_with(watcher_tells, fd, events, name);
}

void
watcher_feed(int fd)
{
    ck_assert_int_eq(write(fd, "!", 1), 1);
}
