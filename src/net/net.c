/*
 * net.c - what all connections of a loop have in common: identity, and the
 * bound on memory.
 *
 * Invariants:
 *  1. slot[i].conn is NULL, or a connection whose slot is i
 *  2. a slot's generation grows when its connection leaves, so an id (slot and
 *     generation) names one connection for ever; a slot whose generations are
 *     used up is not used again
 *  3. the blocks of what is queued and held are within max_memory after every
 *     send and every receive; together with the rings of the queues they are
 *     before each, as a ring is seen when it has grown
 */
#include "socket.h"

#include <errno.h>
#include <string.h>

#define FIRST_SLOTS 16u
#define RELIEF_MS 1000 /* without progress, and the gate stays shut */

static void relieve(struct leat_timer *timer, void *user);

/* --- the loop's net --- */

static void
end_net(struct leat_loop *loop)
{
    struct leat__net *net = loop->net;
    leat_timer_stop(&net->relief);
    struct leat_conn *conn;
    for (uint32_t at = 0; (conn = leat__net_next(net, &at)) != NULL;) {
        leat__conn_kill(conn, -ECANCELED);
        leat__work_drop(conn, LEAT__DYING);
        leat__conn_reap(conn);
    }
    while (!leat__list_is_empty(&net->dgrams))
        leat__dgram_free(
            LEAT__CONTAINER(net->dgrams.next, struct leat_dgram, node));
    while (!leat__list_is_empty(&net->listeners))
        leat__listener_free(
            LEAT__CONTAINER(net->listeners.next, struct leat_listener, node));
    /* Last, since on_close may still look at them. */
    while (!leat__list_is_empty(&net->groups))
        leat_group_destroy(
            LEAT__CONTAINER(net->groups.next, struct leat_group, node));

    leat__slab_fini(&net->conn_slab);
    if (net->at_hand != NULL)
        leat__slab_give(&net->more_slab, net->at_hand);
    leat__slab_fini(&net->more_slab);
    leat__slab_fini(&net->couple_slab);
    leat__slab_fini(&net->member_slab);
    struct leat__source *source = &loop->pool.source;
    leat__source_resize(source, net->slot, net->slots * sizeof *net->slot, 0);
    leat__source_resize(source, net->due, net->slots * sizeof *net->due, 0);
    leat__chunk_fini(net);
    leat__source_resize(source, net, sizeof *net, 0);
    loop->net = NULL;
}

static bool
trim_net(struct leat_loop *loop)
{
    struct leat__net *net = loop->net;
    bool is_left = leat__chunk_trim(net);
    is_left |= leat__slab_trim(&net->conn_slab, loop->now_us);
    is_left |= leat__slab_trim(&net->more_slab, loop->now_us);
    is_left |= leat__slab_trim(&net->couple_slab, loop->now_us);
    return leat__slab_trim(&net->member_slab, loop->now_us) || is_left;
}

static size_t
count_net(const struct leat_loop *loop)
{
    return loop->net->count;
}

struct leat__net *
leat__net_of(struct leat_loop *loop)
{
    if (loop->net != NULL)
        return loop->net;
    struct leat__source *source = &loop->pool.source;
    struct leat__net *net = leat__source_resize(source, NULL, 0, sizeof *net);
    if (net == NULL)
        return NULL;

    memset(net, 0, sizeof *net);
    net->loop = loop;
    net->tight = loop->config.max_memory / 5 * 4;
    leat__list_init(&net->listeners);
    net->first_free = LEAT__NONE;
    leat__due_init(net);
    leat_timer_init(&net->relief, loop, relieve, net);
    net->relief.is_internal = true;
    leat__list_init(&net->groups);
    leat__list_init(&net->dgrams);
    leat__slab_init(&net->conn_slab, source, sizeof(struct leat_conn));
    leat__slab_init(&net->more_slab, source, sizeof(struct leat__more));
    leat__slab_init(&net->couple_slab, source, sizeof(struct leat__couple));
    leat__slab_init(&net->member_slab, source, sizeof(struct leat__member));
    if (leat__chunk_init(net) != 0)
        goto err_free_net;
    if (!leat__more_have(net))
        goto err_free_chunk;
    leat__work_init(net);
    loop->end_net = end_net;
    loop->trim_net = trim_net;
    loop->count_net = count_net;
    loop->net = net;
    return net;

err_free_chunk:
    leat__chunk_fini(net);
err_free_net:
    leat__source_resize(source, net, sizeof *net, 0);
    return NULL;
}

