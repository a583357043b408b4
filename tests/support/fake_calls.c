/*
 * fake_calls.c - the calls on descriptors of every kind.
 *
 * But for select() nothing waits: what a real call would wait for is EAGAIN
 * here, whatever the flags.
 */
#include "fake_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#ifdef __linux__
#include <linux/sockios.h>
#endif

/* --- numbers -------------------------------------------------------------- */

struct fake_end *
fake_end_of(int fd)
{
    if (fd < 0 || fd >= FAKE_FDS || fake.end[fd].kind == FAKE_FREE)
        return NULL;
    return &fake.end[fd];
}

struct fake_end *
fake_open_end(int fd)
{
    struct fake_end *end = fake_end_of(fd);

    if (end != NULL)
        return end;
    if (fake.bug != NULL)
        fake.bug("a call on a closed descriptor", fd);
    errno = EBADF;
    return NULL;
}

struct fake_end *
fake_end_that_is(int fd, enum fake_kind kind, int error)
{
    struct fake_end *end = fake_open_end(fd);

    if (end == NULL || end->kind == kind)
        return end;
    if (error == ENOTSOCK && fake.bug != NULL)
        fake.bug("a call for sockets on something else", fd);
    errno = error;
    return NULL;
}

int
fake_new_fd(int flags)
{
    int fd = 0;

    while (fd < fake.fd_limit && fake.end[fd].kind != FAKE_FREE)
        fd++;
    if (fd >= fake.fd_limit)
        return fake_fails(EMFILE);
    memset(&fake.end[fd], 0, sizeof fake.end[fd]);
    fake.end[fd].kind = FAKE_SOCKET;
    fake.end[fd].status_flags = flags & SOCK_NONBLOCK ? O_NONBLOCK : 0;
    fake.end[fd].fd_flags = flags & SOCK_CLOEXEC ? FD_CLOEXEC : 0;
    return fd;
}

int
fake_pipe2(int fds[2], int flags)
{
    int reader = fake_new_fd(flags), writer = fake_new_fd(flags);
    struct fake_link *link = writer < 0 ? NULL : fake_new_link();

    if (link == NULL) {
        if (reader >= 0)
            fake.end[reader].kind = FAKE_FREE;
        if (writer >= 0)
            fake.end[writer].kind = FAKE_FREE;
        return fake_fails(EMFILE);
    }
    fake_stream_init(&link->stream[FAKE_TO_LEAT], true);
    link->stream[FAKE_TO_LEAT].capacity = FAKE_STREAM_USUAL;
    link->stream[FAKE_TO_LEAT].window = FAKE_STREAM_USUAL;
    fake_join(&fake.end[reader], link, FAKE_TO_LEAT, FAKE_NONE);
    fake_join(&fake.end[writer], link, FAKE_NONE, FAKE_TO_LEAT);
    fds[0] = reader;
    fds[1] = writer;
    return 0;
}

int
fake_pipe(int fds[2])
{
    return fake_pipe2(fds, 0);
}

int
fake_fd_close(int fd)
{
    struct fake_end *end = fake_open_end(fd);

    if (end == NULL)
        return -1;
    fake_epoll_forget(fd);
    if (end->kind == FAKE_LISTENER)
        fake_reset_waiting(end);
    if (end->kind == FAKE_STREAM)
        fake_leave(end);
    if (end->kind == FAKE_EPOLL)
        fake_epoll_close(end);
    end->kind = FAKE_FREE;
    return 0;
}

/* --- flags and questions -------------------------------------------------- */

/* Asking for the flags is how leat finds out that a number is closed: no bug.
 */
int
fake_fcntl(int fd, int command, ...)
{
    struct fake_end *end =
        command == F_GETFD ? fake_end_of(fd) : fake_open_end(fd);
    va_list args;
    int flags;

    if (end == NULL)
        return fake_fails(EBADF);
    if (command == F_GETFD)
        return end->fd_flags;
    if (command == F_GETFL)
        return end->status_flags | O_RDWR;
    va_start(args, command);
    flags = va_arg(args, int);
    va_end(args);
    if (command == F_SETFD)
        end->fd_flags = flags;
    else if (command == F_SETFL)
        end->status_flags = flags & ~O_ACCMODE;
    else
        return fake_fails(EINVAL);
    return 0;
}

static int
unsent(struct fake_end *end)
{
    if (end->out == NULL)
        return 0;
    /* A unix socket counts until the peer has read. */
    if (end->link->is_unix)
        return (int)(end->out->put - end->out->taken);
    return (int)fake_unacked(end->out);
}

