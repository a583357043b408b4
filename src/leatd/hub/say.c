/*
 * say.c - what is sent: replies, lists, and messages for many.
 *
 * On the path: command, room -> HERE -> leat_conn_send_message.
 *
 * Replies are short and made of names and fixed words, which need no escapes.
 * Only what a member says does.
 */
#include "hub.h"

#include "cli/text.h"
#include "service.h"

#include <leat/stats.h>

#include <errno.h>
#include <string.h>

/* A reply is a few names and words. */
#define REPLY_MAX 512u

static void
join(struct text *text, const char *const parts[])
{
    for (size_t i = 0; parts[i] != NULL; i++)
        text_add(text, parts[i]);
    text_add(text, "\n");
}

/* Nobody misses anything without a word: who cannot be told is closed. Where
 * output is over the connection ends by itself, once its input is read; those
 * are lines for others. */
static void
settle(struct leat_conn *conn, int error)
{
    if (error == -ENOMEM || error == -ENOBUFS || error == -EMSGSIZE)
        service_fail(conn, leat_conn_user(conn), error);
}

static void
send_text(struct member *member, const char *bytes, size_t len)
{
    settle(member->conn, leat_conn_send(member->conn, bytes, len));
}

void
say_to(struct member *member, const char *const parts[])
{
    char bytes[REPLY_MAX];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    join(&text, parts);
    send_text(member, text.bytes, text.len);
}

void
say_error(struct member *member, const char *code, const char *words)
{
    say_to(member, (const char *[]){"! ", code, " ", words, NULL});
}

void
say_room(
    struct room *room, const struct member *except, const char *const parts[])
{
    char bytes[REPLY_MAX];
    struct leat_message *message;
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    join(&text, parts);
    if (leat_message_create(
            &message, except->hub->loop, text.bytes, text.len) != 0)
        return; /* who comes and goes can be asked for: /who */
    (void)say_all(room, message, except);
    leat_message_unref(message);
}

/* --- messages --------------------------------------------------------------
 */

void
say_line(struct member *member, struct leat_message *message)
{
    settle(member->conn, leat_conn_send_message(member->conn, message));
}

struct fan_out {
    struct leat_message *message;
    const struct leat_conn *except;
    size_t sent;
};

static void
pass_on(struct leat_conn *conn, void *user)
{
    struct fan_out *fan_out = user;

    if (conn == fan_out->except)
        return;
    int error = leat_conn_send_message(conn, fan_out->message);
    if (error == 0)
        fan_out->sent++;
    else
        settle(conn, error);
}

/* leat_group_send would tell how many have failed, but not which. */
size_t
say_all(struct room *room, struct leat_message *message,
    const struct member *except)
{
    struct fan_out fan_out = {message, except->conn, 0};

    leat_group_each(room->group, pass_on, &fan_out);
    return fan_out.sent;
}

struct leat_message *
say_message(
    struct member *member, const char *mark, const char *text, size_t len)
{
    const struct hub_settings *settings = member->hub->settings;
    char prefix[HUB_NAME + 8];
    struct text who;
    size_t body = settings->raw ? len : escape_size(text, len);
    struct leat_message *message;

    if (body > settings->max_text) {
        say_error(member, "LONG", HUB_LONG);
        return NULL;
    }
    text_init(&who, prefix, sizeof prefix);
    text_add(&who, member->name.text);
    text_add(&who, mark);
    if (leat_message_create(
            &message, member->hub->loop, NULL, who.len + body + 1) != 0) {
        say_error(member, "NOMEM", HUB_NOMEM);
        return NULL;
    }
    char *to = leat_message_bytes(message);
    memcpy(to, who.bytes, who.len);
    to += who.len;
    if (settings->raw)
        memcpy(to, text, len);
    else
        escape_write(to, text, len);
    to[body] = '\n';
    return message;
}

static int
send_kept(struct member *member, const char *bytes, size_t len)
{
    struct leat_message *message;
    int error = leat_message_create(&message, member->hub->loop, bytes, len);

    if (error != 0)
        return error;
    leat_message_keep(message);
    error = leat_conn_send_message(member->conn, message);
    leat_message_unref(message);
    return error;
}

void
say_missed(struct member *member)
{
    struct leat_conn_stats stats;
    char bytes[REPLY_MAX];
    struct text text;

    leat_conn_stats(member->conn, &stats);
    uint64_t missed = stats.drops - member->missed;
    if (missed == 0)
        return;
    text_init(&text, bytes, sizeof bytes);
    text_add(&text, "* you missed ");
    text_number(&text, missed, 1);
    text_add(&text, " messages\n");
    member->missed = stats.drops;
    member->hub->counters.missed += missed;
    settle(member->conn, send_kept(member, text.bytes, text.len));
}

/* --- lists -----------------------------------------------------------------
 */

void
list_begin(struct list *list, struct member *member)
{
    list->member = member;
    list->len = 0;
}

static void
flush(struct list *list)
{
    if (list->len > 0)
        send_text(list->member, list->bytes, list->len);
    list->len = 0;
}

void
list_add(struct list *list, const char *const parts[])
{
    struct text text;

    if (sizeof list->bytes - list->len < REPLY_MAX)
        flush(list);
    text_init(&text, list->bytes + list->len, REPLY_MAX);
    join(&text, parts);
    list->len += text.len;
}

void
list_end(struct list *list)
{
    list_add(list, (const char *[]){"* end", NULL});
    flush(list);
}
