/*
 * client.c - one client of leat bench: asks, verifies, asks again.
 *
 * On the path: pattern -> HERE -> server -> HERE -> histogram.
 *
 * A request is one send and its answer one recv where the kernel allows it: the
 * bytes go from the pattern to the queue, and from the library's chunk to
 * memcmp. Time is the turn's, which costs no call of the clock.
 *
 * Invariants:
 *  1. to_get > 0  <=>  an answer is waited for
 *  2. a client has one request under way at most
 */
#include "bench.h"

#include <leat/dial.h>
#include <leat/flow.h>
#include <leat/loop.h>

#include <string.h>

/* Bounds the memory of all clients; a request may be larger. */
#define LIMIT 262144u
#define HIGH 131072u

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* As much of the request as the queue takes. What ends the output is told by
 * on_close. */
static void
pump(struct client *client)
{
    const struct pattern *pattern = &client->bench->pattern;

    while (client->to_send > 0 && !leat_conn_is_full(client->conn)) {
        size_t part = least(client->to_send, PATTERN_PIECE);
        if (leat_conn_send(client->conn,
                pattern_at(pattern, client->send_place), part) != 0)
            return;
        client->send_place = pattern_after(client->send_place, part);
        client->to_send -= part;
    }
}

/* The clock starts here and not at the send, which comes at the end of the
 * turn: a client of its own would wait for that too. */
void
client_ask(struct client *client)
{
    struct bench *bench = client->bench;

    client->to_send = client->to_get = bench->options->size;
    client->asked_us = leat_loop_now(bench->loop);
    pump(client);
}

/* The next request at once: it leaves with those of all others who were
 * answered in this turn. */
static void
answered(struct client *client)
{
    struct bench *bench = client->bench;

    if (bench->phase == PHASE_LEAVE) {
        leat_conn_end(client->conn);
        leat_conn_drain(client->conn);
        return;
    }
    if (bench->phase == PHASE_MEASURE) {
        int64_t took_us = leat_loop_now(bench->loop) - client->asked_us;
        bench->requests++;
        histogram_add(&bench->latency, (uint64_t)took_us);
    }
    client_ask(client);
}

/* --- callbacks ------------------------------------------------------------ */

static void
on_open(struct leat_conn *conn, void *user)
{
    struct client *client = user;

    (void)conn;
    client->is_open = true;
    bench_opened(client->bench);
}

/* Find out where, for the complaint. */
static void
mistaken(struct client *client, const unsigned char *bytes, size_t len)
{
    const unsigned char *right =
        pattern_at(&client->bench->pattern, client->get_place);

    for (size_t i = 0; i < len && bytes[i] == right[i]; i++)
        client->got++;
    bench_mistaken(client->bench, client);
}

/* Whole answers, parts, or more than was asked for; nothing goes unseen. */
static void
on_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    struct client *client = user;
    const struct pattern *pattern = &client->bench->pattern;
    const unsigned char *at = bytes;

    (void)conn;
    while (len > 0) {
        size_t part = least(least(len, client->to_get), PATTERN_PIECE);
        if (part == 0 ||
            memcmp(at, pattern_at(pattern, client->get_place), part) != 0) {
            mistaken(client, at, part);
            return;
        }
        client->get_place = pattern_after(client->get_place, part);
        client->got += part;
        client->to_get -= part;
        at += part;
        len -= part;
        if (client->to_get == 0)
            answered(client);
    }
}

/* The rest of a large request. */
static void
on_drain(struct leat_conn *conn, void *user)
{
    (void)conn;
    pump(user);
}

static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    struct client *client = user;

    (void)conn;
    client->conn = NULL;
    bench_closed(client->bench, client, reason);
}

int
client_dial(struct client *client)
{
    static const struct leat_conn_ops ops = {.on_open = on_open,
        .on_data = on_data,
        .on_drain = on_drain,
        .on_close = on_close};
    const struct leat_dial_config config = {
        .conn = {.ops = &ops, .queue = {.limit = LIMIT, .high = HIGH}}};
    struct bench *bench = client->bench;
    size_t number = (size_t)(client - bench->clients);

    client->send_place = client->get_place = pattern_start(number);
    int error = leat_dial(&client->conn, bench->loop, bench->target.addr,
        bench->target.count, &config, client);
    /* A request larger than the queue comes back before all of it is sent. */
    if (error == 0)
        leat_conn_uncouple(client->conn, client->conn);
    return error;
}
