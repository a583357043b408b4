/*
 * dice.c - a xorshift generator, and its seed.
 */
#include "dice.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t
new_seed(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec) +
           ((uint64_t)getpid() << 40);
}

void
dice_init(struct dice *dice, const char *what)
{
    const char *text = getenv("LEAT_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : new_seed();

    printf("%s: LEAT_SEED=%llu\n", what, (unsigned long long)seed);
    fflush(stdout);
    dice_set(dice, seed);
}

void
dice_set(struct dice *dice, uint64_t seed)
{
    /* Small seeds are spread over all bits; 0 is the one state that would
     * never leave itself. */
    dice->state = seed * 0x9e3779b97f4a7c15u ^ 0x2545f4914f6cdd1du;
    if (dice->state == 0)
        dice->state = 1;
}

uint64_t
dice_bits(struct dice *dice)
{
    uint64_t x = dice->state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    dice->state = x;
    return x * 0x2545f4914f6cdd1du;
}

size_t
dice_roll(struct dice *dice, size_t n)
{
    /* The high bits are the better ones; the bias is below 2^-32. */
    return (size_t)(dice_bits(dice) >> 16) % n;
}

size_t
dice_env(const char *name, size_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? (size_t)strtoull(text, NULL, 0) : otherwise;
}
