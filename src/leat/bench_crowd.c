/*
 * bench_crowd.c - who is only there while leat bench measures others: idle
 * clients, which have said one message each, and those who never read.
 *
 * On the path: bench.c -> HERE -> client.c.
 */
#include "bench.h"

#include <leat/flow.h>
#include <leat/loop.h>
#include <leat/stats.h>

/* It is at rest when no byte has moved for so long. */
#define LOOK_US 100000
#define LOOKS_MOST 300u
/* A server that takes and takes is not asked for more; an echo stops reading
 * long before. The peer's kernel fills up sooner with a small window. */
#define DEAF_MOST ((uint64_t)4 * 1024 * 1024)
#define DEAF_WINDOW 4096u

/* --- idle ----------------------------------------------------------------- */

static void
answered(struct client *client)
{
    (void)client_answered(client);
}

static void
on_idle_open(struct leat_conn *conn, void *user)
{
    struct client *client = user;

    (void)conn;
    bench_opened(client->bench, client);
    client_ask(client);
}

/* After its one answer every byte is one that nobody asked for. */
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
on_close(struct leat_conn *conn, int reason, void *user)
{
    struct client *client = user;

    (void)conn;
    client->conn = NULL;
    bench_closed(client->bench, client, reason);
}

int
idle_dial(struct client *client)
{
    static const struct leat_conn_ops ops = {.on_open = on_idle_open,
        .on_data = on_data,
        .on_drain = on_drain,
        .on_close = on_close};
    const struct leat_conn_config config = {.ops = &ops, .queue = client_queue};

    return client_dial(client, &config);
}

/* --- never reading -------------------------------------------------------- */

static void
talk_on(struct client *client)
{
    const struct pattern *pattern = &client->bench->pattern;

    while (client->got < DEAF_MOST && !leat_conn_is_full(client->conn)) {
        if (leat_conn_send(client->conn,
                pattern_at(pattern, client->send_place), PATTERN_PIECE) != 0)
            return;
        client->got += PATTERN_PIECE;
        client->send_place = pattern_after(client->send_place, PATTERN_PIECE);
    }
}

static void
on_deaf_open(struct leat_conn *conn, void *user)
{
    struct client *client = user;

    leat_conn_pause(conn);
    bench_opened(client->bench, client);
    talk_on(client);
}

static void
on_deaf_drain(struct leat_conn *conn, void *user)
{
    (void)conn;
    talk_on(user);
}

int
deaf_dial(struct client *client)
{
    static const struct leat_conn_ops ops = {.on_open = on_deaf_open,
        .on_drain = on_deaf_drain,
        .on_close = on_close};
    const struct leat_conn_config config = {
        .ops = &ops, .queue = client_queue, .rcvbuf = DEAF_WINDOW};

    return client_dial(client, &config);
}

/* --- at rest -------------------------------------------------------------- */

void
crowd_settle(struct bench *bench)
{
    if (bench->count[ROLE_IDLE] + bench->count[ROLE_DEAF] == 0)
        bench_begin(bench);
    else
        bench_enter(bench, PHASE_CROWD, LOOK_US);
}

static bool
all_idle_are_answered(const struct bench *bench)
{
    for (size_t i = 0; i < bench->all; i++) {
        const struct client *client = &bench->clients[i];
        if (client->role == ROLE_IDLE && client->pending > 0 &&
            client->conn != NULL)
            return false;
    }
    return true;
}

void
crowd_look(struct bench *bench)
{
    struct leat_loop_stats stats;

    leat_loop_stats(bench->loop, &stats);
    bool is_at_rest = stats.bytes_out == bench->crowd_sent;
    bench->crowd_sent = stats.bytes_out;
    if (is_at_rest && all_idle_are_answered(bench)) {
        bench_begin(bench);
        return;
    }
    if (++bench->crowd_looks < LOOKS_MOST)
        bench_enter(bench, PHASE_CROWD, LOOK_US);
    else
        bench_fail(bench, "the crowd does not come to rest");
}

/* Nobody is cut off that reads. */
void
crowd_leave(struct bench *bench)
{
    for (size_t i = 0; i < bench->all; i++) {
        struct client *client = &bench->clients[i];
        if (client->conn == NULL)
            continue;
        if (client->role == ROLE_IDLE)
            client_end(client);
        else if (client->role == ROLE_DEAF)
            leat_conn_close(client->conn);
    }
}
