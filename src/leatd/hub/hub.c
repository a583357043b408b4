/*
 * hub.c - who comes, who goes, and what a line means.
 *
 * On the path: svc_hub -> HERE -> command, room, say.
 *
 * Invariant: a member whose hub is set has been let in, and hub_leave undoes
 * all of that.
 */
#include "hub.h"

#include "service.h"
#include "sys/sys.h"

#include <errno.h>
#include <string.h>

int
hub_start(struct hub *hub, const struct hub_settings *settings,
    struct leat_loop *loop, struct complaint *wrong)
{
    hub->settings = settings;
    hub->loop = loop;
    int error = leat__sys_random(hub->seed, sizeof hub->seed);
    if (error != 0) {
        complaint_say(wrong, "no random bytes for the hub", NULL, "");
        return error;
    }
    return login_start(hub, wrong);
}

/* The loop wants every message back before it ends. */
void
hub_stop(struct hub *hub)
{
    struct room *next;

    hub->is_stopping = true;
    for (struct room *room = table_next_room(hub, NULL); room != NULL;
         room = next) {
        next = table_next_room(hub, room);
        room_forget(hub, room);
        room_release(hub, room);
    }
    if (hub->conns == 0)
        login_stop(hub);
}

/* --- who comes and goes ----------------------------------------------------
 */

/* Into the lobby, under a name of the hub's choice; or nowhere, if it has to
 * log in first. */
static int
let_in(struct member *member)
{
    if (member->hub->settings->login != NULL) {
        login_begin(member);
        return 0;
    }
    int error = member_name_guest(member);

    if (error == 0)
        error = room_enter(member, HUB_LOBBY, strlen(HUB_LOBBY));
    return error;
}

void
hub_enter(struct hub *hub, struct member *member, struct leat_conn *conn)
{
    member->hub = hub;
    member->conn = conn;
    hub->conns++;
    int error = limit_enter(member);
    if (error == -EMFILE) {
        hub->counters.refused++;
        say_error(member, "FULL", "too many connections from your address");
        leat_conn_end(conn);
        return;
    }
    if (error == 0)
        error = let_in(member);
    if (error != 0)
        service_fail(conn, leat_conn_user(conn), error);
}

/* Out of its room and without its name, whatever is still sent to it. */
static void
part(struct member *member)
{
    room_leave(member);
    if (table_has_member(member))
        table_remove_member(member->hub, member);
}

void
hub_end(struct member *member)
{
    part(member);
    leat_conn_end(member->conn);
}

/* Those that are there when a hub stops may still log in; the last one takes
 * the helper with it. */
void
hub_leave(struct member *member)
{
    struct hub *hub = member->hub;

    if (hub == NULL)
        return;
    part(member);
    limit_leave(member);
    login_leave(member);
    if (--hub->conns == 0 && hub->is_stopping)
        login_stop(hub);
}

/* --- lines -----------------------------------------------------------------
 */

static void
speak(struct member *member, const char *text, size_t len)
{
    struct leat_message *message = say_message(member, "> ", text, len);

    if (message == NULL)
        return;
    room_send(member->room, message, member);
    leat_message_unref(message);
}

void
hub_want_login(struct member *member)
{
    say_error(member, "LOGIN", "log in first: /login NAME PASSWORD");
}

/* An empty line says nothing. */
void
hub_line(struct member *member, const char *line, size_t len)
{
    bool is_command = len > 0 && line[0] == '/' && !(len > 1 && line[1] == '/');

    member->hub->counters.lines++;
    if (!limit_line(member) || len == 0)
        return;
    if (member->room == NULL && !is_command)
        hub_want_login(member);
    else if (line[0] == '@')
        command_direct(member, line + 1, len - 1);
    else if (is_command)
        command_run(member, line + 1, len - 1);
    else /* of two slashes the first only says that this is no command */
        speak(member, line + (line[0] == '/'), len - (line[0] == '/'));
}

void
hub_line_too_long(struct member *member)
{
    member->hub->counters.lines++;
    if (limit_line(member))
        say_error(member, "LONG", HUB_LONG);
}

void
hub_caught_up(struct member *member)
{
    if (member->hub != NULL)
        say_missed(member);
}
