/*
 * guest.h - the other end of a connection: it says what its script has, and
 * compares each byte that it hears with what it must be.
 */
#ifndef FAULT_GUEST_H
#define FAULT_GUEST_H

#include <leat/addr.h>

#include <stdbool.h>
#include <stddef.h>

struct leat_conn;
struct guest;

struct script {
    const unsigned char *out; /* what it says */
    size_t out_len;
    const unsigned char *want; /* what it must hear, and nothing else */
    size_t want_len;
    /* Instead: it hears what nobody knows in advance, and tells it here. */
    void (*listen)(struct guest *guest, const void *bytes, size_t len);
    size_t piece;       /* most bytes to say in a round; 0 any */
    size_t gulp;        /* most bytes to hear in a round; 0 any */
    unsigned late;      /* rounds before it hears at all */
    bool half_closes;   /* once it has said all */
    bool waits_for_end; /* hears on to the end of file */
    bool is_urgent;     /* the byte in the middle of out is */
    bool resets;        /* once it has said all, wanting nothing */
    bool is_mute;       /* never hears, and is not judged by that */
    int rcvbuf, sndbuf; /* 0: the kernel's choice */
};

struct guest {
    const struct script *script;
    int fd;       /* -1: closed, or leat's own */
    bool is_leat; /* dialed or adopted by the scenario: no fd of the test's */
    bool is_over;
    bool has_ended; /* heard the end of file */
    int error;      /* errno, or 0 */
    size_t said, heard;
    unsigned rounds;
    struct leat_addr name; /* what leat sees of it */

    /* What leat's side was told. */
    struct leat_conn *conn;
    unsigned opens, closes;
    int reason;
};

/* Connect; it is over at once where nobody is there. */
void guest_connect(struct guest *guest, const struct script *script,
    const struct leat_addr *addr);
/* As connected, to the other end of a socket pair; fd is taken. */
void guest_take(struct guest *guest, const struct script *script, int fd);
/* Say and hear what can be now. Whether there was something. */
bool guest_round(struct guest *guest);
void guest_hang_up(struct guest *guest);
/* These bytes came: as they should? */
void guest_compare(struct guest *guest, const void *bytes, size_t len);
/* It has heard all there was to hear, and nothing went wrong. */
bool guest_is_whole(const struct guest *guest);

#endif
