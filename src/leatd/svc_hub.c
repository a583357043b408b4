/*
 * svc_hub.c - many clients that talk to each other.
 *
 * On the path: conn_in -> HERE -> hub/.
 *
 * Who does not read misses messages, and is told how many; nobody waits for
 * anybody.
 */
#include "hub/hub.h"
#include "service.h"

#include <errno.h>
#include <stddef.h>

#define LOGIN_TRIES 3u
#define LOGIN_US 30000000
#define HISTORY_MOST 10000u
#define RATE_MOST 1000000u

static void
on_open(struct leat_conn *conn, void *user)
{
    hub_enter(service_shared(user), service_state(user), conn);
}

static void
on_message(struct leat_conn *conn, const struct leat_frame *frame, void *user)
{
    (void)conn;
    if (frame->is_long)
        hub_line_too_long(service_state(user));
    else
        hub_line(
            service_state(user), (const char *)frame->body, frame->body_len);
}

static void
on_drain(struct leat_conn *conn, void *user)
{
    (void)conn;
    hub_caught_up(service_state(user));
}

static void
on_eof(struct leat_conn *conn, void *user)
{
    (void)conn;
    hub_end(service_state(user));
}

static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    (void)conn, (void)reason;
    hub_leave(service_state(user));
}

static int
start(void *shared, const void *settings, struct leat_loop *loop,
    struct complaint *wrong)
{
    return hub_start(shared, settings, loop, wrong);
}

static int
reload(void *shared, struct complaint *wrong)
{
    return login_reload(shared, wrong);
}

static void
stop(void *shared)
{
    hub_stop(shared);
}

/* What a queue is when its keys are not given, leat/queue.h; it may be more. */
#define USUAL_LIMIT ((size_t)1024 * 1024)
#define USUAL_LIMIT_MSGS ((size_t)4096)
/* A message of so many bytes, or of max-frame bytes, fits into each queue that
 * is not at high; a name in front of it does, too. */
#define USUAL_TEXT ((size_t)64 * 1024)

static void
size_up(struct hub_settings *settings, const struct leat_conn_config *config)
{
    const struct leat_queue_config *queue = &config->queue;

    settings->max_text = USUAL_TEXT;
    if (config->frame.max > USUAL_TEXT)
        settings->max_text = config->frame.max;
    settings->limit = queue->limit != 0 ? queue->limit : USUAL_LIMIT;
    settings->limit_msgs =
        queue->limit_msgs != 0 ? queue->limit_msgs : USUAL_LIMIT_MSGS;
}

/* A policy that refuses would lose messages without a word, and one that
 * pauses would let the slowest client delay all others. */
static int
prepare(void *settings_of, struct leat_listener_config *config,
    struct complaint *wrong)
{
    struct hub_settings *settings = settings_of;
    (void)wrong;

    if (settings->max_name == 0)
        settings->max_name = HUB_NAME;
    if (settings->login_tries == 0)
        settings->login_tries = LOGIN_TRIES;
    if (settings->login_us == 0)
        settings->login_us = LOGIN_US;
    if (config->conn.queue.policy == LEAT_REFUSE)
        config->conn.queue.policy = LEAT_DROP_OLD;
    config->conn.frame.skip_long = true;
    size_up(settings, &config->conn);
    return 0;
}

static const struct key keys[] = {
    {"history", &key_count, offsetof(struct hub_settings, history), 1,
        HISTORY_MOST, NULL, "lines of a room told to who joins; default none"},
    {"max-name", &key_count, offsetof(struct hub_settings, max_name), 1,
        HUB_NAME, NULL, "longest name; default 32"},
    {"per-ip", &key_count, offsetof(struct hub_settings, per_ip), 1, 0, NULL,
        "connections of one address; default any"},
    {"rate", &key_count, offsetof(struct hub_settings, rate), 1, RATE_MOST,
        NULL, "lines a second of one client; default any"},
    {"login", &key_file, offsetof(struct hub_settings, login), 0, 0, NULL,
        "who may come, by a password; see leat passwd"},
    {"login-tries", &key_count, offsetof(struct hub_settings, login_tries), 1,
        0, NULL, "wrong passwords of one connection; default 3"},
    {"login-time", &key_time, offsetof(struct hub_settings, login_us), 1000, 0,
        NULL, "how long a login may take; default 30s"},
    {"raw", &key_flag, offsetof(struct hub_settings, raw), 0, 0, NULL,
        "text goes out as it came in; default false"},
    {"quiet", &key_flag, offsetof(struct hub_settings, quiet), 0, 0, NULL,
        "do not tell who comes and goes; default false"},
};

extern const struct service svc_hub;

const struct service svc_hub = {
    .name = "hub",
    .help = "lets clients talk to each other in rooms, by name",
    .ops = {.on_open = on_open,
        .on_message = on_message,
        .on_eof = on_eof,
        .on_drain = on_drain,
        .on_close = on_close},
    .frame = {.kind = LEAT_LINE},
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .settings_size = sizeof(struct hub_settings),
    .prepare = prepare,
    .shared_size = sizeof(struct hub),
    .start = start,
    .stop = stop,
    .reload = reload,
    .state_size = sizeof(struct member),
};
