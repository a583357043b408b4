/*
 * ends.h - connections that leat opens: dialed ones, and two on rig.loop that
 * are each other's peer.
 *
 *     tcase_add_checked_fixture(tcase, ends_setup, ends_teardown);
 *     ...
 *     struct leat_addr addr;
 *     int listener = plain_listen(OVER_TCP4, &addr);
 *     struct side *side = dial_one(&addr);
 *     struct peer *peer = plain_accept(listener);
 *
 * A side of these is there before on_open. All else is as in peers.h.
 */
#ifndef TESTS_ENDS_H
#define TESTS_ENDS_H

#include <leat/dial.h>

#include "peers.h"

/* How connections here are dialed: ends_setup gives it own operations. To be
 * changed before. */
extern struct leat_dial_config dialing;

/* As peers_ops, for a connection whose user is its side. */
extern struct leat_conn_ops own_ops;

void ends_setup(void);
void ends_teardown(void);

/* --- dialing -------------------------------------------------------------- */

/* Dial by the configuration above; it must be taken. */
struct side *dial_all(const struct leat_addr *addrs, size_t count);
struct side *dial_one(const struct leat_addr *addr);

/* It is closed for this reason, and nothing came before that. */
void expect_close(const struct side *side, int reason);

/* Where nobody listens: a connect is refused. */
struct leat_addr addr_dead(void);
/* Where nobody answers: a connect stays in progress. */
struct leat_addr addr_deaf(void);

/* A plain socket that listens; kept. IPv4 where the host lacks IPv6. */
int plain_listen(enum transport transport, struct leat_addr *addr);
/* The next one who has connected to it. */
struct peer *plain_accept(int listener);

/* --- both ends ------------------------------------------------------------ */

/* What is between the two. */
enum wire { WIRE_TCP4, WIRE_TCP6, WIRE_UNIX, WIRE_PAIR, WIRES };

/* The two: one is dialed and other accepted, or they are a pair. Their
 * configurations are ends_config[0] and [1]; own_ops at first. */
extern struct leat_conn_config ends_config[2];
extern struct side *one, *other;

/* Make them, with empty stories. */
void ends_meet(enum wire wire);
/* What a side's callback does: as peers.act, for that side only. */
void one_acts(enum moment moment, act_fn act);
void other_acts(enum moment moment, act_fn act);
/* As peers.h, of any connection. */
bool is_full(const struct side *side);
struct leat_conn_stats stats_of(const struct side *side);

#endif
