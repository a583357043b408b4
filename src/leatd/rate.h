/*
 * rate.h - how often each source is answered: a small table that never grows.
 *
 * A source has a place from its first answer on for one second, and so many
 * answers in that time. While all places are taken a newcomer has none: the
 * table bounds what goes out in all, too, whatever sources are made up.
 */
#ifndef LEATD_RATE_H
#define LEATD_RATE_H

#include <leat/addr.h>

#include <stdbool.h>
#include <stdint.h>

/* Looked through one by one, so that no choice of addresses makes it slow. */
#define RATE_PLACES 128
#define RATE_ANSWERS 100
#define RATE_SECOND_US 1000000

struct rate {
    struct {
        unsigned char address[16]; /* IPv4 is mapped into IPv6 */
        int64_t since_us;
        unsigned count; /* 0: the place was never taken */
    } place[RATE_PLACES];
};

/* Whether that address may have one more answer, which is then counted. Its
 * port does not matter. rate was zeroed once; now_us never goes back. */
bool rate_take(
    struct rate *rate, const struct leat_addr *source, int64_t now_us);

#endif
