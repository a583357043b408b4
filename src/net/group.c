/*
 * group.c - connections that get the same messages.
 *
 * On the path: service -> HERE: conn.c for each member -> queue.
 *
 * Nothing calls back out of a send, yet a member may be closed in the middle of
 * it: by its own policy, or shed for the memory that another one needs. And a
 * walk for the program may meet anything. So whoever walks has two nodes of its
 * own on the list: here, right behind the last one visited, and end, behind the
 * last one that was there at the beginning. Members come and go around them,
 * and a removal needs to know of no walk.
 *
 * Invariants (check.c asserts them):
 *  1. a member is on exactly two lists: its group's, its connection's
 *  2. count is how many members are on the group's list; what else is on it are
 *     the nodes of walks, whose conn is NULL
 *  3. a connection that is ending or dying is in no group
 */
#include <leat/group.h>

#include <errno.h>

#include "net.h"

static struct leat__member *
of_group(struct leat__node *node)
{
    return LEAT__CONTAINER(node, struct leat__member, of_group);
}

/* --- who is in it --- */

int
leat_group_create(struct leat_group **out, struct leat_loop *loop)
{
    *out = NULL;
    if (loop->is_doomed)
        return -ESHUTDOWN;
    struct leat__net *net = leat__net_of(loop);
    if (net == NULL)
        return -ENOMEM;
    size_t block;
    struct leat_group *group =
        leat__pool_take(&loop->pool, sizeof *group, &block);
    if (group == NULL)
        return -ENOMEM;

    *group = (struct leat_group){.loop = loop, .block = block};
    leat__list_init(&group->members);
    leat__list_init(&group->node);
    leat__list_append(&net->groups, &group->node);
    *out = group;
    return 0;
}

/* The place where the connection's list names its membership, NULL in it where
 * it is no member; it has a list. */
static struct leat__member **
find(struct leat_conn *conn, const struct leat_group *group)
{
    struct leat__member **link = &conn->more->groups;
    while (*link != NULL && (*link)->group != group)
        link = &(*link)->next;
    return link;
}

/* Take the membership that link names off both lists. */
static void
leave(struct leat__member **link)
{
    struct leat__member *member = *link;
    struct leat_group *group = member->group;
    *link = member->next;
    leat__list_unlink(&member->of_group);
    group->count--;
    leat__slab_give(&group->loop->net->member_slab, member);
}

void
leat_group_destroy(struct leat_group *group)
{
    if (group == NULL)
        return;
    while (!leat__list_is_empty(&group->members)) {
        struct leat__member *first = of_group(group->members.next);
        if (first->conn != NULL)
            leave(find(first->conn, group));
        else
            leat__list_unlink(&first->of_group); /* it tells the walk */
    }
    leat__list_unlink(&group->node);
    leat__pool_give(&group->loop->pool, group, group->block);
}

int
leat_group_add(struct leat_group *group, struct leat_conn *conn)
{
    if (conn->shared->loop != group->loop)
        return -EINVAL;
    if (conn->is_dying || conn->is_ending || conn->shared->loop->is_doomed)
        return -ESHUTDOWN;
    if (leat_group_has(group, conn))
        return 0;
    struct leat__more *more = leat__more_need(conn);
    if (more == NULL)
        return -ENOMEM;

    struct leat__member *member =
        leat__slab_take(&group->loop->net->member_slab);
    if (member == NULL)
        return -ENOMEM;
    *member = (struct leat__member){
        .group = group, .conn = conn, .next = more->groups};
    leat__list_init(&member->of_group);
    leat__list_append(&group->members, &member->of_group);
    group->count++;
    more->groups = member;
    return 0;
}

void
leat_group_remove(struct leat_group *group, struct leat_conn *conn)
{
    if (conn->more == NULL)
        return;
    struct leat__member **link = find(conn, group);
    if (*link != NULL)
        leave(link);
}

void
leat__group_leave_all(struct leat_conn *conn)
{
    struct leat__more *more = conn->more;
    while (more != NULL && more->groups != NULL)
        leave(&more->groups);
}

bool
leat_group_has(const struct leat_group *group, const struct leat_conn *conn)
{
    const struct leat__member *member =
        conn->more != NULL ? conn->more->groups : NULL;
    while (member != NULL && member->group != group)
        member = member->next;
    return member != NULL;
}

size_t
leat_group_count(const struct leat_group *group)
{
    return group->count;
}

/* --- walks --- */

/* Two nodes that stand on the group's list among its members. */
struct walk {
    struct leat__member here, end;
};

static void
walk_begin(struct walk *walk, struct leat_group *group)
{
    walk->here.conn = walk->end.conn = NULL;
    leat__list_init(&walk->here.of_group);
    leat__list_init(&walk->end.of_group);
    /* To append before a node other than the head is to insert. */
    leat__list_append(group->members.next, &walk->here.of_group);
    leat__list_append(&group->members, &walk->end.of_group);
}

/* The next member; NULL at the end, and when the group is gone: then both nodes
 * are on no list, and the group is not to be touched. */
static struct leat_conn *
walk_next(struct walk *walk)
{
    struct leat__node *here = &walk->here.of_group;
    struct leat__node *next = here->next;
    while (next != here && next != &walk->end.of_group &&
           of_group(next)->conn == NULL)
        next = next->next; /* another walk's */
    /* One of our own two has none either. */
    struct leat_conn *conn = of_group(next)->conn;
    if (conn == NULL)
        return NULL;
    leat__list_unlink(here);
    leat__list_append(next->next, here);
    return conn;
}

static void
walk_end(struct walk *walk)
{
    leat__list_unlink(&walk->here.of_group);
    leat__list_unlink(&walk->end.of_group);
}

void
leat_group_each(struct leat_group *group, leat_group_fn fn, void *user)
{
    struct walk walk;
    struct leat_conn *conn;
    walk_begin(&walk, group);
    while ((conn = walk_next(&walk)) != NULL)
        fn(conn, user);
    walk_end(&walk);
}

int
leat_group_send(struct leat_group *group, struct leat_message *message,
    const struct leat_conn *except, struct leat_group_sent *sent)
{
    struct leat_group_sent counted = {0, 0, 0};
    struct walk walk;
    struct leat_conn *conn;
    walk_begin(&walk, group);
    while ((conn = walk_next(&walk)) != NULL) {
        if (conn == except)
            continue;
        int result = leat__conn_send_message(conn, message);
        if (result == 0)
            counted.queued++;
        else if (result == LEAT__DROPPED)
            counted.dropped++;
        else
            counted.failed++;
    }
    walk_end(&walk);
    if (sent != NULL)
        *sent = counted;
    return (int)counted.queued; /* no loop has that many descriptors */
}
