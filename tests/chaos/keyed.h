/*
 * keyed.h - the bytes of a stream: each is a function of the stream's key and
 * of its place, so that one lost, doubled, moved or foreign is not what stands
 * there. And the random numbers of a plan, which are the same everywhere.
 */
#ifndef CHAOS_KEYED_H
#define CHAOS_KEYED_H

#include <stddef.h>
#include <stdint.h>

/* A well mixed number for each number. */
uint64_t keyed_mix(uint64_t number);

/* Write the bytes offset .. offset + len of stream key. */
void keyed_fill(
    uint64_t key, uint64_t offset, unsigned char *bytes, size_t len);

/* How many of them are right, up to the first that is not. */
size_t keyed_check(
    uint64_t key, uint64_t offset, const unsigned char *bytes, size_t len);

/* The next number of a series, 0 .. bound - 1; bound is at least 1. */
uint64_t keyed_draw(uint64_t *series, uint64_t bound);

#endif
