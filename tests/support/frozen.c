/*
 * frozen.c - time that stands still until the test moves it on, and a wait
 * that takes no time.
 */
#include "kernel_parts.h"

#include <errno.h>

#define SECOND ((int64_t)1000000)

static bool is_frozen;
static int64_t now_us;
static int64_t hang_us = 10 * SECOND;
static int64_t wall_shift_us;

/* --- the test's side ----------------------------------------------------- */

/* The time that stops is that of the kernel in use, a fake one too. */
void
clock_freeze(void)
{
    struct timespec now;

    if (kernel__under()->clock_gettime(CLOCK_MONOTONIC, &now) < 0)
        kernel__misuse("the clock to freeze", "cannot be read");
    kernel__lock();
    now_us = (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000;
    is_frozen = true;
    kernel__unlock();
}

void
clock_thaw(void)
{
    kernel__lock();
    is_frozen = false;
    kernel__unlock();
}

void
clock_advance(int64_t us)
{
    if (us < 0)
        kernel__misuse("a monotonic clock", "does not go back");
    kernel__lock();
    if (!is_frozen)
        kernel__misuse("freeze the clock", "before moving it");
    now_us += us;
    kernel__unlock();
}

int64_t
clock_now(void)
{
    int64_t now;

    kernel__lock();
    if (!is_frozen)
        kernel__misuse("freeze the clock", "before asking it");
    now = now_us;
    kernel__unlock();
    return now;
}

void
clock_hang_limit(int64_t us)
{
    kernel__lock();
    hang_us = us;
    kernel__unlock();
}

void
clock_shift_wall(int64_t us)
{
    kernel__lock();
    wall_shift_us += us;
    kernel__unlock();
}

void
kernel__reset_time(void)
{
    kernel__lock();
    is_frozen = false;
    hang_us = 10 * SECOND;
    wall_shift_us = 0;
    kernel__unlock();
}

/* --- the table's side ---------------------------------------------------- */

static struct timespec
to_timespec(int64_t us)
{
    return (struct timespec){
        .tv_sec = (time_t)(us / SECOND),
        .tv_nsec = (long)(us % SECOND) * 1000,
    };
}

int
kernel__clock(clockid_t clock, struct timespec *now)
{
    int rc = kernel__under()->clock_gettime(clock, now);
    int64_t wall_us;

    if (rc < 0)
        return rc;
    kernel__lock();
    if (clock == CLOCK_MONOTONIC && is_frozen)
        *now = to_timespec(now_us);
    if (clock == CLOCK_REALTIME && wall_shift_us != 0) {
        wall_us = (int64_t)now->tv_sec * SECOND + now->tv_nsec / 1000;
        *now = to_timespec(wall_us + wall_shift_us);
    }
    kernel__unlock();
    return rc;
}

static int
wait_without_end(int nfds, fd_set *sets[3])
{
    struct timeval limit;
    int ready;

    kernel__lock();
    limit.tv_sec = (time_t)(hang_us / SECOND);
    limit.tv_usec = (suseconds_t)(hang_us % SECOND);
    kernel__unlock();
    ready = kernel__under()->select(nfds, sets[0], sets[1], sets[2], &limit);
    if (ready == 0)
        kernel__complain("select hangs: nothing came to wake it up");
    return ready;
}

static int
wait_in_no_time(int nfds, fd_set *sets[3], struct timeval *timeout)
{
    struct timeval none = {0, 0};
    int ready = kernel__under()->select(nfds, sets[0], sets[1], sets[2], &none);

    if (ready != 0)
        return ready;
    clock_advance((int64_t)timeout->tv_sec * SECOND + timeout->tv_usec);
    /* As Linux does, so that using it again shows. */
    *timeout = (struct timeval){0, 0};
    return 0;
}

int
kernel__select(int nfds, fd_set *sets[3], struct timeval *timeout)
{
    bool frozen;

    kernel__lock();
    frozen = is_frozen;
    kernel__unlock();
    if (!frozen)
        return kernel__under()->select(
            nfds, sets[0], sets[1], sets[2], timeout);
    if (timeout == NULL)
        return wait_without_end(nfds, sets);
    return wait_in_no_time(nfds, sets, timeout);
}
