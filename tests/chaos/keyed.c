/*
 * keyed.c - see keyed.h.
 */
#include "keyed.h"

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

/* The finaliser of splitmix64. */
uint64_t
keyed_mix(uint64_t number)
{
    number += GOLDEN;
    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
    return number ^ number >> 31;
}

static unsigned char
byte_at(uint64_t key, uint64_t offset, uint64_t *word)
{
    if (offset % 8 == 0)
        *word = keyed_mix(key + offset / 8);
    return (unsigned char)(*word >> offset % 8 * 8);
}

void
keyed_fill(uint64_t key, uint64_t offset, unsigned char *bytes, size_t len)
{
    key = keyed_mix(key);
    uint64_t word = keyed_mix(key + offset / 8);
    for (size_t i = 0; i < len; i++)
        bytes[i] = byte_at(key, offset + i, &word);
}

size_t
keyed_check(
    uint64_t key, uint64_t offset, const unsigned char *bytes, size_t len)
{
    key = keyed_mix(key);
    uint64_t word = keyed_mix(key + offset / 8);
    size_t right = 0;
    while (right < len && bytes[right] == byte_at(key, offset + right, &word))
        right++;
    return right;
}

uint64_t
keyed_draw(uint64_t *series, uint64_t bound)
{
    *series += GOLDEN;
    return keyed_mix(*series) % bound;
}
