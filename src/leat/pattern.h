/*
 * pattern.h - bytes that are known to whoever knows the client and the place
 * in its stream, and to nobody else: one that is lost, doubled, moved or of
 * another client is not what stands there.
 */
#ifndef LEAT_PATTERN_H
#define LEAT_PATTERN_H

#include <stddef.h>

/* A prime, so that no power of two fits; and the most bytes in one piece. */
#define PATTERN_PERIOD 131071u
#define PATTERN_PIECE 65536u

struct pattern {
    unsigned char bytes[PATTERN_PERIOD + PATTERN_PIECE];
};

void pattern_init(struct pattern *pattern);

/* Where the stream of a client begins. Clients are numbered from 0; those of
 * the first PATTERN_PERIOD begin at different places. */
size_t pattern_start(size_t client);
/* The place len bytes further on; len is at most PATTERN_PIECE. */
size_t pattern_after(size_t place, size_t len);
/* PATTERN_PIECE bytes from a place on. */
const unsigned char *pattern_at(const struct pattern *pattern, size_t place);

#endif
