/*
 * num.h - arithmetic on sizes and times that says when it does not fit.
 */
#ifndef LEAT_NUM_H
#define LEAT_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *out = a + b, a * b; false when it does not fit, *out is undefined then. */
bool leat__add_size(size_t a, size_t b, size_t *out);
bool leat__mul_size(size_t a, size_t b, size_t *out);
/* now + delay for delay >= 0, at most INT64_MAX. */
int64_t leat__add_time(int64_t now_us, int64_t delay_us);
/* The least power of two >= n; 0 when it does not fit or n is 0. */
size_t leat__ceil_pow2(size_t n);

#endif
