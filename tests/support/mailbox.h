/*
 * mailbox.h - a dgram for one test, with peers on real sockets of UDP.
 *
 *     tcase_add_checked_fixture(tcase, mailbox_setup, mailbox_teardown);
 *
 * The fixture of loop_rig.h is in it. Over loopback a datagram is there when
 * its send returns: one turn is enough to have it delivered.
 */
#ifndef TESTS_MAILBOX_H
#define TESTS_MAILBOX_H

#include "loop_rig.h"

#include <leat/dgram.h>

struct mailbox {
    struct leat_dgram *dgram;        /* NULL: none, or the test closed it */
    struct leat_dgram_config config; /* on_datagram is the mailbox's */
    bool echoes;                     /* send back what comes */
    void (*then)(void);              /* at the end of each callback; or NULL */
    /* The latest datagram, how many there were, and what the echo said. */
    char bytes[65536];
    size_t len;
    struct leat_addr peer;
    unsigned count;
    int sent;
};

extern struct mailbox mailbox;

void mailbox_setup(void);
void mailbox_teardown(void);
/* Open the dgram; asserts that it goes well. */
void mailbox_open(const char *address);
/* Its counters. */
struct leat_dgram_stats mailbox_stats(void);
/* Its port. */
int mailbox_port(void);
/* One turn without waiting, with leat's invariants looked at. */
int mailbox_turn(void);

/* A kept socket of UDP connected to socket index of the dgram. */
int mailbox_peer(size_t index);
/* Send to it: asserts that it is taken. */
void mailbox_say(int peer, const char *words);
/* Whether that is what waits for the peer. */
bool mailbox_heard(int peer, const char *words);
bool mailbox_is_silent(int peer);

#endif
