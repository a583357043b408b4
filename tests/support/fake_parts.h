/*
 * fake_parts.h - what is in the fake kernel, for the two files it is made of:
 * fake.c has the streams and the test's ends of them, fake_calls.c the calls
 * that leat makes.
 */
#ifndef TESTS_FAKE_PARTS_H
#define TESTS_FAKE_PARTS_H

#include "fake.h"
#include "kernel_parts.h"

#include <netinet/in.h>

#define FAKE_FD_FIRST 3
#define FAKE_FDS 128
#define FAKE_LINKS 64
#define FAKE_STREAM_MAX ((size_t)65536)

/* One direction of a link. */
struct fake_stream {
    size_t head, len;
    bool is_ended;   /* the writer is done: end of file after the bytes */
    bool is_reset;   /* ECONNRESET, once, after the bytes */
    bool is_refused; /* the reader is gone */
    unsigned char bytes[FAKE_STREAM_MAX];
};

struct fake_link {
    int open_ends;
    struct fake_stream stream[2];
};

enum fake_kind { FAKE_FREE, FAKE_SOCKET, FAKE_LISTENER, FAKE_STREAM };

/* A descriptor, or the test's side of a link. */
struct fake_end {
    enum fake_kind kind;
    int status_flags, fd_flags;
    struct fake_link *link;       /* of a stream */
    struct fake_stream *in, *out; /* one is NULL at a pipe */
    bool lingers_by_reset;
    struct sockaddr_storage name; /* bound to, or at least the family */
    socklen_t name_len;
    int backlog, waiting; /* of a listener */
    struct fake_link *queue[FAKE_LINKS];
};

/* Which stream an end reads or writes. */
enum { FAKE_NONE = -1, FAKE_TO_LEAT, FAKE_TO_PEER };

struct fake_state {
    struct fake_end end[FAKE_FDS]; /* by descriptor */
    struct fake_end peer[FAKE_LINKS];
    struct fake_link link[FAKE_LINKS];
    size_t capacity; /* of each stream */
    int fd_limit;
    in_port_t next_port;
    int64_t now_us;
};

extern struct fake_state fake;
extern const struct leat_sys fake_table;

/* Each sets errno and returns -1 where a call would. */
ssize_t fake_put(struct fake_stream *out, const void *bytes, size_t len);
ssize_t fake_take(struct fake_stream *in, void *bytes, size_t len);
size_t fake_room(const struct fake_stream *stream);
struct fake_link *fake_new_link(void);
void fake_join(
    struct fake_end *end, struct fake_link *link, int reads, int writes);
/* Closing with unread bytes, or by linger {1,0}, resets: what the other side
 * has not read yet is lost to it. */
void fake_leave(struct fake_end *end);

/* fake_calls.c: the end behind a descriptor, NULL when it is not open or, the
 * second, not of that kind: errno is set then. */
struct fake_end *fake_end_of(int fd);
struct fake_end *fake_end_that_is(int fd, enum fake_kind kind, int error);
/* The lowest free number, made an unconnected socket. */
int fake_new_fd(int flags);

/* fake_net.c: the calls of sockets. */
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

#endif
