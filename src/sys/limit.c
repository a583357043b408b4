/*
 * limit.c - how far this platform's select() sees.
 *
 * Linux takes sets of any length; the limit of 1024 there is that of FD_SET,
 * which leat does not use. Elsewhere FD_SETSIZE is taken at its word.
 */
#include "sys.h"

#include <limits.h>
#include <sys/select.h>

#ifdef __linux__
#define SELECT_LIMIT INT_MAX
#else
#define SELECT_LIMIT FD_SETSIZE
#endif

int
leat__sys_select_limit(void)
{
    return SELECT_LIMIT;
}
