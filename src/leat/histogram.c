/*
 * histogram.c - how often each value came, within 3 %, in a fixed size.
 *
 * On the path: each answer of leat bench -> HERE -> its report.
 *
 * A value is cut to its six highest bits: so many are dropped below them that
 * 32..63 are left, and how many were dropped says in which row of 32 places it
 * is. Rows follow each other without a gap, since the largest of one, 63, comes
 * right before the smallest of the next.
 */
#include "histogram.h"

#define LARGEST ((UINT64_C(1) << HISTOGRAM_BITS) - 1)

static unsigned
dropped_bits(uint64_t value)
{
    unsigned bits = 0;
    while (value >> bits > 63)
        bits++;
    return bits;
}

static size_t
place_of(uint64_t value)
{
    unsigned bits = dropped_bits(value);
    return bits * 32 + (size_t)(value >> bits);
}

static uint64_t
largest_of(size_t place)
{
    if (place < 64)
        return place;
    size_t bits = place / 32 - 1;
    return ((place - bits * 32 + 1) << bits) - 1;
}

void
histogram_add(struct histogram *histogram, uint64_t value)
{
    if (value > LARGEST)
        value = LARGEST;
    histogram->count++;
    if (value > histogram->max)
        histogram->max = value;
    histogram->places[place_of(value)]++;
}

uint64_t
histogram_at(const struct histogram *histogram, unsigned per_mille)
{
    /* Rounded up: the median of one value is that value. */
    uint64_t rank = histogram->count / 1000 * per_mille +
                    (histogram->count % 1000 * per_mille + 999) / 1000;
    uint64_t seen = 0;

    for (size_t i = 0; i < HISTOGRAM_PLACES; i++) {
        seen += histogram->places[i];
        if (seen < rank || seen == 0)
            continue;
        uint64_t value = largest_of(i);
        return value < histogram->max ? value : histogram->max;
    }
    return 0;
}
