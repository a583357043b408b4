/*
 * leat/dial.h - connections that we open: to a server, or to ourselves.
 *
 * A dial tries the addresses it is given one after the other until one
 * answers. Names are resolved before, by leat_addr_parse: the loop never
 * waits for a resolver.
 */
#ifndef LEAT_DIAL_H
#define LEAT_DIAL_H

#include <leat/conn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A field of 0 means its default. */
struct leat_dial_config {
    struct leat_conn_config conn; /* as of the connection from the start */
    int64_t timeout_us; /* for all addresses together, each getting an equal
                         * share of what is left; default 10 s, below 0 as
                         * long as the kernel tries */
};

/*
 * Connect to the first of some addresses that answers.
 *
 * out      set to the connection, which may be sent to at once: what is queued
 *          leaves when it is connected; returned borrowed until its on_close
 * loop     borrowed
 * addrs    count addresses, 1..LEAT_ADDR_MAX, tried in this order; copied
 * config   copied, but for conn.ops
 * user     kept; handed to the callbacks
 *
 * Returns  0; -EINVAL bad configuration or count; -ENOMEM; -ESHUTDOWN the loop
 *          is being destroyed.
 * On error *out is NULL.
 * Calls back on_open in phase 4 once connected, also where the peer has reset
 *          since: its bytes and then the error follow. When no address answers
 *          there is no on_open: on_close gets the error of the first address
 *          that failed, -ETIMEDOUT when the time was over, -ECONNREFUSED for a
 *          connection that has met itself, which TCP allows. Before on_open
 *          all may be called that may be called after it; none follows
 *          leat_conn_end, close or abort. idle_us counts from on_open.
 * Source   connect(2): EINTR and EINPROGRESS go on. socket(2), SO_ERROR.
 */
LEAT_API LEAT_CHECKED int leat_dial(struct leat_conn **out,
    struct leat_loop *loop, const struct leat_addr *addrs, size_t count,
    const struct leat_dial_config *config, void *user);

/*
 * Make two connections that are each other's peer, without sockets: what one
 * sends the other receives, by the same rules of queues, frames, ends and
 * phases. For tests of programs that embed leat.
 *
 * There is no kernel in between that would take bytes: what one has sent stays
 * in its queue until the other receives it, in phase 3 of a later turn, and is
 * lost when the one closes or aborts before that.
 *
 * out      set to both, the first with user[0], the second with user[1];
 *          returned borrowed until their on_close
 * loop     borrowed
 * config   of the first and of the second; copied, but for ops
 * user     kept; handed to the callbacks
 *
 * Returns  0; -EINVAL bad configuration; -ENOMEM; -ESHUTDOWN the loop is being
 *          destroyed.
 * On error both are NULL.
 * Calls back the operations from the next turn on, but not on_open. There is
 *          no urgent data (leat_conn_at_mark says -EINVAL), and no address
 *          (leat_conn_peer says -ENOTCONN).
 */
LEAT_API LEAT_CHECKED int leat_conn_pair(struct leat_conn *out[2],
    struct leat_loop *loop, const struct leat_conn_config config[2],
    void *user[2]);

#ifdef __cplusplus
}
#endif

#endif
