/*
 * fake_net.c - sockets of the fake kernel: addresses, backlogs, options.
 */
#include "fake_parts.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

static int
fails(int error)
{
    errno = error;
    return -1;
}

int
fake_socket(int family, int type, int protocol)
{
    int fd = fake_new_fd(type);

    (void)protocol;
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

static struct fake_end *
bound_to(const void *name, socklen_t len)
{
    for (int fd = FAKE_FD_FIRST; fd < FAKE_FDS; fd++) {
        struct fake_end *end = &fake.end[fd];

        if ((end->kind == FAKE_SOCKET || end->kind == FAKE_LISTENER) &&
            end->name_len == len && memcmp(&end->name, name, len) == 0)
            return end;
    }
    return NULL;
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
        return fails(EINVAL);
    memcpy(&name, addr, len);
    port = port_of(&name);
    if (port != NULL && *port == 0)
        *port = htons(fake.next_port++);
    if (bound_to(&name, len) != NULL)
        return fails(EADDRINUSE);
    end->name = name;
    end->name_len = len;
    return 0;
}

int
fake_listen(int fd, int backlog)
{
    struct fake_end *end = fake_end_of(fd);

    if (end == NULL)
        return fails(EBADF);
    if (end->kind != FAKE_SOCKET && end->kind != FAKE_LISTENER)
        return fails(EINVAL);
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
    const struct fake_end *end = fake_end_of(fd);

    if (end == NULL)
        return fails(EBADF);
    tell(&end->name, end->name_len, addr, len);
    return 0;
}

/* The other end has a port by its link, 50000 and up, and no more. */
int
fake_getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
    struct fake_end *end = fake_end_that_is(fd, FAKE_STREAM, ENOTCONN);
    struct sockaddr_storage name;
    in_port_t *port;

    if (end == NULL)
        return -1;
    name = end->name;
    port = port_of(&name);
    if (port != NULL)
        *port = htons((in_port_t)(50000 + (end->link - fake.link)));
    tell(&name, port != NULL ? end->name_len : sizeof(sa_family_t), addr, len);
    return 0;
}

int
fake_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    struct fake_end *listener = fake_end_that_is(fd, FAKE_LISTENER, EINVAL);
    int made;

    if (listener == NULL)
        return -1;
    if (listener->waiting == 0)
        return fails(EAGAIN);
    made = fake_new_fd(flags);
    if (made < 0)
        return -1; /* who waits goes on waiting */
    fake_join(&fake.end[made], listener->queue[0], FAKE_TO_LEAT, FAKE_TO_PEER);
    fake.end[made].name = listener->name;
    fake.end[made].name_len = listener->name_len;
    listener->waiting--;
    memmove(listener->queue, listener->queue + 1,
        (size_t)listener->waiting * sizeof *listener->queue);
    (void)fake_getpeername(made, addr, len);
    return made;
}

int
fake_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
    return fake_accept4(fd, addr, len, 0);
}

int
fake_connect_call(int fd, const struct sockaddr *addr, socklen_t len)
{
    struct fake_end *end = fake_end_that_is(fd, FAKE_SOCKET, EISCONN);
    struct fake_end *listener = bound_to(addr, len);
    struct fake_link *link;

    if (end == NULL)
        return -1;
    if (listener == NULL || listener->kind != FAKE_LISTENER)
        return fails(ECONNREFUSED);
    if (listener->waiting >= listener->backlog)
        return fails(EAGAIN);
    link = fake_new_link();
    listener->queue[listener->waiting++] = link;
    fake_join(end, link, FAKE_TO_PEER, FAKE_TO_LEAT);
    /* TCP tells success later, by select(): which it says at once. */
    return addr->sa_family == AF_UNIX ? 0 : fails(EINPROGRESS);
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
    struct fake_end *end = fake_end_of(fd);
    struct linger linger;

    if (end == NULL)
        return fails(EBADF);
    if (level == SOL_SOCKET && name == SO_LINGER && len == sizeof linger) {
        memcpy(&linger, value, sizeof linger);
        end->lingers_by_reset = linger.l_onoff && linger.l_linger == 0;
    }
    return 0;
}

/* Every option that is asked for is an int, and but one of them is 0: no error
 * is pending. */
int
fake_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    int answer = level == SOL_SOCKET && name == SO_TYPE ? SOCK_STREAM : 0;

    if (fake_end_of(fd) == NULL)
        return fails(EBADF);
    if (*len < sizeof answer)
        return fails(EINVAL);
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
    if (how != SHUT_RD && end->out != NULL)
        end->out->is_ended = true;
    return 0;
}
