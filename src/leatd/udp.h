/*
 * udp.h - listeners of datagrams, and who is answered.
 *
 * A source address is what somebody has written on an envelope. The rules keep
 * leatd from being made to write to a third for him:
 *
 *   - a datagram whose source port is below 1024, or a port of ours, gets no
 *     answer: two servers that answer each other would never stop
 *   - an answer is at most as long as what it answers, but for services that
 *     grow: these serve loopback only, unless the key open is given, do not
 *     answer an empty datagram, and give a source 100 answers a second
 */
#ifndef LEATD_UDP_H
#define LEATD_UDP_H

#include "rate.h"

#include <leat/dgram.h>

struct port;
struct text;

/* What a port of UDP has beside its dgram. */
struct udp {
    int number;          /* its port, the same for all of its sockets */
    uint64_t unanswered; /* datagrams that the rules kept from the service */
    struct rate rate;
};

/* For the configuration of the dgram; user is the struct port. */
void udp_take(struct leat_dgram *dgram, const void *bytes, size_t len,
    const struct leat_addr *peer, void *user);

/* Whether others than this host reach one of these addresses. */
bool udp_is_exposed(const struct leat_addr *addrs, size_t count);

/* The names of the services that can: a, b, c. */
void udp_list(struct text *text);

/* The line in the log when a port is closed. */
void udp_log(struct port *port);

#endif
