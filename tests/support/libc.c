/*
 * libc.c - the real kernel as a table. Where libc's prototype differs from
 * the table's, a function stands between.
 */
#include "kernel_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

/* glibc gives the resource an enum of its own. */

static int
get_limit(int resource, struct rlimit *limit)
{
    return getrlimit((unsigned)resource, limit);
}

static int
set_limit(int resource, const struct rlimit *limit)
{
    return setrlimit((unsigned)resource, limit);
}

static int
set_priority(int which, id_t who, int nice)
{
    return setpriority((unsigned)which, who, nice);
}

const struct leat_sys kernel__libc = {
    .socket = socket,
    .bind = bind,
    .listen = listen,
    .accept = accept,
    .accept4 = accept4,
    .connect = connect,
    .getsockname = getsockname,
    .getpeername = getpeername,
    .setsockopt = setsockopt,
    .getsockopt = getsockopt,
    .shutdown = shutdown,
    .recv = recv,
    .send = send,
    .sendmsg = sendmsg,
    .recvmsg = recvmsg,
    .read = read,
    .write = write,
    .close = close,
    .pipe = pipe,
    .pipe2 = pipe2,
    .fcntl = fcntl,
    .ioctl = ioctl,
    .select = select,
    .getaddrinfo = getaddrinfo,
    .freeaddrinfo = freeaddrinfo,
    .open = open,
    .lstat = lstat,
    .unlink = unlink,
    .chmod = chmod,
    .rename = rename,
    .flock = flock,
    .umask = umask,
    .getrlimit = get_limit,
    .setrlimit = set_limit,
    .sigaction = sigaction,
    .sigprocmask = sigprocmask,
    .getpid = getpid,
    .getppid = getppid,
    .getentropy = getentropy,
    .socketpair = socketpair,
    .posix_spawnp = posix_spawnp,
    .waitpid = waitpid,
    .kill = kill,
    .setpriority = set_priority,
    .tcgetattr = tcgetattr,
    .tcsetattr = tcsetattr,
    .clock_gettime = clock_gettime,
    .realloc = realloc,
    .free = free,
#ifdef __linux__
    .prctl = prctl,
    .epoll_create1 = epoll_create1,
    .epoll_ctl = epoll_ctl,
    .epoll_wait = epoll_wait,
#endif
};
