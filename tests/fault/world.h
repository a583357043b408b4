/*
 * world.h - one run's leatd, its loop and its guests, all in this thread.
 *
 * The clock stands still and goes on only while nobody has anything to do, so
 * hours pass in no time. What leat writes to standard output and error goes
 * nowhere.
 */
#ifndef FAULT_WORLD_H
#define FAULT_WORLD_H

#include "guest.h"
#include "leatd/server.h"

#define GUESTS_MOST 40u

struct world {
    struct leat_loop *loop; /* NULL: none is open */
    struct server server;
    struct options options;
    struct complaint wrong;
    char words[256]; /* the command line */
    char *argv[16];
    int argc;

    struct guest guest[GUESTS_MOST];
    size_t count;

    /* Whether the scenario is played to its end; NULL: all guests are over
     * and there is no connection left. */
    bool (*is_over)(void);
    bool closes_door;    /* the play ends with its listeners closed */
    enum exit_code code; /* of opening or running the server */
    uint64_t spins;      /* of the loop, before this play */
    int turn_error;      /* the last one that a turn told; 0 none */
    int strange;         /* a reason told to a connection of no guest */
    bool is_hasty;       /* no real time for who seems to be stuck */
    unsigned told;       /* bytes written to standard error */
    char dir[64];        /* of this process's own */
};

extern struct world world;

/* Once per process: a directory of our own, a network of our own. The second
 * is false where the system does not let us. */
void world_begin(void);
bool world_has_network(void);
void world_end(void);
/* A clean kernel, a frozen clock, no guests. */
void world_reset(void);

/* Open leatd by a command line; TCP in it is a free address with port 0, DIR a
 * directory, FD the number fd. Whether it is open. */
bool world_open(const char *line, int fd);
/* The words of that command line only. */
void world_parse(const char *line, int fd);
/* What can be closed is closed; the ledgers are the judge's to look at. */
void world_close(void);
/* Where the first listener has lost a socket, open another in its place. */
void world_reopen(void);
/* A path in our directory; valid until the next call. */
const char *world_path(const char *name);
/* Have the file of a server that died at this path. */
void world_make_stale(const char *name);
/* The directory is empty. Removes what is there. */
bool world_sweep(void);

/* The next guest; connected to a port of leatd. */
struct guest *world_guest(const struct script *script);
struct guest *world_connect(const struct script *script, size_t port);
/* One for each script, at port 0. */
void world_connect_all(const struct script *scripts, size_t count);
/* Forget the guests of the play before. */
void world_forget(void);
/* Turn until it is over. What stands still while faults are armed has them
 * released first. */
void world_drive(void);
/* Blame a loop that does not wait though there is nothing to do. */
void world_rest(void);
/* All guests are over, and there is no connection. */
bool world_is_idle(void);
/* Callbacks of a connection that is a guest: its own, not leatd's. */
void world_opened(struct guest *guest, struct leat_conn *conn);
void world_closed(struct guest *guest, int reason);

#endif
