/*
 * peer.h - what every peer needs: a listening socket, and a way to give up.
 *
 * All peers take one optional argument, the port (0, the default: any), and
 * print the port that they got as their first line on standard output.
 */
#ifndef PEER_H
#define PEER_H

#include <stddef.h>

/* What is read at once, by every one of them. */
#define PEER_CHUNK 65536

/* Descriptors a peer can have, for tables by descriptor. */
#define PEER_FDS 65536

/*
 * Listen on 127.0.0.1 and print the port. Non-blocking, if asked for; backlog
 * 4096; TCP_NODELAY, which Linux hands down to accepted sockets, so that it
 * costs nobody a call per client.
 */
int peer_listen(int argc, char **argv, int nonblocking);

/* What a send left over, until the socket takes it. */
struct peer_rest {
    char *bytes;
    size_t at, end;
};

/* Copy what was left over. */
void peer_keep(struct peer_rest *rest, const char *bytes, size_t len);

/* Forget it. */
void peer_forget(struct peer_rest *rest);

void peer_die(const char *what);

#endif
