/*
 * units.c - numbers, sizes and times as people write them.
 *
 * On the path: start-up. strtoull is not used: it takes signs, leading blanks
 * and another base, and tells overflow through errno.
 */
#include "units.h"

#include <errno.h>
#include <string.h>

/* A unit and what it is worth; a list ends with a NULL name. */
struct unit {
    const char *name;
    uint64_t worth;
};

/* Powers of 1024, as memory and buffers are counted. */
static const struct unit sizes[] = {
    {"", 1},
    {"k", 1024u},
    {"K", 1024u},
    {"m", 1024u * 1024},
    {"M", 1024u * 1024},
    {"g", 1024u * 1024 * 1024},
    {"G", 1024u * 1024 * 1024},
    {NULL, 0},
};

/* In microseconds. No default unit: 5 could be seconds or milliseconds, and a
 * wrong guess shows only much later. */
static const struct unit times[] = {
    {"us", 1},
    {"ms", 1000},
    {"s", 1000000},
    {"m", 60u * 1000000},
    {"h", 3600u * UINT64_C(1000000)},
    {"d", 86400u * UINT64_C(1000000)},
    {NULL, 0},
};

static const struct unit none[] = {{"", 1}, {NULL, 0}};

/* Digits of a base up to ten. Moves *text past them. The value stands still
 * at its limit, so that the shape is judged before the size. */
static int
read_digits(const char **text, unsigned base, uint64_t *number)
{
    const char *at = *text;
    uint64_t value = 0;
    int error = 0;

    for (; *at >= '0' && *at < (char)('0' + base); at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (UINT64_MAX - digit) / base)
            error = -ERANGE;
        else
            value = value * base + digit;
    }
    if (at == *text)
        return -EINVAL;
    *text = at;
    *number = value;
    return error;
}

/* A number and one of the units, at most max when multiplied out. */
static int
read_with_unit(
    const char *text, const struct unit *unit, uint64_t max, uint64_t *out)
{
    uint64_t number;
    int error = read_digits(&text, 10, &number);
    if (error == -EINVAL)
        return error;

    while (unit->name != NULL && strcmp(unit->name, text) != 0)
        unit++;
    if (unit->name == NULL)
        return -EINVAL;
    if (error != 0 || number > max / unit->worth)
        return -ERANGE;
    *out = number * unit->worth;
    return 0;
}

int
units_number(const char *text, uint64_t *number)
{
    return read_with_unit(text, none, UINT64_MAX, number);
}

int
units_size(const char *text, size_t *bytes)
{
    uint64_t number;
    int error = read_with_unit(text, sizes, SIZE_MAX, &number);

    if (error == 0)
        *bytes = (size_t)number;
    return error;
}

int
units_time(const char *text, int64_t *time_us)
{
    uint64_t number;
    int error = read_with_unit(text, times, INT64_MAX, &number);

    if (error == 0)
        *time_us = (int64_t)number;
    return error;
}

/* No leading 0 is asked for, and none is harmful. */
int
units_mode(const char *text, unsigned *mode)
{
    uint64_t number;
    int error = read_digits(&text, 8, &number);

    if (error != -EINVAL && *text != '\0')
        error = -EINVAL;
    if (error == 0 && number > 07777)
        error = -ERANGE;
    if (error == 0)
        *mode = (unsigned)number;
    return error;
}
