/* peer.c - see peer.h. */
#include "peer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

void
peer_die(const char *what)
{
    perror(what);
    exit(1);
}

/* As many descriptors as the machine allows. */
static void
raise_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max < PEER_FDS ? files.rlim_max : PEER_FDS;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

int
peer_listen(int argc, char **argv, int nonblocking)
{
    int on = 1;
    int port = argc > 1 ? atoi(argv[1]) : 0;
    int type = SOCK_STREAM | (nonblocking ? SOCK_NONBLOCK : 0);
    struct sockaddr_in in = {.sin_family = AF_INET,
        .sin_port = htons((unsigned short)port),
        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof in;

    raise_limit();
    int fd = socket(AF_INET, type, 0);
    if (fd < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&in, sizeof in) != 0 ||
        listen(fd, 4096) != 0 ||
        getsockname(fd, (struct sockaddr *)&in, &len) != 0)
        peer_die("listen");
    printf("%d\n", ntohs(in.sin_port));
    fflush(stdout);
    return fd;
}

void
peer_keep(struct peer_rest *rest, const char *bytes, size_t len)
{
    rest->bytes = malloc(len);
    if (rest->bytes == NULL)
        peer_die("malloc");
    memcpy(rest->bytes, bytes, len);
    rest->at = 0;
    rest->end = len;
}

void
peer_forget(struct peer_rest *rest)
{
    free(rest->bytes);
    memset(rest, 0, sizeof *rest);
}
