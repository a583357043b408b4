/*
 * peers.h - both ends of connections, for tests of src/net.
 *
 * A listener on port 0 whose operations write down what they are told: a
 * struct side for each connection. The test is the other end: a struct peer
 * holds a plain non-blocking socket of its own.
 *
 *     tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
 *     ...
 *     peers_listen(OVER_TCP4);
 *     struct peer *peer;
 *     struct side *side = peers_meet(&peer);
 *     peer_text(peer, "hi");
 *     turn_until(side->len == 2);
 *
 * Nothing sleeps: a turn does not wait, and where one brought nothing
 * turn_until waits for readiness, bounded. The teardown destroys the loop and
 * asserts that each connection had one on_close and nothing after it; then
 * what loop_rig.h asserts.
 */
#ifndef TESTS_PEERS_H
#define TESTS_PEERS_H

#include <leat/flow.h>
#include <leat/listener.h>
#include <leat/stats.h>

#include <stdbool.h>

#include "kernel.h"
#include "loop_rig.h"
#include "run.h"

struct peer;

#define SIDES 128
#define STORY 512
#define CUTS 256

/* The callbacks; in a story o d m e r u c. */
enum moment { OPEN, DATA, MESSAGE, ENDED, DRAIN, URGENT, CLOSE, MOMENTS };

/* leat's side of a connection, as its callbacks tell it. */
struct side {
    struct leat_conn *conn; /* NULL after on_close */
    uint64_t id;
    char story[STORY]; /* a letter for each callback, in order */
    unsigned count[MOMENTS];
    unsigned char *bytes; /* all input; of frames the bodies */
    size_t len, room;
    size_t cut[CUTS];         /* the length of each piece of it */
    const unsigned char *now; /* this piece, while the callback runs */
    size_t now_len, now_whole;
    unsigned longs;               /* lines of which this was the beginning */
    size_t partial;               /* in on_eof */
    int reason;                   /* of on_close */
    struct leat_conn_stats stats; /* in on_close */
};

/* Done inside a callback, once it is written down. */
typedef void (*act_fn)(struct side *side);

struct peers {
    struct leat_listener *listener;
    struct leat_listener_config config; /* ops is set; to be changed before
                                         * peers_listen */
    struct side side[SIDES];            /* in the order of on_open */
    size_t sides;
    act_fn act[MOMENTS];                                 /* NULL: nothing */
    void (*each)(struct side *side, enum moment moment); /* after that */
    char dir[64]; /* of the test's own, for unix sockets */
};

extern struct peers peers;
extern const struct leat_conn_ops peers_ops;
extern const struct leat_conn_ops peers_ops_without_eof;

void peers_setup(void);
void peers_teardown(void);

enum transport { OVER_TCP4, OVER_TCP6, OVER_UNIX, TRANSPORTS };

/* Open peers.listener by peers.config; IPv4 where the host lacks IPv6. */
void peers_listen(enum transport transport);
/* The path of a file in the test's own directory; valid until the next call. */
const char *peers_path(const char *name);
/* "unix:" and that path. */
const char *peers_unix(const char *name);

/* One turn, or n, that do not wait; the room's invariants after each. */
int peers_turn(void);
void peers_turns(unsigned n);
/* Turn until it holds, a bounded number of times. */
#define turn_until(condition) \
    for (unsigned tries_ = 0; !(condition); tries_++) \
    peers_try(tries_, #condition)
void peers_try(unsigned tries, const char *what);

/* A new peer, and leat's side of it once it is accepted. */
struct side *peers_meet(struct peer **peer);
/* Adopt a connected socket; leat has it then. */
struct side *peers_adopt(int fd, const struct leat_conn_config *config);
/* The same with one end of a unix pair; the other is the peer. */
struct side *peers_adopt_pair(struct peer **peer);

/* Ready-made actions. */
void act_echo(struct side *side);
void act_end(struct side *side);
void act_close(struct side *side);
void act_abort(struct side *side);
void act_pause(struct side *side);
/* Send this text, which must be accepted. */
void side_send(struct side *side, const char *text);
/* Send n keyed bytes, from where the stream of this key stands. */
int side_send_keyed(struct side *side, unsigned key, size_t at, size_t n);
bool side_has(const struct side *side, const char *text);

/* --- the test's end ------------------------------------------------------- */

struct peer {
    int fd;
    unsigned char *bytes; /* all that came */
    size_t len, room;
    bool is_ended; /* end of file was read */
    int error;     /* errno of recv, or 0 */
};

/* Connect to a socket of the listener; accepted or not, it is in the backlog.
 */
struct peer *peer_connect(size_t index);
struct peer *peer_of(int fd);
/* Send it all, turning while the kernel has no room. */
void peer_say(struct peer *peer, const void *bytes, size_t len);
void peer_text(struct peer *peer, const char *text);
void peer_say_keyed(struct peer *peer, unsigned key, size_t len);
/* In pieces of n bytes, each read before the next is sent; n 0: all at once. */
void peer_say_in_pieces(
    struct peer *peer, const void *bytes, size_t len, size_t n);
void peer_urgent(struct peer *peer, char byte);
/* Take what there is. */
void peer_hear(struct peer *peer);
/* Those take first. */
bool peer_has(struct peer *peer, size_t len);
bool peer_heard(struct peer *peer, const char *text);
bool peer_is_over(struct peer *peer);
void peer_half_close(struct peer *peer);
void peer_reset(struct peer *peer);
void peer_close(struct peer *peer);

/* --- bytes that know their place ------------------------------------------ */

void key_fill(void *bytes, unsigned key, size_t at, size_t len);
/* Whether these are the len bytes at that place. */
bool key_is(const void *bytes, unsigned key, size_t at, size_t len);

#endif
