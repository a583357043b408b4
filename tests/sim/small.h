/*
 * small.h - the small world: small.c makes one and takes it to its end,
 * small_walk.c goes to all of them.
 */
#ifndef TESTS_SIM_SMALL_H
#define TESTS_SIM_SMALL_H

#include "parts.h"

#include "net/net.h"

#define DEPTH_MAX 16
#define STREAM 4
#define TURNS_MAX 200

/* What somebody does, before the turn. */
enum deed {
    COME_A,
    SEND_A,
    READ_A,
    END_A,
    RESET_A,
    LEAVE_A,
    COME_B,
    SEND_B,
    READ_B,
    END_B,
    RESET_B,
    LEAVE_B,
    NOBODY,
    ACTS_ALL
};

/* How the kernel is in that turn. */
enum weather {
    FAIR,
    FULL,  /* sends are refused */
    SHORT, /* a byte at a time */
    BROKE, /* there is no memory */
    DULL,  /* a signal ends the wait */
    WEATHERS
};

#define CHOICES (ACTS_ALL * WEATHERS)

struct path {
    uint8_t choice[DEPTH_MAX];
};

struct guest {
    int peer; /* -1: not there, or not any more */
    bool has_come, has_fin, has_gone;
    bool is_poor; /* leat had no memory for it */
    unsigned sent, got, opened, closed;
};

struct small {
    struct guest guest[2];
    struct leat_loop *loop;
    struct leat_listener *listener;
    enum weather now;
    unsigned opened;
    struct path path;
    unsigned len;
};

extern struct small world;

/* Begin a world and go where the path leads, as far as there is one; whether
 * that was all of it. */
bool small_go(const struct path *path, unsigned len);
/* And to its end: it leaves nothing behind. */
void small_finish(void);
/* Once, before the first world. */
void small_begin(void);

#endif
