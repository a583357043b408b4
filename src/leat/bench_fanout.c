/*
 * bench_fanout.c - leat bench on a server that sends each line to all others:
 * publishers, and subscribers each of whom must get all of it.
 *
 * On the path: bench.c -> HERE -> lines.c -> HERE -> bench.c.
 *
 * A connection that the kernel has made is not one that the server knows:
 * before anything is counted, publishers say lines that only ask whether they
 * are heard, until each subscriber has heard one.
 */
#include "bench.h"

#include <leat/flow.h>
#include <leat/loop.h>

#include <errno.h>
#include <string.h>

#include "cli/mem.h"

#include "sys/sys.h"

#define PROBE_US 20000
#define PROBES_MOST 1500u
/* What a server may put before a line. */
#define WORDS 1024u

/* --- the end ------------------------------------------------------------- */

static void
end_all(struct bench *bench)
{
    size_t count = bench->count[ROLE_ASKER] + bench->count[ROLE_PUBLISHER];

    for (size_t i = 0; i < count; i++)
        if (bench->clients[i].conn != NULL)
            client_end(&bench->clients[i]);
}

/* Somebody who goes while lines are under way is lost at the end, too; then
 * there is nothing to wait for. */
static bool
is_early(const struct bench *bench, const struct client *client, int reason)
{
    return bench->phase == PHASE_LEAVE && client->is_open &&
           reason != -ECANCELED && lines_under_way(&bench->fanout.lines) > 0;
}

static void
close_one(struct bench *bench, struct client *client, int reason, bool early)
{
    if (!early) {
        bench_closed(bench, client, reason);
        return;
    }
    bench_gives_up(bench, client, reason);
    end_all(bench);
}

/* --- publishers ----------------------------------------------------------- */

static size_t
publisher_of(const struct client *client)
{
    return client_number(client) - client->bench->count[ROLE_ASKER];
}

static struct client *
publisher(struct bench *bench, size_t number)
{
    return &bench->clients[bench->count[ROLE_ASKER] + number];
}

/* With the words before it; what ends the output is told by on_close. */
static bool
say(struct client *client, const char *line, size_t len)
{
    struct fanout *fanout = &client->bench->fanout;

    memcpy(fanout->line + fanout->head, line, len);
    return leat_conn_send(client->conn, fanout->line, fanout->head + len) == 0;
}

/* As much as the window and the queue allow. */
static void
publish(struct client *client)
{
    struct bench *bench = client->bench;
    struct lines *lines = &bench->fanout.lines;
    size_t number = publisher_of(client);
    bool is_asked = bench->phase == PHASE_WARM || bench->phase == PHASE_MEASURE;

    while (is_asked && client->conn != NULL && lines_may(lines, number) &&
           !leat_conn_is_full(client->conn)) {
        const char *line =
            lines_make(lines, number, leat_loop_now(bench->loop));
        if (!say(client, line, bench->options->size))
            return;
    }
}

static void
on_publisher_open(struct leat_conn *conn, void *user)
{
    struct client *client = user;

    (void)conn;
    bench_opened(client->bench, client);
}

/* What others say, and answers of the server: not for a publisher. */
static void
on_publisher_data(
    struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    (void)conn, (void)bytes, (void)len, (void)user;
}

static void
on_publisher_drain(struct leat_conn *conn, void *user)
{
    (void)conn;
    publish(user);
}

static void
on_publisher_close(struct leat_conn *conn, int reason, void *user)
{
    struct client *client = user;
    struct bench *bench = client->bench;

    (void)conn;
    client->conn = NULL;
    close_one(bench, client, reason, is_early(bench, client, reason));
}

/* --- joining -------------------------------------------------------------- */

static void
start(struct bench *bench)
{
    leat_timer_stop(&bench->fanout.probe);
    bench_warm(bench);
    for (size_t i = 0; i < bench->count[ROLE_PUBLISHER]; i++)
        publish(publisher(bench, i));
}

static void
on_probe(struct leat_timer *timer, void *user)
{
    struct bench *bench = user;
    char bytes[LINES_LEAST];
    struct text text;

    (void)timer;
    if (bench->fanout.joined >= bench->active) {
        start(bench);
        return;
    }
    if (bench->fanout.probes++ == PROBES_MOST) {
        bench_fail(bench, "not all subscribers hear what a publisher says");
        return;
    }
    text_init(&text, bytes, sizeof bytes);
    lines_probe(&bench->fanout.lines, &text);
    for (size_t i = 0; i < bench->count[ROLE_PUBLISHER]; i++) {
        struct client *client = publisher(bench, i);
        if (client->conn != NULL && say(client, text.bytes, text.len))
            return;
    }
    bench_fail(bench, "no publisher is left");
}

static void
hear_probe(struct client *client)
{
    if (client->is_joined)
        return;
    client->is_joined = true;
    client->bench->fanout.joined++;
}

/* --- subscribers ---------------------------------------------------------- */

