/*
 * world.c - one run's leatd and its guests: opened, spied on, closed.
 */
#include "world.h"

#include <leat/error.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "blame.h"
#include "mutant.h"
#include "net/socket.h"
#include "run.h"
#include "support/kernel.h"

struct world world;

/* --- the kernel below ----------------------------------------------------- */

/* What leatd says is read by nobody. */
static ssize_t
write_or_swallow(int fd, const void *bytes, size_t len)
{
    if (fd != 1 && fd != 2)
        return kernel_real()->write(fd, bytes, len);
    world.told += fd == 2 ? (unsigned)len : 0;
    return (ssize_t)len;
}

/* There is something to be raised, and nothing is. */
static int
get_limit(int resource, struct rlimit *limit)
{
    (void)resource;
    *limit = (struct rlimit){1024, 4096};
    return 0;
}

static int
set_limit(int resource, const struct rlimit *limit)
{
    (void)resource, (void)limit;
    return 0;
}

/* The wall clock stands still for good: replies with the time are known. */
static int
tell_time(clockid_t clock, struct timespec *now)
{
    if (clock != CLOCK_REALTIME)
        return kernel_real()->clock_gettime(clock, now);
    *now = (struct timespec){1795186276, 0}; /* 2026-11-20T14:51:16Z */
    return 0;
}

void
world_reset(void)
{
    static struct leat_sys table;

    kernel_reset();
    kernel_alone();
    table = *kernel_real();
    table.write = write_or_swallow;
    table.getrlimit = get_limit;
    table.setrlimit = set_limit;
    table.clock_gettime = tell_time;
    kernel_use(&table);
    clock_freeze();
    world.loop = NULL;
    world.count = 0;
    world.is_over = NULL;
    world.code = CODE_OK;
    world.spins = 0;
    world.turn_error = world.strange = 0;
    world.told = 0;
}

/* --- leatd ---------------------------------------------------------------- */

/* Each run has an address of its own: a port that waits in TIME_WAIT is in
 * nobody's way. */
static const char *
next_address(void)
{
    static char text[32];
    static unsigned last;

    last++;
    snprintf(text, sizeof text, "127.%u.%u.%u:0", 1 + last / 64000 % 250,
        last / 250 % 256, 1 + last % 250);
    return text;
}

/* Put the words that stand for something in place of themselves. */
static void
fill_in(const char *line, int fd)
{
    size_t len = 0;
    const size_t size = sizeof world.words;

    world.words[0] = '\0';
    while (*line != '\0' && len + 1 < size) {
        const char *with = NULL;
        char number[16];
        size_t skip = 3;
        snprintf(number, sizeof number, "%d", fd);
        if (strncmp(line, "TCP", 3) == 0)
            with = next_address();
        else if (strncmp(line, "DIR", 3) == 0)
            with = world.dir;
        else if (strncmp(line, "FD", 2) == 0)
            with = number, skip = 2;
        if (with != NULL)
            len += (size_t)snprintf(world.words + len, size - len, "%s", with);
        else
            world.words[len++] = *line, skip = 1;
        world.words[len < size ? len : size - 1] = '\0';
        line += skip;
    }
}

void
world_parse(const char *line, int fd)
{
    static char name[] = "leatd";

    fill_in(line, fd);
    world.argc = 0;
    world.argv[world.argc++] = name;
    for (char *at = strtok(world.words, " "); at != NULL;
         at = strtok(NULL, " "))
        world.argv[world.argc++] = at;
    world.argv[world.argc] = NULL;
}

static struct guest *
guest_named(const struct leat_addr *name)
{
    for (size_t i = 0; i < world.count; i++) {
        struct guest *guest = &world.guest[i];
        if (guest->fd >= 0 && guest->name.len == name->len &&
            memcmp(&guest->name.storage, &name->storage, name->len) == 0 &&
            guest->opens == 0)
            return guest;
    }
    return NULL;
}

static struct guest *
guest_of(const struct leat_conn *conn)
{
    for (size_t i = 0; i < world.count; i++)
        if (world.guest[i].conn == conn)
            return &world.guest[i];
    return NULL;
}

