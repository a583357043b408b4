/*
 * more.c - what few connections need, in a block that is taken when it is.
 *
 * On the path: conn.c, conn_in.c, flow.c, group.c, linger.c -> HERE -> slab.
 *
 * A quiet connection has none. A framed one has it while input is cut up, so
 * the net keeps one block at hand that is ready for use: to take and to give
 * it is to move a pointer.
 *
 * Invariant (check.c asserts it): what is at hand holds nothing.
 */
#include "net.h"

#include <string.h>

static void
init(struct leat__more *more)
{
    memset(more, 0, sizeof *more);
    leat__list_init(&more->sources);
    leat__list_init(&more->targets);
    leat__frame_init(&more->frame);
}

bool
leat__more_have(struct leat__net *net)
{
    if (net->at_hand != NULL)
        return true;
    net->at_hand = leat__slab_take(&net->more_slab);
    if (net->at_hand != NULL)
        init(net->at_hand);
    return net->at_hand != NULL;
}

struct leat__more *
leat__more_need(struct leat_conn *conn)
{
    struct leat__net *net = conn->shared->loop->net;
    if (conn->more != NULL)
        return conn->more;
    conn->more = net->at_hand;
    net->at_hand = NULL;
    if (conn->more != NULL)
        return conn->more;
    conn->more = leat__slab_take(&net->more_slab);
    if (conn->more != NULL)
        init(conn->more);
    return conn->more;
}

/* Asked after each flush: what a member of a group answers comes first. */
bool
leat__more_is_bare(const struct leat__more *more)
{
    if (more->groups != NULL)
        return false;
    bool has_others = more->dial != NULL || more->twin != NULL ||
                      more->offered > 0 ||
                      !leat__list_is_empty(&more->sources) ||
                      !leat__list_is_empty(&more->targets);
    bool has_input = more->frame.partial != NULL || more->frame.is_delivered ||
                     more->held.bytes != NULL || more->counted > 0 ||
                     more->stored > 0;
    bool has_told = more->drops > 0 || more->starved_us != 0 ||
                    more->bytes_discarded > 0 || more->bytes_undelivered > 0;
    return !has_others && !has_input && !has_told;
}

static void
give(struct leat__net *net, struct leat__more *more)
{
    if (net->at_hand == NULL)
        net->at_hand = more;
    else
        leat__slab_give(&net->more_slab, more);
}

void
leat__more_settle(struct leat_conn *conn)
{
    struct leat__more *more = conn->more;
    if (more == NULL || conn->is_memory || !leat__more_is_bare(more))
        return;
    more->failed_us = 0;
    conn->more = NULL;
    give(conn->shared->loop->net, more);
}

void
leat__more_free(struct leat_conn *conn)
{
    struct leat__more *more = conn->more;
    if (more == NULL)
        return;
    init(more);
    conn->more = NULL;
    give(conn->shared->loop->net, more);
}
