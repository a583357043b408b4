/*
 * clock.c - the two clocks: one to measure with, one to print.
 *
 * On the path: phase 2 of each turn reads the monotonic clock here; timers,
 * time-outs and budgets know no other. The wall clock can be set back by hand
 * and is for log lines and time stamps only.
 */
#include "result.h"

int
leat__sys_monotonic(int64_t *now_us)
{
    struct timespec now;

    if (LEAT_SYS(clock_gettime, CLOCK_MONOTONIC, &now) < 0)
        return -errno;
    /* Rounded down: a timer is then never early, only up to 1 us late. */
    *now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    return 0;
}

int
leat__sys_wall(struct timespec *now)
{
    return told(LEAT_SYS(clock_gettime, CLOCK_REALTIME, now));
}
