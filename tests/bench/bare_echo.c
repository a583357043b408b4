/*
 * bare_echo.c - the least that an echo of one client can be: recv again and
 * again until bytes come, send, and nothing else. No second client, no limit.
 * It waits only where nothing has come for long, as others have the core by
 * turns. What this does not reach, no server of one thread does here.
 *
 *   bare_echo [PORT]       prints the port it listens on, then serves
 */
#include "peer.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRIES 20000 /* some milliseconds */

static char chunk[PEER_CHUNK];

static ssize_t
receive(int fd)
{
    for (int i = 0; i < TRIES; i++) {
        ssize_t n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (n >= 0 || errno != EAGAIN)
            return n;
    }
    return recv(fd, chunk, sizeof chunk, 0);
}

static void
serve(int fd)
{
    for (;;) {
        ssize_t n = receive(fd);
        if (n <= 0 || send(fd, chunk, (size_t)n, MSG_NOSIGNAL) != n)
            return;
    }
}

int
main(int argc, char **argv)
{
    int listener = peer_listen(argc, argv, 0);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            peer_die("accept");
        serve(fd);
        close(fd);
    }
}
