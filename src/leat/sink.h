/*
 * sink.h - bytes to a descriptor that may be slow, without ever waiting for it.
 *
 * What is put in leaves when the loop finds the descriptor writable. There is
 * room for one chunk: whoever feeds the sink puts the next one in once it is
 * empty.
 */
#ifndef LEAT_SINK_H
#define LEAT_SINK_H

#include <leat/watch.h>

#include <stdbool.h>
#include <stddef.h>

/* More than any connection delivers at once. */
#define SINK_ROOM (65536u + 64u)

struct sink_ops {
    void (*on_empty)(void *user); /* all is written */
    /* Nothing more can be written; what was left is dropped. */
    void (*on_error)(int error, void *user);
};

struct sink {
    struct leat_watch *watch; /* NULL: closed */
    const struct sink_ops *ops;
    void *user;
    size_t at, end; /* what is left, in bytes */
    char bytes[SINK_ROOM];
};

/* ops and user are kept; fd is neither closed nor made non-blocking. 0 or
 * -errno. */
int sink_open(struct sink *sink, struct leat_loop *loop, int fd,
    const struct sink_ops *ops, void *user);
/* Harmless when it is not open. */
void sink_close(struct sink *sink);

/* False: there is no room for so much, and nothing was put in. */
bool sink_put(struct sink *sink, const void *bytes, size_t len);
bool sink_is_empty(const struct sink *sink);

#endif
