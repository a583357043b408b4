/*
 * seam.h - the table behind LEAT_SYS in the test build. Nothing of it is in a
 * release build; tests/lint proves that.
 *
 * leat_sys points at the table in force and is never NULL; the tests' support
 * library defines it. leat_sys_at is told the site of each call just before
 * the call is made. A new member here needs a row in the tables of the tests.
 */
#ifndef LEAT_SEAM_H
#define LEAT_SEAM_H

#include <netdb.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>

#ifdef __linux__
#include <sys/epoll.h>
#else
struct kevent;
#endif

struct leat_sys {
    int (*socket)(int, int, int);
    int (*bind)(int, const struct sockaddr *, socklen_t);
    int (*listen)(int, int);
    int (*accept)(int, struct sockaddr *, socklen_t *);
    int (*accept4)(int, struct sockaddr *, socklen_t *, int);
    int (*connect)(int, const struct sockaddr *, socklen_t);
    int (*getsockname)(int, struct sockaddr *, socklen_t *);
    int (*getpeername)(int, struct sockaddr *, socklen_t *);
    int (*setsockopt)(int, int, int, const void *, socklen_t);
    int (*getsockopt)(int, int, int, void *, socklen_t *);
    int (*shutdown)(int, int);
    ssize_t (*recv)(int, void *, size_t, int);
    ssize_t (*send)(int, const void *, size_t, int);
    ssize_t (*sendmsg)(int, const struct msghdr *, int);
    ssize_t (*recvmsg)(int, struct msghdr *, int);
    ssize_t (*read)(int, void *, size_t);
    ssize_t (*write)(int, const void *, size_t);
    int (*close)(int);
    int (*pipe)(int[2]);
    int (*pipe2)(int[2], int);
    int (*fcntl)(int, int, ...);
    int (*ioctl)(int, unsigned long, ...);
    int (*select)(int, fd_set *, fd_set *, fd_set *, struct timeval *);
    int (*getaddrinfo)(const char *, const char *, const struct addrinfo *,
        struct addrinfo **);
    void (*freeaddrinfo)(struct addrinfo *);
    int (*open)(const char *, int, ...);
    int (*lstat)(const char *, struct stat *);
    int (*unlink)(const char *);
    int (*chmod)(const char *, mode_t);
    int (*rename)(const char *, const char *);
    int (*flock)(int, int);
    mode_t (*umask)(mode_t);
    int (*getrlimit)(int, struct rlimit *);
    int (*setrlimit)(int, const struct rlimit *);
    int (*sigaction)(int, const struct sigaction *, struct sigaction *);
    int (*sigprocmask)(int, const sigset_t *, sigset_t *);
    pid_t (*getpid)(void);
    pid_t (*getppid)(void);
    int (*getentropy)(void *, size_t);
    int (*socketpair)(int, int, int, int[2]);
    int (*posix_spawnp)(pid_t *, const char *,
        const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
        char *const[], char *const[]);
    pid_t (*waitpid)(pid_t, int *, int);
    int (*kill)(pid_t, int);
    int (*setpriority)(int, id_t, int);
    int (*tcgetattr)(int, struct termios *);
    int (*tcsetattr)(int, int, const struct termios *);
    int (*clock_gettime)(clockid_t, struct timespec *);
    void *(*realloc)(void *, size_t);
    void (*free)(void *);
#ifdef __linux__
    int (*prctl)(int, ...);
    int (*epoll_create1)(int);
    int (*epoll_ctl)(int, int, int, struct epoll_event *);
    int (*epoll_wait)(int, struct epoll_event *, int, int);
#else
    int (*kqueue)(void);
    int (*kevent)(int, const struct kevent *, int, struct kevent *, int,
        const struct timespec *);
#endif
};

extern const struct leat_sys *leat_sys;

void leat_sys_at(const char *call, const char *file, int line);

#endif
