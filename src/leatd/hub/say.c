/*
 * say.c - what is sent: replies, lists, and messages for many.
 *
 * On the path: command, room -> HERE -> leat_conn_send, leat_group_send.
 *
 * Replies are short and made of names and fixed words, which need no escapes.
 * Only what a member says does.
 */
#include "hub.h"

#include "cli/text.h"
#include "service.h"

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

static void
send_text(struct member *member, const char *bytes, size_t len)
{
    (void)service_send(member->conn, leat_conn_user(member->conn), bytes, len);
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
    leat_group_send(room->group, message, except->conn, NULL);
    leat_message_unref(message);
}

struct leat_message *
say_message(
    const struct member *member, const char *mark, const char *text, size_t len)
{
    bool is_raw = member->hub->settings->raw;
    size_t name_len = strlen(member->name.text), mark_len = strlen(mark);
    size_t body = is_raw ? len : escape_size(text, len);
    struct leat_message *message;

    if (leat_message_create(&message, member->hub->loop, NULL,
            name_len + mark_len + body + 1) != 0)
        return NULL;
    char *to = leat_message_bytes(message);
    memcpy(to, member->name.text, name_len);
    memcpy(to + name_len, mark, mark_len);
    to += name_len + mark_len;
    if (is_raw)
        memcpy(to, text, len);
    else
        escape_write(to, text, len);
    to[body] = '\n';
    return message;
}

/* Where there is no memory now it is told the next time. */
void
say_missed(struct member *member)
{
    struct leat_conn_stats stats;
    struct leat_message *message;
    char bytes[REPLY_MAX];
    struct text text;

    leat_conn_stats(member->conn, &stats);
    if (stats.drops == member->missed)
        return;
    text_init(&text, bytes, sizeof bytes);
    text_add(&text, "* you missed ");
    text_number(&text, stats.drops - member->missed, 1);
    text_add(&text, " messages\n");
    if (leat_message_create(
            &message, member->hub->loop, text.bytes, text.len) != 0)
        return;
    leat_message_keep(message);
    if (leat_conn_send_message(member->conn, message) == 0) {
        member->hub->counters.missed += stats.drops - member->missed;
        member->missed = stats.drops;
    }
    leat_message_unref(message);
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
