/*
 * rows.c - the calls of the table that are not about sockets or descriptors.
 * As in kernel.c: ask for a fault, make the call, tell the ledger.
 */
#include "kernel_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

/* --- names and files ----------------------------------------------------- */

int
kernel__do_getaddrinfo(const char *host, const char *port,
    const struct addrinfo *hints, struct addrinfo **list)
{
    int eai;

    if (kernel__strikes(CALL_GETADDRINFO, NULL))
        return errno; /* which is the EAI_ number the fault was armed with */
    eai = kernel__under()->getaddrinfo(host, port, hints, list);
    if (eai == 0)
        kernel__hosts_taken(1);
    return eai;
}

void
kernel__do_freeaddrinfo(struct addrinfo *list)
{
    (void)kernel__strikes(CALL_FREEADDRINFO, NULL);
    kernel__under()->freeaddrinfo(list);
    kernel__hosts_taken(-1);
}

int
kernel__do_open(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode = 0;

    if (flags & O_CREAT) {
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    return kernel__strikes(CALL_OPEN, NULL)
               ? -1
               : kernel__opened(kernel__under()->open(path, flags, mode));
}

int
kernel__do_lstat(const char *path, struct stat *st)
{
    return kernel__strikes(CALL_LSTAT, NULL) ? -1
                                             : kernel__under()->lstat(path, st);
}

int
kernel__do_unlink(const char *path)
{
    return kernel__strikes(CALL_UNLINK, NULL) ? -1
                                              : kernel__under()->unlink(path);
}

int
kernel__do_chmod(const char *path, mode_t mode)
{
    return kernel__strikes(CALL_CHMOD, NULL)
               ? -1
               : kernel__under()->chmod(path, mode);
}

int
kernel__do_rename(const char *from, const char *to)
{
    return kernel__strikes(CALL_RENAME, NULL)
               ? -1
               : kernel__under()->rename(from, to);
}

int
kernel__do_flock(int fd, int operation)
{
    return kernel__strikes(CALL_FLOCK, NULL)
               ? -1
               : kernel__under()->flock(fd, operation);
}

mode_t
kernel__do_umask(mode_t mask)
{
    (void)kernel__strikes(CALL_UMASK, NULL);
    return kernel__under()->umask(mask);
}

/* --- process, time, memory ----------------------------------------------- */

int
kernel__do_getrlimit(int resource, struct rlimit *limit)
{
    return kernel__strikes(CALL_GETRLIMIT, NULL)
               ? -1
               : kernel__under()->getrlimit(resource, limit);
}

int
kernel__do_setrlimit(int resource, const struct rlimit *limit)
{
    return kernel__strikes(CALL_SETRLIMIT, NULL)
               ? -1
               : kernel__under()->setrlimit(resource, limit);
}

int
kernel__do_sigaction(
    int signo, const struct sigaction *action, struct sigaction *old)
{
    if (kernel__strikes(CALL_SIGACTION, NULL))
        return -1;
    if (action != NULL && action->sa_handler != SIG_DFL &&
        action->sa_handler != SIG_IGN)
        kernel__handler_comes();
    return kernel__under()->sigaction(signo, action, old);
}

int
kernel__do_sigprocmask(int how, const sigset_t *signals, sigset_t *old)
{
    return kernel__strikes(CALL_SIGPROCMASK, NULL)
               ? -1
               : kernel__under()->sigprocmask(how, signals, old);
}

pid_t
kernel__do_getpid(void)
{
    (void)kernel__strikes(CALL_GETPID, NULL);
    return kernel__under()->getpid();
}

pid_t
kernel__do_getppid(void)
{
    (void)kernel__strikes(CALL_GETPPID, NULL);
    return kernel__under()->getppid();
}

int
kernel__do_getentropy(void *bytes, size_t len)
{
    return kernel__strikes(CALL_GETENTROPY, NULL)
               ? -1
               : kernel__under()->getentropy(bytes, len);
}

int
kernel__do_clock_gettime(clockid_t clock, struct timespec *now)
{
    return kernel__strikes(CALL_CLOCK_GETTIME, NULL)
               ? -1
               : kernel__clock(clock, now);
}

void *
kernel__do_realloc(void *block, size_t size)
{
    return kernel__strikes(CALL_REALLOC, NULL) ? NULL
                                               : kernel__resize(block, size);
}

void
kernel__do_free(void *block)
{
    (void)kernel__strikes(CALL_FREE, NULL);
    kernel__free(block);
}

#ifdef __linux__

int
kernel__do_prctl(int option, ...)
{
    va_list args;
    unsigned long value;

    va_start(args, option);
    value = va_arg(args, unsigned long);
    va_end(args);
    return kernel__strikes(CALL_PRCTL, NULL)
               ? -1
               : kernel__under()->prctl(option, value);
}

int
kernel__do_epoll_create1(int flags)
{
    return kernel__strikes(CALL_EPOLL_CREATE1, NULL)
               ? -1
               : kernel__opened(kernel__under()->epoll_create1(flags));
}

int
kernel__do_epoll_ctl(
    int epoll, int operation, int fd, struct epoll_event *event)
{
    if (kernel__strikes(CALL_EPOLL_CTL, NULL))
        return -1;
    return kernel__under()->epoll_ctl(epoll, operation, fd, event);
}

int
kernel__do_epoll_wait(
    int epoll, struct epoll_event *events, int max, int timeout)
{
    if (kernel__strikes(CALL_EPOLL_WAIT, NULL))
        return -1;
    return kernel__under()->epoll_wait(epoll, events, max, timeout);
}

#endif
