/*
 * park_none.c - a platform without a readiness queue: everybody stays in the
 * sets of select(), which costs time where there are thousands, and only time.
 */
#include <errno.h>

#include "sys.h"

int
leat__sys_park_open(void)
{
    return -ENOSYS;
}

/* Without a queue the others are not called. */

int
leat__sys_park_join(int queue, int fd, unsigned events, uint64_t key)
{
    (void)queue;
    (void)fd;
    (void)events;
    (void)key;
    return -ENOSYS;
}

int
leat__sys_park_leave(int queue, int fd, unsigned events)
{
    (void)queue;
    (void)fd;
    (void)events;
    return -ENOSYS;
}

size_t
leat__sys_park_size(void)
{
    return 1;
}

int
leat__sys_park_take(int queue, void *reports, size_t room)
{
    (void)queue;
    (void)reports;
    (void)room;
    return -ENOSYS;
}

unsigned
leat__sys_park_report(const void *reports, size_t i, uint64_t *key)
{
    (void)reports;
    (void)i;
    *key = 0;
    return 0;
}
