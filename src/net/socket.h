/*
 * socket.h - what src/net shares about sockets that are bound to an address:
 * those of listeners and of datagrams.
 *
 *   listener.c  the public side of listeners       accept.c  new peers
 *   dgram.c     UDP, its sockets                   dgram_io.c  its datagrams
 *   bind.c      sockets made and bound             unix.c    socket files
 *   addr.c      the grammar of addresses
 */
#ifndef LEAT_NET_SOCKET_H
#define LEAT_NET_SOCKET_H

#include "net.h"

/* Why a listener does not accept; bits. */
#define LEAT__PAUSE_USER 1u
#define LEAT__PAUSE_MAX 2u    /* as many connections as allowed */
#define LEAT__PAUSE_MEMORY 4u /* above 80 % of max_memory */
#define LEAT__PAUSE_FDS 8u    /* no descriptor or kernel memory; backing off */

struct leat__socket {
    struct leat__io io;
    struct leat_listener *listener; /* whose it is: of this one, */
    struct leat_dgram *dgram;       /* or of this one */
    struct leat_addr addr;
    uint64_t device, inode; /* of a unix socket's file; 0 without one */
    unsigned errors;        /* of accept, in a row */
    bool is_lost;
};

struct leat_listener {
    struct leat_loop *loop;
    struct leat__node node; /* in net->listeners */
    struct leat__shared *shared;
    struct leat_listener_config config;
    size_t conns;
    unsigned pauses;
    struct leat_timer timer; /* ends LEAT__PAUSE_FDS */
    int64_t backoff_us;
    bool is_busy;     /* being served: freed afterwards */
    bool is_closed;   /* sockets are gone, memory follows */
    size_t allocated; /* places in socket[] */
    size_t count;     /* sockets there are */
    struct leat__socket socket[];
};

/* The longest there is: its length has 16 bits. */
#define LEAT__DATAGRAM_MAX 65535u

struct leat_dgram {
    struct leat_loop *loop;
    struct leat__node node; /* in net->dgrams */
    struct leat_dgram_config config;
    struct leat_dgram_stats stats;
    struct leat_timer timer;      /* started: nothing is read until then */
    struct leat__socket *current; /* whose datagram is being delivered */
    struct leat__way way;         /* and how it came */
    unsigned char *bytes;         /* config.max of them, and one more */
    bool is_busy;                 /* being served: freed afterwards */
    bool is_closed;               /* sockets are gone, memory follows */
    size_t size;                  /* of this block */
    size_t count;                 /* sockets there are */
    struct leat__socket socket[];
};

/* What an address text stands for. */
struct leat__found {
    struct leat_addr addr[LEAT_ADDR_MAX];
    size_t count;
    bool is_pair; /* both families of one PORT; one of them may be missing */
};

/* --- accept.c --- */

void leat__socket_ready(struct leat__io *io, unsigned ready);
/* Accept one. Whether there may be another. */
bool leat__accept_one(struct leat__socket *socket);
/* Set or clear reasons to pause; a listener accepts while it has none. */
void leat__listener_set_pauses(
    struct leat_listener *listener, unsigned set, unsigned clear);
/* A connection was made, of a listener or NULL; one has ended: who may accept
 * on? */
void leat__net_place_taken(
    struct leat__net *net, const struct leat_listener *listener);
void leat__net_place_free(struct leat__net *net);

/* --- listener.c --- */

void leat__listener_free(struct leat_listener *listener);

/* --- dgram.c --- */

/* What a socket is to know before it is bound. What is refused is noted. */
void leat__dgram_options(
    const struct leat_dgram *dgram, const struct leat__socket *socket);
/* Wait for these events, on all of its sockets. */
void leat__dgram_want(struct leat_dgram *dgram, unsigned events);
void leat__dgram_free(struct leat_dgram *dgram);

/* --- dgram_io.c --- */

void leat__dgram_ready(struct leat__io *io, unsigned ready);
/* One batch; is_bounded: the budget of phase 3 may end it. The dgram is busy,
 * and may be closed when it returns. */
void leat__dgram_receive(struct leat__socket *socket, bool is_bounded);

/* --- bind.c, unix.c, addr.c --- */

/* Open, bind and listen on all addresses, all or none; fills in the sockets
 * and count. What may be missing of a pair is left out, and noted. */
int leat__bind_listener(
    struct leat_listener *listener, const struct leat__found *found);
/* The same without listening. */
int leat__bind_dgram(struct leat_dgram *dgram, const struct leat__found *found);
/* Bind and listen on a unix socket's path, replacing a stale one. */
int leat__unix_listen(struct leat__socket *socket, unsigned mode, int backlog);
/* Remove the socket's file if it is still the one we made. */
void leat__unix_unlink(const struct leat__socket *socket);
/* As leat_addr_parse, 0 for success. */
int leat__addr_find(
    struct leat__found *found, const char *text, unsigned flags);

#endif
