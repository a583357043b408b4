/*
 * quick.h - assertions for loops.
 *
 * Check notes the place of each ck_assert that holds, with a system call; a
 * test that asks a million times spends its time there. These cost a
 * comparison while they hold.
 */
#ifndef TESTS_QUICK_H
#define TESTS_QUICK_H

#include <check.h>

#define quick_assert(condition) \
    do { \
        if (!(condition)) \
            ck_abort_msg("does not hold: %s", #condition); \
    } while (0)

/* Two whole numbers that fit a long long; looked at again when they differ. */
#define quick_eq(a, b) \
    do { \
        if ((a) != (b)) \
            ck_abort_msg("%s is %lld, %s is %lld", #a, (long long)(a), #b, \
                (long long)(b)); \
    } while (0)

#endif
