/*
 * source.h - bytes from a descriptor, read only while somebody wants them.
 */
#ifndef LEAT_SOURCE_H
#define LEAT_SOURCE_H

#include <leat/watch.h>

#include <stddef.h>

/* Most bytes of one on_bytes. */
#define SOURCE_CHUNK 65536u

struct source_ops {
    void (*on_bytes)(const char *bytes, size_t len, void *user);
    /* No more will come: 0 at the end of file, else -errno. It is closed. */
    void (*on_end)(int error, void *user);
};

struct source {
    struct leat_watch *watch; /* NULL: closed */
    const struct source_ops *ops;
    void *user;
};

/* ops and user are kept; fd is neither closed nor made non-blocking. 0 or
 * -errno. */
int source_open(struct source *source, struct leat_loop *loop, int fd,
    const struct source_ops *ops, void *user);
/* Harmless when it is not open. */
void source_close(struct source *source);

/* Harmless when it is not open. */
void source_pause(struct source *source);
void source_resume(struct source *source);

#endif
