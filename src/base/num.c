/*
 * num.c - arithmetic on sizes and times that says when it does not fit.
 *
 * On the path: whoever adds lengths that a peer or a program chose -> HERE.
 *
 * The compiler's checked operations do the work; they are one instruction and
 * a flag. Nothing here has state.
 */
#include "num.h"

#include <assert.h>
#include <limits.h>

/* Both return true when the result fits; the builtins say the opposite. */
bool
leat__add_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

bool
leat__mul_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

int64_t
leat__add_time(int64_t now_us, int64_t delay_us)
{
    int64_t sum;

    assert(delay_us >= 0);
    /* A deadline beyond the end of time is the end of time, not the past. */
    if (__builtin_add_overflow(now_us, delay_us, &sum))
        return INT64_MAX;
    return sum;
}

size_t
leat__ceil_pow2(size_t n)
{
    /* The largest power of two there is; nothing above it can be rounded up. */
    if (n > SIZE_MAX / 2 + 1)
        return 0;
    /* The count of leading zeros is not defined for 0, which n - 1 is for 1. */
    if (n <= 1)
        return n;
    /* Of n - 1, so that a power of two is its own answer. */
    int zeros = __builtin_clzll((unsigned long long)n - 1);
    return (size_t)1 << ((int)sizeof(unsigned long long) * CHAR_BIT - zeros);
}