int
fake_ioctl(int fd, unsigned long question, ...)
{
    struct fake_end *end = fake_open_end(fd);
    va_list args;
    int *answer;

    if (end == NULL)
        return -1;
    if (question == TIOCGWINSZ)
        return fake_fails(ENOTTY);
    va_start(args, question);
    answer = va_arg(args, int *);
    va_end(args);
    *answer = 0;
    if (end->kind != FAKE_STREAM)
        return 0;
    if (question == FIONREAD && end->in != NULL)
        *answer = (int)fake_unread(end->in);
    if (question == TIOCOUTQ)
        *answer = unsent(end);
    if (question == SIOCATMARK && end->in != NULL)
        *answer = fake_is_at_mark(end->in);
    return 0;
}

/* --- bytes ---------------------------------------------------------------- */

static struct fake_end *
stream_at(int fd)
{
    struct fake_end *end = fake_open_end(fd);

    if (end != NULL && end->kind == FAKE_STREAM && end->in != NULL &&
        end->out != NULL)
        return end;
    if (end != NULL)
        errno = end->kind == FAKE_SOCKET || end->kind == FAKE_LISTENER
                    ? ENOTCONN
                    : ENOTSOCK;
    if (end != NULL && errno == ENOTSOCK && fake.bug != NULL)
        fake.bug("a call for sockets on something else", fd);
    return NULL;
}

static ssize_t
receive(struct fake_end *end, void *bytes, size_t len)
{
    ssize_t count;

    if (end->in == NULL)
        return fake_fails(EBADF);
    if (len == 0)
        return 0; /* even with bytes there: like an end of file */
    count = fake_take(end, bytes, len);
    if (count > 0 && end->out != NULL)
        fake.recv_bytes += (uint64_t)count;
    return count;
}

ssize_t
fake_recv(int fd, void *bytes, size_t len, int flags)
{
    struct fake_end *end = stream_at(fd);

    (void)flags;
    return end == NULL ? -1 : receive(end, bytes, len);
}

/* SIGPIPE, where that was not ruled out. */
static ssize_t
send_to(struct fake_end *end, const void *bytes, size_t len, bool is_quiet)
{
    ssize_t count;

    if (end->out == NULL)
        return fake_fails(EBADF);
    if (len == 0)
        return 0;
    count = fake_put(end, bytes, len);
    if (count > 0 && end->in != NULL)
        fake.sent_bytes += (uint64_t)count;
    if (count < 0 && errno == EPIPE && !is_quiet) {
        fake_raise(SIGPIPE);
        errno = EPIPE;
    }
    return count;
}

ssize_t
fake_send(int fd, const void *bytes, size_t len, int flags)
{
    struct fake_end *end = stream_at(fd);
    ssize_t count;

    if (end == NULL)
        return -1;
    count = send_to(end, bytes, len, flags & MSG_NOSIGNAL);
    if (count > 0 && flags & MSG_OOB && (size_t)count == len)
        fake_urge(end->out);
    return count;
}

/* One call, whatever the pieces: nothing happens between them. */
ssize_t
fake_sendmsg(int fd, const struct msghdr *message, int flags)
{
    static unsigned char bytes[FAKE_STREAM_MAX];
    size_t len = 0;

    for (size_t i = 0; i < (size_t)message->msg_iovlen; i++) {
        const struct iovec *piece = &message->msg_iov[i];
        size_t room = sizeof bytes - len;
        size_t count = piece->iov_len < room ? piece->iov_len : room;

        memcpy(bytes + len, piece->iov_base, count);
        len += count;
    }
    return fake_send(fd, bytes, len, flags);
}

/* For datagrams, and there are no sockets of them. */
ssize_t
fake_recvmsg(int fd, struct msghdr *message, int flags)
{
    (void)message;
    (void)flags;
    return fake_fails(fake_end_of(fd) == NULL ? EBADF : ENOSYS);
}

ssize_t
fake_fd_read(int fd, void *bytes, size_t len)
{
    struct fake_end *end = fake_open_end(fd);

    if (end == NULL)
        return -1;
    if (end->kind == FAKE_FILE)
        return 0; /* nobody reads more than the end of /dev/null */
    return end->kind == FAKE_STREAM ? receive(end, bytes, len)
                                    : fake_fails(EINVAL);
}

ssize_t
fake_fd_write(int fd, const void *bytes, size_t len)
{
    struct fake_end *end = fake_open_end(fd);

    if (end == NULL)
        return -1;
    if (end->kind == FAKE_FILE)
        return fake_file_write(end, bytes, len);
    return end->kind == FAKE_STREAM ? send_to(end, bytes, len, false)
                                    : fake_fails(EINVAL);
}