/* --- identity --- */

/* By a quarter: what is never used is not touched either, but counts. */
static int
grow_slots(struct leat__net *net)
{
    struct leat__source *source = &net->loop->pool.source;
    if (net->slots > LEAT__NONE / 2)
        return -ENOMEM;
    uint32_t slots = net->slots + net->slots / 4 + FIRST_SLOTS;
    struct leat__slot *slot = leat__source_resize(
        source, net->slot, net->slots * sizeof *slot, slots * sizeof *slot);
    if (slot == NULL)
        return -ENOMEM;
    net->slot = slot;
    uint32_t *due = leat__source_resize(
        source, net->due, net->slots * sizeof *due, slots * sizeof *due);
    if (due == NULL) {
        /* The longer one stays, as if it were as short as before. */
        source->bytes -= (slots - net->slots) * sizeof *slot;
        return -ENOMEM;
    }
    net->due = due;
    net->slots = slots;
    return 0;
}

int
leat__net_enter(struct leat__net *net, struct leat_conn *conn)
{
    uint32_t index = net->first_free;
    if (index != LEAT__NONE) {
        net->first_free = net->slot[index].place;
    } else {
        if (net->fresh == net->slots && grow_slots(net) != 0)
            return -ENOMEM;
        index = net->fresh++;
        net->slot[index].generation = 1;
    }
    net->slot[index].conn = conn;
    conn->slot = index;
    net->count++;
    return 0;
}

void
leat__net_leave(struct leat__net *net, struct leat_conn *conn)
{
    struct leat__slot *slot = &net->slot[conn->slot];
    slot->conn = NULL;
    if (++slot->generation != 0) {
        slot->place = net->first_free;
        net->first_free = conn->slot;
    }
    net->count--;
}

struct leat_conn *
leat__net_next(const struct leat__net *net, uint32_t *at)
{
    struct leat_conn *conn = NULL;
    while (conn == NULL && *at < net->fresh)
        conn = net->slot[(*at)++].conn;
    return conn;
}

uint64_t
leat_conn_id(const struct leat_conn *conn)
{
    uint64_t generation = conn->shared->loop->net->slot[conn->slot].generation;
    return generation << 32 | conn->slot;
}

struct leat_conn *
leat_conn_find(struct leat_loop *loop, uint64_t id)
{
    const struct leat__net *net = loop->net;
    uint32_t index = (uint32_t)id;
    if (net == NULL || index >= net->fresh)
        return NULL;
    const struct leat__slot *slot = &net->slot[index];
    if (slot->generation != id >> 32 || slot->conn == NULL)
        return NULL;
    return slot->conn->is_dying ? NULL : slot->conn;
}

/* --- the memory bound --- */

/* What its end would free. */
static size_t
memory_of(const struct leat_conn *conn)
{
    return leat__queue_weight(&conn->queue) +
           leat__queue_ring_block(&conn->queue) +
           (conn->more != NULL ? conn->more->stored : 0);
}

static size_t
living_memory(const struct leat_conn *conn)
{
    return conn->is_dying ? 0 : memory_of(conn);
}

/* A walk over all connections; rare, because each one that is closed frees
 * the most there is to be had. */
static struct leat_conn *
largest(const struct leat__net *net)
{
    struct leat_conn *found = NULL;
    size_t most = 0;
    struct leat_conn *conn;
    for (uint32_t at = 0; (conn = leat__net_next(net, &at)) != NULL;) {
        size_t memory = living_memory(conn);
        if (memory <= most)
            continue;
        most = memory;
        found = conn;
    }
    return found;
}

static void
shed(struct leat_loop *loop, struct leat_conn *conn)
{
    loop->stats.shed++;
    leat__loop_note(loop, &(struct leat_note){.level = LEAT_NOTE_WARN,
                              .key = "shed",
                              .fd = conn->io.fd,
                              .conn = leat_conn_id(conn),
                              .value = memory_of(conn)});
    leat__conn_kill(conn, -EDQUOT);
}

