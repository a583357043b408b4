/*
 * bind.c - the sockets of a listener, all or none.
 *
 * On the path: listener.c -> HERE: socket, bind, listen -> listener.c.
 *
 * Port 0 must give all addresses the same number. The first one draws it,
 * without SO_REUSEADDR so that nobody else has it; should another address have
 * lost the race for it, everything is closed and drawn again. EADDRINUSE may
 * come from listen as well: two sockets may share a port until one listens.
 */
#include <errno.h>
#include <netinet/in.h>

#include "net.h"
#include "sys/sys.h"

/* How often a port is drawn before we give up. */
#define DRAWS 64

static struct sockaddr *
sockaddr_of(struct leat_addr *addr)
{
    return (struct sockaddr *)&addr->storage;
}

static void
set_port(struct leat_addr *addr, int port)
{
    uint16_t number = htons((uint16_t)port);
    if (addr->storage.ss_family == AF_INET)
        ((struct sockaddr_in *)&addr->storage)->sin_port = number;
    else
        ((struct sockaddr_in6 *)&addr->storage)->sin6_port = number;
}

/* Bind and listen on a TCP socket that is open already. */
static int
tcp_listen(struct leat__socket *socket, bool is_drawn, int backlog)
{
    int fd = socket->io.fd;
    int error = 0;
    if (!is_drawn)
        error = leat__sys_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (error == 0 && socket->addr.storage.ss_family == AF_INET6)
        error = leat__sys_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (error == 0)
        error =
            leat__sys_bind(fd, sockaddr_of(&socket->addr), socket->addr.len);
    if (error == 0)
        error = leat__sys_listen(fd, backlog);
    if (error != 0)
        return error;
    socket->addr.len = sizeof socket->addr.storage;
    return leat__sys_sockname(
        fd, sockaddr_of(&socket->addr), &socket->addr.len);
}

static int
open_one(struct leat_listener *listener, struct leat__socket *socket,
    const struct leat_addr *addr, bool is_drawn)
{
    int family = addr->storage.ss_family;
    int fd = leat__sys_socket(family, SOCK_STREAM);
    if (fd < 0)
        return fd;
    *socket = (struct leat__socket){
        .io = {.fd = fd}, .listener = listener, .addr = *addr};
    leat__socket_options(listener->loop, fd, family, &listener->shared->config);

    const struct leat_listener_config *config = &listener->config;
    int error = family == AF_UNIX
                    ? leat__unix_listen(socket, config->mode, config->backlog)
                    : tcp_listen(socket, is_drawn, config->backlog);
    if (error != 0)
        (void)leat__sys_close(fd); /* the first error is the one to tell */
    return error;
}

static void
close_all(struct leat_listener *listener)
{
    for (size_t i = 0; i < listener->count; i++) {
        leat__unix_unlink(&listener->socket[i]);
        (void)leat__sys_close(listener->socket[i].io.fd); /* as above */
    }
    listener->count = 0;
}

static bool
may_be_missing(const struct leat__found *found, int error)
{
    return found->is_pair &&
           (error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL);
}

static void
note_missing(struct leat_loop *loop, int error)
{
    leat__loop_note(loop, &(struct leat_note){.level = LEAT_NOTE_WARN,
                              .key = "family-missing",
                              .error = error,
                              .fd = -1});
}

/* One try: all addresses in turn, the later ones with the port the first one
 * drew. is_lost is set where that port was taken by someone else. */
static int
try_all(struct leat_listener *listener, const struct leat__found *found,
    bool *is_lost)
{
    bool is_drawn = leat_addr_port(&found->addr[0]) == 0;
    int port = 0;
    int missing = 0;
    *is_lost = false;
    for (size_t i = 0; i < found->count; i++) {
        struct leat_addr addr = found->addr[i];
        if (is_drawn && port != 0)
            set_port(&addr, port);
        struct leat__socket *socket = &listener->socket[listener->count];
        int error = open_one(listener, socket, &addr, is_drawn);
        if (error != 0 && may_be_missing(found, error)) {
            missing = error;
            continue;
        }
        if (error != 0) {
            *is_lost = is_drawn && error == -EADDRINUSE;
            return error;
        }
        listener->count++;
        port = leat_addr_port(&socket->addr);
    }
    if (listener->count == 0)
        return missing;
    if (missing != 0)
        note_missing(listener->loop, missing);
    return 0;
}

int
leat__bind_all(struct leat_listener *listener, const struct leat__found *found)
{
    int error = 0;
    bool is_lost = true;
    for (int i = 0; i < DRAWS && is_lost; i++) {
        error = try_all(listener, found, &is_lost);
        if (error != 0)
            close_all(listener);
    }
    return error;
}
