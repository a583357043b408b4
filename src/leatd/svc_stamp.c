/*
 * svc_stamp.c - each message comes back with the time in front of it.
 *
 * On the path: conn_in -> HERE -> one leat_conn_send per message.
 *
 *   [Fri Nov 20 14:51:16 2026] text
 *
 * A message is a line with the ending it came with, or under frame=raw what
 * one recv brought. A reply is longer than what it answers, by less than the
 * 4 KiB that the room rule leaves above the largest message, so there is
 * always room for it. Stamp and message are one send: under a policy that
 * drops, neither is ever dropped without the other. A datagram is one message,
 * whatever frame= says.
 */
#include "service.h"

#include <string.h>

#include "wall.h"

/* The longest reply that is put together here; a longer one is written where
 * it will be sent from. */
#define SHORT_MAX 1024u

/* Brackets and a space around the time. */
#define STAMP_MAX (WALL_TEXT + 3u)

#define DATAGRAM_MAX 65535u

/* In the order of enum wall_form, then one more. */
static const char *const forms[] = {
    "ctime", "rfc3339", "rfc3339ms", "unix", "none", NULL};

/* No wall_form: nothing is put in front at all. */
#define FORM_NONE (WALL_UNIX + 1)

/* What frame= stands for, in the order of frames. */
static const char *const frames[] = {"line", "raw", NULL};

enum { FRAME_LINE, FRAME_RAW };

struct settings {
    unsigned form;  /* a place in forms */
    unsigned frame; /* a place in frames */
};

/* A long line is copied once only: into the message that leaves. The queue
 * takes a reference of its own, so ours goes whatever it said. */
static void
send_long(struct leat_conn *conn, void *user, const struct text *stamp,
    const struct leat_frame *frame)
{
    struct leat_message *message;
    int error = leat_message_create(
        &message, leat_conn_loop(conn), NULL, stamp->len + frame->whole_len);

    if (error == 0) {
        char *bytes = leat_message_bytes(message);
        memcpy(bytes, stamp->bytes, stamp->len);
        memcpy(bytes + stamp->len, frame->whole, frame->whole_len);
        error = leat_conn_send_message(conn, message);
        leat_message_unref(message);
    }
    if (error != 0)
        service_fail(conn, user, error);
}

/* A short one goes by way of a copy, which the queue can put into the same
 * block as those before it. */
static void
send_short(struct leat_conn *conn, void *user, const struct text *stamp,
    const struct leat_frame *frame)
{
    char reply[SHORT_MAX];

    memcpy(reply, stamp->bytes, stamp->len);
    memcpy(reply + stamp->len, frame->whole, frame->whole_len);
    (void)service_send(conn, user, reply, stamp->len + frame->whole_len);
}

/* What goes in front. 0, or an error of the clock. */
static int
put_stamp(struct text *stamp, const struct settings *settings)
{
    if (settings->form == FORM_NONE)
        return 0;
    text_add(stamp, "[");
    int error = wall_put_now(stamp, (enum wall_form)settings->form);
    text_add(stamp, "] ");
    return error;
}

/* The time is read for each message. One for a whole chunk would be cheaper,
 * but wrong for lines that were held until the client had read. */
static void
on_message(struct leat_conn *conn, const struct leat_frame *frame, void *user)
{
    char bytes[STAMP_MAX + 1];
    struct text stamp;

    text_init(&stamp, bytes, sizeof bytes);
    int error = put_stamp(&stamp, service_settings(user));
    if (error != 0) {
        service_fail(conn, user, error);
        return;
    }
    if (frame->whole_len <= SHORT_MAX - STAMP_MAX)
        send_short(conn, user, &stamp, frame);
    else
        send_long(conn, user, &stamp, frame);
}

/* A chunk is a message like any other. */
static void
on_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    const struct leat_frame frame = {bytes, len, bytes, len, false};

    on_message(conn, &frame, user);
}

/* Without a clock there is no answer. One that is longer than a datagram can
 * be is refused by the library, and counted. */
static void
on_datagram(const struct datagram *datagram)
{
    char reply[STAMP_MAX + DATAGRAM_MAX];
    struct text stamp;

    text_init(&stamp, reply, STAMP_MAX + 1);
    if (put_stamp(&stamp, datagram->settings) != 0)
        return;
    memcpy(reply + stamp.len, datagram->bytes, datagram->len);
    service_answer(datagram, reply, stamp.len + datagram->len);
}

/* The library calls on_data or on_message by the kind of frame; both are in
 * the table, so the kind is all there is to change. */
static int
prepare(void *settings_of, struct leat_listener_config *config,
    struct complaint *wrong)
{
    const struct settings *settings = settings_of;
    (void)wrong;

    if (settings->frame == FRAME_RAW)
        config->conn.frame.kind = LEAT_RAW;
    return 0;
}

static const struct key keys[] = {
    {"stamp", &key_word, offsetof(struct settings, form), 0, 0, forms,
        "the time; default ctime"},
    {"frame", &key_word, offsetof(struct settings, frame), 0, 0, frames,
        "what is stamped: lines, or chunks; default line"},
};

extern const struct service svc_stamp;

const struct service svc_stamp = {
    .name = "stamp",
    .help = "sends back each line with the time in front",
    .ops = {.on_data = on_data, .on_message = on_message},
    .on_datagram = on_datagram,
    .udp_grows = true,
    .frame = {.kind = LEAT_LINE},
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .settings_size = sizeof(struct settings),
    .prepare = prepare,
};
