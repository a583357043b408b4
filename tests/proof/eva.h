/*
 * eva.h - what the drivers for Frama-C's Eva share: inputs that may be anything
 * in bounds, the compiler's builtins in plain C, and memory.
 *
 * Every driver is a program that does not run: Eva follows it for all values at
 * once, and says where one of them could be undefined behaviour.
 */
#ifndef TESTS_PROOF_EVA_H
#define TESTS_PROOF_EVA_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "__fc_builtin.h"

static inline size_t
any_size(size_t least, size_t most)
{
    return (size_t)Frama_C_unsigned_long_interval(least, most);
}

static inline bool
any_bool(void)
{
    return Frama_C_interval(0, 1) != 0;
}

/* --- builtins that Frama-C does not know ---------------------------------- */

static inline bool
eva_mul_overflow(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b)
        return true;
    *out = a * b;
    return false;
}

static inline bool
eva_add_overflow(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return true;
    *out = a + b;
    return false;
}

/* Of a word that is not 0, as the builtins demand. */
static inline int
eva_ctz(unsigned long word)
{
    //@ assert word != 0;
    int zeros = 0;
    //@ loop unroll 64;
    while (zeros < 63 && (word >> zeros & 1) == 0)
        zeros++;
    return zeros;
}

static inline int
eva_clz(unsigned long word)
{
    //@ assert word != 0;
    int zeros = 0;
    //@ loop unroll 64;
    while (zeros < 63 && word >> (63 - zeros) == 0)
        zeros++;
    return zeros;
}

/* The driver says where the byte stands, so that Eva looks at each place by
 * itself; from the bytes, of any value, it could be none or all of them. */
extern size_t eva_place; /* defined by the driver that needs it */

static inline void *
eva_memchr(const void *bytes, int byte, size_t len)
{
    (void)byte;
    return eva_place < len ? (unsigned char *)bytes + eva_place : NULL;
}

/* Byte by byte; nothing may be copied to the end of a block, but not from or to
 * NULL. */
static inline void
eva_memcpy(void *to, const void *from, size_t len)
{
    //@ assert to != \null && from != \null;
    //@ loop unroll 16;
    for (size_t i = 0; i < len; i++)
        ((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
}

/* Not known either, and Eva does not look at alignment. */
#define _Alignas(type)
#define _Static_assert(condition, text) extern int eva_unused

#define memcpy(to, from, len) eva_memcpy(to, from, len)
#define memchr(bytes, byte, len) eva_memchr(bytes, byte, len)
#define __builtin_ctzl(word) eva_ctz(word)
#define __builtin_clzl(word) eva_clz(word)
#define __builtin_clzll(word) eva_clz(word)
#define __builtin_popcountl(word) Frama_C_interval(0, 64)
#define __builtin_mul_overflow(a, b, out) eva_mul_overflow(a, b, out)
#define __builtin_add_overflow(a, b, out) eva_add_overflow(a, b, out)

#endif
