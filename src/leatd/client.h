/*
 * client.h - what leatd keeps of each connection, and its line in the log.
 */
#ifndef LEATD_CLIENT_H
#define LEATD_CLIENT_H

#include <leat/listener.h>

#include <stdbool.h>
#include <stdint.h>

struct port;
struct server;

/*
 * Small, as there may be ten thousand that do nothing. The state of the
 * service follows it in the same block, and then the address of an IPv6 peer.
 */
struct client {
    struct port *port; /* the listener it came in by */
    /* The peer: after a reset the kernel does not know it any more. Port 0,
     * which no TCP peer has, means a unix socket. */
    uint32_t word; /* the IPv4 address as it is sent, or the scope of IPv6 */
    uint16_t peer_port;
    int16_t failure; /* of the service; 0 or -errno */
    bool is_v6;
};

/* For the listener's configuration; user is the struct port. */
int client_accept(
    struct leat_listener *listener, const struct leat_addr *peer, void *user);

/* For the ops of each port; before on_open user is the struct port, then the
 * struct client. */
void client_open(struct leat_conn *conn, void *user);
void client_close(struct leat_conn *conn, int reason, void *user);

#endif
