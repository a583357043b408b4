/*
 * fake_parts.h - what the fake kernel is made of.
 *
 *   fake_stream.c  one direction of a link: bytes, delay, mark, end, reset
 *   fake_link.c    two of them, and how an end leaves
 *   fake_calls.c   the calls on any descriptor     fake_net.c    on sockets
 *   fake_wait.c    readiness, select, the clock    fake_epoll.c  parking
 *   fake_file.c    files and names                 fake_proc.c   signals,
 * limits fake_peer.c    the other ends, held by a test or by the simulator
 *   fake_table.c   the table; an empty kernel      fake.c        under kernel.h
 *
 * All but the last need neither kernel.h nor Check: the simulator is built
 * from them too. Nothing depends on the host's kernel, on its clock or on the
 * place of anything in memory.
 */
#ifndef TESTS_FAKE_PARTS_H
#define TESTS_FAKE_PARTS_H

#include "fake.h"

#include "sys/seam.h"

#include <netinet/in.h>

#define FAKE_FD_FIRST 3 /* of a test; the simulator has 0 to 2 as well */
#define FAKE_FDS 128
#define FAKE_LINKS 64
#define FAKE_STREAM_USUAL ((size_t)65536)
#define FAKE_STREAM_MAX ((size_t)262144)
#define FAKE_SEGMENTS 64u
#define FAKE_MARKS 8u
#define FAKE_FILES 16
#define FAKE_FILE_MAX 4096
#define FAKE_NEVER INT64_MAX

/* Bytes up to this position are with the reader's kernel from then on. */
struct fake_segment {
    uint64_t end;
    int64_t at_us;
};

/*
 * One direction of a link. Positions count from the first byte there ever was:
 * taken <= seen <= put.
 */
struct fake_stream {
    uint64_t put;            /* accepted from the writer */
    uint64_t seen;           /* of these, with the reader's kernel */
    uint64_t taken;          /* of these, with the reader */
    uint64_t lost;           /* accepted, then destroyed by a reset */
    size_t capacity, window; /* most of put - taken, and of seen - taken */
    int64_t latency_us, last_us;
    struct fake_segment segment[FAKE_SEGMENTS]; /* those that are on the way */
    unsigned first, segments;
    uint64_t mark[FAKE_MARKS]; /* positions of urgent bytes, ascending */
    unsigned marks;
    bool is_ended;   /* the writer is done: FIN, at end_us */
    bool is_reset;   /* the writer has reset: RST, at reset_us */
    bool is_refused; /* the reader is gone */
    bool is_pipe;
    int64_t end_us, reset_us;
    unsigned char bytes[FAKE_STREAM_MAX];
};

struct fake_link {
    int open_ends;
    bool is_unix;
    in_port_t peer_port; /* of the end that connected; host order */
    unsigned number;     /* of all links since the beginning */
    struct fake_stream stream[2];
};

enum fake_kind {
    FAKE_FREE,
    FAKE_SOCKET, /* without a connection */
    FAKE_LISTENER,
    FAKE_STREAM, /* connected, or an end of a pipe */
    FAKE_FILE,
    FAKE_EPOLL
};

/* A member of an epoll set. */
struct fake_member {
    int fd; /* -1: none */
    uint32_t events;
    uint64_t data;
};

/* A descriptor, or a peer's side of a link. */
struct fake_end {
    enum fake_kind kind;
    int status_flags, fd_flags;
    struct fake_link *link;       /* of a stream */
    struct fake_stream *in, *out; /* one is NULL at a pipe */
    bool lingers_by_reset, is_inline;
    bool is_told;                 /* of the reset, by an error */
    bool is_shut;                 /* for writing */
    bool is_deaf;                 /* shut for reading */
    int pending;                  /* SO_ERROR of a connect */
    struct sockaddr_storage name; /* bound to, or at least the family */
    socklen_t name_len;
    int backlog, waiting; /* of a listener */
    struct fake_link *queue[FAKE_LINKS];
    int file;    /* of FAKE_FILE */
    int members; /* of an epoll set: where its row begins */
};

struct fake_file {
    char path[112]; /* "": free */
    mode_t mode;    /* with its type */
    unsigned inode;
    size_t len;
    char bytes[FAKE_FILE_MAX];
};

/* Which stream an end reads or writes. */
enum { FAKE_NONE = -1, FAKE_TO_LEAT, FAKE_TO_PEER };

/* What waiting has come to. */
enum fake_pass { FAKE_PASSED, FAKE_INTERRUPTED };