/* --- many at once --- */

typedef size_t (*weigh_fn)(const struct leat_conn *conn);

static size_t
heaviest(const struct leat__net *net, weigh_fn weigh)
{
    size_t most = 0;
    struct leat_conn *conn;
    for (uint32_t at = 0; (conn = leat__net_next(net, &at)) != NULL;) {
        size_t memory = weigh(conn);
        if (memory > most)
            most = memory;
    }
    return most;
}

/* Close those who hold as much as that, while more than goal is used. */
static void
shed_from(struct leat__net *net, weigh_fn weigh, size_t least, size_t goal)
{
    struct leat_conn *conn;
    for (uint32_t at = 0; (conn = leat__net_next(net, &at)) != NULL;) {
        if (leat__net_used(net) <= goal)
            return;
        if (weigh(conn) >= least)
            shed(net->loop, conn);
    }
}

/* The larger ones first, down to a half of what there may be. A ring of
 * thousands shares its messages with the others and frees little: one by one,
 * with a walk for each, would stop the loop for minutes. */
static void
shed_most(struct leat__net *net, weigh_fn weigh)
{
    size_t goal = net->loop->config.max_memory / 2;
    for (size_t most = heaviest(net, weigh);
         most > 0 && leat__net_used(net) > goal; most = heaviest(net, weigh))
        shed_from(net, weigh, most - most / 2, goal);
}

int
leat__net_make_room(struct leat__net *net, size_t size)
{
    struct leat_loop *loop = net->loop;
    size_t max = loop->config.max_memory;
    if (size > max)
        return -ENOMEM; /* nobody's end would help */
    if (leat__net_used(net) > max && loop->pool.rings > max / 2)
        shed_most(net, living_memory);
    while (leat__net_used(net) > max - size) {
        struct leat_conn *victim = largest(net);
        if (victim == NULL)
            return -ENOMEM;
        shed(loop, victim);
    }
    leat__net_gate(net);
    return 0;
}

void
leat__net_turn_gate(struct leat__net *net, bool is_tight)
{
    struct leat_loop *loop = net->loop;
    net->is_tight = is_tight;
    leat__loop_note(loop,
        &(struct leat_note){.level = is_tight ? LEAT_NOTE_WARN : LEAT_NOTE_INFO,
            .key = is_tight ? "memory-high" : "memory-low",
            .fd = -1,
            .value = leat__net_used(net)});
    for (struct leat__node *node = net->listeners.next; node != &net->listeners;
         node = node->next)
        leat__listener_set_pauses(
            LEAT__CONTAINER(node, struct leat_listener, node),
            is_tight ? LEAT__PAUSE_MEMORY : 0,
            is_tight ? 0 : LEAT__PAUSE_MEMORY);
    if (is_tight)
        leat_timer_start(&net->relief, RELIEF_MS * 1000, RELIEF_MS * 1000);
    else
        leat_timer_stop(&net->relief);
}

/* --- the gate does not stay shut --- */

/* What a connection holds whose peer takes nothing, whatever it sends. */
static size_t
stalled_memory(const struct leat_conn *conn)
{
    /* Right whenever the 32 bits have wrapped: only the difference counts. */
    uint32_t stuck_ms =
        (uint32_t)(conn->shared->loop->now_us / 1000) - conn->mark;
    bool is_stalled =
        conn->queue.count > 0 && conn->is_blocked && stuck_ms >= RELIEF_MS;
    return is_stalled ? living_memory(conn) : 0;
}

/* Clients that do not read could hold memory between 80 and 100 % for ever,
 * and nobody new would be served again. While accepting waits for memory, they
 * are closed once a second, the larger ones first, down to a half. Whoever
 * reads however slowly stays, and where there is no listener nobody is waiting.
 */
static void
relieve(struct leat_timer *timer, void *user)
{
    (void)timer;
    struct leat__net *net = user;
    if (leat__list_is_empty(&net->listeners))
        return;
    shed_most(net, stalled_memory);
    leat__net_gate(net);
}
