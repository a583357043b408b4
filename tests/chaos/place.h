/*
 * place.h - the kernel's side of a client: sockets, epoll, the clock.
 */
#ifndef CHAOS_PLACE_H
#define CHAOS_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLACE_TEXT 80

struct target;

/* Read "HOST:PORT" with a numeric host, "[V6]:PORT" or "unix:PATH". */
int place_parse(struct target *target, const char *text);

/* Begin to connect; a positive errno if that fails at once, and then *fd may
 * be open all the same. Clients on 127.0.0.1 have many addresses, as one has
 * only so many ports. */
int place_connect(
    int *fd, const struct target *target, size_t index, bool is_small);

/* What became of the connect: 0 or a positive errno. */
int place_error(int fd);

/* A close will be a reset. */
void place_reset(int fd);

/* The name that the server knows it by, in its log's words. */
void place_name(int fd, char text[PLACE_TEXT]);

int place_add(int epoll, int fd, unsigned events, void *whose);
void place_watch(int epoll, int fd, unsigned events, void *whose);

int64_t place_now_us(void);

#endif
