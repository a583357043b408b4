/*
 * client.c - bytes of one client of leat bench, sent and verified.
 *
 * On the path: pattern -> HERE -> server -> HERE -> the mode.
 *
 * A request is one send and its answer one recv where the kernel allows it: the
 * bytes go from the pattern to the queue, and from the library's chunk to
 * memcmp. Time is the turn's, which costs no call of the clock.
 *
 * Invariants:
 *  1. to_get > 0  <=>  pending > 0
 *  2. of an asker, pending <= the depth of its ring
 */
#include "bench.h"

#include <leat/dial.h>
#include <leat/flow.h>
#include <leat/loop.h>

#include <string.h>

/* Bounds the memory of all clients; a request may be larger. */
const struct leat_queue_config client_queue = {.limit = 262144, .high = 131072};

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t
client_number(const struct client *client)
{
    return (size_t)(client - client->bench->clients);
}

/* --- out ------------------------------------------------------------------ */

/* What ends the output is told by on_close. */
void
client_pump(struct client *client)
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

/* Only of askers is it known when. */
static int64_t *
asked_us(struct client *client, size_t nth)
{
    size_t depth = client->bench->options->pipeline;
    return &client->bench->asked_us[client_number(client) * depth +
                                    (client->oldest + nth) % depth];
}

/* The clock starts here and not at the send, which comes at the end of the
 * turn: a client of its own would wait for that too. */
void
client_ask(struct client *client)
{
    struct bench *bench = client->bench;

    if (client->role == ROLE_ASKER)
        *asked_us(client, client->pending) = leat_loop_now(bench->loop);
    if (client->pending++ == 0)
        client->to_get = bench->options->size;
    client->to_send += bench->options->size;
    client_pump(client);
}

/* --- in ------------------------------------------------------------------- */

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
void
client_take(struct client *client, const void *bytes, size_t len,
    void (*answered)(struct client *client))
{
    const struct pattern *pattern = &client->bench->pattern;
    const unsigned char *at = bytes;

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

int64_t
client_answered(struct client *client)
{
    const struct options *options = client->bench->options;
    int64_t since_us = 0;

    if (client->role == ROLE_ASKER) {
        since_us = *asked_us(client, 0);
        client->oldest = (client->oldest + 1) % options->pipeline;
    }
    if (--client->pending > 0)
        client->to_get = options->size;
    return since_us;
}

/* --- begin and end -------------------------------------------------------- */

void
client_end(struct client *client)
{
    leat_conn_end(client->conn);
    leat_conn_drain(client->conn);
}

int
client_dial(struct client *client, const struct leat_conn_config *conn)
{
    struct bench *bench = client->bench;
    const struct leat_dial_config config = {.conn = *conn};
    int error = leat_dial(&client->conn, bench->loop, bench->target.addr,
        bench->target.count, &config, client);

    /* A request larger than the queue comes back before all of it is sent. */
    if (error == 0)
        leat_conn_uncouple(client->conn, client->conn);
    return error;
}
