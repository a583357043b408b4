/*
 * table.c - the hash tables of a hub; the only place where uthash is used.
 *
 * On the path: member, room, limit -> HERE.
 */
#include "hub.h"

#include <errno.h>
#include <string.h>

void
hub_name_set(
    struct hub_name *name, const struct hub *hub, const char *text, size_t len)
{
    memset(name, 0, sizeof *name);
    memcpy(name->seed, hub->seed, sizeof name->seed);
    memcpy(name->text, text, len < HUB_NAME ? len : HUB_NAME);
}

/* --- members ---------------------------------------------------------------
 */

struct member *
table_member(const struct hub *hub, const struct hub_name *name)
{
    struct member *found;

    HASH_FIND(hh, hub->members, name, sizeof *name, found);
    return found;
}

int
table_add_member(struct hub *hub, struct member *member)
{
    HASH_ADD(hh, hub->members, name, sizeof member->name, member);
    return member->hh.tbl != NULL ? 0 : -ENOMEM;
}

void
table_remove_member(struct hub *hub, struct member *member)
{
    HASH_DELETE(hh, hub->members, member);
    member->hh.tbl = NULL;
}

bool
table_has_member(const struct member *member)
{
    return member->hh.tbl != NULL;
}

/* --- rooms -----------------------------------------------------------------
 */

struct room *
table_room(const struct hub *hub, const struct hub_name *name)
{
    struct room *found;

    HASH_FIND(hh, hub->rooms, name, sizeof *name, found);
    return found;
}

int
table_add_room(struct hub *hub, struct room *room)
{
    HASH_ADD(hh, hub->rooms, name, sizeof room->name, room);
    return room->hh.tbl != NULL ? 0 : -ENOMEM;
}

void
table_remove_room(struct hub *hub, struct room *room)
{
    HASH_DELETE(hh, hub->rooms, room);
}

struct room *
table_next_room(const struct hub *hub, const struct room *room)
{
    return room == NULL ? hub->rooms : room->hh.next;
}

/* --- visitors --------------------------------------------------------------
 */

struct visitor *
table_visitor(const struct hub *hub, const struct visitor *like)
{
    struct visitor *found;

    HASH_FIND(hh, hub->visitors, &like->key, sizeof like->key, found);
    return found;
}

int
table_add_visitor(struct hub *hub, struct visitor *visitor)
{
    HASH_ADD(hh, hub->visitors, key, sizeof visitor->key, visitor);
    return visitor->hh.tbl != NULL ? 0 : -ENOMEM;
}

void
table_remove_visitor(struct hub *hub, struct visitor *visitor)
{
    HASH_DELETE(hh, hub->visitors, visitor);
}
