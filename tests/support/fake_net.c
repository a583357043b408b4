/*
 * fake_net.c - the calls on sockets: addresses, backlogs, options.
 */
#include "fake_parts.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

int
fake_socket(int family, int type, int protocol)
{
    int fd;

    (void)protocol;
    if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_DGRAM)
        return fake_fails(EAFNOSUPPORT); /* there are streams only */
    fd = fake_new_fd(type);
    if (fd >= 0) {
        fake.end[fd].name.ss_family = (sa_family_t)family;
        fake.end[fd].name_len = sizeof(sa_family_t);
    }
    return fd;
}

/* --- addresses ----------------------------------------------------------- */

/* Where the port is; NULL in a unix address. */
static in_port_t *
port_of(struct sockaddr_storage *name)
{
    void *place = name;

    if (name->ss_family == AF_INET)
        return &((struct sockaddr_in *)place)->sin_port;
    if (name->ss_family == AF_INET6)
        return &((struct sockaddr_in6 *)place)->sin6_port;
    return NULL;
}

struct fake_end *
fake_bound_to(const void *name, socklen_t len)
{
    for (int fd = 0; fd < FAKE_FDS; fd++) {
        struct fake_end *end = &fake.end[fd];

        if ((end->kind == FAKE_SOCKET || end->kind == FAKE_LISTENER) &&
            end->name_len == len && memcmp(&end->name, name, len) == 0)
            return end;
    }
    return NULL;
}

static const char *
path_of(const struct sockaddr_storage *name)
{
    const void *place = name;

    return ((const struct sockaddr_un *)place)->sun_path;
}

/* The file outlives the socket, and is in the way of the next one. */
static int
bind_path(const struct sockaddr_storage *name)
{
    const char *path = path_of(name);

    if (fake_find_file(path) != NULL)
        return fake_fails(EADDRINUSE);
    if (fake_make_file(path, S_IFSOCK | (0777 & ~fake.mask)) == NULL)
        return fake_fails(ENOSPC);
    return 0;
}

int
fake_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    struct fake_end *end = fake_end_that_is(fd, FAKE_SOCKET, EINVAL);
    struct sockaddr_storage name = {0};
    in_port_t *port;

    if (end == NULL)
        return -1;
    if (len > sizeof name)
        return fake_fails(EINVAL);
    memcpy(&name, addr, len);
    port = port_of(&name);
    if (port != NULL && *port == 0)
        *port = htons(fake.next_port++);
    if (port != NULL && fake_bound_to(&name, len) != NULL)
        return fake_fails(EADDRINUSE);
    if (port == NULL && bind_path(&name) < 0)
        return -1;
    end->name = name;
    end->name_len = len;
    return 0;
}

int
fake_listen(int fd, int backlog)
{
    struct fake_end *end = fake_open_end(fd);

    if (end == NULL)
        return -1;
    if (end->kind != FAKE_SOCKET && end->kind != FAKE_LISTENER)
        return fake_fails(EINVAL);
    end->kind = FAKE_LISTENER;
    end->backlog = backlog < FAKE_LINKS ? backlog : FAKE_LINKS;
    return 0;
}

static void
tell(const struct sockaddr_storage *name, socklen_t name_len,
    struct sockaddr *addr, socklen_t *len)
{
    if (addr == NULL)
        return;
    memcpy(addr, name, *len < name_len ? *len : name_len);
    *len = name_len;
}

int
fake_getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
    const struct fake_end *end = fake_open_end(fd);

    if (end == NULL)
        return -1;
    tell(&end->name, end->name_len, addr, len);
    return 0;
}

/* The other end has a port of its own, 50000 and up, and no more. */
static void
name_peer(const struct fake_end *end, struct sockaddr *addr, socklen_t *len)
{
    struct sockaddr_storage name = end->name;
    in_port_t *port = port_of(&name);

    if (port != NULL)
        *port = htons(end->link->peer_port);
    tell(&name, port != NULL ? end->name_len : sizeof(sa_family_t), addr, len);
}

/* After a reset nobody knows any more who it was. */
int
fake_getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
    struct fake_end *end = fake_end_that_is(fd, FAKE_STREAM, ENOTCONN);

    if (end == NULL)
        return -1;
    if (end->in == NULL || (!end->link->is_unix && fake_has_reset(end->in)))
        return fake_fails(ENOTCONN);
    name_peer(end, addr, len);
    return 0;
}

int
fake_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    struct fake_end *listener = fake_end_that_is(fd, FAKE_LISTENER, EINVAL);
    bool is_unix;
    int made;

    if (listener == NULL)
        return -1;
    is_unix = listener->name.ss_family == AF_UNIX;
    if (listener->waiting == 0)
        return fake_fails(EAGAIN);
    made = fake_new_fd(flags);
    if (made < 0)
        return -1; /* who waits goes on waiting */
    fake_join(&fake.end[made], listener->queue[0], FAKE_TO_LEAT, FAKE_TO_PEER);
    fake.end[made].name = listener->name;
    fake.end[made].name_len = listener->name_len;
    listener->waiting--;
    memmove(listener->queue, listener->queue + 1,
        (size_t)listener->waiting * sizeof *listener->queue);
    fake.end[made].is_inline = listener->is_inline && !is_unix;
    name_peer(&fake.end[made], addr, len);
    return made;
}

