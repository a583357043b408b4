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
    struct leat_loop *loop)
{
    hub->settings = settings;
    hub->loop = loop;
    return leat__sys_random(hub->seed, sizeof hub->seed);
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
}

/* --- who comes and goes ----------------------------------------------------
 */

/* Into the lobby, under a name of the hub's choice. */
static int
let_in(struct member *member)
{
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

void
hub_leave(struct member *member)
{
    if (member->hub == NULL)
        return;
    part(member);
    limit_leave(member);
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

/* An empty line says nothing. */
void
hub_line(struct member *member, const char *line, size_t len)
{
    member->hub->counters.lines++;
    if (!limit_line(member) || len == 0)
        return;
    if (line[0] == '@')
        command_direct(member, line + 1, len - 1);
    else if (line[0] != '/')
        speak(member, line, len);
    else if (len > 1 && line[1] == '/')
        speak(member, line + 1, len - 1);
    else
        command_run(member, line + 1, len - 1);
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
