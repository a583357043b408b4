/*
 * room.c - rooms, their members and their history.
 *
 * On the path: hub, command -> HERE -> say.
 *
 * Invariants:
 *  1. room->members is how many members have it as their room; they are in its
 *     group, but for those whose connections are ending: those are in none
 *  2. a room without members is freed, but for the lobby, which keeps its
 *     history until the hub stops
 *  3. hub->history_bytes is the sum of the bytes of all histories
 *  4. count <= capacity <= history=
 */
#include "hub.h"

#include <leat/stats.h>

#include <assert.h>
#include <errno.h>
#include <string.h>

/* What is remembered is bounded whatever history= says. A line costs more than
 * its bytes: a header, a place in the ring. */
#define ROOM_BYTES ((size_t)256 * 1024)
#define HUB_BYTES ((size_t)16 * 1024 * 1024)
#define LINE_COST ((size_t)64)
#define FIRST_LINES ((size_t)8)

/* --- history ---------------------------------------------------------------
 */

static size_t
cost_of(const struct leat_message *message)
{
    return leat_message_size(message) + LINE_COST;
}

/* i is at most capacity, which is not 0: only what has lines is asked. */
static struct leat_message **
line_at(const struct history *history, size_t i)
{
    assert(history->capacity > 0);
    return &history->lines[(history->first + i) % history->capacity];
}

static void
drop_oldest(struct hub *hub, struct history *history)
{
    struct leat_message *oldest = *line_at(history, 0);
    size_t cost = cost_of(oldest);

    history->first = (history->first + 1) % history->capacity;
    history->count--;
    history->bytes -= cost;
    hub->history_bytes -= cost;
    leat_message_unref(oldest);
}

void
room_forget(struct hub *hub, struct room *room)
{
    while (room->history.count > 0)
        drop_oldest(hub, &room->history);
    mem_give(room->history.lines);
    room->history = (struct history){.lines = NULL};
}

static bool
has_no_room(const struct hub *hub, const struct history *history, size_t cost)
{
    return history->count == hub->settings->history ||
           history->bytes + cost > ROOM_BYTES ||
           hub->history_bytes + cost > HUB_BYTES;
}

/* Have a place for one more line; false: no memory. */
static bool
grow(struct history *history, size_t most)
{
    size_t capacity =
        history->capacity == 0 ? FIRST_LINES : history->capacity * 2;

    if (history->count < history->capacity)
        return true;
    if (capacity > most)
        capacity = most;
    struct leat_message **lines = mem_take_array(capacity, sizeof *lines);
    if (lines == NULL)
        return false;
    for (size_t i = 0; i < history->count; i++)
        lines[i] = *line_at(history, i);
    mem_give(history->lines);
    history->lines = lines;
    history->capacity = capacity;
    history->first = 0;
    return true;
}

/* Where there is no memory for it a line is not remembered. */
static void
remember(struct hub *hub, struct room *room, struct leat_message *message)
{
    struct history *history = &room->history;
    size_t most = hub->settings->history, cost = cost_of(message);

    if (most == 0 || hub->is_stopping)
        return;
    while (history->count > 0 && has_no_room(hub, history, cost))
        drop_oldest(hub, history);
    if (has_no_room(hub, history, cost) || !grow(history, most))
        return;
    *line_at(history, history->count) = leat_message_ref(message);
    history->count++;
    history->bytes += cost;
    hub->history_bytes += cost;
}

/* How many of the newest lines fit into half of what is free in a queue, so
 * that nothing is dropped for them. */
static size_t
count_fitting(const struct history *history, const struct member *member)
{
    const struct hub_settings *settings = member->hub->settings;
    struct leat_conn_stats stats;
    size_t count = 0, bytes = 0;

    leat_conn_stats(member->conn, &stats);
    if (stats.queued_msgs >= settings->limit_msgs ||
        stats.queued_bytes >= settings->limit)
        return 0;
    size_t most = (settings->limit_msgs - stats.queued_msgs) / 2;
    size_t most_bytes = (settings->limit - stats.queued_bytes) / 2;
    while (count < history->count && count < most) {
        size_t i = history->count - count - 1;
        bytes += leat_message_size(*line_at(history, i));
        if (bytes > most_bytes)
            break;
        count++;
    }
    return count;
}

static void
replay(const struct room *room, struct member *member)
{
    const struct history *history = &room->history;
    size_t count = count_fitting(history, member);

    for (size_t i = history->count - count; i < history->count; i++)
        say_line(member, *line_at(history, i));
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

    hub->counters.said++;
    hub->counters.sent += say_all(room, message, except);
    remember(hub, room, message);
}
