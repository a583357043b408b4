/*
 * leatd_hub.h - a hub inside a test: leatd on the fake kernel, its clients held
 * by number. Each program that includes it has its own.
 */
#ifndef TESTS_LEATD_HUB_H
#define TESTS_LEATD_HUB_H

#include "leatd/hub/hub.h"
#include "leatd/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support/fake_parts.h"
#include "support/kernel.h"
#include "support/run.h"

static struct options options;
static struct server server;
static struct complaint wrong;
static struct leat_sys hub_table;
static struct sockaddr_storage peer_name; /* of who comes; family 0: its own */
static char heard[1 << 20];

static inline int
tell_name(int fd, struct sockaddr *addr, socklen_t *len)
{
    if (peer_name.ss_family == 0)
        return fake_table.getpeername(fd, addr, len);
    memcpy(addr, &peer_name, *len);
    return 0;
}

/* Signals are the fake kernel's, nobody sends one. */
static inline void
setup_hub(void)
{
    fake_setup();
    hub_table = fake_table;
    hub_table.getpeername = tell_name;
    kernel_use(&hub_table);
    memset(&peer_name, 0, sizeof peer_name);
}

static inline int
try_hub(const char *listener)
{
    static char name[] = "leatd", quiet[] = "--quiet", word[256];
    char *argv[] = {name, quiet, word, NULL};

    snprintf(word, sizeof word, "%s", listener);
    memset(&options, 0, sizeof options);
    return options_parse(&options, 3, argv, &wrong);
}

static inline void
serve(const char *listener)
{
    ck_assert_int_eq(try_hub(listener), 0);
    ck_assert_int_eq(server_open(&server, &options, 100, &wrong), CODE_OK);
}

static inline void
close_hub(void)
{
    server_close(&server);
    options_fini(&options);
}

static inline struct hub *
the_hub(void)
{
    return server.ports[0].shared;
}

static inline void
turn(void)
{
    ck_assert_int_ge(leat_loop_step(server.loop, 0), 0);
}

static inline void
turns(int count)
{
    for (int i = 0; i < count; i++)
        turn();
}

/* All that there is for it now. */
static inline const char *
hear(int peer)
{
    size_t len = 0;
    int count;

    while ((count = fake_read(peer, heard + len, sizeof heard - 1 - len)) > 0)
        len += (size_t)count;
    heard[len] = '\0';
    return heard;
}

static inline int
come(void)
{
    int peer = fake_connect(fake_listener());

    ck_assert_int_ge(peer, 0);
    turns(2);
    return peer;
}

/* The next client, which has read what it is told at first. */
static inline int
enter(void)
{
    int peer = come();

    hear(peer);
    return peer;
}

static inline void
write_to(int peer, const char *bytes, size_t len)
{
    ck_assert_int_eq(fake_write(peer, bytes, len), (int)len);
}

static inline void
say(int peer, const char *text)
{
    write_to(peer, text, strlen(text));
    turn();
}

static inline void
assert_hears(int peer, const char *text)
{
    ck_assert_str_eq(hear(peer), text);
}

/* It says so, and the answer begins so. */
static inline void
assert_answer(int peer, const char *text, const char *answer)
{
    hear(peer);
    say(peer, text);
    const char *got = hear(peer);
    ck_assert_msg(
        strncmp(got, answer, strlen(answer)) == 0, "%s leads to %s", text, got);
}

/* Its kernel holds so much of what it does not read. */
static inline void
narrow(int peer, size_t bytes)
{
    struct fake_stream *in = fake_peer_of(peer)->in;

    in->capacity = in->window = bytes;
}

/* After the last byte of what it has not read. */
static inline void
assert_is_over(int peer)
{
    turns(4);
    hear(peer);
    ck_assert(fake_ended(peer));
}

#endif
