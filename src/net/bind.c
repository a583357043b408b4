/*
 * bind.c - the sockets of an address, all or none.
 *
 * On the path: listener.c -> HERE: socket, bind, listen -> listener.c;
 *              dgram.c -> HERE: socket, bind -> dgram.c.
 *
 * Port 0 must give all addresses the same number. The first one draws it,
 * without SO_REUSEADDR so that nobody else has it; should another address have
 * lost the race for it, everything is closed and drawn again. EADDRINUSE may
 * come from listen as well: two sockets may share a port until one listens.
 */
#include <errno.h>
#include <netinet/in.h>

#include "socket.h"
#include "sys/sys.h"

/* How often a port is drawn before we give up. */
#define DRAWS 64

/* All of them, while they are opened: for a listener or for a dgram. */
struct bind {
    struct leat_loop *loop;
    struct leat_listener *listener;
    struct leat_dgram *dgram;
    struct leat__socket *socket; /* room for all that were found */
    size_t count;                /* those that are open */
    bool is_drawn;               /* the system chooses the port */
    int type;
    /* Make a new socket ours; its addr gets the real port. */
    int (*prepare)(const struct bind *bind, struct leat__socket *socket);
};

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

static int
bind_ip(struct leat__socket *socket)
{
    int error = 0;
    if (socket->addr.storage.ss_family == AF_INET6)
        error = leat__sys_option(socket->io.fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (error != 0)
        return error;
    return leat__sys_bind(
        socket->io.fd, sockaddr_of(&socket->addr), socket->addr.len);
}

static int
read_name(struct leat__socket *socket)
{
    socket->addr.len = sizeof socket->addr.storage;
    return leat__sys_sockname(
        socket->io.fd, sockaddr_of(&socket->addr), &socket->addr.len);
}

static int
listen_ip(const struct bind *bind, struct leat__socket *socket)
{
    int fd = socket->io.fd;
    int error = 0;
    if (!bind->is_drawn)
        error = leat__sys_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (error == 0)
        error = bind_ip(socket);
    if (error == 0)
        error = leat__sys_listen(fd, bind->listener->config.backlog);
    return error != 0 ? error : read_name(socket);
}

static int
prepare_stream(const struct bind *bind, struct leat__socket *socket)
{
    const struct leat_listener *listener = bind->listener;
    const struct leat_listener_config *config = &listener->config;
    int family = socket->addr.storage.ss_family;
    leat__socket_options(
        bind->loop, socket->io.fd, family, &listener->shared->config);
    if (family == AF_UNIX)
        return leat__unix_listen(socket, config->mode, config->backlog);
    leat__narrow_ask(listener->shared, socket->io.fd);
    return listen_ip(bind, socket);
}

/* Never SO_REUSEADDR: two sockets of UDP would both have the port, and the
 * later one all that comes. */
static int
prepare_datagram(const struct bind *bind, struct leat__socket *socket)
{
    leat__dgram_options(bind->dgram, socket);
    int error = bind_ip(socket);
    return error != 0 ? error : read_name(socket);
}

static int
open_one(const struct bind *bind, struct leat__socket *socket,
    const struct leat_addr *addr)
{
    int fd = leat__sys_socket(addr->storage.ss_family, bind->type);
    if (fd < 0)
        return fd;
    *socket = (struct leat__socket){.io = {.fd = fd},
        .listener = bind->listener,
        .dgram = bind->dgram,
        .addr = *addr};
    int error = bind->prepare(bind, socket);
    if (error != 0)
        (void)leat__sys_close(fd); /* the first error is the one to tell */
    return error;
}

static void
close_all(struct bind *bind)
{
    for (size_t i = 0; i < bind->count; i++) {
        leat__unix_unlink(&bind->socket[i]);
        (void)leat__sys_close(bind->socket[i].io.fd); /* as above */
    }
    bind->count = 0;
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
try_all(struct bind *bind, const struct leat__found *found, bool *is_lost)
{
    int port = 0;
    int missing = 0;
    *is_lost = false;
    for (size_t i = 0; i < found->count; i++) {
        struct leat_addr addr = found->addr[i];
        if (bind->is_drawn && port != 0)
            set_port(&addr, port);
        struct leat__socket *socket = &bind->socket[bind->count];
        int error = open_one(bind, socket, &addr);
        if (error != 0 && may_be_missing(found, error)) {
            missing = error;
            continue;
        }
        if (error != 0) {
            *is_lost = bind->is_drawn && error == -EADDRINUSE;
            return error;
        }
        bind->count++;
        port = leat_addr_port(&socket->addr);
    }
    if (bind->count == 0)
        return missing;
    if (missing != 0)
        note_missing(bind->loop, missing);
    return 0;
}

static int
bind_all(struct bind *bind, const struct leat__found *found)
{
    int error = 0;
    bool is_lost = true;
    bind->is_drawn = leat_addr_port(&found->addr[0]) == 0;
    for (int i = 0; i < DRAWS && is_lost; i++) {
        error = try_all(bind, found, &is_lost);
        if (error != 0)
            close_all(bind);
    }
    return error;
}

int
leat__bind_listener(
    struct leat_listener *listener, const struct leat__found *found)
{
    struct bind bind = {.loop = listener->loop,
        .listener = listener,
        .socket = listener->socket,
        .type = SOCK_STREAM,
        .prepare = prepare_stream};
    int error = bind_all(&bind, found);
    listener->count = bind.count;
    return error;
}

int
leat__bind_dgram(struct leat_dgram *dgram, const struct leat__found *found)
{
    struct bind bind = {.loop = dgram->loop,
        .dgram = dgram,
        .socket = dgram->socket,
        .type = SOCK_DGRAM,
        .prepare = prepare_datagram};
    int error = bind_all(&bind, found);
    dgram->count = bind.count;
    return error;
}
