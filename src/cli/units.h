/*
 * units.h - numbers, sizes and times as people write them.
 *
 * All return 0; -EINVAL not written like that; -ERANGE it does not fit. On
 * error the result is left as it was.
 */
#ifndef LEAT_CLI_UNITS_H
#define LEAT_CLI_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* Decimal digits and nothing else. */
int units_number(const char *text, uint64_t *number);
/* Bytes, or a number with k, m or g (1024, its square and its cube). */
int units_size(const char *text, size_t *bytes);
/* A number with one of us ms s m h d; there is no default unit. */
int units_time(const char *text, int64_t *time_us);
/* Octal digits, as chmod(1) takes them. */
int units_mode(const char *text, unsigned *mode);

#endif
