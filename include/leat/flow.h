/*
 * leat/flow.h - when a connection is read: pausing, back-pressure, half-close,
 * urgent data.
 *
 * A connection is read only while every queue it is coupled to, from the start
 * its own, is below high. That is all the back-pressure there is: it travels as
 * an interest in readiness, never as a call, and reaches the peer as a closed
 * TCP window.
 */
#ifndef LEAT_FLOW_H
#define LEAT_FLOW_H

#include <leat/api.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct leat_conn;

/*
 * Stop reading. No on_data, on_message, on_eof or on_urgent until resumed. A
 * reset by the peer is noticed at the next send, resume or idle timeout.
 *
 * conn     open connection; pausing twice is harmless. Ending, closing and
 *          aborting work as ever.
 */
LEAT_API void leat_conn_pause(struct leat_conn *conn);

/*
 * Read again. Input held back is delivered first, in phase 3.
 */
LEAT_API void leat_conn_resume(struct leat_conn *conn);

/*
 * Read one connection only while the queue of another is below high, because
 * what comes from src goes to dst.
 *
 * src, dst   open connections of one loop, or twice the same one, which holds
 *            from the start. Coupling what is coupled changes nothing.
 *
 * Returns    0; -EINVAL not of one loop; -ESHUTDOWN one of them is closing;
 *            -ENOMEM.
 * On error   nothing has changed.
 * Valid      until leat_conn_uncouple or the on_close of either.
 */
LEAT_API LEAT_CHECKED int leat_conn_couple(
    struct leat_conn *src, struct leat_conn *dst);

/*
 * Undo leat_conn_couple; harmless where there is nothing to undo.
 *
 * A client that streams by itself, and is answered, uncouples its connection
 * from itself: else both ends, with full queues, could wait for the other to
 * read first. Whoever answers what it reads leaves it coupled.
 */
LEAT_API void leat_conn_uncouple(struct leat_conn *src, struct leat_conn *dst);

/*
 * Send no more, and read on: what is queued leaves, then FIN. For a client that
 * has asked everything and waits for the answers.
 *
 * conn     open connection; harmless after leat_conn_end and the like. Once the
 *          peer has ended too, it ends by itself: at once where on_eof has been
 *          called before, else right after on_eof. A peer that never ends needs
 *          idle_us.
 *
 * Calls back as before, but for on_drain.
 */
LEAT_API void leat_conn_half_close(struct leat_conn *conn);

/*
 * Whether the queue has reached high and not yet fallen below low: the time
 * to stop producing, until on_drain.
 */
LEAT_API bool leat_conn_is_full(const struct leat_conn *conn);

/*
 * How much of a fixed or prefixed frame has arrived.
 *
 * Returns    bytes received of a frame that is not whole yet, 0 between
 *            frames. In on_eof: how far the cut-off frame got.
 */
LEAT_API size_t leat_conn_partial(const struct leat_conn *conn);

/*
 * Whether the next byte to be read is the urgent one.
 *
 * Returns    1 or 0; -EINVAL not a socket that knows urgent data; -EBADF
 *            closed.
 * Source     sockatmark(3).
 */
LEAT_API LEAT_CHECKED int leat_conn_at_mark(const struct leat_conn *conn);

#ifdef __cplusplus
}
#endif

#endif
