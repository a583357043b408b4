/*
 * bench_churn.c - leat bench on the door of an echo server: connect, one
 * message, close, and again.
 *
 * On the path: bench.c -> HERE -> client.c -> HERE -> bench.c.
 *
 * A life counts once the server has closed its side too, so that it cannot
 * leave the closing for later. Its time is from the dial to the whole answer.
 */
#include "bench.h"

#include <leat/error.h>
#include <leat/loop.h>

#include <errno.h>

/* All local ports wait for the end of their old connections: one will have
 * waited long enough soon. */
#define AGAIN_US 10000

static void live(struct client *client);

/* Until all was there the clock runs; what follows is the end. */
static void
answered(struct client *client)
{
    struct bench *bench = client->bench;

    client->is_ending = true;
    bench->asked_us[client_number(client)] =
        leat_loop_now(bench->loop) - client_answered(client);
    leat_conn_end(client->conn);
}

/* --- callbacks ------------------------------------------------------------ */

static void
on_open(struct leat_conn *conn, void *user)
{
    struct client *client = user;

    (void)conn;
    client->is_open = true;
}

static void
on_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    (void)conn;
    client_take(user, bytes, len, answered);
}

static void
on_drain(struct leat_conn *conn, void *user)
{
    (void)conn;
    client_pump(user);
}

static void
wait_for_a_port(struct bench *bench)
{
    if (!bench->again.is_started)
        leat_timer_start(&bench->again, AGAIN_US, 0);
}

static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    struct client *client = user;
    struct bench *bench = client->bench;

    (void)conn;
    client->conn = NULL;
    if (reason == -ECANCELED)
        return;
    bool is_over = client->is_ending && (reason == 0 || reason == LEAT_EOF);
    if (!is_over && (client->is_open || reason != -EADDRNOTAVAIL)) {
        bench_gives_up(bench, client, reason);
        return;
    }
    if (is_over)
        bench_count(bench, bench->asked_us[client_number(client)]);
    if (bench->phase == PHASE_LEAVE)
        bench_left(bench, client);
    else if (is_over)
        live(client);
    else
        wait_for_a_port(bench);
}

/* --- lives ---------------------------------------------------------------- */

/* The pattern goes on from life to life: what an earlier one was owed is wrong
 * in a later one. */
static void
live(struct client *client)
{
    static const struct leat_conn_ops ops = {.on_open = on_open,
        .on_data = on_data,
        .on_drain = on_drain,
        .on_close = on_close};
    const struct leat_conn_config config = {.ops = &ops, .queue = client_queue};

    client->is_open = client->is_ending = false;
    client->to_send = client->to_get = client->pending = 0;
    client->get_place = client->send_place;
    int error = client_dial(client, &config);
    if (error != 0)
        bench_gives_up(client->bench, client, error);
    else
        client_ask(client);
}

static void
on_again(struct leat_timer *timer, void *user)
{
    struct bench *bench = user;

    (void)timer;
    for (size_t i = 0; i < bench->count[ROLE_ASKER]; i++) {
        struct client *client = &bench->clients[i];
        if (client->conn != NULL || client->is_gone)
            continue;
        if (bench->phase == PHASE_LEAVE)
            bench_left(bench, client);
        else
            live(client);
    }
}

static void
begin(struct bench *bench)
{
    leat_timer_init(&bench->again, bench->loop, on_again, bench);
    bench->open += bench->count[ROLE_ASKER];
    bench->active = bench->count[ROLE_ASKER];
    bench_warm(bench);
    for (size_t i = 0; i < bench->count[ROLE_ASKER]; i++)
        live(&bench->clients[i]);
}

/* Each ends with its life; those that wait for a port, with the timer. */
static void
leave(struct bench *bench)
{
    (void)bench;
}

const struct mode mode_churn = {.name = "churn",
    .unit = "connections",
    .label = "connected",
    .each = " MB/s each way",
    .dials_late = true,
    .begin = begin,
    .leave = leave};
