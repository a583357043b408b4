/*
 * kernel_parts.h - what the files behind kernel.h tell each other. The table
 * is in kernel.c; each call in it asks faults.c first and tells ledger.c last.
 */
#ifndef TESTS_KERNEL_PARTS_H
#define TESTS_KERNEL_PARTS_H

#include "kernel.h"

/* The members of struct leat_sys, in its order. calls.c has their names. */
enum call {
    CALL_SOCKET,
    CALL_BIND,
    CALL_LISTEN,
    CALL_ACCEPT,
    CALL_ACCEPT4,
    CALL_CONNECT,
    CALL_GETSOCKNAME,
    CALL_GETPEERNAME,
    CALL_SETSOCKOPT,
    CALL_GETSOCKOPT,
    CALL_SHUTDOWN,
    CALL_RECV,
    CALL_SEND,
    CALL_SENDMSG,
    CALL_RECVMSG,
    CALL_READ,
    CALL_WRITE,
    CALL_CLOSE,
    CALL_PIPE,
    CALL_PIPE2,
    CALL_FCNTL,
    CALL_IOCTL,
    CALL_SELECT,
    CALL_GETADDRINFO,
    CALL_FREEADDRINFO,
    CALL_OPEN,
    CALL_LSTAT,
    CALL_UNLINK,
    CALL_CHMOD,
    CALL_RENAME,
    CALL_FLOCK,
    CALL_UMASK,
    CALL_GETRLIMIT,
    CALL_SETRLIMIT,
    CALL_SIGACTION,
    CALL_SIGPROCMASK,
    CALL_GETPID,
    CALL_GETPPID,
    CALL_GETENTROPY,
    CALL_SOCKETPAIR,
    CALL_POSIX_SPAWNP,
    CALL_WAITPID,
    CALL_KILL,
    CALL_SETPRIORITY,
    CALL_TCGETATTR,
    CALL_TCSETATTR,
    CALL_CLOCK_GETTIME,
    CALL_REALLOC,
    CALL_FREE,
    CALL_PRCTL,
    CALL_EPOLL_CREATE1,
    CALL_EPOLL_CTL,
    CALL_EPOLL_WAIT,
    CALL_COUNT
};

/* Where the thread's latest call comes from: what it is, the how-manieth of
 * its name, and the line that made it. */
struct site {
    enum call call;
    unsigned long number;
    const char *file;
    int line;
};

/* The real kernel: libc.c. */
extern const struct leat_sys kernel__libc;
/* The one that kernel_use chose. */
const struct leat_sys *kernel__under(void);

/* One lock for everything here, which does nothing while there is one thread.
 * Signals are blocked while it is held, since leat makes calls in its signal
 * handler. Not recursive. */
void kernel__lock(void);
void kernel__unlock(void);
/* As kernel.h says of kernel_shared: at the start, and with a handler. */
void kernel__reset_lock(void);
void kernel__handler_comes(void);

/* Keep the message where one is expected, else print it and abort. */
void kernel__complain(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
/* Misuse by the test itself: print and abort. */
_Noreturn void kernel__misuse(const char *what, const char *name);

/* calls.c: names, counters, sites. */
const char *kernel__name(enum call call);
enum call kernel__call_of(const char *name);
bool kernel__fallible(enum call call);
/* Count a call, with the lock held. Its site is told by kernel__here until the
 * thread's next. */
void kernel__count(enum call call);
struct site kernel__here(void);

/*
 * faults.c: count a call and ask whether it fails: true with errno set. len is
 * cut where a fault says so; NULL for a call without a length.
 */
bool kernel__strikes(enum call call, size_t *len);
/* A fault that is armed and has never fired; NULL when none. */
const char *kernel__unfired(void);
void kernel__reset_faults(void);

/* ledger.c: descriptors. kernel__opened takes and returns what a call answered,
 * -1 too. kernel__closed is told before the real close, since the number may
 * come back at once; false when it is not ours. */
int kernel__opened(int fd);
bool kernel__closed(int fd);
const char *kernel__open_fd(void);
void kernel__reset_fds(void);

/* heap.c: memory, and lists of hosts. */
void *kernel__resize(void *block, size_t size);
void kernel__free(void *block);
void kernel__hosts_taken(int delta);
const char *kernel__live_block(void);
void kernel__reset_heap(void);

/* frozen.c: time. */
int kernel__select(int nfds, fd_set *sets[3], struct timeval *timeout);
int kernel__clock(clockid_t clock, struct timespec *now);
void kernel__reset_time(void);

/* rows.c: the rows of the table that kernel.c does not have itself. */
int kernel__do_getaddrinfo(const char *host, const char *port,
    const struct addrinfo *hints, struct addrinfo **list);
void kernel__do_freeaddrinfo(struct addrinfo *list);
int kernel__do_open(const char *path, int flags, ...);
int kernel__do_lstat(const char *path, struct stat *st);
int kernel__do_unlink(const char *path);
int kernel__do_chmod(const char *path, mode_t mode);
int kernel__do_rename(const char *from, const char *to);
int kernel__do_flock(int fd, int operation);
mode_t kernel__do_umask(mode_t mask);
int kernel__do_getrlimit(int resource, struct rlimit *limit);
int kernel__do_setrlimit(int resource, const struct rlimit *limit);
int kernel__do_sigaction(
    int signo, const struct sigaction *action, struct sigaction *old);
int kernel__do_sigprocmask(int how, const sigset_t *signals, sigset_t *old);
pid_t kernel__do_getpid(void);
pid_t kernel__do_getppid(void);
int kernel__do_getentropy(void *bytes, size_t len);
int kernel__do_socketpair(int family, int type, int protocol, int fds[2]);
int kernel__do_posix_spawnp(pid_t *pid, const char *program,
    const posix_spawn_file_actions_t *plan, const posix_spawnattr_t *attr,
    char *const argv[], char *const envp[]);
pid_t kernel__do_waitpid(pid_t pid, int *status, int options);
int kernel__do_kill(pid_t pid, int signo);
int kernel__do_setpriority(int which, id_t who, int nice);
int kernel__do_tcgetattr(int fd, struct termios *state);
int kernel__do_tcsetattr(int fd, int when, const struct termios *state);
int kernel__do_clock_gettime(clockid_t clock, struct timespec *now);
void *kernel__do_realloc(void *block, size_t size);
void kernel__do_free(void *block);
#ifdef __linux__
int kernel__do_prctl(int option, ...);
int kernel__do_epoll_create1(int flags);
int kernel__do_epoll_ctl(
    int epoll, int operation, int fd, struct epoll_event *event);
int kernel__do_epoll_wait(
    int epoll, struct epoll_event *events, int max, int timeout);
#endif

#endif
