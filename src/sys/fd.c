/*
 * fd.c - sockets and descriptors, and the one wait.
 *
 * On the path: socket -> HERE -> loop, net;   queue -> HERE -> socket.
 *
 * Each function is one libc call (a fallback for systems without it excepted)
 * and keeps no state:
 *  1. a descriptor made here is non-blocking and close-on-exec from birth, or
 *     it is closed again and the caller gets the error
 *  2. a failed call has changed nothing that the caller gave it
 *  3. reading and sending never wait, whatever the flags of the descriptor,
 *     and sending never raises SIGPIPE
 *
 * LEAT_NO_ACCEPT4 (also: no SOCK_NONBLOCK) and LEAT_NO_PIPE2 are set by the
 * build where the system lacks these.
 */
#include "result.h"

#include <assert.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/sockios.h>
#endif

/* --- flags --------------------------------------------------------------- */

/* Two calls, so a fork between them sees the flag not yet set: only the
 * fallbacks and foreign descriptors come this way. */
static int
add_flag(int fd, int get, int set, int flag)
{
    int flags = LEAT_SYS(fcntl, fd, get);

    if (flags < 0)
        return -errno;
    if (flags & flag)
        return 0; /* the usual case for O_NONBLOCK, one call saved */
    return told(LEAT_SYS(fcntl, fd, set, flags | flag));
}

int
leat__sys_set_nonblocking(int fd)
{
    return add_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK);
}

int
leat__sys_set_cloexec(int fd)
{
    return add_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC);
}

/* After select() said EBADF the loop asks each number, to fail only the bad
 * one. */
int
leat__sys_probe(int fd)
{
    /* F_GETFD looks at nothing but our own table of descriptors. */
    return LEAT_SYS(fcntl, fd, F_GETFD) < 0 ? -errno : 0;
}

#if defined(LEAT_NO_ACCEPT4) || defined(LEAT_NO_PIPE2)
/* Invariant 1 for a descriptor that was born without flags: fd or an error. */
static int
tame(int fd)
{
    int rc = leat__sys_set_cloexec(fd);

    if (rc == 0)
        rc = leat__sys_set_nonblocking(fd);
    if (rc == 0)
        return fd;
    LEAT_SYS(close, fd);
    return rc;
}
#endif

/* --- birth and death ----------------------------------------------------- */

/*
 * Flags given at birth leave no moment in which another thread's fork could
 * carry the descriptor into a program that it then runs. The fallback cannot
 * give that, and it asks for each flag, since systems differ in what an
 * accepted socket inherits.
 */
#ifdef LEAT_NO_ACCEPT4
static int
make_socket(int family, int type)
{
    int fd = LEAT_SYS(socket, family, type, 0);

    return fd < 0 ? -errno : tame(fd);
}

static int
take_next(int fd, struct sockaddr *addr, socklen_t *len)
{
    return LEAT_SYS(accept, fd, addr, len);
}

