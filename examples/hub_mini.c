/*
 * hub_mini.c - many clients that talk to each other, each under a name.
 *
 *   hub_mini [ADDRESS]        default 7000; try: nc 127.0.0.1 7000, twice
 *
 * The first line that a client says is its name; each line after that goes to
 * all others. It is stored once, however many there are. Who does not read
 * misses the oldest ones, and delays nobody. "leatd hub:7000" can do more.
 */
#include <leat/leat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LEN 20

struct hub {
    struct leat_loop *loop;
    struct leat_group *members;
};

struct member {
    struct hub *hub;
    char name[NAME_LEN + 1]; /* empty before it has one */
};

/* Without control characters, which others' terminals would obey. */
static void
copy_text(char *to, const void *text, size_t len)
{
    const unsigned char *bytes = text;
    for (size_t i = 0; i < len; i++)
        to[i] = (char)(bytes[i] >= ' ' && bytes[i] != 127 ? bytes[i] : '?');
}

/* "NAME", mark, "text\n" to all but one. */
static void
tell_others(struct leat_conn *conn, const struct member *member,
    const char *mark, const void *text, size_t len)
{
    char who[NAME_LEN + 16];
    size_t who_len =
        (size_t)snprintf(who, sizeof who, "%s%s", member->name, mark);
    struct leat_message *message;
    if (leat_message_create(
            &message, member->hub->loop, NULL, who_len + len + 1) != 0)
        return; /* no memory: nobody hears it */
    char *to = leat_message_bytes(message);
    memcpy(to, who, who_len);
    copy_text(to + who_len, text, len);
    to[who_len + len] = '\n';
    leat_group_send(member->hub->members, message, conn, NULL);
    leat_message_unref(message); /* each queue has a reference of its own */
}

static void
on_open(struct leat_conn *conn, void *user)
{
    struct member *member = calloc(1, sizeof *member);
    leat_conn_set_user(conn, member);
    if (member == NULL) {
        leat_conn_close(conn);
        return;
    }
    member->hub = user; /* the listener's, until set anew */
    if (leat_conn_send(conn, "your name?\n", 11) != 0)
        leat_conn_close(conn);
}

static void
on_message(struct leat_conn *conn, const struct leat_frame *line, void *user)
{
    struct member *member = user;
    size_t len = line->body_len;
    if (member->name[0] != '\0') {
        tell_others(conn, member, "> ", line->body, len);
    } else if (len > 0) {
        copy_text(member->name, line->body, len < NAME_LEN ? len : NAME_LEN);
        if (leat_group_add(member->hub->members, conn) != 0)
            leat_conn_close(conn);
        tell_others(conn, member, " is here", "", 0);
    }
}

/* It has left its group by itself. */
static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    struct member *member = user;
    (void)reason;
    if (member != NULL && member->name[0] != '\0')
        tell_others(conn, member, " has gone", "", 0);
    free(member);
}

int
main(int argc, char **argv)
{
    static const struct leat_conn_ops ops = {
        .on_open = on_open, .on_message = on_message, .on_close = on_close};
    struct hub hub = {NULL, NULL};
    const struct leat_listener_config config = {.user = &hub,
        .conn = {.ops = &ops,
            .frame = {.kind = LEAT_LINE, .max = 1000},
            .queue = {.policy = LEAT_DROP_OLD}}};
    const char *address = argc > 1 ? argv[1] : "7000";
    struct leat_listener *listener;

    int error = leat_loop_create(&hub.loop, NULL);
    if (error == 0)
        error = leat_group_create(&hub.members, hub.loop);
    if (error == 0)
        error = leat_listener_open(&listener, hub.loop, address, &config);
    if (error == 0)
        error = leat_loop_run(hub.loop);
    if (error != 0)
        fprintf(stderr, "hub_mini: %s: %s\n", address, leat_error_text(error));
    return error != 0;
}
