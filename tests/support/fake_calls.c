/*
 * fake_calls.c - descriptors, bytes and the wait of the fake kernel, and its
 * table.
 *
 * But for select() nothing waits: what a real call would wait for is EAGAIN
 * here, whatever the flags. What is not about descriptors or time goes to
 * libc.
 */
#include "fake_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#define WORD_BITS (sizeof(unsigned long) * CHAR_BIT)

static int
fails(int error)
{
    errno = error;
    return -1;
}

/* --- descriptors --------------------------------------------------------- */

struct fake_end *
fake_end_of(int fd)
{
    if (fd < FAKE_FD_FIRST || fd >= FAKE_FDS || fake.end[fd].kind == FAKE_FREE)
        return NULL;
    return &fake.end[fd];
}

/* The end, if it is of that kind; NULL with errno set. */
struct fake_end *
fake_end_that_is(int fd, enum fake_kind kind, int error)
{
    struct fake_end *end = fake_end_of(fd);

    if (end != NULL && end->kind == kind)
        return end;
    errno = end == NULL ? EBADF : error;
    return NULL;
}

/* The lowest free number, made an unconnected socket. */
int
fake_new_fd(int flags)
{
    int fd = FAKE_FD_FIRST;

    while (fd < fake.fd_limit && fake.end[fd].kind != FAKE_FREE)
        fd++;
    if (fd >= fake.fd_limit)
        return fails(EMFILE);
    memset(&fake.end[fd], 0, sizeof fake.end[fd]);
    fake.end[fd].kind = FAKE_SOCKET;
    fake.end[fd].status_flags = flags & SOCK_NONBLOCK ? O_NONBLOCK : 0;
    fake.end[fd].fd_flags = flags & SOCK_CLOEXEC ? FD_CLOEXEC : 0;
    return fd;
}

static int
fake_pipe2(int fds[2], int flags)
{
    int reader = fake_new_fd(flags), writer = fake_new_fd(flags);
    struct fake_link *link;

    if (reader < 0 || writer < 0) {
        if (reader >= 0)
            fake.end[reader].kind = FAKE_FREE;
        return fails(EMFILE);
    }
    link = fake_new_link();
    fake_join(&fake.end[reader], link, FAKE_TO_LEAT, FAKE_NONE);
    fake_join(&fake.end[writer], link, FAKE_NONE, FAKE_TO_LEAT);
    fds[0] = reader;
    fds[1] = writer;
    return 0;
}

static int
fake_pipe(int fds[2])
{
    return fake_pipe2(fds, 0);
}

static int
fake_fd_close(int fd)
{
    struct fake_end *end = fake_end_of(fd);

    if (end == NULL)
        return fails(EBADF);
    if (end->kind == FAKE_LISTENER)
        fake_reset_waiting(end);
    if (end->kind == FAKE_STREAM)
        fake_leave(end);
    end->kind = FAKE_FREE;
    return 0;
}

static int
fake_fcntl(int fd, int command, ...)
{
    struct fake_end *end = fake_end_of(fd);
    va_list args;
    int flags;

    if (end == NULL)
        return fails(EBADF);
    if (command == F_GETFD)
        return end->fd_flags;
    if (command == F_GETFL)
        return end->status_flags | O_RDWR;
    va_start(args, command);
    flags = va_arg(args, int);
    va_end(args);
    if (command == F_SETFD)
        end->fd_flags = flags;
    else
        end->status_flags = flags & ~O_ACCMODE;
    return 0;
}

static int
fake_ioctl(int fd, unsigned long question, ...)
{
    const struct fake_end *end = fake_end_of(fd);
    va_list args;
    int *answer;

    va_start(args, question);
    answer = va_arg(args, int *);
    va_end(args);
    if (end == NULL)
        return fails(EBADF);
    *answer = 0; /* of SIOCATMARK always: there are no urgent bytes */
    if (question == FIONREAD && end->in != NULL)
        *answer = (int)end->in->len;
    if (question == TIOCOUTQ && end->out != NULL)
        *answer = (int)end->out->len;
    return 0;
}

/* --- bytes --------------------------------------------------------------- */

static ssize_t
fake_recv(int fd, void *bytes, size_t len, int flags)
{
    struct fake_end *end = fake_end_that_is(fd, FAKE_STREAM, ENOTCONN);

    (void)flags;
    if (end == NULL)
        return -1;
    if (end->in == NULL)
        return fails(EBADF);
    return len == 0 ? 0 : fake_take(end->in, bytes, len);
}

static ssize_t
fake_send(int fd, const void *bytes, size_t len, int flags)
{
    struct fake_end *end = fake_end_that_is(fd, FAKE_STREAM, ENOTCONN);

    (void)flags;
    if (end == NULL)
        return -1;
    if (end->out == NULL)
        return fails(EBADF);
    return len == 0 ? 0 : fake_put(end->out, bytes, len);
}

static ssize_t
fake_sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t sent = 0, count;

    for (size_t i = 0; i < (size_t)message->msg_iovlen; i++) {
        const struct iovec *piece = &message->msg_iov[i];

        count = fake_send(fd, piece->iov_base, piece->iov_len, flags);
        if (count < 0)
            return sent > 0 ? sent : -1;
        sent += count;
        if ((size_t)count < piece->iov_len)
            break;
    }
    return sent;
}

