/*
 * flow.c - when a connection is read.
 *
 * Back-pressure is an interest bit. A connection whose queue reaches high, and
 * every one coupled to it, loses its interest in reading; when the queue has
 * fallen below low they get it back. Nothing is called on the way.
 *
 * Invariants:
 *  1. a couple is on exactly two lists: its src's targets, its dst's sources
 *  2. wants are what leat__conn_update last computed, and it is called wherever
 *     one of its inputs changes; what a writable socket changes, in the flush
 */
#include <leat/flow.h>

#include <errno.h>

#include "net.h"
#include "sys/sys.h"

static struct leat__couple *
of_src(struct leat__node *node)
{
    return LEAT__CONTAINER(node, struct leat__couple, of_src);
}

static struct leat__couple *
of_dst(struct leat__node *node)
{
    return LEAT__CONTAINER(node, struct leat__couple, of_dst);
}

static bool
targets_have_room(const struct leat_conn *conn)
{
    struct leat__more *more = conn->more;
    if (more == NULL)
        return true;
    for (struct leat__node *node = more->targets.next; node != &more->targets;
         node = node->next)
        if (of_src(node)->dst->queue.is_full)
            return false;
    return true;
}

bool
leat__conn_may_deliver(const struct leat_conn *conn)
{
    if (conn->is_dying || conn->is_ending || conn->is_paused)
        return false;
    if (conn->shared->loop->is_doomed)
        return false; /* nothing but on_close any more */
    if (conn->queue.is_full && !conn->is_loose)
        return false;
    return targets_have_room(conn);
}

bool
leat__conn_may_receive(const struct leat_conn *conn)
{
    if (conn->is_dying || conn->has_eof || conn->is_starved)
        return false;
    if (conn->is_dialing)
        return false; /* there is no peer yet */
    if (conn->is_ending)
        return true; /* to discard it, until the peer's end */
    return !conn->is_holding && leat__conn_may_deliver(conn);
}

void
leat__conn_update(struct leat_conn *conn)
{
    if (conn->is_detached)
        return;
    unsigned events = 0;
    if (leat__conn_may_receive(conn)) {
        events |= LEAT_READABLE;
        /* A mark that was told stays on until it is passed: asking again
         * would spin, and tell it twice. */
        if (!conn->is_marked && !conn->is_ending)
            events |= LEAT_EXCEPTIONAL;
    }
    if (conn->is_blocked && !conn->is_dying)
        events |= LEAT_WRITABLE;
    if (events != leat__park_wanted(conn->shared->loop, &conn->io))
        leat__park_want(conn->shared->loop, &conn->io, events);
}

/* Input that waits in memory: held, an end that was not told, or in the queue
 * of the twin. */
static bool
has_input(const struct leat_conn *conn)
{
    if (leat__conn_may_deliver(conn) && (conn->is_holding || conn->owes_eof))
        return true;
    return conn->is_memory && leat__conn_may_receive(conn) &&
           leat__pair_has_input(conn);
}

void
leat__conn_put_off(struct leat_conn *conn)
{
    if (has_input(conn))
        leat__work_add(conn, LEAT__HELD);
}

/* Its input may flow again, or must stop. What is held goes first, in phase 3
 * of the next turn; a draining one looks there whether it is done. */
static void
reconsider(struct leat_conn *conn)
{
    leat__conn_update(conn);
    leat__conn_put_off(conn);
    if (conn->is_draining && leat__conn_may_deliver(conn))
        leat__work_add(conn, LEAT__HELD);
}

void
leat__conn_room_changed(struct leat_conn *conn)
{
    reconsider(conn);
    struct leat__more *more = conn->more;
    if (more == NULL)
        return;
    for (struct leat__node *node = more->sources.next; node != &more->sources;
         node = node->next)
        reconsider(of_dst(node)->src);
}

void
leat_conn_pause(struct leat_conn *conn)
{
    conn->is_paused = true;
    leat__work_drop(conn, LEAT__HELD);
    leat__conn_update(conn);
    leat__conn_put_off(conn); /* one that is ending discards on */
}

void
leat_conn_resume(struct leat_conn *conn)
{
    conn->is_paused = false;
    reconsider(conn);
}

static struct leat__couple *
find(const struct leat_conn *src, const struct leat_conn *dst)
{
    struct leat__more *more = src->more;
    if (more == NULL)
        return NULL;
    for (struct leat__node *node = more->targets.next; node != &more->targets;
         node = node->next)
        if (of_src(node)->dst == dst)
            return of_src(node);
    return NULL;
}

/* That one needs no couple: it is there from the start. */
static void
couple_to_itself(struct leat_conn *conn, bool is_coupled)
{
    conn->is_loose = !is_coupled;
    reconsider(conn);
}

int
leat_conn_couple(struct leat_conn *src, struct leat_conn *dst)
{
    if (src->shared->loop != dst->shared->loop)
        return -EINVAL;
    if (src->is_dying || src->is_ending || dst->is_dying || dst->is_ending)
        return -ESHUTDOWN;
    if (src == dst) {
        couple_to_itself(src, true);
        return 0;
    }
    if (find(src, dst) != NULL)
        return 0;

    if (leat__more_need(src) == NULL || leat__more_need(dst) == NULL)
        return -ENOMEM;
    struct leat__couple *couple =
        leat__slab_take(&src->shared->loop->net->couple_slab);
    if (couple == NULL)
        return -ENOMEM;
    couple->src = src;
    couple->dst = dst;
    leat__list_init(&couple->of_src);
    leat__list_init(&couple->of_dst);
    leat__list_append(&src->more->targets, &couple->of_src);
    leat__list_append(&dst->more->sources, &couple->of_dst);
    reconsider(src);
    return 0;
}

static void
dissolve(struct leat__couple *couple)
{
    struct leat_conn *src = couple->src;
    leat__list_unlink(&couple->of_src);
    leat__list_unlink(&couple->of_dst);
    leat__slab_give(&src->shared->loop->net->couple_slab, couple);
    reconsider(src);
}

void
leat_conn_uncouple(struct leat_conn *src, struct leat_conn *dst)
{
    if (src == dst) {
        couple_to_itself(src, false);
        return;
    }
    struct leat__couple *couple = find(src, dst);
    if (couple != NULL)
        dissolve(couple);
}

void
leat__conn_uncouple_all(struct leat_conn *conn)
{
    struct leat__more *more = conn->more;
    while (more != NULL && !leat__list_is_empty(&more->targets))
        dissolve(of_src(more->targets.next));
    while (more != NULL && !leat__list_is_empty(&more->sources))
        dissolve(of_dst(more->sources.next));
}

bool
leat_conn_is_full(const struct leat_conn *conn)
{
    return conn->queue.is_full;
}

size_t
leat_conn_partial(const struct leat_conn *conn)
{
    return conn->more != NULL ? leat__frame_partial(&conn->more->frame) : 0;
}

int
leat_conn_at_mark(const struct leat_conn *conn)
{
    if (conn->is_memory)
        return -EINVAL;
    return conn->is_detached ? -EBADF : leat__sys_at_mark(conn->io.fd);
}
