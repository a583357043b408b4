/*
 * scene_dial.c - connections that do not come by a listener: dialed ones, a
 * pair, adopted sockets. Leat has both ends of the first two.
 */
#include <leat/dial.h>
#include <leat/error.h>
#include <leat/flow.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "blame.h"
#include "run.h"
#include "scenes.h"
#include "support/kernel.h"
#include "world.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static unsigned char bytes[6000];
static struct leat_addr dead;

static void
fill(void)
{
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 5 + i / 256);
}

/* A call that leat refused: only because of the faults, or because they have
 * ended the connection already. */
static bool
is_taken(int error, const char *what)
{
    bool is_gone = error == -ESHUTDOWN && !run_is_strict();

    if (error != 0 && !is_gone && !judge_allows(error))
        blame("%s: %s", what, leat_error_name(error));
    return error == 0;
}

/* --- a guest that is a connection of leat's ------------------------------ */

static void
on_data(struct leat_conn *conn, const void *got, size_t len, void *user)
{
    (void)conn;
    guest_compare(user, got, len);
}

static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    struct guest *guest = user;

    (void)conn;
    guest->is_over = true;
    world_closed(guest, reason);
}

static const struct leat_conn_ops guest_ops = {
    .on_data = on_data, .on_close = on_close};

/* It says all at once, ends its side, and hears on. */
static void
say(struct guest *guest, struct leat_conn *conn)
{
    const struct script *script = guest->script;

    world_opened(guest, conn);
    if (script->out_len == 0 ||
        is_taken(leat_conn_send(conn, script->out, script->out_len), "send"))
        guest->said = script->out_len;
    leat_conn_half_close(conn);
}

static void
echo(struct leat_conn *conn, const void *got, size_t len, void *user)
{
    (void)user;
    if (!is_taken(leat_conn_send(conn, got, len), "send"))
        leat_conn_close(conn);
}

static const struct leat_conn_ops echo_ops = {.on_data = echo};

/* --- dials ---------------------------------------------------------------- */

static const struct script dial_scripts[] = {
    {.out = bytes, .out_len = 5000, .want = bytes, .want_len = 5000},
    {.out = bytes, .out_len = 10, .want = bytes, .want_len = 10},
    {.is_mute = true}, /* there is nobody at all */
    {.out = bytes, .out_len = 700, .want = bytes, .want_len = 700},
};

/* A bound port where nobody listens. */
void
prepare_dial(void)
{
    struct sockaddr *addr = (struct sockaddr *)(void *)&dead.storage;
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    fill();
    dead.len = sizeof dead.storage;
    if (bind(fd, (struct sockaddr *)(void *)&in, sizeof in) != 0 ||
        getsockname(fd, addr, &dead.len) != 0)
        abort();
    /* It stays open until the process ends. */
}

static void
dial(const struct script *script, const struct leat_addr *addrs, size_t count)
{
    /* A peer that never ends needs idle_us: a send that fails while the other
     * end lives leaves such a one. */
    const struct leat_dial_config config = {
        .conn = {.ops = &guest_ops, .idle_us = 60000000}};
    struct guest *guest = world_guest(script);
    struct leat_conn *conn;

    guest->is_leat = true;
    if (is_taken(leat_dial(&conn, world.loop, addrs, count, &config, guest),
            "leat_dial"))
        say(guest, conn);
    else
        guest->is_over = true;
}

static void
make_pair(const struct script *script)
{
    const struct leat_conn_config configs[2] = {
        {.ops = &guest_ops}, {.ops = &echo_ops}};
    struct guest *guest = world_guest(script);
    void *users[2] = {guest, NULL};
    struct leat_conn *conns[2];

    guest->is_leat = true;
    if (is_taken(leat_conn_pair(conns, world.loop, configs, users),
            "leat_conn_pair"))
        say(guest, conns[0]);
    else
        guest->is_over = true;
}

void
play_dial(void)
{
    struct leat_addr addrs[2] = {dead};

    if (leat_listener_addr(world.server.ports[0].listener, 0, &addrs[1]) != 0)
        abort();
    dial(&dial_scripts[0], addrs, 2);
    dial(&dial_scripts[1], addrs, 2);
    dial(&dial_scripts[2], addrs, 1);
    make_pair(&dial_scripts[3]);
    world_drive();
}

/* --- adopted sockets ------------------------------------------------------ */

static const struct script adopt_scripts[] = {
    {.out = bytes,
        .out_len = 5000,
        .piece = 1200,
        .want = bytes,
        .want_len = 5000,
        .half_closes = true,
        .waits_for_end = true},
    {.out = bytes,
        .out_len = 300,
        .want = bytes,
        .want_len = 300,
        .half_closes = true,
        .waits_for_end = true},
};

void
prepare_adopt(void)
{
    fill();
}

static void
on_adopted_close(struct leat_conn *conn, int reason, void *user)
{
    (void)conn;
    world_closed(user, reason);
}

static const struct leat_conn_ops adopted_ops = {
    .on_data = echo, .on_close = on_adopted_close};

/* One end is leat's, blocking as it comes; the other is the guest's. */
static void
adopt(const struct script *script)
{
    const struct leat_conn_config config = {
        .ops = &adopted_ops, .queue = {.high = 2048, .low = 512}};
    struct guest *guest = world_guest(script);
    struct leat_conn *conn;
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
        abort();
    guest_take(guest, script, fds[1]);
    ledger_adopt(fds[0]);
    int error = leat_conn_adopt(&conn, world.loop, fds[0], &config, guest);
    if (is_taken(error, "leat_conn_adopt")) {
        world_opened(guest, conn);
        return;
    }
    ledger_disown(fds[0]);
    close(fds[0]);
}

void
play_adopt(void)
{
    for (size_t i = 0; i < COUNT(adopt_scripts); i++)
        adopt(&adopt_scripts[i]);
    const struct guest *guests = world.guest;
    if (guests[0].conn != NULL && guests[1].conn != NULL)
        (void)is_taken(leat_conn_couple(guests[0].conn, guests[1].conn),
            "leat_conn_couple");
    world_drive();
}
