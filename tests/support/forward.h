/*
 * forward.h - connections that pass on what they are given, and books of all
 * that was accepted, for test_forward_model.c.
 *
 *     tcase_add_checked_fixture(tcase, forward_setup, forward_teardown);
 *     ...
 *     forward_open(FORWARD_TIGHT);
 *     node_open(&nodes[0]);
 *     fake_write(nodes[0].peer, ...)      forward_turn()
 *     ... forward.on_piece is called, and uses forward_send ...
 *
 * Nothing is excused but what the contract says. What a connection accepts it
 * loses by a drop that it counts, or by its own end with a reason for that; an
 * orderly end loses nothing. A send fails for a reason that is there. All else
 * arrives, in order, and of the input each byte is told once or counted. The
 * kernel is fake.h: a seed does the same everywhere.
 */
#ifndef TESTS_FORWARD_H
#define TESTS_FORWARD_H

#include <leat/conn.h>
#include <leat/stats.h>

#include "book.h"
#include "dice.h"
#include "loop_rig.h"

/* The last two are a pair without sockets. */
#define NODES 8
#define PAIRED 6

/* What the world is like. */
enum forward_kind {
    FORWARD_PLAIN,
    FORWARD_TIGHT,  /* there is little memory */
    FORWARD_UNKIND, /* the kernel fails */
    FORWARD_DOOMED, /* the loop is destroyed in the middle */
    FORWARD_KINDS
};

/* Why a connection may be over; of a pair also for the sake of the other. */
enum node_why {
    WHY_END = 1,    /* end, half-close or drain was asked for */
    WHY_CLOSE = 2,  /* close was */
    WHY_ABORT = 4,  /* abort was */
    WHY_EOF = 8,    /* its peer has ended */
    WHY_RESET = 16, /* its peer is gone */
    WHY_FULL = 32,  /* it is closed when its queue is full */
    WHY_TIGHT = 64, /* from here on: the world */
    WHY_UNKIND = 128,
    WHY_DOOMED = 256
};

struct node {
    struct leat_conn *conn;         /* NULL: not open, or after on_close */
    struct node *twin;              /* NULL: it has a peer */
    int peer;                       /* of fake.h; -1 none */
    bool is_made;                   /* and its accounts are not settled yet */
    struct leat_conn_config config; /* to be changed before node_open */
    struct book book;               /* its output */
    struct book said;               /* what its peer has said */
    size_t told;                    /* how much of its input leat has told */
    unsigned why;
    int reason; /* of on_close */
    struct leat_conn_stats stats;
};

/* What has happened, for a test that asks whether it has. */
enum seen {
    SEEN_SHARED,       /* the chunk was queued */
    SEEN_SHARED_TWICE, /* by two at once */
    SEEN_RENEWED,      /* it had not left when the next recv came */
    SEEN_TRIMMED,      /* a spare was given back */
    SEEN_MERGED,       /* bytes were appended to a message */
    SEEN_DROPPED_NEW,
    SEEN_DROPPED_OLD,
    SEEN_REFUSED,
    SEEN_HELD,
    SEEN_DRAINED,
    SEEN_STARVED,
    SEEN_NO_MEMORY, /* a send said so */
    SEEN_LOST,      /* queued bytes, by an end */
    SEEN_END_IN_ORDER,
    SEEN_ABORTED,
    SEEN_CLOSED_FULL,
    SEEN_SHED,
    SEEN_RESET,
    SEEN_CANCELLED,
    SEENS
};

struct forward {
    enum forward_kind kind;
    struct dice dice;
    bool is_destroyed; /* in a callback of this turn, or before */
    unsigned seen[SEENS];
    /* A connection was given these; NULL nobody asks. */
    void (*on_piece)(struct node *node, const unsigned char *bytes, size_t len);
    void (*on_drain)(struct node *node);
};

extern struct forward forward;
extern struct node nodes[NODES];

/* An empty fake kernel; nobody is there. */
void forward_setup(void);
void forward_teardown(void);
/* A new loop without connections. */
void forward_open(enum forward_kind kind);
/* One turn without waiting, then all invariants and accounts. */
void forward_turn(void);

void forward_see(enum seen seen);

/* Make the connection by its config; of a pair both. */
void node_open(struct node *node);
/* It was made and is over. */
bool node_is_over(const struct node *node);
/* Settle the accounts of one that is over, and make it as new. */
void node_close(struct node *node);
/* Of one that is not over and has no reason to be: all has arrived. */
void node_settled(const struct node *node);
/* It, or its peer, has done what may end it. */
void node_may_end(struct node *node, unsigned why);

/* The peer says up to len bytes more. */
void node_say(struct node *node, size_t len);
/* The peer takes up to len bytes. */
void node_hear(struct node *node, size_t len);

/* Send it bytes, or a message with these, and book what becomes of it; harmless
 * where it is not open. */
void forward_send(struct node *to, const void *bytes, size_t len);
void forward_message(struct node *to, struct leat_message *message);

#endif