/* What cannot be tamed is this connection's failure, not the listener's. */
static int
finish_accept(int fd)
{
    return tame(fd) < 0 ? -ECONNABORTED : fd;
}
#else
static int
make_socket(int family, int type)
{
    return told(
        LEAT_SYS(socket, family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

static int
take_next(int fd, struct sockaddr *addr, socklen_t *len)
{
    return LEAT_SYS(accept4, fd, addr, len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static int
finish_accept(int fd)
{
    return fd;
}
#endif

int
leat__sys_socket(int family, int type)
{
    return make_socket(family, type);
}

/* A success need not mean a peer: one that reset while it waited is handed out
 * by Linux all the same, and the first recv tells. */
int
leat__sys_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
    int conn, tries = 0;

    do
        conn = take_next(fd, addr, len);
    while (must_repeat(conn, &tries));
    return conn < 0 ? -errno : finish_accept(conn);
}

/* Both or none: fds is written only when the pipe is whole. */
#ifdef LEAT_NO_PIPE2
int
leat__sys_pipe(int fds[2])
{
    int made[2], rc;

    if (LEAT_SYS(pipe, made) < 0)
        return -errno;
    rc = tame(made[0]);
    if (rc < 0) {
        LEAT_SYS(close, made[1]);
        return rc;
    }
    rc = tame(made[1]);
    if (rc < 0) {
        LEAT_SYS(close, made[0]);
        return rc;
    }
    fds[0] = made[0];
    fds[1] = made[1];
    return 0;
}
#else
int
leat__sys_pipe(int fds[2])
{
    return told(LEAT_SYS(pipe2, fds, O_NONBLOCK | O_CLOEXEC));
}
#endif

int
leat__sys_close(int fd)
{
    /* After EINTR the number may already be somebody else's: closing it once
     * more would close a stranger. So the error is only told. */
    return told(LEAT_SYS(close, fd));
}

/* --- addresses ----------------------------------------------------------- */

int
leat__sys_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    return told(LEAT_SYS(bind, fd, addr, len));
}

/* EADDRINUSE can come as late as here, when two sockets were bound to one port
 * by SO_REUSEADDR. */
int
leat__sys_listen(int fd, int backlog)
{
    return told(LEAT_SYS(listen, fd, backlog));
}

int
leat__sys_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    int rc = told(LEAT_SYS(connect, fd, addr, len));

    /* An interrupted connect goes on in the kernel; a second call would only
     * answer EALREADY. A unix socket never is in progress: where the backlog
     * is full it says EAGAIN, and nothing goes on. */
    return rc == -EINTR ? -EINPROGRESS : rc;
}

/* len comes back as the real length, which may be more than there was room
 * for; a unix socket without a name has just its family. */

int
leat__sys_sockname(int fd, struct sockaddr *addr, socklen_t *len)
{
    return told(LEAT_SYS(getsockname, fd, addr, len));
}

int
leat__sys_peername(int fd, struct sockaddr *addr, socklen_t *len)
{
    return told(LEAT_SYS(getpeername, fd, addr, len));
}

/* --- options ------------------------------------------------------------- */

/* All options used here are ints but for linger. Which failures matter is the
 * caller's to know: TCP_NODELAY on a unix socket is EOPNOTSUPP, for one. */

int
leat__sys_option(int fd, int level, int name, int value)
{
    return told(LEAT_SYS(setsockopt, fd, level, name, &value, sizeof value));
}

/* Reading SO_ERROR empties it. On an established connection that would steal
 * the error from recv, which then shows a reset as an orderly end: it is for
 * connects in progress only. */
int
leat__sys_get_option(int fd, int level, int name, int *value)
{
    socklen_t len = sizeof *value;

    return told(LEAT_SYS(getsockopt, fd, level, name, value, &len));
}

int
leat__sys_linger_reset(int fd)
{
    /* Any l_linger but 0 would let close() wait, non-blocking or not. */
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};

    return told(
        LEAT_SYS(setsockopt, fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
}

/* After a reset this is ENOTCONN, which changes nothing for who is closing. */
int
leat__sys_shutdown(int fd, int how)
{
    return told(LEAT_SYS(shutdown, fd, how));
}

/* --- bytes: the hot path ------------------------------------------------- */

/*
 * MSG_DONTWAIT although our descriptors are non-blocking: that flag belongs to
 * the open file, and a process we inherited it from may clear it under us.
 *
 * Nothing is remembered between calls. An error of the connection is told once,
 * by whichever call comes first; then recv answers 0. Keeping the first error
 * is the connection's business.
 */

ssize_t
leat__sys_recv(int fd, void *bytes, size_t len)
{
    int tries = 0;
    ssize_t count;

    assert(len > 0);
    do
        count = LEAT_SYS(recv, fd, bytes, len, MSG_DONTWAIT);
    while (must_repeat(count, &tries));
    return told_count(count);
}

ssize_t
leat__sys_send(int fd, const void *bytes, size_t len)
{
    int tries = 0;
    ssize_t count;

    assert(len > 0);
    do
        count = LEAT_SYS(send, fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (must_repeat(count, &tries));
    return told_count(count);
}

/* What was sent may end in the middle of a piece. More than IOV_MAX pieces are
 * EMSGSIZE; the queue gathers far fewer. */
ssize_t
leat__sys_sendv(int fd, const struct iovec *iov, size_t count)
{
    /* sendmsg only reads the pieces, though msghdr does not say const. */
    const struct msghdr message = {
        .msg_iov = (struct iovec *)(uintptr_t)iov,
        .msg_iovlen = count,
    };
    int tries = 0;
    ssize_t sent;

    assert(count > 0);
    do
        sent = LEAT_SYS(sendmsg, fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (must_repeat(sent, &tries));
    return told_count(sent);
}

/*
 * read and write are for pipes and files, which have no flags per call: these
 * two wait where the descriptor says so, and writing to a pipe that nobody
 * reads raises SIGPIPE.
 */

ssize_t
leat__sys_read(int fd, void *bytes, size_t len)
{
    int tries = 0;
    ssize_t count;

    assert(len > 0);
    do
        count = LEAT_SYS(read, fd, bytes, len);
    while (must_repeat(count, &tries));
    return told_count(count);
}

ssize_t
leat__sys_write(int fd, const void *bytes, size_t len)
{
    int tries = 0;
    ssize_t count;

    assert(len > 0);
    do
        count = LEAT_SYS(write, fd, bytes, len);
    while (must_repeat(count, &tries));
    return told_count(count);
}

/* --- what the kernel holds ----------------------------------------------- */

/* All three questions are about this moment; the peer's kernel works on. */

static int
ask(int fd, unsigned long question)
{
    int answer = 0;

    if (LEAT_SYS(ioctl, fd, question, &answer) < 0)
        return -errno;
    return answer;
}

int
leat__sys_at_mark(int fd)
{
    /* sockatmark(3) is this same question. */
    int answer = ask(fd, SIOCATMARK);

    return answer > 0 ? 1 : answer;
}

/* On TCP a FIN that is not acknowledged counts as one: 0 after shutdown means
 * that the peer's kernel has everything. */
int
leat__sys_unsent(int fd)
{
    /* On a unix socket this counts the memory of what the peer has not yet
     * received, not its bytes: only 0 or more than 0 means the same. */
    return ask(fd, TIOCOUTQ);
}

int
leat__sys_unread(int fd)
{
    return ask(fd, FIONREAD);
}

/* --- the wait ------------------------------------------------------------ */

/* Longer is not refused by the kernel but helps nobody, and stays clear of
 * what any system calls a bad timeout. */
#define WAIT_MAX_US ((int64_t)24 * 3600 * 1000000)

/*
 * The only place where a set of words is called an fd_set. The kernel reads
 * nfds bits in whole words, however long an fd_set is in the header, so sets
 * of any size work; FD_SET and its kin end at 1024 and are never used.
 */
static fd_set *
as_fd_set(unsigned long *words)
{
    return (fd_set *)(void *)words;
}

static struct timeval
to_timeval(int64_t us)
{
    if (us > WAIT_MAX_US)
        us = WAIT_MAX_US;
    return (struct timeval){
        .tv_sec = (time_t)(us / 1000000),
        .tv_usec = (suseconds_t)(us % 1000000),
    };
}

/* The kernel writes the sets only after it has looked at all of them, so that
 * after an error they still hold what was asked, not what was found. */
int
leat__sys_select(int nfds, unsigned long *readable, unsigned long *writable,
    unsigned long *exceptional, int64_t timeout_us)
{
    struct timeval timeout, *limit = NULL;

    assert(nfds >= 0); /* with the clamp above, EINVAL cannot come */
    if (timeout_us >= 0) {
        /* Made anew each time: Linux leaves the rest of the wait in it. */
        timeout = to_timeval(timeout_us);
        limit = &timeout;
    }
    return told(LEAT_SYS(select, nfds, as_fd_set(readable), as_fd_set(writable),
        as_fd_set(exceptional), limit));
}
