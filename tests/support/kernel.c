/*
 * kernel.c - the table that leat calls in the tests.
 *
 * On the path: leat -> HERE -> the real kernel, or the table of kernel_use.
 *
 * Every function does the same: ask for a fault, make the call, tell the
 * ledger. A new member of struct leat_sys needs a name in calls.c, a row here
 * and one in libc.c; the assertion at the end notices a missing one.
 */
#include "kernel_parts.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

static const struct leat_sys *under = &kernel__libc;

static bool
strikes(enum call call)
{
    return kernel__strikes(call, NULL);
}

/* --- sockets ------------------------------------------------------------- */

static int
do_socket(int family, int type, int protocol)
{
    if (strikes(CALL_SOCKET))
        return -1;
    return kernel__opened(under->socket(family, type, protocol));
}

static int
do_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    return strikes(CALL_BIND) ? -1 : under->bind(fd, addr, len);
}

static int
do_listen(int fd, int backlog)
{
    return strikes(CALL_LISTEN) ? -1 : under->listen(fd, backlog);
}

static int
do_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
    return strikes(CALL_ACCEPT) ? -1
                                : kernel__opened(under->accept(fd, addr, len));
}

static int
do_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    if (strikes(CALL_ACCEPT4))
        return -1;
    return kernel__opened(under->accept4(fd, addr, len, flags));
}

static int
do_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    int error;

    if (!strikes(CALL_CONNECT))
        return under->connect(fd, addr, len);
    error = errno;
    /* These two say that the attempt goes on, so it has to. */
    if (error == EINTR || error == EINPROGRESS)
        (void)under->connect(fd, addr, len);
    errno = error;
    return -1;
}

static int
do_getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
    return strikes(CALL_GETSOCKNAME) ? -1 : under->getsockname(fd, addr, len);
}

static int
do_getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
    return strikes(CALL_GETPEERNAME) ? -1 : under->getpeername(fd, addr, len);
}

static int
do_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    if (strikes(CALL_SETSOCKOPT))
        return -1;
    return under->setsockopt(fd, level, name, value, len);
}

static int
do_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    if (strikes(CALL_GETSOCKOPT))
        return -1;
    return under->getsockopt(fd, level, name, value, len);
}

static int
do_shutdown(int fd, int how)
{
    return strikes(CALL_SHUTDOWN) ? -1 : under->shutdown(fd, how);
}

/* --- bytes --------------------------------------------------------------- */

static ssize_t
do_recv(int fd, void *bytes, size_t len, int flags)
{
    if (kernel__strikes(CALL_RECV, &len))
        return -1;
    return under->recv(fd, bytes, len, flags);
}

static ssize_t
do_send(int fd, const void *bytes, size_t len, int flags)
{
    if (kernel__strikes(CALL_SEND, &len))
        return -1;
    return under->send(fd, bytes, len, flags);
}

/* The first len bytes of message go into cut; pieces has room for them. */
static void
cut_pieces(const struct msghdr *message, struct iovec *pieces, size_t len,
    struct msghdr *cut)
{
    size_t n = 0;

    *cut = *message;
    for (; n < (size_t)message->msg_iovlen && len > 0; n++) {
        pieces[n] = message->msg_iov[n];
        if (pieces[n].iov_len > len)
            pieces[n].iov_len = len;
        len -= pieces[n].iov_len;
    }
    cut->msg_iov = pieces;
    cut->msg_iovlen = n;
}

static ssize_t
do_sendmsg(int fd, const struct msghdr *message, int flags)
{
    enum { PIECES = 1024 }; /* as many as the kernel takes: UIO_MAXIOV */
    struct iovec pieces[PIECES];
    struct msghdr cut;
    size_t all = 0, len;

    for (size_t i = 0; i < (size_t)message->msg_iovlen; i++)
        all += message->msg_iov[i].iov_len;
    len = all;
    if (kernel__strikes(CALL_SENDMSG, &len))
        return -1;
    if (len == all || message->msg_iovlen > PIECES)
        return under->sendmsg(fd, message, flags);
    cut_pieces(message, pieces, len, &cut);
    return under->sendmsg(fd, &cut, flags);
}

static ssize_t
do_recvmsg(int fd, struct msghdr *message, int flags)
{
    return strikes(CALL_RECVMSG) ? -1 : under->recvmsg(fd, message, flags);
}

static ssize_t
do_read(int fd, void *bytes, size_t len)
{
    if (kernel__strikes(CALL_READ, &len))
        return -1;
    return under->read(fd, bytes, len);
}

static ssize_t
do_write(int fd, const void *bytes, size_t len)
{
    if (kernel__strikes(CALL_WRITE, &len))
        return -1;
    return under->write(fd, bytes, len);
}

/* --- descriptors --------------------------------------------------------- */

static int
do_close(int fd)
{
    bool fails = strikes(CALL_CLOSE);
    int error = errno, rc;

    if (!kernel__closed(fd)) {
        errno = EBADF;
        return -1;
    }
    rc = under->close(fd);
    if (!fails)
        return rc;
    errno = error;
    return -1;
}