struct fake_state {
    struct fake_end end[FAKE_FDS]; /* by descriptor */
    struct fake_end peer[FAKE_LINKS];
    struct fake_link link[FAKE_LINKS];
    struct fake_file file[FAKE_FILES];
    struct fake_member member[4][FAKE_FDS]; /* of so many epoll sets */
    bool has_set[4];
    unsigned next_member[4]; /* where epoll_wait goes on */
    size_t capacity, window; /* of each new stream */
    int64_t latency_us;
    int fd_limit, fd_hard;
    in_port_t next_port, next_peer;
    unsigned links, inodes;
    mode_t mask; /* umask */
    int64_t now_us, wall_us;
    uint64_t recv_bytes, sent_bytes; /* by sockets, through all calls */
    struct sigaction action[65];
    uint64_t pending, blocked; /* signals; bit signo - 1 */
    unsigned handled;          /* signals that reached a handler */

    /* Let time pass while nothing is ready, to deadline_us at most; at most
     * to the next thing that happens. */
    enum fake_pass (*pass)(int64_t deadline_us);
    /* The program did what only a mistake can do: a closed number, say. */
    void (*bug)(const char *what, int fd);
    /* It did not catch a signal, or wrote where nobody reads. */
    void (*killed)(int signo);
};

extern struct fake_state fake;
extern const struct leat_sys fake_table;

/* Each of these sets errno and returns -1 where a call would. */
int fake_fails(int error);

/* fake_table.c: an empty kernel; no descriptor is open. */
void fake_reset_all(void);

/* --- fake_stream.c -------------------------------------------------------- */

void fake_stream_init(struct fake_stream *stream, bool is_pipe);
/* Deliver what has arrived by now. */
void fake_settle(struct fake_stream *stream);
/* When something arrives next; FAKE_NEVER. */
int64_t fake_arrival(const struct fake_stream *stream);
size_t fake_room(const struct fake_stream *stream);
size_t fake_unread(struct fake_stream *stream);
/* Accepted and not yet with the reader's kernel, its end included. */
size_t fake_unacked(struct fake_stream *stream);
bool fake_takes_more(struct fake_stream *stream); /* by the rule of select */
bool fake_has_end(struct fake_stream *stream);
bool fake_has_reset(struct fake_stream *stream);
bool fake_is_marked(struct fake_stream *stream);
bool fake_is_at_mark(struct fake_stream *stream);
/* len within the room and above 0. */
void fake_append(struct fake_stream *stream, const void *bytes, size_t len);
void fake_urge(struct fake_stream *stream); /* the last byte is the mark */
/* How much was taken, up to the mark; the urgent byte itself only inline. */
size_t fake_consume(
    struct fake_stream *stream, void *bytes, size_t len, bool is_inline);
void fake_end_stream(struct fake_stream *stream);
/* RST leaves delay_us from now. */
void fake_reset_stream(struct fake_stream *stream, int64_t delay_us);

/* --- fake_link.c ---------------------------------------------------------- */

/* NULL when there are too many. */
struct fake_link *fake_new_link(void);
void fake_join(
    struct fake_end *end, struct fake_link *link, int reads, int writes);
/* Closing with unread bytes, or by linger {1,0}, resets. */
void fake_leave(struct fake_end *end);
/* The network resets both ends. */
void fake_cut(struct fake_link *link);
ssize_t fake_put(struct fake_end *end, const void *bytes, size_t len);
ssize_t fake_take(struct fake_end *end, void *bytes, size_t len);
void fake_finish(struct fake_end *end); /* shutdown(SHUT_WR) */

/* --- fake_calls.c --------------------------------------------------------- */

/* The end behind a descriptor, NULL when it is not open. */
struct fake_end *fake_end_of(int fd);
/* The same for a call: errno is set, and a closed number is a bug. */
struct fake_end *fake_open_end(int fd);
struct fake_end *fake_end_that_is(int fd, enum fake_kind kind, int error);
/* The lowest free number, made an unconnected socket. */
int fake_new_fd(int flags);
int fake_pipe(int fds[2]);
int fake_pipe2(int fds[2], int flags);
int fake_fd_close(int fd);
int fake_fcntl(int fd, int command, ...);
int fake_ioctl(int fd, unsigned long question, ...);
ssize_t fake_recv(int fd, void *bytes, size_t len, int flags);
ssize_t fake_send(int fd, const void *bytes, size_t len, int flags);
ssize_t fake_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t fake_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t fake_fd_read(int fd, void *bytes, size_t len);
ssize_t fake_fd_write(int fd, const void *bytes, size_t len);