void
world_opened(struct guest *guest, struct leat_conn *conn)
{
    guest->conn = conn;
    guest->opens++;
    mutant_opened(guest);
}

void
world_closed(struct guest *guest, int reason)
{
    guest->closes++;
    guest->reason = mutant_closed(guest, reason);
    guest->conn = NULL;
}

static void
spy_open(struct leat_conn *conn, void *user)
{
    const struct port *port = user;
    struct guest *guest = guest_named(&port->server->arriving);

    if (guest != NULL)
        world_opened(guest, conn);
    client_open(conn, user);
}

static void
spy_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    struct guest *guest = guest_of(conn);
    const struct service *service = world.server.ports[0].spec->service;

    if (guest != NULL)
        len = mutant_length(guest, len);
    if (len > 0)
        service->ops.on_data(conn, bytes, len, user);
}

static void
spy_close(struct leat_conn *conn, int reason, void *user)
{
    struct guest *guest = guest_of(conn);

    if (guest != NULL)
        world_closed(guest, reason);
    else if (reason != 0 && reason != LEAT_EOF)
        world.strange = reason;
    client_close(conn, reason, user);
}

/* The library looks into the table at each call, so it can be changed. */
static void
spy_on(struct port *port)
{
    port->ops.on_open = spy_open;
    port->ops.on_close = spy_close;
    if (mutant_is_on() && port->ops.on_data != NULL)
        port->ops.on_data = spy_data;
}

bool
world_open(const char *line, int fd)
{
    world_parse(line, fd);
    world.wrong.text[0] = '\0';
    int error =
        options_parse(&world.options, world.argc, world.argv, &world.wrong);
    if (error == 0) {
        world.code =
            server_open(&world.server, &world.options, 100, &world.wrong);
        if (world.code != CODE_OK)
            options_fini(&world.options);
    } else {
        world.code = error == -ENOMEM ? CODE_FAILED : CODE_USAGE;
    }
    if (error == -ENOMEM) /* as main does */
        complaint_say(&world.wrong, "no memory", NULL, "");
    if (world.code != CODE_OK)
        return false;
    world.loop = world.server.loop;
    world.spins = 0;
    for (size_t i = 0; i < world.server.port_count; i++)
        spy_on(&world.server.ports[i]);
    return true;
}

void
world_close(void)
{
    for (size_t i = 0; i < world.count; i++)
        guest_hang_up(&world.guest[i]);
    if (world.loop == NULL)
        return;
    world.loop = NULL;
    server_close(&world.server);
    options_fini(&world.options);
}

void
world_reopen(void)
{
    if (world.loop == NULL)
        return;
    struct port *port = &world.server.ports[0];
    if (port->listener == NULL || !port->listener->socket[0].is_lost)
        return;
    struct leat_listener_config config = port->spec->config;
    config.conn.ops = &port->ops;
    config.user = port;
    config.on_accept = client_accept;
    leat_listener_close(port->listener);
    int error = leat_listener_open(
        &port->listener, world.loop, port->spec->address, &config);
    if (error != 0)
        blame("a new listener cannot be opened: %d", error);
}

/* --- guests -------------------------------------------------------------- */

struct guest *
world_guest(const struct script *script)
{
    struct guest *guest = &world.guest[world.count];

    if (world.count == GUESTS_MOST)
        abort();
    *guest = (struct guest){.script = script, .fd = -1};
    world.count++;
    return guest;
}

struct guest *
world_connect(const struct script *script, size_t port)
{
    struct guest *guest = world_guest(script);
    struct leat_addr addr;

    if (leat_listener_addr(world.server.ports[port].listener, 0, &addr) != 0)
        abort();
    guest_connect(guest, script, &addr);
    return guest;
}

void
world_connect_all(const struct script *scripts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)world_connect(&scripts[i], 0);
}

void
world_forget(void)
{
    struct leat_loop_stats stats = {0};

    for (size_t i = 0; i < world.count; i++)
        guest_hang_up(&world.guest[i]);
    world.count = 0;
    world.is_over = NULL;
    world.closes_door = false;
    world.strange = world.turn_error = 0;
    if (world.loop != NULL)
        leat_loop_stats(world.loop, &stats);
    world.spins = stats.spins;
}
