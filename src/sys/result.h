/*
 * result.h - what libc's -1 and errno become. For the .c files of this room
 * only: nobody else reads errno.
 */
#ifndef LEAT_SYS_RESULT_H
#define LEAT_SYS_RESULT_H

#include "sys.h"

#include <errno.h>
#include <stdbool.h>

/* The value itself, or the negative errno of a call that answered -1. */
static inline int
told(int value)
{
    return value < 0 ? -errno : value;
}

static inline ssize_t
told_count(ssize_t count)
{
    return count < 0 ? -errno : count;
}

/* Whether a signal cut the call short and it may be made once more. The bound
 * keeps a storm of signals from holding one connection's turn for ever. */
static inline bool
must_repeat(ssize_t value, int *tries)
{
    return value < 0 && errno == EINTR && (*tries)++ < LEAT__SYS_RETRIES;
}

#endif
