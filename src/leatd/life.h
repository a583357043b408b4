/*
 * life.h - what ends leatd, and the signals it answers.
 */
#ifndef LEATD_LIFE_H
#define LEATD_LIFE_H

#include "cli/complaint.h"

#include <leat/timer.h>
#include <leat/watch.h>

struct server;

struct life {
    struct leat_timer lifetime;     /* --lifetime */
    struct leat_timer idle;         /* --exit-when-idle */
    int64_t idle_since_us;          /* the last client's end, or the start */
    struct leat_watch *stdin_watch; /* --die-with-stdin; else NULL */
};

/* 0, or -errno with the complaint filled. What was begun ends with the loop. */
int life_start(struct server *server, struct complaint *wrong);

/* The last client is gone. */
void life_idle(struct server *server);

#endif
