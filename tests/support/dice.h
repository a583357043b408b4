/*
 * dice.h - chance that can be had again, and how much of it.
 *
 * The seed is taken from LEAT_SEED where that is set, else it is a new one in
 * each run; it is printed, so that a failure can be repeated.
 */
#ifndef TESTS_DICE_H
#define TESTS_DICE_H

#include <stddef.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

/* Prints the seed and how to set it; what names the test. */
void dice_init(struct dice *dice, const char *what);
/* The same from this seed, whatever the environment says; prints nothing. */
void dice_set(struct dice *dice, uint64_t seed);
/* Any 64 bits. */
uint64_t dice_bits(struct dice *dice);
/* 0..n - 1; n is 1 or more. */
size_t dice_roll(struct dice *dice, size_t n);
/* The number in an environment variable; otherwise where it has none. */
size_t dice_env(const char *name, size_t otherwise);

#endif
