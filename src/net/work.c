/*
 * work.c - connections that a later phase has something to do with.
 *
 * On the path: conn.c, flow.c -> HERE -> conn_in.c (phase 3), conn_out.c
 * (6), conn.c (7).
 *
 * The loop's lists (defer.h) are of nodes of 16 bytes each. Here a connection
 * is on a list by the number of its slot, and the whole list is one node of the
 * loop's. What ends is not sent any more, so both share their links.
 *
 * Invariants (check.c asserts them):
 *  1. a bit of conn->work is set  <=>  the connection is on that list
 *  2. between runs, the list's node is on the loop's  <=>  it is not empty
 *  3. nobody is dirty and dying
 */
#include <assert.h>

#include "net.h"

/* Held, and the other two, which are never both. */
static inline struct leat__links *
links_in(struct leat_conn *conn, enum leat__kind kind)
{
    return &conn->links[kind != LEAT__HELD];
}

static inline struct leat__links *
links_of(const struct leat__net *net, uint32_t slot, enum leat__kind kind)
{
    return links_in(net->slot[slot].conn, kind);
}

static inline struct leat__defer *
defer_of(struct leat_loop *loop, enum leat__kind kind)
{
    if (kind == LEAT__HELD)
        return &loop->held;
    return kind == LEAT__DIRTY ? &loop->dirty : &loop->dying;
}

void
leat__work_add(struct leat_conn *conn, enum leat__kind kind)
{
    if (leat__work_has(conn, kind))
        return;
    struct leat__net *net = conn->shared->loop->net;
    struct leat__work *work = &net->work[kind];
    uint32_t last = work->last;
    assert(kind != LEAT__DIRTY || !conn->is_dying);
    conn->work = (conn->work | 1u << kind) & LEAT__ALL_WORK;
    *links_in(conn, kind) =
        (struct leat__links){.next = LEAT__NONE, .prev = last};
    work->last = conn->slot;
    if (work->is_running && work->stop == LEAT__NONE)
        work->stop = conn->slot;
    if (last != LEAT__NONE) {
        links_of(net, last, kind)->next = conn->slot;
        return;
    }
    work->first = conn->slot;
    if (!work->is_running)
        leat__defer_add(defer_of(net->loop, kind), &work->node);
}

static inline void
clear(struct leat_conn *conn, enum leat__kind kind)
{
    conn->work = conn->work & ~(1u << kind) & LEAT__ALL_WORK;
}

void
leat__work_drop(struct leat_conn *conn, enum leat__kind kind)
{
    if (!leat__work_has(conn, kind))
        return;
    struct leat__net *net = conn->shared->loop->net;
    struct leat__work *work = &net->work[kind];
    const struct leat__links links = *links_in(conn, kind);
    clear(conn, kind);
    if (links.prev != LEAT__NONE)
        links_of(net, links.prev, kind)->next = links.next;
    else
        work->first = links.next;
    if (links.next != LEAT__NONE)
        links_of(net, links.next, kind)->prev = links.prev;
    else
        work->last = links.prev;
    if (work->stop == conn->slot)
        work->stop = links.next;
    if (work->first == LEAT__NONE)
        leat__list_unlink(&work->node);
}

static void
begin(struct leat__work *work)
{
    work->is_running = true;
    work->stop = LEAT__NONE;
}

/* The next one of those that were there at the beginning, off the list; NULL
 * there is none. The list's node is on no list of the loop's. */
static inline struct leat_conn *
take(struct leat__net *net, enum leat__kind kind)
{
    struct leat__work *work = &net->work[kind];
    if (work->first == work->stop)
        return NULL; /* both LEAT__NONE where it is empty */
    struct leat_conn *conn = net->slot[work->first].conn;
    work->first = links_in(conn, kind)->next;
    if (work->first != LEAT__NONE)
        links_of(net, work->first, kind)->prev = LEAT__NONE;
    else
        work->last = LEAT__NONE;
    clear(conn, kind);
    return conn;
}

static void
end(struct leat__net *net, enum leat__kind kind)
{
    struct leat__work *work = &net->work[kind];
    work->is_running = false;
    if (work->first != LEAT__NONE)
        leat__defer_add(defer_of(net->loop, kind), &work->node);
}

/* The loop has asked whether the first one may be run. */
static void
run_held(struct leat__node *node)
{
    struct leat__work *work = LEAT__CONTAINER(node, struct leat__work, node);
    struct leat__net *net = work->net;
    struct leat_conn *conn;
    bool may_go_on = true;
    begin(work);
    while (may_go_on && (conn = take(net, LEAT__HELD)) != NULL) {
        leat__conn_held(conn);
        may_go_on = leat__loop_may_go_on(net->loop);
    }
    end(net, LEAT__HELD);
}

static void
run_dirty(struct leat__node *node)
{
    struct leat__work *work = LEAT__CONTAINER(node, struct leat__work, node);
    struct leat__net *net = work->net;
    struct leat_conn *conn;
    begin(work);
    while (!net->loop->is_doomed && (conn = take(net, LEAT__DIRTY)) != NULL)
        leat__conn_flush(conn);
    end(net, LEAT__DIRTY);
}

static void
run_dying(struct leat__node *node)
{
    struct leat__work *work = LEAT__CONTAINER(node, struct leat__work, node);
    struct leat__net *net = work->net;
    struct leat_conn *conn;
    begin(work);
    while ((conn = take(net, LEAT__DYING)) != NULL)
        leat__conn_reap(conn);
    end(net, LEAT__DYING);
}

void
leat__work_init(struct leat__net *net)
{
    struct leat_loop *loop = net->loop;
    for (int i = 0; i < LEAT__KINDS; i++) {
        net->work[i] = (struct leat__work){
            .net = net, .first = LEAT__NONE, .last = LEAT__NONE};
        leat__list_init(&net->work[i].node);
    }
    loop->held.run = run_held;
    loop->dirty.run = run_dirty;
    loop->dying.run = run_dying;
}

static size_t
check_list(const struct leat__net *net, enum leat__kind kind)
{
    const struct leat__work *work = &net->work[kind];
    uint32_t before = LEAT__NONE;
    size_t count = 0;
    for (uint32_t slot = work->first; slot != LEAT__NONE; count++) {
        assert(count < net->count);
        assert(leat__work_has(net->slot[slot].conn, kind));
        assert(links_of(net, slot, kind)->prev == before);
        before = slot;
        slot = links_of(net, slot, kind)->next;
    }
    assert(work->last == before && !work->is_running);
    assert(leat__list_is_linked(&work->node) == (count > 0));
    (void)before; /* without assertions */
    return count;
}

void
leat__work_check(const struct leat__net *net)
{
    size_t listed = 0;
    size_t bits = 0;
    const struct leat_conn *conn;
    for (int i = 0; i < LEAT__KINDS; i++)
        listed += check_list(net, (enum leat__kind)i);
    for (uint32_t at = 0; (conn = leat__net_next(net, &at)) != NULL;)
        bits += (size_t)__builtin_popcount(conn->work);
    assert(listed == bits);
    (void)listed, (void)bits; /* without assertions */
}
