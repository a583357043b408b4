/*
 * leatd_svc.h - one service inside a test: a wall clock that stands still, a
 * client that sends and reads to the end. Each program has its own.
 */
#ifndef TESTS_LEATD_SVC_H
#define TESTS_LEATD_SVC_H

#include "leatd_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* 2026-11-20T14:51:16.123Z, a Friday. */
#define FRIDAY 1795186276

static struct timespec wall;
static bool has_wall;
static char answer[1 << 20];

static inline int
tell_time(clockid_t clock, struct timespec *now)
{
    if (clock != CLOCK_REALTIME)
        return kernel_real()->clock_gettime(clock, now);
    if (!has_wall) {
        errno = EINVAL;
        return -1;
    }
    *now = wall;
    return 0;
}

static inline void
use_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

/* setup of leatd_server.h, and it is FRIDAY in UTC. */
static inline void
setup_service(void)
{
    static struct leat_sys table;

    setup();
    table = *kernel_real();
    table.clock_gettime = tell_time;
    kernel_use(&table);
    wall = (struct timespec){FRIDAY, 123456789};
    has_wall = true;
    use_zone("UTC0");
}

static inline void
say(const char *bytes, size_t len)
{
    ck_assert_int_eq(send(client, bytes, len, 0), (ssize_t)len);
}

/* Take what is there, wait for nothing. */
static inline void
turn_quickly(void)
{
    ck_assert_int_ge(leat_loop_step(server.loop, 0), 0);
}

/* What a client gets that says so and ends its side. */
static inline const char *
answer_to(const char *line, const char *words)
{
    serve(line);
    client = come(0);
    if (words[0] != '\0')
        say(words, strlen(words));
    shutdown(client, SHUT_WR);
    ssize_t len = receive(client, answer, sizeof answer - 1);
    ck_assert_int_ge(len, 0);
    answer[len] = '\0';
    return answer;
}

/* The same for a client that says nothing and leaves its side open. */
static inline size_t
answer_to_nobody(const char *line)
{
    serve(line);
    client = come(0);
    ssize_t len = receive(client, answer, sizeof answer);
    ck_assert_int_ge(len, 0);
    return (size_t)len;
}

/* A listener that leatd must not take, and what it says about it. */
static inline void
assert_wrong(const char *word, const char *told)
{
    struct listener_spec spec;

    ck_assert_int_eq(listener_spec_parse(&spec, word, &wrong), -EINVAL);
    ck_assert_msg(strstr(wrong.text, told) != NULL, "%s: %s", word, wrong.text);
}

/* The configuration that a listener leads to. */
static inline struct leat_listener_config
config_of(const char *word)
{
    struct listener_spec spec;

    ck_assert_int_eq(listener_spec_parse(&spec, word, &wrong), 0);
    struct leat_listener_config config = spec.config;
    listener_spec_fini(&spec);
    return config;
}

#endif
