/*
 * port.h - a LISTENER as it is served: streams by a listener of the library,
 * datagrams by a dgram.
 */
#ifndef LEATD_PORT_H
#define LEATD_PORT_H

#include "cli/codes.h"
#include "listener_spec.h"
#include "udp.h"

struct server;

/* What a service's clients share has this in front. */
struct port_head {
    struct port *port;
    void *unused; /* twice a pointer is aligned for anything */
};

struct port {
    struct server *server;
    const struct listener_spec *spec; /* in the options */
    struct leat_listener *listener;   /* one of these two is NULL, both once */
    struct leat_dgram *dgram;         /* it is closed */
    struct udp *udp;                  /* of a dgram; owned */
    struct leat_conn_ops ops;         /* the service's, ours around them */
    void *shared;                     /* the service's, for this listener */
    bool is_started;                  /* and not stopped */
};

/* Bind its sockets. CODE_OK; else with the complaint filled, and what is open
 * is closed with the loop. */
enum exit_code port_open(struct port *port, struct complaint *wrong);

/* Take what waits, in bounds, and close its sockets. */
void port_close(struct port *port);

/* How many sockets it has, and the address of one of them. 0 or -EINVAL. */
size_t port_count(const struct port *port);
int port_addr(const struct port *port, size_t index, struct leat_addr *addr);

#endif
