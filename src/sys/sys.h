/*
 * sys.h - the seam: the only file through which leat touches the kernel, the
 * clock and the allocator.
 *
 * LEAT_SYS(fn, ...) is, token for token, the libc call fn(...). The test build
 * of the same sources (LEAT_TEST_SEAM) sends each one through the table of
 * seam.h instead, where a test can fail it, shorten it or replace the kernel.
 *
 * The functions below wrap it so that errno is read in this room and nowhere
 * else: each returns 0, a count or a descriptor, and a negative errno on
 * failure. Where a signal can cut a call short (accept, recv, send, sendv,
 * receive, answer, read, write, open, lock, reap) it is made again, at most
 * LEAT__SYS_RETRIES times, then it is -EINTR. A length of 0 is our bug, but for
 * answer: recv would answer 0, which reads like end of file.
 */
#ifndef LEAT_SYS_H
#define LEAT_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

struct addrinfo;
struct sigaction;
struct termios;

#ifdef LEAT_TEST_SEAM
#include "seam.h"
#define LEAT_SYS(fn, ...) \
    (leat_sys_at(#fn, __FILE__, __LINE__), leat_sys->fn(__VA_ARGS__))
#else
#define LEAT_SYS(fn, ...) fn(__VA_ARGS__)
#endif

#define LEAT__SYS_RETRIES 8

/* --- descriptors and sockets: fd.c ------------------------------------- */

/* A non-blocking, close-on-exec socket. */
int leat__sys_socket(int family, int type);
int leat__sys_bind(int fd, const struct sockaddr *addr, socklen_t len);
int leat__sys_listen(int fd, int backlog);
/* The next connection, non-blocking and close-on-exec; addr may be NULL. */
int leat__sys_accept(int fd, struct sockaddr *addr, socklen_t *len);
/* -EINPROGRESS is the usual answer; EINTR is told as -EINPROGRESS too, since
 * the attempt goes on. */
int leat__sys_connect(int fd, const struct sockaddr *addr, socklen_t len);
int leat__sys_sockname(int fd, struct sockaddr *addr, socklen_t *len);
int leat__sys_peername(int fd, struct sockaddr *addr, socklen_t *len);
int leat__sys_option(int fd, int level, int name, int value);
int leat__sys_get_option(int fd, int level, int name, int *value);
int leat__sys_shutdown(int fd, int how);
/* Reset instead of FIN when the socket is closed: SO_LINGER {1,0}. */
int leat__sys_linger_reset(int fd);
ssize_t leat__sys_recv(int fd, void *bytes, size_t len);
/* Never raises SIGPIPE. */
ssize_t leat__sys_send(int fd, const void *bytes, size_t len);
ssize_t leat__sys_sendv(int fd, const struct iovec *iov, size_t count);
ssize_t leat__sys_read(int fd, void *bytes, size_t len);
ssize_t leat__sys_write(int fd, const void *bytes, size_t len);
/* Never made again: the number is free whatever close says. */
int leat__sys_close(int fd);
/* Both ends non-blocking and close-on-exec. */
int leat__sys_pipe(int fds[2]);
/* Write one byte, from a signal handler: errno is left as it was, and a full
 * pipe does not matter. notify.c */
void leat__sys_notify(int fd, unsigned char byte);
int leat__sys_set_nonblocking(int fd);
int leat__sys_set_cloexec(int fd);
/* 0, or -EBADF when the number is not open. */
int leat__sys_probe(int fd);
/* 1 when the next byte is the urgent one, else 0. */
int leat__sys_at_mark(int fd);
/* Bytes that the peer's kernel has not acknowledged, FIN included. */
int leat__sys_unsent(int fd);
/* Bytes that wait to be received. */
int leat__sys_unread(int fd);

/* --- buffers: buffer.c ------------------------------------------------- */

/* Which of its buffers keep the size they have, bits; the others grow as the
 * kernel sees fit. -ENOPROTOOPT: the system has no such option, which is all
 * but Linux 5.15 and later. */
#define LEAT__SYS_LOCK_SEND 1u
#define LEAT__SYS_LOCK_RECEIVE 2u
int leat__sys_lock_buffers(int fd, unsigned locks);

/* --- datagrams: datagram.c ---------------------------------------------- */

/* How a datagram came: from whom, and to which of our addresses. */
struct leat__way {
    struct sockaddr_storage peer;
    socklen_t peer_len;
    unsigned char own[16]; /* our address; IPv4 has 4 bytes */
    unsigned char own_len; /* 0: not known, the kernel chooses */
    unsigned scope;        /* the interface it came by; 0: not known */
    bool is_cast; /* it was for a group or for everybody: there is no own */
    bool is_cut;  /* it was longer than the room, its end is lost */
};

/* Have the kernel tell own, scope and is_cast of what comes. */
int leat__sys_tell_way(int fd, int family);
/* The next datagram; 0 is one without a byte. way is filled. */
ssize_t leat__sys_receive(
    int fd, void *bytes, size_t len, struct leat__way *way);
/* Send one to way->peer, from our own address where it is known. len may be
 * 0. Never in part. */
ssize_t leat__sys_answer(
    int fd, const void *bytes, size_t len, const struct leat__way *way);

/* --- terminals: terminal.c ---------------------------------------------- */

/* 1 when it is a terminal, else 0. */
int leat__sys_is_terminal(int fd);
/* From now on keys come one by one, none is shown and none is a signal. before
 * is for leat__sys_show_keys, which undoes it. */
int leat__sys_hide_keys(int fd, struct termios *before);
int leat__sys_show_keys(int fd, const struct termios *before);

/*
 * The wait: the only call of select() there is. Sets are words of nfds bits
 * or more, or NULL; timeout_us below 0 waits for ever. The sets are left alone
 * on failure. Not made again after EINTR.
 */
int leat__sys_select(int nfds, unsigned long *readable, unsigned long *writable,
    unsigned long *exceptional, int64_t timeout_us);

/* The first descriptor that select() cannot watch here: limit.c. */
int leat__sys_select_limit(void);

/* --- the kernel's own readiness queue: park_*.c ------------------------- */

/* What a descriptor waits for, and is ready for: as the three sets of select()
 * have it. An error makes it readable and writable, a hang-up readable. */
#define LEAT__SYS_READ 1u
#define LEAT__SYS_WRITE 2u
#define LEAT__SYS_URGENT 4u

/* A queue is a descriptor that select() calls readable while a member of it is
 * ready. Close-on-exec; -ENOSYS where the platform has none. */
int leat__sys_park_open(void);
/* Make fd a member that waits for events, never for none; key comes back with
 * each. -ENOTSUP it cannot wait for urgent data without input. */
int leat__sys_park_join(int queue, int fd, unsigned events, uint64_t key);
/* It waits no longer. events are those it joined with. */
int leat__sys_park_leave(int queue, int fd, unsigned events);
/* The bytes that one report takes. */
size_t leat__sys_park_size(void);
/* Fill reports with those who are ready, as many as there is room for; never
 * waits. How many. A member stays, and is reported again while it is ready. */
int leat__sys_park_take(int queue, void *reports, size_t room);
/* One of them: what it is ready for. It may be nothing it asked for, or 0: then
 * select() is to say. One member may have several. */
unsigned leat__sys_park_report(const void *reports, size_t i, uint64_t *key);

/* --- names and files: file.c ------------------------------------------- */

/* 0 and a list for leat__sys_free_hosts; -ENOENT, -EAGAIN, -ENOMEM or -EIO. */
int leat__sys_hosts(const char *host, const char *port,
    const struct addrinfo *hints, struct addrinfo **list);
void leat__sys_free_hosts(struct addrinfo *list);
/* Close-on-exec; mode counts for O_CREAT. */
int leat__sys_open(const char *path, int flags, mode_t mode);
int leat__sys_lstat(const char *path, struct stat *st);
int leat__sys_unlink(const char *path);
int leat__sys_chmod(const char *path, mode_t mode);
int leat__sys_rename(const char *from, const char *to);
/* Waits for the exclusive lock of flock(2). */
int leat__sys_lock(int fd);
mode_t leat__sys_umask(mode_t mask);

/* --- the process: process.c -------------------------------------------- */

struct leat__rlimit {
    uint64_t soft, hard;
};

/* RLIMIT_NOFILE. */
int leat__sys_nofile(struct leat__rlimit *limit);
int leat__sys_set_nofile(const struct leat__rlimit *limit);
int leat__sys_sigaction(
    int signo, const struct sigaction *action, struct sigaction *old);
/* Let signo wait from now on. */
int leat__sys_block(int signo);
/* Ask for signo when the parent thread ends: PR_SET_PDEATHSIG; -ENOSYS where
 * there is no such thing. */
int leat__sys_death_signal(int signo);
/* At most 256 bytes that nobody can guess: getentropy(3). */
int leat__sys_random(void *bytes, size_t len);
pid_t leat__sys_pid(void);
pid_t leat__sys_parent_pid(void);

/* --- a child: child.c -------------------------------------------------- */

/* A connected pair, close-on-exec; reads and writes wait. */
int leat__sys_socket_pair(int fds[2]);
/* Run a program, which is looked for where the shell would, unless its name
 * has a slash. fd is its descriptor 0; it has no other, and no environment. */
int leat__sys_spawn(
    pid_t *pid, const char *program, char *const argv[], int fd);
/* 1 it has ended, with that status, and is no child any more; 0 not yet. */
int leat__sys_reap(pid_t pid, bool may_wait, int *status);
/* At once, whatever it is at. */
int leat__sys_kill(pid_t pid);
/* Our own: 0 is usual, 19 the least pressing. */
int leat__sys_nice(int nice);

/* --- time: clock.c ----------------------------------------------------- */

/* The monotonic clock in microseconds. */
int leat__sys_monotonic(int64_t *now_us);
/* The wall clock. */
int leat__sys_wall(struct timespec *now);

/* --- memory: memory.c -------------------------------------------------- */

/* The default of struct leat_alloc; user is not used. */
void *leat__sys_resize(void *user, void *block, size_t size);

#endif
