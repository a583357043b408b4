/*
 * leat/group.h - connections that get the same messages.
 *
 * A message sent to a group is stored once and queued, by reference, for each
 * member: only members are walked, never all connections, and once a pattern of
 * traffic has run for a while nothing is allocated for it. A connection may be
 * in any number of groups, and leaves all of them by itself when it ends.
 */
#ifndef LEAT_GROUP_H
#define LEAT_GROUP_H

#include <leat/api.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct leat_conn;
struct leat_group;
struct leat_loop;
struct leat_message;

/*
 * Make a group without members.
 *
 * out      set to the group; returned owned, leat_group_destroy frees it, and
 *          so does leat_loop_destroy, after the last on_close
 * loop     whose connections it is for; borrowed
 *
 * Returns  0; -ENOMEM; -ESHUTDOWN the loop is being destroyed.
 * On error *out is NULL.
 * Calls back never.
 */
LEAT_API LEAT_CHECKED int leat_group_create(
    struct leat_group **out, struct leat_loop *loop);

/*
 * Free a group. Its members live on, and what was sent to it is still sent.
 *
 * group    taken; NULL is harmless. A walk over it that is under way ends.
 *
 * Calls back never.
 */
LEAT_API void leat_group_destroy(struct leat_group *group);

/*
 * Make a connection a member, the last in the order of walks and sends. One
 * that is a member already stays where it is.
 *
 * conn     open connection of the group's loop, on_open not needed yet;
 *          borrowed until it leaves
 *
 * Returns  0; -EINVAL of another loop; -ESHUTDOWN it is ending or being closed,
 *          or the loop is being destroyed; -ENOMEM.
 * On error the group is as before.
 * Valid    until leat_group_remove, or until leat_conn_end, close or abort is
 *          asked for or the connection dies in another way: in on_close it is
 *          in no group any more.
 */
LEAT_API LEAT_CHECKED int leat_group_add(
    struct leat_group *group, struct leat_conn *conn);

/*
 * Undo leat_group_add; harmless where conn is no member. What was sent to it as
 * a member is still sent.
 */
LEAT_API void leat_group_remove(
    struct leat_group *group, struct leat_conn *conn);

/*
 * Whether a connection is a member. Like adding and removing it costs a step
 * for each group that this connection is in.
 */
LEAT_API bool leat_group_has(
    const struct leat_group *group, const struct leat_conn *conn);

/* How many members it has. */
LEAT_API size_t leat_group_count(const struct leat_group *group);

/* What became of a message at the members of a group. */
struct leat_group_sent {
    size_t queued;  /* it will be sent to so many */
    size_t dropped; /* dropped by LEAT_DROP_NEW or LEAT_DROP_OLD, as the queue
                     * was full; messages dropped to make room for it are in
                     * the drops of leat_conn_stats only */
    size_t failed;  /* for them leat_conn_send_message had an error: full under
                     * LEAT_REFUSE or LEAT_CLOSE, over the limit, no memory, or
                     * output is over */
};

/*
 * Queue a message for every member, in the order in which they were added.
 *
 * A member that cannot take it touches no other: what leat_conn_send_message
 * would do to it is done, LEAT_CLOSE closes it, say, and the next one follows.
 *
 * message  of the group's loop; borrowed, each queue takes its own reference
 * except   who does not get it, the sender for example; need not be a member;
 *          NULL nobody
 * sent     filled, unless NULL
 *
 * Returns  for how many it was queued, 0 or more.
 * Calls back never.
 */
LEAT_API int leat_group_send(struct leat_group *group,
    struct leat_message *message, const struct leat_conn *except,
    struct leat_group_sent *sent);

typedef void (*leat_group_fn)(struct leat_conn *conn, void *user);

/*
 * Call a function for every member, in the order in which they were added.
 *
 * fn, user called as fn(conn, user); may do anything, also remove, add and
 *          close members, walk again and destroy the group. Who was removed
 *          before its turn is not called, nor who was added meanwhile.
 *
 * Calls back fn.
 */
LEAT_API void leat_group_each(
    struct leat_group *group, leat_group_fn fn, void *user);

/*
 * Call a function for every connection of a loop, a member of something or
 * not, in no order that is promised. A step for each, and for each place that
 * once had one.
 *
 * fn, user called as fn(conn, user); may do anything but destroy the loop
 *          outside of a turn. It may be called for a connection that is being
 *          closed, and for one that is made meanwhile.
 *
 * Calls back fn.
 */
LEAT_API void leat_conn_each(
    struct leat_loop *loop, leat_group_fn fn, void *user);

#ifdef __cplusplus
}
#endif

#endif
