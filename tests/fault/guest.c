/*
 * guest.c - the other end of a connection. Its calls are libc's own: no fault
 * meets them, and nothing here waits.
 */
#include "guest.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "blame.h"

#define HEAR_MOST 65536u
#define FLOOD 100000u

static struct sockaddr *
sockaddr_of(struct leat_addr *addr)
{
    return (struct sockaddr *)(void *)&addr->storage;
}

static void
failed(struct guest *guest, int error)
{
    guest->error = error;
    guest->is_over = true;
}

static void
set_size(int fd, int option, int size)
{
    if (size != 0)
        (void)setsockopt(fd, SOL_SOCKET, option, &size, sizeof size);
}

static void
start(struct guest *guest, const struct script *script, int fd)
{
    *guest = (struct guest){.script = script, .fd = fd};
    set_size(fd, SO_RCVBUF, script->rcvbuf);
    set_size(fd, SO_SNDBUF, script->sndbuf);
}

void
guest_connect(struct guest *guest, const struct script *script,
    const struct leat_addr *addr)
{
    int family = addr->storage.ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;

    start(guest, script, fd);
    /* A byte that waits for an acknowledgement waits in real time. */
    if (family != AF_UNIX)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    /* Leat knows a unix guest by the name that the kernel makes up for it. */
    if (family == AF_UNIX) {
        const struct sockaddr nobody = {.sa_family = AF_UNIX};
        (void)bind(fd, &nobody, sizeof nobody.sa_family);
    }
    if (connect(fd, (const struct sockaddr *)(const void *)&addr->storage,
            addr->len) < 0 &&
        errno != EINPROGRESS) {
        failed(guest, errno);
        return;
    }
    guest->name.len = sizeof guest->name.storage;
    (void)getsockname(fd, sockaddr_of(&guest->name), &guest->name.len);
}

void
guest_take(struct guest *guest, const struct script *script, int fd)
{
    start(guest, script, fd);
}

/* --- saying --------------------------------------------------------------- */

static ssize_t
say_some(struct guest *guest)
{
    const struct script *script = guest->script;
    size_t middle = script->out_len / 2;
    size_t len = script->out_len - guest->said;
    int flags = MSG_NOSIGNAL | MSG_DONTWAIT;

    if (script->piece > 0 && len > script->piece)
        len = script->piece;
    /* The urgent byte goes alone. */
    if (script->is_urgent && guest->said < middle)
        len = len < middle - guest->said ? len : middle - guest->said;
    if (script->is_urgent && guest->said == middle) {
        len = 1;
        flags |= MSG_OOB;
    }
    return send(guest->fd, script->out + guest->said, len, flags);
}

static void
said_all(struct guest *guest)
{
    const struct linger reset = {1, 0};

    if (guest->script->half_closes)
        (void)shutdown(guest->fd, SHUT_WR);
    if (!guest->script->resets)
        return;
    (void)setsockopt(guest->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    guest->is_over = true;
}

/* More than all queues on the way hold; then it waits to be cut off, by a
 * reset or not. What came would hide that from recv. */
static bool
flood(struct guest *guest)
{
    const struct script *script = guest->script;
    struct pollfd end = {.fd = guest->fd};
    ssize_t count = 0;

    if (guest->said < FLOOD)
        count = send(guest->fd, script->out, script->out_len,
            MSG_NOSIGNAL | MSG_DONTWAIT);
    if (guest->closes > 0 || poll(&end, 1, 0) > 0)
        guest->is_over = true;
    guest->said += count > 0 ? (size_t)count : 0;
    return count > 0;
}

static bool
say(struct guest *guest)
{
    if (guest->script->is_mute)
        return flood(guest);
    if (guest->said == guest->script->out_len)
        return false;
    ssize_t count = say_some(guest);
    if (count < 0) {
        /* Nobody will listen; what was sent to us is still to be heard. */
        bool is_soon = errno == EAGAIN || errno == ENOTCONN;
        if (!is_soon)
            guest->said = guest->script->out_len;
        return !is_soon;
    }
    guest->said += (size_t)count;
    if (guest->said == guest->script->out_len)
        said_all(guest);
    return true;
}

/* --- hearing -------------------------------------------------------------- */

void
guest_compare(struct guest *guest, const void *bytes, size_t len)
{
    const struct script *script = guest->script;
    const unsigned char *got = bytes;

    if (len > script->want_len - guest->heard) {
        blame("%zu bytes more than it should hear",
            len - (script->want_len - guest->heard));
        len = script->want_len - guest->heard;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char want = script->want[guest->heard + i];
        if (got[i] != want) {
            blame("byte %zu is 0x%02x instead of 0x%02x", guest->heard + i,
                got[i], want);
            break;
        }
    }
    guest->heard += len;
}

static bool
hear(struct guest *guest)
{
    static unsigned char bytes[HEAR_MOST];
    const struct script *script = guest->script;
    size_t most = script->gulp > 0 ? script->gulp : sizeof bytes;

    if (script->is_mute || guest->rounds < script->late)
        return guest->rounds < script->late;
    ssize_t count = recv(guest->fd, bytes, most, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == ENOTCONN))
        return false;
    if (count < 0)
        failed(guest, errno);
    else if (count == 0)
        guest->has_ended = guest->is_over = true;
    else if (script->listen != NULL)
        script->listen(guest, bytes, (size_t)count);
    else
        guest_compare(guest, bytes, (size_t)count);
    if (guest->heard == script->want_len && !script->waits_for_end)
        guest->is_over = true;
    return true;
}

bool
guest_round(struct guest *guest)
{
    if (guest->fd < 0)
        return false;
    bool moved = !guest->is_over && say(guest);
    if (!guest->is_over)
        moved = hear(guest) || moved;
    guest->rounds++;
    if (guest->is_over)
        guest_hang_up(guest);
    return moved;
}

void
guest_hang_up(struct guest *guest)
{
    if (guest->fd >= 0)
        close(guest->fd);
    guest->fd = -1;
    guest->is_over = true;
}

bool
guest_is_whole(const struct guest *guest)
{
    const struct script *script = guest->script;

    if (script->is_mute || script->resets)
        return true;
    return guest->heard == script->want_len && guest->error == 0 &&
           (guest->has_ended || !script->waits_for_end);
}
