/*
 * leatd_login.h - a hub with a login file inside a test, which is the helper.
 * Each program that includes it has its own.
 */
#ifndef TESTS_LEATD_LOGIN_H
#define TESTS_LEATD_LOGIN_H

#include "leatd_server.h"

#include "leatd_helper.h"

#include <stdio.h>
#include <stdlib.h>

#include "leatd/hub/hub.h"

/* Hashes of nothing in particular: only the helper would look at them. */
#define ANNA "$1$saltsalt$annaannaannaannaannaan"
#define BOB "$1$saltsalt$bobbobbobbobbobbobbobb"
#define HOUR ((int64_t)3600 * 1000000)

static char path[] = "/tmp/leat-hub-XXXXXX";
static char listener[128];

static inline void
write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static inline void
setup_hub(void)
{
    setup();
    helper_setup();
    strcpy(path + sizeof path - 7, "XXXXXX");
    close(mkstemp(path));
    write_file("anna:" ANNA "\nbob:" BOB "\n");
}

static inline void
teardown_hub(void)
{
    unlink(path);
    if (client >= 0)
        close(client);
    client = -1;
    if (is_open)
        server_close(&server);
    is_open = false;
    helper_teardown();
    teardown();
}

static inline void
serve_hub(const char *keys)
{
    snprintf(listener, sizeof listener,
        "hub:127.0.0.1:0,login=%s,login-time=1h%s", path, keys);
    serve(listener);
    client = come(0);
}

static inline struct hub *
the_hub(void)
{
    return server.ports[0].shared;
}

static inline size_t
waiting(void)
{
    const struct verifier *verifier = &the_hub()->verifier;
    return verifier->waiting.count + (verifier->asked != NULL);
}

/* Take what is there, wait for nothing. */
static inline void
turn_quickly(void)
{
    for (int i = 0; i < 5; i++)
        ck_assert_int_ge(leat_loop_step(server.loop, 0), 0);
}

static inline void
say_from(int fd, const char *line)
{
    ck_assert_int_eq(
        send(fd, line, strlen(line), MSG_NOSIGNAL), (ssize_t)strlen(line));
}

/* Until the helper has something to look at. */
static inline void
turn_until_asked(void)
{
    for (int i = 0; i < TURNS; i++) {
        if (helper_hears())
            return;
        turn();
    }
    ck_abort_msg("the helper is not asked");
}

static inline void
assert_hears(int fd, const char *line)
{
    char bytes[256] = "";
    (void)receive(fd, bytes, strlen(line));
    ck_assert_str_eq(bytes, line);
}

static inline void
assert_ends(int fd)
{
    char byte;
    ck_assert_int_eq(receive(fd, &byte, 1), 0);
}

static inline void
login(int fd, const char *line, enum verdict verdict)
{
    say_from(fd, line);
    turn_until_asked();
    helper_answers(verdict);
}

/* A login that is not answered yet. */
static inline void
ask(void)
{
    say_from(client, "/login anna x\n");
    turn_until_asked();
}

#define AUTH "! AUTH wrong name or password\n"

#endif
