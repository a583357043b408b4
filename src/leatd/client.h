/*
 * client.h - what leatd keeps of each connection, and its line in the log.
 */
#ifndef LEATD_CLIENT_H
#define LEATD_CLIENT_H

#include <leat/listener.h>

#include <stdint.h>

struct port;
struct server;

/*
 * Small, as there may be ten thousand that do nothing. The state of the
 * service follows it in the same block.
 */
struct client {
    struct client *next, *prev; /* in server->clients */
    struct leat_conn *conn;     /* until its on_close */
    struct port *port;          /* the listener it came in by */
    /* The peer: after a reset the kernel does not know it any more. IPv4 is
     * mapped into IPv6; port 0, which no TCP peer has, means a unix socket. */
    unsigned char address[16];
    uint32_t scope;
    uint16_t peer_port;
    int16_t failure; /* of the service; 0 or -errno */
};

/* For the listener's configuration; user is the struct port. */
int client_accept(
    struct leat_listener *listener, const struct leat_addr *peer, void *user);

/* For the ops of each port; before on_open user is the struct port, then the
 * struct client. */
void client_open(struct leat_conn *conn, void *user);
void client_close(struct leat_conn *conn, int reason, void *user);

#endif
