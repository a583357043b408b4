/*
 * conformance.h - the same small stories, told by the real kernel and by the
 * fake one.
 *
 * A story calls the kernel through sys and says what it sees; the two tellings
 * must not differ in a letter. What depends on the machine (a number, a path, a
 * size of a buffer) is not said.
 */
#ifndef TESTS_SIM_CONFORMANCE_H
#define TESTS_SIM_CONFORMANCE_H

#include "support/fake_parts.h"

extern const struct leat_sys *sys;

struct story {
    const char *name;
    void (*tell)(void);
};

/* The last one has no name. */
extern const struct story stories_of_tcp[], stories_of_the_rest[];

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What a call answered: the number, or the name of its error. */
void say_result(const char *call, ssize_t result);
/* What select() says of it now: r, w, x. */
void say_ready(int fd);

/* Wait until it is readable, writable or exceptional: 'r', 'w', 'x'. */
void await(int fd, char what);
/* Until it has so many bytes to read, or its peer's kernel has acknowledged
 * everything, or it has hung up. */
void await_bytes(int fd, int bytes);
void await_sent(int fd);
void await_hangup(int fd);
/* Until what it has not sent does not change any more. */
void await_quiet(int fd);

/* A path that nobody else has. */
const char *own_path(void);
int make_tcp_listener(int backlog);
int make_unix_listener(const char *path, int backlog);
/* A socket that is connected, or on its way. */
int connect_to(int listener);
/* Both ends of a connection; the first was accepted. */
void make_tcp(int fds[2]);
void make_unix(int fds[2]);
void reset(int fd);
int option(int fd, int level, int name, int value);
void drop(int fd);
/* Receive so many bytes at most, and say what came. */
void hear(int fd, size_t len);

#endif
