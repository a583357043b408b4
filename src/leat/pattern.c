/*
 * pattern.c - bytes that are known to whoever knows the client and the place.
 *
 * On the path: HERE -> leat bench -> server -> leat bench, compared with HERE.
 *
 * One block for all clients: it stays in the cache, and neither sending nor
 * comparing makes bytes. Its end repeats its beginning, so that a piece never
 * wraps round.
 */
#include "pattern.h"

#include <stdint.h>
#include <string.h>

#define STEP 40503u /* neighbours begin far from each other */

void
pattern_init(struct pattern *pattern)
{
    uint64_t state = 1;

    /* A generator of 64 bits (Marsaglia's xorshift); the high bits are good. */
    for (size_t i = 0; i < PATTERN_PERIOD; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        pattern->bytes[i] = (unsigned char)(state >> 56);
    }
    memcpy(pattern->bytes + PATTERN_PERIOD, pattern->bytes, PATTERN_PIECE);
}

size_t
pattern_start(size_t client)
{
    return client % PATTERN_PERIOD * STEP % PATTERN_PERIOD;
}

size_t
pattern_after(size_t place, size_t len)
{
    place += len;
    return place < PATTERN_PERIOD ? place : place - PATTERN_PERIOD;
}

const unsigned char *
pattern_at(const struct pattern *pattern, size_t place)
{
    return pattern->bytes + place;
}
