/*
 * check.c - assert the invariants that the files of this room list.
 *
 * On the path: nowhere; the tests call it after every turn, where each of the
 * deferred lists holds what the next turn has to do.
 */
#include <assert.h>

#include "socket.h"

static unsigned
wanted(const struct leat_conn *conn)
{
    struct leat_loop *loop = conn->shared->loop;
    return conn->is_detached ? 0 : leat__park_wanted(loop, &conn->io);
}

/* dial.c. */
static void
check_dial(const struct leat_conn *conn)
{
    assert(
        conn->is_dialing == (conn->more != NULL && conn->more->dial != NULL));
    if (!conn->is_dialing)
        return;
    assert(conn->is_dying || (conn->is_blocked && !conn->is_detached));
    assert(conn->is_dying || wanted(conn) == LEAT_WRITABLE);
    assert(!conn->is_memory && !conn->has_fin && !conn->has_eof);
    assert(conn->bytes_in == 0 && conn->bytes_out == 0);
}

/* pair.c. */
static void
check_pair(const struct leat_conn *conn)
{
    const struct leat__more *more = conn->more;
    assert(conn->is_memory || !conn->is_cut);
    assert(conn->is_memory || more == NULL || more->twin == NULL);
    assert(conn->is_memory || more == NULL || more->offered == 0);
    if (!conn->is_memory)
        return;
    const struct leat_conn *twin = more->twin;
    assert(conn->is_detached && !conn->is_dialing);
    assert(twin == NULL || twin->more->twin == conn);
    assert(twin == NULL || (!twin->is_dying && !conn->is_dying));
    bool may_take = leat__conn_may_receive(conn) && leat__pair_has_input(conn);
    assert(!may_take || leat__work_has(conn, LEAT__HELD));
    (void)more, (void)twin, (void)may_take; /* without assertions */
}

/* conn.c, flow.c, conn_in.c and conn_out.c. */
static void
check_conn(const struct leat_conn *conn)
{
    bool is_dirty = leat__work_has(conn, LEAT__DIRTY);
    bool is_held = conn->more != NULL && conn->more->held.bytes != NULL;
    size_t counted = conn->more != NULL ? conn->more->counted : 0;
    bool is_read = wanted(conn) & LEAT_READABLE;
    bool is_waiting = wanted(conn) & LEAT_WRITABLE;

    leat__queue_check(&conn->queue, &conn->shared->limits);
    assert(conn->is_dying == leat__work_has(conn, LEAT__DYING));
    assert(!conn->is_dying || (conn->queue.count == 0 && wanted(conn) == 0));
    assert(!conn->is_dying || (counted == 0 && !is_dirty && conn->is_over));
    assert(is_held == conn->is_holding);
    assert(!conn->is_over || conn->queue.count == 0);
    assert(conn->is_over || (conn->error == 0 && !conn->has_fin));
    assert(conn->queue.count == 0 || is_dirty || conn->is_blocked ||
           conn->is_starved);
    assert(!conn->has_fin || conn->is_ending || conn->is_dying);
    assert(!conn->has_fin || conn->queue.count == 0);
    assert(!conn->is_shut || (conn->is_half && conn->queue.count == 0));
    assert(is_read == leat__conn_may_receive(conn) || conn->is_detached);
    assert(!is_held || !is_read || conn->is_ending);
    assert(is_waiting == (conn->is_blocked && !conn->is_dying) ||
           conn->is_detached);
    assert(
        !conn->is_starved || conn->is_dying || conn->tick != LEAT__TICK_NONE);
    assert(conn->error == 0 || conn->queue.count == 0);
    (void)is_dirty, (void)is_held, (void)is_read, (void)is_waiting,
        (void)counted; /* without assertions */
}

static size_t
check_couples(const struct leat_conn *conn)
{
    size_t couples = 0;
    struct leat__more *more = conn->more;
    if (more == NULL)
        return 0;
    for (struct leat__node *node = more->targets.next; node != &more->targets;
         node = node->next, couples++)
        assert(LEAT__CONTAINER(node, struct leat__couple, of_src)->src == conn);
    for (struct leat__node *node = more->sources.next; node != &more->sources;
         node = node->next)
        assert(LEAT__CONTAINER(node, struct leat__couple, of_dst)->dst == conn);
    return couples;
}