/* --- fake_net.c ----------------------------------------------------------- */

struct fake_end *fake_bound_to(const void *name, socklen_t len);
bool fake_has_place(const struct fake_end *listener);
/* In the backlog, which has a place. */
void fake_queue_link(struct fake_end *listener, struct fake_link *link);
void fake_reset_waiting(struct fake_end *listener);
int fake_socket(int family, int type, int protocol);
int fake_bind(int fd, const struct sockaddr *addr, socklen_t len);
int fake_listen(int fd, int backlog);
int fake_accept(int fd, struct sockaddr *addr, socklen_t *len);
int fake_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags);
int fake_connect_call(int fd, const struct sockaddr *addr, socklen_t len);
int fake_getsockname(int fd, struct sockaddr *addr, socklen_t *len);
int fake_getpeername(int fd, struct sockaddr *addr, socklen_t *len);
int fake_setsockopt(
    int fd, int level, int name, const void *value, socklen_t len);
int fake_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int fake_shutdown_call(int fd, int how);

/* --- fake_wait.c ---------------------------------------------------------- */

/* What poll would say: EPOLLIN and its kin. */
uint32_t fake_poll(struct fake_end *end);
/* When anything arrives anywhere; FAKE_NEVER. */
int64_t fake_next_arrival(void);
int fake_select(
    int nfds, fd_set *in, fd_set *out, fd_set *urgent, struct timeval *timeout);
int fake_clock_gettime(clockid_t clock, struct timespec *now);

/* --- fake_epoll.c --------------------------------------------------------- */

uint32_t fake_epoll_poll(const struct fake_end *set);
bool fake_epoll_has(int fd);    /* some queue has it */
void fake_epoll_forget(int fd); /* it is closed */
void fake_epoll_close(struct fake_end *set);
int fake_epoll_create1(int flags);
int fake_epoll_ctl(int set, int operation, int fd, struct epoll_event *event);
int fake_epoll_wait(int set, struct epoll_event *events, int max, int timeout);

/* --- fake_file.c ---------------------------------------------------------- */

/* NULL: there is none. */
struct fake_file *fake_find_file(const char *path);
/* NULL: no room. mode with its type. */
struct fake_file *fake_make_file(const char *path, mode_t mode);
ssize_t fake_file_write(struct fake_end *end, const void *bytes, size_t len);
int fake_open(const char *path, int flags, ...);
int fake_lstat(const char *path, struct stat *st);
int fake_unlink(const char *path);
int fake_chmod(const char *path, mode_t mode);
int fake_rename(const char *from, const char *to);
int fake_flock(int fd, int operation);
mode_t fake_umask(mode_t mask);
int fake_getaddrinfo(const char *host, const char *port,
    const struct addrinfo *hints, struct addrinfo **list);
void fake_freeaddrinfo(struct addrinfo *list);

/* --- fake_proc.c ---------------------------------------------------------- */

/* Send the process a signal; it is handled in fake_deliver. */
void fake_raise(int signo);
/* Run handlers of what is pending and not blocked. Whether any ran. */
bool fake_deliver(void);
int fake_sigaction(
    int signo, const struct sigaction *action, struct sigaction *old);
int fake_sigprocmask(int how, const sigset_t *signals, sigset_t *old);
int fake_getrlimit(int resource, struct rlimit *limit);
int fake_setrlimit(int resource, const struct rlimit *limit);
pid_t fake_getpid(void);
pid_t fake_getppid(void);
int fake_getentropy(void *bytes, size_t len);
/* There is one process, and no terminal. */
int fake_socketpair(int family, int type, int protocol, int fds[2]);
int fake_posix_spawnp(pid_t *pid, const char *program,
    const posix_spawn_file_actions_t *plan, const posix_spawnattr_t *attr,
    char *const argv[], char *const envp[]);
pid_t fake_waitpid(pid_t pid, int *status, int options);
int fake_kill(pid_t pid, int signo);
int fake_setpriority(int which, id_t who, int nice);
int fake_tcgetattr(int fd, struct termios *state);
int fake_tcsetattr(int fd, int when, const struct termios *state);
int fake_prctl(int option, ...);

/* --- fake_peer.c ---------------------------------------------------------- */

struct fake_end *fake_peer_of(int peer);

#endif
