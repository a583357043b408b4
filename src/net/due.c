/*
 * due.c - whose timer is next: one timer of the loop for all connections.
 *
 * On the path: linger.c -> HERE -> the loop's timers (phase 5) -> linger.c.
 *
 * A timer of the loop's own in each connection would be half of a quiet one's
 * memory. Here a connection has its deadline, four bytes in a binary heap of
 * slots, and in its slot the place in that heap.
 *
 * Invariants (check.c asserts them):
 *  1. no slot in the heap is due before the one at (place - 1) / 2
 *  2. conn->tick is not NONE  <=>  due[place] is the connection's slot
 *  3. the loop's timer is started for the first one's deadline, and only then;
 *     where has_late, for a time that is over
 *
 * The heap has room for every slot, so nothing here can fail.
 */
#include <assert.h>

#include "net.h"

static struct leat_conn *
conn_at(const struct leat__net *net, uint32_t place)
{
    return net->slot[net->due[place]].conn;
}

static void
put(struct leat__net *net, uint32_t place, uint32_t slot)
{
    net->due[place] = slot;
    net->slot[slot].place = place;
}

/* The slot goes up from this place as far as it must. */
static void
rise(struct leat__net *net, uint32_t place, uint32_t slot)
{
    int64_t due_us = net->slot[slot].conn->due_us;
    while (place > 0 && conn_at(net, (place - 1) / 2)->due_us > due_us) {
        put(net, place, net->due[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(net, place, slot);
}

static void
sink(struct leat__net *net, uint32_t place, uint32_t slot)
{
    int64_t due_us = net->slot[slot].conn->due_us;
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= net->due_count)
            break;
        if (child + 1 < net->due_count &&
            conn_at(net, child + 1)->due_us < conn_at(net, child)->due_us)
            child++;
        if (conn_at(net, child)->due_us >= due_us)
            break;
        put(net, place, net->due[child]);
        place = child;
    }
    put(net, place, slot);
}

/* Have the loop call for the first one. */
static void
set_timer(struct leat__net *net)
{
    struct leat_timer *timer = &net->due_timer;
    if (net->is_ticking)
        return; /* once, at the end */
    if (net->due_count == 0) {
        leat_timer_stop(timer);
        return;
    }
    int64_t due_us = conn_at(net, 0)->due_us;
    if (net->has_late)
        due_us = net->loop->now_us;
    if (!timer->is_started || timer->node.deadline_us != due_us)
        leat__timer_start_at(timer, due_us);
}

static void
take_out(struct leat__net *net, struct leat_conn *conn)
{
    uint32_t place = net->slot[conn->slot].place;
    uint32_t last = net->due[--net->due_count];
    conn->tick = LEAT__TICK_NONE;
    if (last == conn->slot)
        return;
    /* The last one fills the gap, and belongs above or below it. */
    int64_t last_us = net->slot[last].conn->due_us;
    if (place > 0 && conn_at(net, (place - 1) / 2)->due_us > last_us)
        rise(net, place, last);
    else
        sink(net, place, last);
}

void
leat__due_stop(struct leat_conn *conn)
{
    struct leat__net *net = conn->shared->loop->net;
    if (conn->tick == LEAT__TICK_NONE)
        return;
    take_out(net, conn);
    set_timer(net);
}

void
leat__due_start(struct leat_conn *conn, enum leat__tick tick, int64_t due_us)
{
    struct leat__net *net = conn->shared->loop->net;
    if (conn->tick != LEAT__TICK_NONE)
        take_out(net, conn);
    /* What is set in phase 5 runs in the next turn: it stands behind all that
     * run in this one. */
    if (net->is_ticking && due_us <= net->until_us) {
        due_us = net->until_us + 1;
        net->has_late = true;
    }
    conn->tick = tick;
    conn->due_us = due_us;
    rise(net, net->due_count++, conn->slot);
    set_timer(net);
}

/* Phase 5. Nobody leaves the slots in here: that is for phase 7. */
static void
run(struct leat_timer *timer, void *user)
{
    struct leat__net *net = user;
    (void)timer;
    if (net->has_late)
        net->until_us++;
    if (net->until_us < net->loop->now_us || !net->has_late)
        net->until_us = net->loop->now_us;
    net->has_late = false;
    net->is_ticking = true;
    while (!net->loop->is_doomed && net->due_count > 0) {
        struct leat_conn *conn = conn_at(net, 0);
        enum leat__tick tick = conn->tick;
        if (conn->due_us > net->until_us)
            break;
        take_out(net, conn);
        leat__conn_tick(conn, tick);
    }
    net->is_ticking = false;
    set_timer(net);
}

void
leat__due_init(struct leat__net *net)
{
    leat_timer_init(&net->due_timer, net->loop, run, net);
    net->due_timer.is_internal = true;
}

void
leat__due_check(const struct leat__net *net)
{
    const struct leat_timer *timer = &net->due_timer;
    assert(timer->is_started == (net->due_count > 0));
    for (uint32_t i = 0; i < net->due_count; i++) {
        assert(net->slot[net->due[i]].place == i);
        assert(conn_at(net, i)->tick != LEAT__TICK_NONE);
        assert(
            conn_at(net, (i - (i > 0)) / 2)->due_us <= conn_at(net, i)->due_us);
    }
    assert(net->due_count == 0 || net->has_late ||
           timer->node.deadline_us == conn_at(net, 0)->due_us);
    (void)timer; /* without assertions */
}
