/*
 * pair.c - two connections that are each other's peer, without sockets.
 *
 * On the path: queue of one -> HERE (the other's phase 3) -> service of the
 * other.
 *
 * There is no kernel buffer between them: the queue of the one is what the
 * other receives from. So a flush leaves the bytes where they are, as if the
 * kernel had no room for them, and wakes the twin, whose recv takes them. All
 * else is as with sockets.
 *
 * Invariants (check.c asserts them):
 *  1. twins point at each other until one of them dies, then the other's is
 *     NULL; a twin is_memory and detached
 *  2. only what a flush has offered is received, so that a byte takes a turn
 *  3. who has something to receive, and may, is on loop->held: no select() will
 *     report it
 */
#include <leat/dial.h>

#include <errno.h>
#include <string.h>

#include "net.h"

/* Undo make, for a connection that nobody has seen. */
static void
unmake(struct leat_conn *conn)
{
    conn->is_memory = false;
    leat__conn_kill(conn, 0);
    leat__work_drop(conn, LEAT__DYING);
    leat__conn_free(conn);
}

static int
make(struct leat_conn **out, struct leat_loop *loop,
    const struct leat_conn_config *config, void *user)
{
    struct leat__shared *shared;
    int error = leat__shared_create(&shared, loop, config);
    if (error != 0)
        return error;
    error = leat__conn_make(out, loop->net, -1, shared, user);
    leat__shared_unref(loop, shared);
    if (error != 0)
        return error;
    (*out)->is_memory = true;
    if (leat__more_need(*out) != NULL)
        return 0;
    unmake(*out);
    *out = NULL;
    return -ENOMEM;
}

int
leat_conn_pair(struct leat_conn *out[2], struct leat_loop *loop,
    const struct leat_conn_config config[2], void *user[2])
{
    out[0] = out[1] = NULL;
    if (loop->is_doomed)
        return -ESHUTDOWN;
    if (leat__net_of(loop) == NULL)
        return -ENOMEM;
    int error = make(&out[0], loop, &config[0], user[0]);
    if (error != 0)
        return error;
    error = make(&out[1], loop, &config[1], user[1]);
    if (error != 0) {
        unmake(out[0]);
        out[0] = NULL;
        return error;
    }
    out[0]->more->twin = out[1];
    out[1]->more->twin = out[0];
    return 0;
}

bool
leat__pair_has_input(const struct leat_conn *conn)
{
    const struct leat_conn *twin = conn->more->twin;
    if (twin == NULL || twin->has_fin || twin->is_shut)
        return true;
    return twin->more->offered > 0 && twin->queue.count > 0;
}

ssize_t
leat__pair_recv(struct leat_conn *conn, void *bytes, size_t len)
{
    struct leat_conn *twin = conn->more->twin;
    if (twin == NULL)
        return conn->is_cut ? -ECONNRESET : 0;
    if (twin->has_fin || twin->is_shut)
        return 0; /* FIN comes after all else: the queue is empty */
    if (!leat__pair_has_input(conn))
        return -EAGAIN;
    if (len > twin->more->offered)
        len = twin->more->offered;

    struct iovec iov[LEAT__GATHER_MAX];
    size_t all;
    size_t pieces =
        leat__queue_gather(&twin->queue, iov, LEAT__GATHER_MAX, &all);
    size_t taken = 0;
    for (size_t i = 0; i < pieces && taken < len; i++) {
        size_t n = iov[i].iov_len < len - taken ? iov[i].iov_len : len - taken;
        memcpy((unsigned char *)bytes + taken, iov[i].iov_base, n);
        taken += n;
    }
    twin->more->offered -= taken;
    leat__conn_took_out(twin, taken);
    twin->mark = (uint32_t)(twin->shared->loop->now_us / 1000);
    /* Its flush finds out whether the queue has drained, or has more for us. */
    leat__work_add(twin, LEAT__DIRTY);
    return (ssize_t)taken;
}

bool
leat__pair_send(struct leat_conn *conn)
{
    if (conn->more->twin == NULL) {
        leat__conn_output_failed(conn, conn->is_cut ? -ECONNRESET : -EPIPE);
        return false;
    }
    /* Where LEAT_DROP_OLD drops of these, newer ones take their place. */
    conn->more->offered = conn->queue.bytes;
    leat__conn_put_off(conn->more->twin);
    return true;
}

void
leat__pair_end(struct leat_conn *conn)
{
    if (conn->more->twin != NULL)
        leat__conn_put_off(conn->more->twin);
}

void
leat__pair_part(struct leat_conn *conn)
{
    struct leat_conn *twin = conn->is_memory ? conn->more->twin : NULL;
    if (twin == NULL)
        return;
    conn->more->twin = NULL;
    twin->more->twin = NULL;
    twin->is_cut = conn->is_reset;
    leat__conn_put_off(twin);
    if (twin->queue.count > 0)
        leat__work_add(twin, LEAT__DIRTY);
}
