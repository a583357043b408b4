/*
 * histogram.h - how often each value came, within 3 %, in a fixed size.
 */
#ifndef LEAT_HISTOGRAM_H
#define LEAT_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

/* Values below 64 have a place each, then each power of two has 32. */
#define HISTOGRAM_BITS 40 /* larger values count as the largest */
#define HISTOGRAM_PLACES ((HISTOGRAM_BITS - 4) * 32)

/* All zero when it is empty. */
struct histogram {
    uint64_t count;
    uint64_t max; /* exactly */
    uint64_t places[HISTOGRAM_PLACES];
};

void histogram_add(struct histogram *histogram, uint64_t value);

/*
 * The value that so many of a thousand do not exceed, 0 for an empty one.
 * per_mille 1..1000. The largest that the place stands for, so never less than
 * it was, and at most 1/32 more.
 */
uint64_t histogram_at(const struct histogram *histogram, unsigned per_mille);

#endif
