/*
 * park_crowd.h - a crowd of clients that can be parked; for the tests of
 * park.c.
 */
#ifndef TESTS_PARK_CROWD_H
#define TESTS_PARK_CROWD_H

#include "net/net.h"
#include "peers.h"

/* As park.c has it. */
#define FEW 16
#define QUIET_TURNS 32
#define WAKE_AFTER 4
#define WAKE_GAP 16

#define CROWD 40

static struct peer *peer[CROWD];

/* Whatever the environment asks for. */
static inline void
use(enum leat_park park)
{
    rig_open(&(struct leat_loop_config){.park = park});
    peers.act[DATA] = act_echo;
    peers_listen(OVER_TCP4);
    rig.loop->config.park = park;
}

static inline void
meet(int count)
{
    for (int i = 0; i < count; i++)
        peers_meet(&peer[i]);
}

static inline size_t
parked(void)
{
    return rig_stats().parked;
}

/* Long enough for everybody quiet, who was busy when it began. */
static inline void
be_quiet(void)
{
    peers_turns(2 * QUIET_TURNS + 2);
}

static inline void
meet_crowd(void)
{
    use(LEAT_PARK_AUTO);
    meet(CROWD);
    be_quiet();
    ck_assert_uint_eq(parked(), CROWD);
}

static inline void
ask(int i)
{
    size_t len = peer[i]->len;
    peer_text(peer[i], "hello");
    turn_until(peer_has(peer[i], len + 5));
}

#endif