/* group.c, seen from the connection. */
static size_t
check_memberships(const struct leat_conn *conn)
{
    size_t members = 0;
    const struct leat__member *member =
        conn->more != NULL ? conn->more->groups : NULL;
    for (; member != NULL; member = member->next, members++) {
        assert(member->conn == conn && !conn->is_dying && !conn->is_ending);
        assert(leat__list_is_linked(&member->of_group));
    }
    return members;
}

/* And from the groups; no walk is under way. */
static size_t
check_groups(const struct leat__net *net)
{
    size_t members = 0;
    for (struct leat__node *node = net->groups.next; node != &net->groups;
         node = node->next) {
        const struct leat_group *group =
            LEAT__CONTAINER(node, struct leat_group, node);
        size_t count = 0;
        for (struct leat__node *of = group->members.next; of != &group->members;
             of = of->next, count++) {
            const struct leat__member *member =
                LEAT__CONTAINER(of, struct leat__member, of_group);
            assert(member->group == group);
            assert(leat_group_has(group, member->conn));
            (void)member; /* without assertions */
        }
        assert(count == group->count);
        members += count;
    }
    return members;
}

static void
check_listeners(const struct leat__net *net)
{
    for (struct leat__node *node = net->listeners.next; node != &net->listeners;
         node = node->next) {
        const struct leat_listener *listener =
            LEAT__CONTAINER(node, struct leat_listener, node);
        assert(!listener->is_closed && !listener->is_busy);
        assert(listener->shared->listener == listener);
        assert(listener->conns + 1 <= listener->shared->refs);
        bool is_tight = listener->pauses & LEAT__PAUSE_MEMORY;
        assert(is_tight == net->is_tight);
        assert(!(listener->pauses & LEAT__PAUSE_FDS) ||
               listener->timer.is_started);
        (void)is_tight, (void)listener; /* without assertions */
    }
}

/* dgram.c. */
static void
check_dgrams(const struct leat__net *net)
{
    for (struct leat__node *node = net->dgrams.next; node != &net->dgrams;
         node = node->next) {
        const struct leat_dgram *dgram =
            LEAT__CONTAINER(node, struct leat_dgram, node);
        assert(!dgram->is_closed && !dgram->is_busy && dgram->current == NULL);
        for (size_t i = 0; i < dgram->count; i++)
            assert(dgram->socket[i].is_lost ||
                   leat__fdset_wanted(&net->loop->fds, &dgram->socket[i].io) ==
                       (dgram->timer.is_started ? 0 : LEAT_READABLE));
        (void)dgram; /* without assertions */
    }
}

void
leat__net_check(const struct leat_loop *loop)
{
    const struct leat__net *net = loop->net;
    size_t count = 0;
    size_t couples = 0;
    size_t members = 0;
    size_t held = 0;
    size_t rings = 0;

    if (net == NULL)
        return;
    const struct leat_conn *conn;
    size_t timed = 0;
    size_t mores = net->at_hand != NULL;
    for (uint32_t at = 0; (conn = leat__net_next(net, &at)) != NULL; count++) {
        assert(conn->slot == at - 1 && at <= net->slots);
        timed += conn->tick != LEAT__TICK_NONE;
        check_conn(conn);
        check_dial(conn);
        check_pair(conn);
        couples += check_couples(conn);
        members += check_memberships(conn);
        mores += conn->more != NULL;
        held += conn->more != NULL ? conn->more->counted : 0;
        rings += leat__queue_ring_block(&conn->queue);
    }
    leat__chunk_check(net);
    leat__due_check(net);
    leat__work_check(net);
    assert(timed == net->due_count);
    size_t in_groups = check_groups(net);
    assert(count == net->count && count == net->conn_slab.used_count);
    assert(net->at_hand == NULL || leat__more_is_bare(net->at_hand));
    assert(mores == net->more_slab.used_count);
    assert(couples == net->couple_slab.used_count);
    assert(members == net->member_slab.used_count);
    assert(members == in_groups);
    assert(held == loop->pool.held && rings == loop->pool.rings);
    assert(loop->pool.stored <= loop->config.max_memory);
    check_listeners(net);
    check_dgrams(net);
    leat__slab_check(&net->conn_slab);
    leat__slab_check(&net->member_slab);
    (void)count, (void)couples, (void)held; /* without assertions */
    (void)members, (void)in_groups, (void)rings, (void)timed, (void)mores;
}