static void
mistaken(struct client *client, const struct leat_frame *line)
{
    struct bench *bench = client->bench;
    char bytes[160];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    lines_explain(&bench->fanout.lines, client_number(client), line->body,
        line->body_len, &text);
    bench_fail(bench, text.bytes);
}

static void
on_line(struct leat_conn *conn, const struct leat_frame *line, void *user)
{
    struct client *client = user;
    struct bench *bench = client->bench;
    struct lines *lines = &bench->fanout.lines;
    struct lines_news news;

    (void)conn;
    switch (lines_take(
        lines, client_number(client), line->body, line->body_len, &news)) {
    case LINES_OTHER:
        return;
    case LINES_PROBE:
        hear_probe(client);
        return;
    case LINES_WRONG:
        mistaken(client, line);
        return;
    case LINES_RIGHT:
        break;
    }
    bench_count(bench, leat_loop_now(bench->loop) - news.sent_us);
    if (bench->phase != PHASE_LEAVE)
        publish(publisher(bench, news.publisher));
    else if (lines_under_way(lines) == 0)
        end_all(bench);
}

static void
on_subscriber_open(struct leat_conn *conn, void *user)
{
    struct client *client = user;
    const char *first = client->bench->options->subscribe;

    if (first != NULL && (leat_conn_send(conn, first, strlen(first)) != 0 ||
                             leat_conn_send(conn, "\n", 1) != 0))
        leat_conn_close(conn);
    bench_opened(client->bench, client);
}

static void
on_subscriber_close(struct leat_conn *conn, int reason, void *user)
{
    struct client *client = user;
    struct bench *bench = client->bench;
    bool early = is_early(bench, client, reason);

    (void)conn;
    client->conn = NULL;
    if (early || (reason != -ECANCELED && bench->phase != PHASE_LEAVE)) {
        lines_drop(&bench->fanout.lines, client_number(client));
        bench->fanout.joined -= client->is_joined ? 1 : 0;
    }
    close_one(bench, client, reason, early);
}

static int
dial(struct client *client)
{
    static const struct leat_conn_ops subscriber = {
        .on_open = on_subscriber_open,
        .on_message = on_line,
        .on_close = on_subscriber_close};
    static const struct leat_conn_ops speaker = {.on_open = on_publisher_open,
        .on_data = on_publisher_data,
        .on_drain = on_publisher_drain,
        .on_close = on_publisher_close};
    struct leat_conn_config config = {.ops = &speaker, .queue = client_queue};

    if (client->role == ROLE_ASKER) {
        config.ops = &subscriber;
        config.frame = (struct leat_frame_config){.kind = LEAT_LINE,
            .max = client->bench->options->size + WORDS,
            .skip_long = true};
    }
    int error = client_dial(client, &config);
    if (error != 0 && client->role == ROLE_ASKER)
        lines_drop(&client->bench->fanout.lines, client_number(client));
    return error;
}

/* --- the mode ------------------------------------------------------------- */

/* Two runs at the same time, or one after the other, differ in this. */
static uint32_t
choose_run(void)
{
    int64_t now_us = 0;

    (void)leat__sys_monotonic(&now_us); /* the process alone will do */
    return (uint32_t)now_us * 2654435761u ^ (uint32_t)leat__sys_pid();
}

static int
open_lines(struct bench *bench)
{
    const struct options *options = bench->options;
    struct fanout *fanout = &bench->fanout;
    const struct lines_shape shape = {.subscribers = options->clients,
        .publishers = options->publishers,
        .window = options->window,
        .size = options->size,
        .run = choose_run()};

    fanout->head = options->publish != NULL ? strlen(options->publish) : 0;
    fanout->line = mem_take(fanout->head + options->size);
    if (fanout->line == NULL)
        return -ENOMEM;
    if (fanout->head > 0)
        memcpy(fanout->line, options->publish, fanout->head);
    return lines_open(&fanout->lines, &shape);
}

static void
close_lines(struct bench *bench)
{
    mem_give(bench->fanout.line);
    lines_close(&bench->fanout.lines);
}

static void
begin(struct bench *bench)
{
    struct fanout *fanout = &bench->fanout;

    bench->phase = PHASE_JOIN;
    leat_timer_init(&fanout->probe, bench->loop, on_probe, bench);
    leat_timer_start(&fanout->probe, 0, PROBE_US);
}

/* Where somebody was lost, lines may be, too: nothing is waited for. */
static void
leave(struct bench *bench)
{
    if (lines_under_way(&bench->fanout.lines) == 0 || bench->lost.count > 0)
        end_all(bench);
}

static bool
judge(const struct bench *bench, struct text *text)
{
    return lines_behind(&bench->fanout.lines, text);
}

const struct mode mode_fanout = {.name = "fanout",
    .unit = "deliveries",
    .label = "delivered",
    .each = " MB/s to subscribers",
    .open = open_lines,
    .close = close_lines,
    .dial = dial,
    .begin = begin,
    .leave = leave,
    .judge = judge};
