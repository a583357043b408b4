/*
 * member.c - names, and who is called what.
 *
 * On the path: hub, command -> HERE -> table.
 *
 * Invariant: a member that is in hub->members has a name. One that has a name
 * and is not there found no memory for a new one, and is being closed.
 */
#include "hub.h"

#include "cli/logins.h"
#include "cli/text.h"
#include "service.h"

#include <errno.h>
#include <string.h>

bool
name_is_valid(const struct hub *hub, const char *text, size_t len)
{
    return len <= hub->settings->max_name && logins_is_name(text, len);
}

struct member *
member_find(struct hub *hub, const char *text, size_t len)
{
    struct hub_name name;

    /* A NUL would look like the end of a shorter name. */
    if (len > HUB_NAME || memchr(text, '\0', len) != NULL)
        return NULL;
    hub_name_set(&name, hub, text, len);
    return table_member(hub, &name);
}

/* A key must not change while it is in the table. */
int
member_rename(struct member *member, const char *text, size_t len)
{
    struct hub *hub = member->hub;
    struct member *holder = member_find(hub, text, len);
    const struct hub_name old = member->name;

    if (holder != NULL)
        return holder == member ? 0 : -EEXIST;
    if (table_has_member(member))
        table_remove_member(hub, member);
    hub_name_set(&member->name, hub, text, len);
    int error = table_add_member(hub, member);
    if (error != 0)
        member->name = old; /* by which others know who leaves */
    return error;
}

int
member_name_guest(struct member *member)
{
    struct hub *hub = member->hub;
    char bytes[HUB_NAME + 1];
    struct text text;

    /* As many tries as there are names, and one. */
    do {
        text_init(&text, bytes, sizeof bytes);
        text_add(&text, "guest");
        text_number(&text, ++hub->guests, 1);
    } while (member_find(hub, text.bytes, text.len) != NULL);
    return member_rename(member, text.bytes, text.len);
}

struct member *
member_of(struct leat_conn *conn)
{
    return service_state(leat_conn_user(conn));
}
