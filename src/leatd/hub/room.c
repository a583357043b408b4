/*
 * room.c - rooms, their members and their history.
 *
 * On the path: hub, command -> HERE -> leat_group_send.
 *
 * Invariants:
 *  1. room->members is how many members have it as their room; they are in its
 *     group, but for those whose connections are ending: those are in none
 *  2. a room without members is freed, but for the lobby, which keeps its
 *     history until the hub stops
 *  3. hub->history_bytes is the sum of the bytes of all histories
 */
#include "hub.h"

#include <errno.h>
#include <string.h>

/* What is remembered is bounded whatever history= says. */
#define ROOM_BYTES ((size_t)256 * 1024)
#define HUB_BYTES ((size_t)16 * 1024 * 1024)

/* --- history ---------------------------------------------------------------
 */

static void
drop_oldest(struct hub *hub, struct history *history)
{
    struct leat_message *oldest = history->lines[history->first];
    size_t size = leat_message_size(oldest);

    history->first = (history->first + 1) % hub->settings->history;
    history->count--;
    history->bytes -= size;
    hub->history_bytes -= size;
    leat_message_unref(oldest);
}

void
room_forget(struct hub *hub, struct room *room)
{
    while (room->history.count > 0)
        drop_oldest(hub, &room->history);
    mem_give(room->history.lines);
    room->history.lines = NULL;
}

static bool
has_no_room(const struct hub *hub, const struct history *history, size_t size)
{
    return history->count == hub->settings->history ||
           history->bytes + size > ROOM_BYTES ||
           hub->history_bytes + size > HUB_BYTES;
}

/* Where there is no memory for it a line is not remembered. */
static void
remember(struct hub *hub, struct room *room, struct leat_message *message)
{
    struct history *history = &room->history;
    size_t most = hub->settings->history, size = leat_message_size(message);

    if (most == 0 || hub->is_stopping)
        return;
    if (history->lines == NULL)
        history->lines = mem_take_array(most, sizeof *history->lines);
    if (history->lines == NULL)
        return;
    while (history->count > 0 && has_no_room(hub, history, size))
        drop_oldest(hub, history);
    if (has_no_room(hub, history, size))
        return;
    history->lines[(history->first + history->count) % most] =
        leat_message_ref(message);
    history->count++;
    history->bytes += size;
    hub->history_bytes += size;
}

static void
replay(const struct room *room, struct member *member)
{
    const struct history *history = &room->history;
    size_t most = member->hub->settings->history;

    for (size_t i = 0; i < history->count; i++) {
        size_t at = (history->first + i) % most;
        if (leat_conn_send_message(member->conn, history->lines[at]) != 0)
            return; /* no memory, or full: what comes now is more important */
    }
}

/* --- rooms -----------------------------------------------------------------
 */

static struct room *
make_room(struct hub *hub, const struct hub_name *name)
{
    struct room *room = mem_take(sizeof *room);

    if (room == NULL)
        return NULL;
    room->name = *name;
    if (leat_group_create(&room->group, hub->loop) != 0)
        goto err_free;
    if (table_add_room(hub, room) != 0)
        goto err_group;
    return room;

err_group:
    leat_group_destroy(room->group);
err_free:
    mem_give(room);
    return NULL;
}

void
room_release(struct hub *hub, struct room *room)
{
    bool is_lobby = strcmp(room->name.text, HUB_LOBBY) == 0;

    if (room->members > 0 || (is_lobby && !hub->is_stopping))
        return;
    room_forget(hub, room);
    table_remove_room(hub, room);
    leat_group_destroy(room->group);
    mem_give(room);
}

static void
announce(const struct member *member, struct room *room, const char *what)
{
    const struct hub *hub = member->hub;

    if (!hub->settings->quiet && !hub->is_stopping)
        say_room(room, member,
            (const char *[]){"* ", member->name.text, what, NULL});
}

void
room_leave(struct member *member)
{
    struct room *room = member->room;

    if (room == NULL)
        return;
    member->room = NULL;
    room->members--;
    leat_group_remove(room->group, member->conn);
    announce(member, room, " left");
    room_release(member->hub, room);
}

/* The room of that name, made if need be. NULL: no memory. */
static struct room *
find_or_make(struct hub *hub, const char *name, size_t len)
{
    struct hub_name key;

    hub_name_set(&key, hub, name, len);
    struct room *room = table_room(hub, &key);
    return room != NULL ? room : make_room(hub, &key);
}

void
room_tell(struct member *member)
{
    say_to(member, (const char *[]){"* you are ", member->name.text, " in ",
                       member->room->name.text, NULL});
}

/* Into the new room before out of the old one: what can fail comes first. */
int
room_enter(struct member *member, const char *name, size_t len)
{
    struct hub *hub = member->hub;
    struct room *room = find_or_make(hub, name, len);

    if (room == NULL)
        return -ENOMEM;
    if (room == member->room) {
        room_tell(member);
        return 0;
    }
    int error = leat_group_add(room->group, member->conn);
    if (error != 0) {
        room_release(hub, room);
        return error;
    }
    room_leave(member);
    member->room = room;
    room->members++;
    room_tell(member);
    replay(room, member);
    announce(member, room, " joined");
    return 0;
}

void
room_send(struct room *room, struct leat_message *message,
    const struct member *except)
{
    struct hub *hub = except->hub;
    struct leat_group_sent sent;

    leat_group_send(room->group, message, except->conn, &sent);
    hub->counters.said++;
    hub->counters.sent += sent.queued;
    remember(hub, room, message);
}
