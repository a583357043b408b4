/*
 * drain.h - the end of leatd: nothing that was accepted is lost.
 *
 *   start      accept what waits, close the listeners, serve each client on
 *              until it pauses
 *   half time  end each client that has not paused
 *   deadline   cut off the rest
 */
#ifndef LEATD_DRAIN_H
#define LEATD_DRAIN_H

#include <leat/timer.h>

struct server;

enum drain_phase { DRAIN_NOT, DRAIN_SERVING, DRAIN_ENDING, DRAIN_CUT };

struct drain {
    enum drain_phase phase;
    struct leat_timer timer; /* half time, then the deadline */
    uint64_t lost;           /* accepted bytes that were not sent */
    uint64_t unserved;       /* bytes that came after a client's end */
};

void drain_init(struct server *server);
/* Begin; harmless when begun. why goes into the log. */
void drain_start(struct server *server, const char *why);
/* Skip to the deadline. */
void drain_cut(struct server *server);
/* A client is gone; lost is what it was not sent because of us, unserved what
 * it sent on after its end. */
void drain_count(struct server *server, uint64_t lost, uint64_t unserved);

#endif
