/*
 * svc_greet.c - says one thing to whoever comes.
 *
 * On the path: loop (accept) -> HERE -> leat_conn_send, leat_conn_end.
 *
 * What a client sends is discarded. With stay the connection is open until the
 * client ends it.
 */
#include "service.h"

#include "wall.h"
#include "wording.h"

#define TEXT_DEFAULT "TEST"
#define TEXT_MAX 1024u
/* With the words written out: an address is longer than its %peer. */
#define GREETING_MAX 4096u

/* The text is kept as it was written: what it means differs from client to
 * client. */
struct settings {
    const char *text;
    bool stay;
};

/* The daemon remembers the peer's address, so it is known even where the peer
 * has reset the connection by now. */
static void
greet(struct leat_conn *conn, void *user)
{
    const struct settings *settings = service_settings(user);
    char peer[LEAT_ADDR_TEXT], time[WALL_TEXT + 1], greeting[GREETING_MAX + 1];
    const struct wording words = {service_peer(user, peer), time};
    struct text now, text;

    text_init(&now, time, sizeof time);
    int error = wall_put_now(&now, WALL_CTIME);
    if (error != 0) {
        service_fail(conn, user, error);
        return;
    }
    /* prepare has seen that it is right, and short enough. */
    text_init(&text, greeting, sizeof greeting);
    (void)wording_put(&text, settings->text, &words);
    if (service_send(conn, user, text.bytes, text.len) && !settings->stay)
        leat_conn_end(conn);
}

/* Mistakes must show at the start, not when the first client comes: try it
 * with the longest address there is, a numeric one with its zone. */
static int
prepare(void *settings_of, struct leat_listener_config *config,
    struct complaint *wrong)
{
    static const struct wording longest = {
        "[1234:1234:1234:1234:1234:1234:1234:1234%1234567890123456]:12345",
        "Fri Nov 20 14:51:16 2026"};
    struct settings *settings = settings_of;
    char bytes[GREETING_MAX + 1];
    struct text text;
    (void)config;

    if (settings->text == NULL)
        settings->text = TEXT_DEFAULT;
    text_init(&text, bytes, sizeof bytes);
    return wording_prepare(&text, settings->text, &longest, wrong);
}

static const struct key keys[] = {
    {"text", &key_text, offsetof(struct settings, text), 1, TEXT_MAX, NULL,
        "default " TEXT_DEFAULT "; \\n \\xHH and so on, %peer %time %%"},
    {"stay", &key_flag, offsetof(struct settings, stay), 0, 0, NULL,
        "keep the connection open; default false"},
};

extern const struct service svc_greet;

const struct service svc_greet = {
    .name = "greet",
    .help = "says TEST, then ends",
    .ops = {.on_open = greet},
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .settings_size = sizeof(struct settings),
    .prepare = prepare,
};
