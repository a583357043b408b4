/*
 * tally.h - what happened, in numbers.
 */
#ifndef CHAOS_TALLY_H
#define CHAOS_TALLY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum count {
    COUNT_CONNS,    /* connections that were made */
    COUNT_SENT,     /* bytes */
    COUNT_VERIFIED, /* bytes that came back and were the right ones */
    COUNT_WHOLE,    /* lives that got every byte back */
    COUNT_HALVES,   /* of those: after a half-close, up to the end */
    COUNT_RESETS,
    COUNT_ABRUPT,
    COUNT_URGENT,  /* urgent bytes */
    COUNT_GAVE_UP, /* lives that ended before the server took them */
    COUNT_ANSWERS, /* of pings */
    COUNTS,
};

enum trouble {
    TROUBLE_WRONG,   /* not the byte that stands there */
    TROUBLE_SURPLUS, /* more bytes than were sent */
    TROUBLE_EARLY,   /* the server's end before every byte was back */
    TROUBLE_RESET,   /* by the server */
    TROUBLE_REFUSED,
    TROUBLE_TIMEOUT, /* nobody took the connection, or it broke */
    TROUBLE_STUCK,   /* no progress, for longer than anybody is patient */
    TROUBLE_OTHER,
    TROUBLES,
};

#define TALLY_STEPS 16   /* of latency, to each doubling */
#define TALLY_OCTAVES 32 /* of microseconds */

struct tally {
    uint64_t count[COUNTS];
    uint64_t trouble[TROUBLES];
    bool allowed[TROUBLES];
    uint64_t latency[TALLY_OCTAVES * TALLY_STEPS];
    int64_t first_end_us, last_end_us; /* ages at which the server ended us */
    unsigned told;                     /* troubles that were told one by one */
};

/* Let troubles pass: "reset,early". Returns 0 or -1. */
int tally_allow(struct tally *tally, const char *text);

/* Count a trouble; the first few are told on standard error as well. */
void tally_trouble(struct tally *tally, enum trouble trouble, uint64_t client,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The server ended a life of this age. */
void tally_ended(struct tally *tally, int64_t age_us);

void tally_latency(struct tally *tally, int64_t us);

/* Write the counts as " key=value". */
void tally_print(const struct tally *tally, FILE *out);

/* Wrong bytes are never allowed. */
bool tally_is_good(const struct tally *tally);

#endif
