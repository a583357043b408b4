/*
 * bench_echo.c - leat bench on an echo server: ask, verify, ask again.
 *
 * On the path: bench.c -> HERE -> client.c -> HERE -> bench.c.
 *
 * There are always as many requests under way as asked for, so the server sets
 * the pace: some of each client, or so many of all, each on a connection that
 * is drawn by chance of those that have none.
 *
 * Invariant: of an open client, in free  <=>  random and pending == 0, while
 * nobody leaves.
 */
#include "bench.h"

#include <leat/loop.h>

#include <errno.h>

#include "cli/mem.h"

/* --- at random ------------------------------------------------------------ */

/* Marsaglia's xorshift: the same draws in every run. */
static size_t
draw(struct bench *bench)
{
    uint64_t dice = bench->dice;

    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    bench->dice = dice;
    return (size_t)((dice >> 11) % bench->free_count);
}

/* Those that were lost meanwhile are left out for good. */
static void
ask_random(struct bench *bench)
{
    while (bench->free_count > 0) {
        size_t place = draw(bench);
        struct client *client = &bench->clients[bench->free[place]];

        bench->free[place] = bench->free[--bench->free_count];
        if (client->conn == NULL)
            continue;
        client_ask(client);
        return;
    }
}

static void
give_back(struct bench *bench, const struct client *client)
{
    bench->free[bench->free_count++] = client_number(client);
}

/* --- callbacks ------------------------------------------------------------ */

/* The next request at once: it leaves with those of all others who were
 * answered in this turn. */
static void
answered(struct client *client)
{
    struct bench *bench = client->bench;
    int64_t since_us = client_answered(client);

    bench_count(bench, leat_loop_now(bench->loop) - since_us);
    if (bench->phase == PHASE_LEAVE) {
        if (client->pending == 0)
            client_end(client);
        return;
    }
    if (!bench->options->random) {
        client_ask(client);
        return;
    }
    give_back(bench, client);
    ask_random(bench);
}

static void
on_open(struct leat_conn *conn, void *user)
{
    struct client *client = user;

    (void)conn;
    bench_opened(client->bench, client);
}

static void
on_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    (void)conn;
    client_take(user, bytes, len, answered);
}

/* The rest of a large request. */
static void
on_drain(struct leat_conn *conn, void *user)
{
    (void)conn;
    client_pump(user);
}

/* What it was asked is asked somebody else. */
static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    struct client *client = user;
    struct bench *bench = client->bench;
    bool is_asking =
        bench->phase == PHASE_WARM || bench->phase == PHASE_MEASURE;

    (void)conn;
    client->conn = NULL;
    if (bench->options->random && is_asking && client->pending > 0 &&
        reason != -ECANCELED)
        ask_random(bench);
    bench_closed(bench, client, reason);
}

/* --- the modes ------------------------------------------------------------ */

static int
dial(struct client *client)
{
    static const struct leat_conn_ops ops = {.on_open = on_open,
        .on_data = on_data,
        .on_drain = on_drain,
        .on_close = on_close};
    const struct leat_conn_config config = {.ops = &ops, .queue = client_queue};

    return client_dial(client, &config);
}

static void
begin(struct bench *bench)
{
    bench_warm(bench);
    for (size_t i = 0; i < bench->count[ROLE_ASKER]; i++)
        for (size_t n = 0; n < bench->options->pipeline; n++)
            if (bench->clients[i].conn != NULL)
                client_ask(&bench->clients[i]);
}

static void
leave(struct bench *bench)
{
    for (size_t i = 0; i < bench->count[ROLE_ASKER]; i++)
        if (bench->clients[i].conn != NULL && bench->clients[i].pending == 0)
            client_end(&bench->clients[i]);
}

static int
open_random(struct bench *bench)
{
    bench->dice = 1;
    bench->free = mem_take_array(bench->count[ROLE_ASKER], sizeof *bench->free);
    return bench->free == NULL ? -ENOMEM : 0;
}

static void
close_random(struct bench *bench)
{
    mem_give(bench->free);
}

static void
begin_random(struct bench *bench)
{
    bench_warm(bench);
    for (size_t i = 0; i < bench->count[ROLE_ASKER]; i++)
        if (bench->clients[i].conn != NULL)
            give_back(bench, &bench->clients[i]);
    for (size_t i = 0; i < bench->options->in_flight; i++)
        ask_random(bench);
}

const struct mode mode_echo = {.name = "echo",
    .unit = "requests",
    .label = "requests",
    .each = " MB/s each way",
    .dial = dial,
    .begin = begin,
    .leave = leave};

const struct mode mode_random = {.name = "random",
    .unit = "requests",
    .label = "requests",
    .each = " MB/s each way",
    .open = open_random,
    .close = close_random,
    .dial = dial,
    .begin = begin_random,
    .leave = leave};
