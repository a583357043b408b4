/*
 * plan.h - what each client does in each of its lives: drawn from the seed, so
 * that the same seed gives the same plan.
 *
 * A life is one connection. How it sends, how it reads and how it ends are
 * drawn apart, and so is its length: the toxics of all four are mixed.
 */
#ifndef CHAOS_PLAN_H
#define CHAOS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of the table in plan.c. The plain way of each kind is the one
 * that no toxic was drawn for. */
enum toxic {
    TOXIC_SLICES, /* sends 1 to 7 bytes at a time */
    TOXIC_URGENT, /* some bytes are urgent */
    TOXIC_SILENT, /* says nothing */
    TOXIC_PING,   /* one small message, its answer, the next */
    TOXIC_SLOW,   /* reads a little now and then */
    TOXIC_NEVER,  /* does not read until its time is over */
    TOXIC_HALF,   /* ends its half as soon as all is sent, and reads on */
    TOXIC_RESET,  /* ends by a reset, anywhere */
    TOXIC_ABRUPT, /* closes anywhere, whatever is unread */
    TOXIC_STORM,  /* a short life, and the next at once */
    TOXICS,
    TOXIC_NONE = TOXICS,
};

struct plan_config {
    uint64_t seed;
    unsigned percent[TOXICS];
    uint64_t total;  /* bytes of a life; 0: drawn */
    uint64_t window; /* most bytes under way; 0: drawn */
    int64_t life_us; /* the time of those who wait; 0: drawn */
    size_t targets;
};

struct plan {
    enum toxic sending, reading, ending;
    bool is_storm;
    uint64_t key;    /* of the stream */
    uint64_t series; /* for what is drawn while it lives */
    uint64_t total;  /* bytes to send */
    uint64_t cut;    /* how many of them before a reset or an abrupt close */
    uint64_t window; /* most bytes under way */
    int64_t wait_us; /* how long a never-reader or a silent one stays */
    int64_t gap_us;  /* until the next life */
    size_t target;
};

/* Read "slices,never=20" or "all" or "none"; 0 or -1. A name without a
 * percentage has its usual one. */
int plan_toxics(struct plan_config *config, const char *text);

void plan_draw(struct plan *plan, const struct plan_config *config,
    size_t client, uint64_t life);

/* One number for the plans of the first lives of all clients. */
uint64_t plan_hash(const struct plan_config *config, size_t clients);

#endif