static ssize_t
fake_fd_read(int fd, void *bytes, size_t len)
{
    return fake_recv(fd, bytes, len, 0);
}

static ssize_t
fake_fd_write(int fd, const void *bytes, size_t len)
{
    return fake_send(fd, bytes, len, 0);
}

/* --- time and the wait --------------------------------------------------- */

static int
fake_clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock; /* one clock, counted from its own beginning */
    now->tv_sec = (time_t)(fake.now_us / 1000000);
    now->tv_nsec = (long)(fake.now_us % 1000000) * 1000;
    return 0;
}

static bool
is_readable(const struct fake_end *end)
{
    const struct fake_stream *in = end->in;

    if (end->kind == FAKE_LISTENER)
        return end->waiting > 0;
    return in != NULL && (in->len > 0 || in->is_ended || in->is_reset);
}

static bool
is_writable(const struct fake_end *end)
{
    const struct fake_stream *out = end->out;

    return out != NULL &&
           (fake_room(out) > 0 || out->is_ended || out->is_refused);
}

static bool
is_exceptional(const struct fake_end *end)
{
    (void)end;
    return false;
}

static bool
is_in(const unsigned long *words, int fd)
{
    return words != NULL &&
           (words[(size_t)fd / WORD_BITS] >> ((size_t)fd % WORD_BITS) & 1);
}

/* Leave in the set the descriptors that are ready; how many. */
static int
keep_ready(unsigned long *words, int nfds,
    bool (*is_ready)(const struct fake_end *end))
{
    int ready = 0;

    for (int fd = 0; fd < nfds; fd++) {
        if (!is_in(words, fd))
            continue;
        if (is_ready(fake_end_of(fd)))
            ready++;
        else
            words[(size_t)fd / WORD_BITS] &= ~(1ul << (size_t)fd % WORD_BITS);
    }
    return ready;
}

/* The sets are looked at before any is changed: a bad one leaves all alone. */
static int
fake_select(
    int nfds, fd_set *in, fd_set *out, fd_set *urgent, struct timeval *timeout)
{
    unsigned long *words[3] = {(void *)in, (void *)out, (void *)urgent};
    int ready;

    for (int fd = 0; fd < nfds; fd++) {
        if (fake_end_of(fd) == NULL &&
            (is_in(words[0], fd) || is_in(words[1], fd) || is_in(words[2], fd)))
            return fails(EBADF);
    }
    ready = keep_ready(words[0], nfds, is_readable) +
            keep_ready(words[1], nfds, is_writable) +
            keep_ready(words[2], nfds, is_exceptional);
    if (ready > 0)
        return ready;
    if (timeout == NULL)
        kernel__complain("select in the fake kernel would wait for ever");
    else
        fake.now_us += (int64_t)timeout->tv_sec * 1000000 + timeout->tv_usec;
    return 0;
}

/* --- what is not there --------------------------------------------------- */

static int
fake_open(const char *path, int flags, ...)
{
    (void)path;
    (void)flags;
    return fails(ENOSYS);
}

static int
fake_flock(int fd, int operation)
{
    (void)operation;
    return fake_end_of(fd) == NULL ? fails(EBADF) : 0;
}

static int
fake_getrlimit(int resource, struct rlimit *limit)
{
    (void)resource;
    limit->rlim_cur = limit->rlim_max = (rlim_t)fake.fd_limit;
    return 0;
}

static int
fake_setrlimit(int resource, const struct rlimit *limit)
{
    (void)resource;
    (void)limit;
    return fails(EPERM);
}

#ifdef __linux__

static int
fake_epoll_create1(int flags)
{
    (void)flags;
    return fails(ENOSYS);
}

#endif

/* --- the table ----------------------------------------------------------- */

/* epoll_ctl and epoll_wait stay NULL: there is nothing to call them with. */
const struct leat_sys fake_table = {
    .socket = fake_socket,
    .bind = fake_bind,
    .listen = fake_listen,
    .accept = fake_accept,
    .accept4 = fake_accept4,
    .connect = fake_connect_call,
    .getsockname = fake_getsockname,
    .getpeername = fake_getpeername,
    .setsockopt = fake_setsockopt,
    .getsockopt = fake_getsockopt,
    .shutdown = fake_shutdown_call,
    .recv = fake_recv,
    .send = fake_send,
    .sendmsg = fake_sendmsg,
    .read = fake_fd_read,
    .write = fake_fd_write,
    .close = fake_fd_close,
    .pipe = fake_pipe,
    .pipe2 = fake_pipe2,
    .fcntl = fake_fcntl,
    .ioctl = fake_ioctl,
    .select = fake_select,
    .getaddrinfo = getaddrinfo,
    .freeaddrinfo = freeaddrinfo,
    .open = fake_open,
    .lstat = lstat,
    .unlink = unlink,
    .chmod = chmod,
    .rename = rename,
    .flock = fake_flock,
    .umask = umask,
    .getrlimit = fake_getrlimit,
    .setrlimit = fake_setrlimit,
    .sigaction = sigaction,
    .sigprocmask = sigprocmask,
    .getpid = getpid,
    .getppid = getppid,
    .clock_gettime = fake_clock_gettime,
    .realloc = realloc,
    .free = free,
#ifdef __linux__
    .prctl = prctl,
    .epoll_create1 = fake_epoll_create1,
#endif
};
