/*
 * place.c - see place.h.
 */
#include "place.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

#define SOURCES 64 /* addresses of 127.0.0.0/8 to connect from */
#define SMALL 8192 /* receive buffer of those who read late */

static int
parse_unix(struct target *target, const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof un.sun_path)
        return -1;
    memcpy(un.sun_path, path, len);
    memcpy(&target->addr, &un, sizeof un);
    target->len = sizeof un;
    return 0;
}

static int
parse_v6(struct target *target, const char *host, unsigned short port)
{
    struct sockaddr_in6 in = {
        .sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (inet_pton(AF_INET6, host, &in.sin6_addr) != 1)
        return -1;
    memcpy(&target->addr, &in, sizeof in);
    target->len = sizeof in;
    return 0;
}

int
place_parse(struct target *target, const char *text)
{
    char host[64] = "";
    const char *colon = strrchr(text, ':');
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(target, text + 5);
    if (colon == NULL || (size_t)(colon - text) >= sizeof host)
        return -1;
    memcpy(host, text, (size_t)(colon - text));
    unsigned short port = (unsigned short)atoi(colon + 1);
    if (host[0] == '[') {
        host[strcspn(host, "]")] = '\0';
        return parse_v6(target, host + 1, port);
    }
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, host, &in.sin_addr) != 1)
        return -1;
    memcpy(&target->addr, &in, sizeof in);
    target->len = sizeof in;
    return 0;
}

/* The port is chosen by connect(), which sees both ends. */
static int
choose_source(int fd, const struct target *target, size_t index)
{
    struct sockaddr_in in;
    int on = 1;
    memcpy(&in, &target->addr, sizeof in);
    if (in.sin_family != AF_INET || in.sin_addr.s_addr != htonl(0x7f000001))
        return 0;
    in.sin_port = 0;
    in.sin_addr.s_addr = htonl(0x7f000002 + (uint32_t)(index % SOURCES));
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    return bind(fd, (struct sockaddr *)&in, sizeof in) == 0 ? 0 : errno;
}

int
place_connect(int *fd, const struct target *target, size_t index, bool is_small)
{
    int on = 1, small = SMALL;
    int family = target->addr.ss_family;
    *fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return errno;
    /* Whatever is refused here changes no byte. */
    if (family != AF_UNIX)
        (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (is_small)
        (void)setsockopt(*fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    int error = choose_source(*fd, target, index);
    if (error != 0)
        return error;
    const struct sockaddr *addr = (const struct sockaddr *)&target->addr;
    if (connect(*fd, addr, target->len) == 0 || errno == EINPROGRESS)
        return 0;
    return errno;
}

int
place_error(int fd)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        return errno;
    return error;
}

void
place_reset(int fd)
{
    const struct linger linger = {.l_onoff = 1, .l_linger = 0};
    /* Without it the close is an ordinary one. */
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

void
place_name(int fd, char text[PLACE_TEXT])
{
    struct sockaddr_storage addr = {.ss_family = AF_UNIX};
    socklen_t len = sizeof addr;
    char host[INET6_ADDRSTRLEN];
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    (void)getsockname(fd, (struct sockaddr *)&addr, &len); /* then it is "" */
    memcpy(&in, &addr, sizeof in);
    memcpy(&in6, &addr, sizeof in6);
    if (addr.ss_family == AF_INET)
        snprintf(text, PLACE_TEXT, "%s:%d",
            inet_ntop(AF_INET, &in.sin_addr, host, sizeof host),
            ntohs(in.sin_port));
    else if (addr.ss_family == AF_INET6)
        snprintf(text, PLACE_TEXT, "[%s]:%d",
            inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof host),
            ntohs(in6.sin6_port));
    else
        snprintf(text, PLACE_TEXT, "unix:");
}

int
place_add(int epoll, int fd, unsigned events, void *whose)
{
    struct epoll_event event = {.events = events, .data = {.ptr = whose}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

void
place_watch(int epoll, int fd, unsigned events, void *whose)
{
    struct epoll_event event = {.events = events, .data = {.ptr = whose}};
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0)
        return;
    perror("chaos: epoll_ctl");
    exit(1);
}

int64_t
place_now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
