/*
 * choices.c - where decisions come from: a seed, or a string of bytes.
 *
 * In bytes, 0 is the plain choice (no fault, the first alternative), so a short
 * string is a quiet run and a fuzzer can cut it at any place.
 *
 * By a seed, what is drawn while leatd runs depends on the virtual time and on
 * nothing before it: a turn more or less (the pool is trimmed at other moments
 * where pointers have another size) changes nothing after it.
 */
#include "parts.h"

void
choices_seed(struct choices *choices, uint64_t seed)
{
    *choices = (struct choices){.state = seed};
}

void
choices_by_time(struct choices *choices, uint64_t seed)
{
    *choices = (struct choices){.state = seed, .is_by_time = true};
}

void
choices_bytes(struct choices *choices, const uint8_t *bytes, size_t len)
{
    *choices = (struct choices){.bytes = bytes, .len = len};
}

/* splitmix64: any seed is as good as any other, 0 too. */
static uint64_t
next_bits(struct choices *choices)
{
    uint64_t z = choices->state + UINT64_C(0x9e3779b97f4a7c15);

    if (!choices->is_by_time) {
        choices->state = z;
    } else {
        choices->at = choices->now_us == fake.now_us ? choices->at + 1 : 0;
        choices->now_us = fake.now_us;
        z += (uint64_t)fake.now_us * UINT64_C(0xd6e8feb86659fd93) +
             choices->at * UINT64_C(0x9e3779b97f4a7c15);
    }
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint32_t
next_byte(struct choices *choices)
{
    return choices->at < choices->len ? choices->bytes[choices->at++] : 0;
}

uint32_t
choose(struct choices *choices, uint32_t n)
{
    uint32_t number;

    if (choices->bytes == NULL)
        return (uint32_t)((next_bits(choices) >> 32) * n >> 32);
    number = next_byte(choices);
    if (n > 256)
        number |= next_byte(choices) << 8;
    if (n > 65536)
        number |= next_byte(choices) << 16;
    return number % n;
}

bool
chance(struct choices *choices, uint32_t of_1024)
{
    return of_1024 > 0 && choose(choices, 1024) >= 1024 - of_1024;
}
