/*
 * svc_fixed.c - so many octets are a message, and a message gets a reply.
 *
 * On the path: conn_in -> HERE -> leat_conn_send, leat_conn_end.
 *
 * The exchange of 16 octets: the client sends exactly 16, gets one reply, and
 * the connection ends; what it sends beyond is discarded. With repeat what is
 * beyond is the next message. A client that stops in the middle is told about
 * in the log, as no other would know.
 */
#include "service.h"

#include <leat/flow.h>

#include <errno.h>
#include <limits.h>

#include "wording.h"

#define SIZE_DEFAULT 16u
#define REPLY_DEFAULT "Farewell, client"
/* Of the text as it is written; what it means is never longer. */
#define REPLY_MAX 1024u

/* The reply is the same for all, so its escapes are undone once. */
struct settings {
    size_t size;
    const char *reply; /* as it was written */
    bool repeat;
    size_t len; /* of what it means */
    char bytes[REPLY_MAX + 1];
};

/* What the message says does not matter. After an end no more is delivered,
 * so the rest of the chunk goes nowhere. */
static void
on_message(struct leat_conn *conn, const struct leat_frame *frame, void *user)
{
    const struct settings *settings = service_settings(user);
    (void)frame;

    if (service_send(conn, user, settings->bytes, settings->len) &&
        !settings->repeat)
        leat_conn_end(conn);
}

/* Only a client that still owes a message comes here, but under repeat: there
 * the place between two messages is a good one to stop at. */
static void
on_eof(struct leat_conn *conn, void *user)
{
    const struct settings *settings = service_settings(user);
    size_t partial = leat_conn_partial(conn);

    if (partial > 0 || !settings->repeat) {
        char bytes[128];
        struct text text;
        text_init(&text, bytes, sizeof bytes);
        text_add(&text, "closed after ");
        text_number(&text, partial, 1);
        text_add(&text, " bytes of a ");
        text_number(&text, settings->size, 1);
        text_add(&text, "-byte message");
        service_log(user, "short-message", text.bytes);
    }
    leat_conn_end(conn);
}

/* The library would refuse a frame above max-frame without naming the word. A
 * size that is given makes room for itself, unless max-frame= forbids it. */
static int
prepare(void *settings_of, struct leat_listener_config *config,
    struct complaint *wrong)
{
    struct settings *settings = settings_of;
    struct leat_frame_config *frame = &config->conn.frame;
    struct text text;

    if (settings->size == 0)
        settings->size = SIZE_DEFAULT;
    if (frame->max == 0)
        frame->max = settings->size;
    if (settings->size > frame->max) {
        complaint_say(wrong, "wrong value for", "max-frame",
            ": it must be at least size");
        return -EINVAL;
    }
    frame->size = settings->size;

    text_init(&text, settings->bytes, sizeof settings->bytes);
    int error = wording_prepare(&text,
        settings->reply != NULL ? settings->reply : REPLY_DEFAULT, NULL, wrong);
    settings->len = text.len;
    return error;
}

static const struct key keys[] = {
    {"size", &key_size, offsetof(struct settings, size), 1, INT_MAX, NULL,
        "bytes of a message; default 16"},
    {"reply", &key_text, offsetof(struct settings, reply), 1, REPLY_MAX, NULL,
        "default '" REPLY_DEFAULT "'; \\n \\xHH and so on"},
    {"repeat", &key_flag, offsetof(struct settings, repeat), 0, 0, NULL,
        "go on with the next message; default false"},
};

extern const struct service svc_fixed;

const struct service svc_fixed = {
    .name = "fixed",
    .help = "answers a message of exactly 16 bytes, then ends",
    .ops = {.on_message = on_message, .on_eof = on_eof},
    .frame = {.kind = LEAT_FIXED, .size = SIZE_DEFAULT},
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .settings_size = sizeof(struct settings),
    .prepare = prepare,
};