static int
both_opened(int rc, const int fds[2])
{
    if (rc == 0) {
        (void)kernel__opened(fds[0]);
        (void)kernel__opened(fds[1]);
    }
    return rc;
}

static int
do_pipe(int fds[2])
{
    return strikes(CALL_PIPE) ? -1 : both_opened(under->pipe(fds), fds);
}

static int
do_pipe2(int fds[2], int flags)
{
    return strikes(CALL_PIPE2) ? -1
                               : both_opened(under->pipe2(fds, flags), fds);
}

static int
do_fcntl(int fd, int command, ...)
{
    va_list args;
    int value;

    if (strikes(CALL_FCNTL))
        return -1;
    if (command == F_GETFD || command == F_GETFL)
        return under->fcntl(fd, command);
    va_start(args, command);
    value = va_arg(args, int);
    va_end(args);
    return under->fcntl(fd, command, value);
}

static int
do_ioctl(int fd, unsigned long question, ...)
{
    va_list args;
    void *answer;

    va_start(args, question);
    answer = va_arg(args, void *);
    va_end(args);
    return strikes(CALL_IOCTL) ? -1 : under->ioctl(fd, question, answer);
}

static int
do_select(
    int nfds, fd_set *in, fd_set *out, fd_set *urgent, struct timeval *timeout)
{
    fd_set *sets[3] = {in, out, urgent};

    return strikes(CALL_SELECT) ? -1 : kernel__select(nfds, sets, timeout);
}

/* --- the table ----------------------------------------------------------- */

static const struct leat_sys table = {
    .socket = do_socket,
    .bind = do_bind,
    .listen = do_listen,
    .accept = do_accept,
    .accept4 = do_accept4,
    .connect = do_connect,
    .getsockname = do_getsockname,
    .getpeername = do_getpeername,
    .setsockopt = do_setsockopt,
    .getsockopt = do_getsockopt,
    .shutdown = do_shutdown,
    .recv = do_recv,
    .send = do_send,
    .sendmsg = do_sendmsg,
    .recvmsg = do_recvmsg,
    .read = do_read,
    .write = do_write,
    .close = do_close,
    .pipe = do_pipe,
    .pipe2 = do_pipe2,
    .fcntl = do_fcntl,
    .ioctl = do_ioctl,
    .select = do_select,
    .getaddrinfo = kernel__do_getaddrinfo,
    .freeaddrinfo = kernel__do_freeaddrinfo,
    .open = kernel__do_open,
    .lstat = kernel__do_lstat,
    .unlink = kernel__do_unlink,
    .chmod = kernel__do_chmod,
    .rename = kernel__do_rename,
    .flock = kernel__do_flock,
    .umask = kernel__do_umask,
    .getrlimit = kernel__do_getrlimit,
    .setrlimit = kernel__do_setrlimit,
    .sigaction = kernel__do_sigaction,
    .sigprocmask = kernel__do_sigprocmask,
    .getpid = kernel__do_getpid,
    .getppid = kernel__do_getppid,
    .getentropy = kernel__do_getentropy,
    .socketpair = kernel__do_socketpair,
    .posix_spawnp = kernel__do_posix_spawnp,
    .waitpid = kernel__do_waitpid,
    .kill = kernel__do_kill,
    .setpriority = kernel__do_setpriority,
    .tcgetattr = kernel__do_tcgetattr,
    .tcsetattr = kernel__do_tcsetattr,
    .clock_gettime = kernel__do_clock_gettime,
    .realloc = kernel__do_realloc,
    .free = kernel__do_free,
#ifdef __linux__
    .prctl = kernel__do_prctl,
    .epoll_create1 = kernel__do_epoll_create1,
    .epoll_ctl = kernel__do_epoll_ctl,
    .epoll_wait = kernel__do_epoll_wait,
#endif
};

#ifdef __linux__
static_assert(sizeof table / sizeof(void (*)(void)) == CALL_COUNT,
    "every call has a name, a row here and a row in libc.c");
#endif

const struct leat_sys *leat_sys = &table;

/* --- the test's side ----------------------------------------------------- */

const struct leat_sys *
kernel__under(void)
{
    return under;
}

const struct leat_sys *
kernel_real(void)
{
    return &kernel__libc;
}

void
kernel_use(const struct leat_sys *wanted)
{
    under = wanted == NULL ? &kernel__libc : wanted;
}

struct leat_sys *
kernel_own(void)
{
    static struct leat_sys own;
    own = kernel__libc;
    kernel_use(&own);
    return &own;
}

void
kernel_reset(void)
{
    leat_sys = &table;
    kernel__reset_lock();
    kernel_use(NULL);
    (void)kernel_complaint();
    kernel__reset_faults();
    kernel__reset_fds();
    kernel__reset_heap();
    kernel__reset_time();
    kernel_reset_calls();
    kernel_watch(NULL);
}

const char *
kernel_leftover(void)
{
    const char *text = kernel__open_fd();

    if (text == NULL)
        text = kernel__live_block();
    return text == NULL ? kernel__unfired() : text;
}