int
fake_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
    return fake_accept4(fd, addr, len, 0);
}

/* One more than was asked for, as the kernel counts. */
bool
fake_has_place(const struct fake_end *listener)
{
    return listener->waiting <= listener->backlog &&
           listener->waiting < FAKE_LINKS;
}

/* Whom a connect reaches; NULL with errno set. */
static struct fake_end *
listener_at(const struct sockaddr *addr, socklen_t len)
{
    struct sockaddr_storage name = {0};
    struct fake_end *listener;

    memcpy(&name, addr, len < sizeof name ? len : sizeof name);
    listener = fake_bound_to(&name, len);
    errno = ECONNREFUSED;
    if (addr->sa_family == AF_UNIX && fake_find_file(path_of(&name)) == NULL) {
        errno = ENOENT;
        return NULL;
    }
    if (listener == NULL || listener->kind != FAKE_LISTENER)
        return NULL;
    if (fake_has_place(listener))
        return listener;
    errno = EAGAIN;
    return NULL;
}

int
fake_connect_call(int fd, const struct sockaddr *addr, socklen_t len)
{
    struct fake_end *end = fake_end_that_is(fd, FAKE_SOCKET, EISCONN);
    struct fake_end *listener = end == NULL ? NULL : listener_at(addr, len);
    struct fake_link *link = listener == NULL ? NULL : fake_new_link();

    if (listener == NULL)
        return -1;
    if (link == NULL)
        return fake_fails(EAGAIN);
    fake_queue_link(listener, link);
    fake_join(end, link, FAKE_TO_PEER, FAKE_TO_LEAT);
    end->name.ss_family = addr->sa_family;
    /* TCP tells success later, by select(): which it says at once. */
    return addr->sa_family == AF_UNIX ? 0 : fake_fails(EINPROGRESS);
}

/* A unix socket has one buffer only, and no way to go. */
void
fake_queue_link(struct fake_end *listener, struct fake_link *link)
{
    listener->queue[listener->waiting++] = link;
    link->is_unix = listener->name.ss_family == AF_UNIX;
    for (int i = 0; i < 2 && link->is_unix; i++) {
        link->stream[i].window = link->stream[i].capacity;
        link->stream[i].latency_us = 0;
    }
}

void
fake_reset_waiting(struct fake_end *listener)
{
    for (int i = 0; i < listener->waiting; i++) {
        struct fake_end end = {.lingers_by_reset = true};

        fake_join(&end, listener->queue[i], FAKE_TO_LEAT, FAKE_TO_PEER);
        fake_leave(&end);
    }
}

/* --- options ------------------------------------------------------------- */

int
fake_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    struct fake_end *end = fake_open_end(fd);
    struct linger linger;
    int number = 0;

    if (end == NULL)
        return -1;
    if (level == IPPROTO_TCP && end->name.ss_family == AF_UNIX)
        return fake_fails(EOPNOTSUPP);
    if (len == sizeof number)
        memcpy(&number, value, sizeof number);
    if (level == SOL_SOCKET && name == SO_OOBINLINE)
        end->is_inline = number != 0;
    if (level == SOL_SOCKET && name == SO_LINGER && len == sizeof linger) {
        memcpy(&linger, value, sizeof linger);
        end->lingers_by_reset = linger.l_onoff && linger.l_linger == 0;
    }
    return 0;
}

/* SO_ERROR takes the error with it. */
static int
take_error(struct fake_end *end)
{
    if (end->kind != FAKE_STREAM || end->in == NULL || end->is_told ||
        !fake_has_reset(end->in))
        return 0;
    end->is_told = true;
    return end->in->is_ended ? EPIPE : ECONNRESET;
}

/* Every option that is asked for is an int. */
int
fake_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    struct fake_end *end = fake_open_end(fd);
    int answer = 0;

    if (end == NULL)
        return -1;
    if (*len < sizeof answer)
        return fake_fails(EINVAL);
    if (level == SOL_SOCKET && name == SO_TYPE)
        answer = SOCK_STREAM;
    if (level == SOL_SOCKET && name == SO_ERROR)
        answer = take_error(end);
    memcpy(value, &answer, sizeof answer);
    *len = sizeof answer;
    return 0;
}

int
fake_shutdown_call(int fd, int how)
{
    struct fake_end *end = fake_end_that_is(fd, FAKE_STREAM, ENOTCONN);

    if (end == NULL)
        return -1;
    if (end->in == NULL || end->out == NULL)
        return fake_fails(ENOTSOCK);
    if (!end->link->is_unix && fake_has_reset(end->in))
        return fake_fails(ENOTCONN);
    if (how != SHUT_WR)
        end->is_deaf = true;
    if (how != SHUT_RD)
        fake_finish(end);
    return 0;
}
