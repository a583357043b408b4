/*
 * leat/conn.h - one peer: its callbacks, its messages, its end.
 *
 * on_open comes first, on_close last and exactly once. The functions here only
 * mark and queue: none sends, frees or calls back, so all may be called from
 * any callback. leat/flow.h has pausing, back-pressure and urgent data,
 * leat/stats.h the counters.
 */
#ifndef LEAT_CONN_H
#define LEAT_CONN_H

#include <leat/addr.h>
#include <leat/frame.h>
#include <leat/message.h>
#include <leat/queue.h>

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct leat_conn;
struct leat_loop;

/*
 * What a program does with its peers; usually static const. Any member may be
 * NULL. user is the connection's user pointer. Phases are of the turn.
 */
struct leat_conn_ops {
    /* Accepted or connected (3, 4). Set the user pointer here. */
    void (*on_open)(struct leat_conn *conn, void *user);
    /* Raw connections: len >= 1 bytes arrived; borrowed for the call (3). */
    void (*on_data)(
        struct leat_conn *conn, const void *bytes, size_t len, void *user);
    /* Framed connections: one whole frame; borrowed for the call (3). */
    void (*on_message)(
        struct leat_conn *conn, const struct leat_frame *frame, void *user);
    /* The peer will send no more; NULL means leat_conn_end (3). */
    void (*on_eof)(struct leat_conn *conn, void *user);
    /* The queue was at high and has fallen below low (6). */
    void (*on_drain)(struct leat_conn *conn, void *user);
    /* The peer sent an urgent mark: once per mark, before the bytes up to it
     * are read (3). A mark that comes before the last one was read replaces
     * it. All bytes stay in place in the stream. */
    void (*on_urgent)(struct leat_conn *conn, void *user);
    /* Over (7). reason: LEAT_EOF the peer ended it; 0 end or close was asked
     * for; -ECONNABORTED abort was; -ETIME idle for too long; -ENOBUFS full
     * under LEAT_CLOSE; -EDQUOT shed for max_memory; -EMSGSIZE frame too long;
     * -ECANCELED the loop is destroyed; else the first error of the socket.
     * conn can still be asked for its id, peer, user and stats. */
    void (*on_close)(struct leat_conn *conn, int reason, void *user);
};

/* How a connection behaves; a field of 0 or NULL means its default. */
struct leat_conn_config {
    const struct leat_conn_ops *ops; /* kept; required */
    struct leat_queue_config queue;
    struct leat_frame_config frame; /* default LEAT_RAW */
    int64_t idle_us; /* close after so long without a byte received, or taken
                      * by the kernel; default never */
    int64_t keepalive_us; /* TCP: silence before the first of 3 probes, 10 s
                           * apart; default 60 s, below 0 off; tcp(7) */
    size_t lowat;  /* TCP: most unsent bytes in the kernel, TCP_NOTSENT_LOWAT;
                    * default 16 KiB, LEAT_OFF the kernel's own choice */
    size_t sndbuf; /* SO_SNDBUF; default unix 64 KiB, TCP the kernel's choice */
    size_t rcvbuf; /* SO_RCVBUF; default, LEAT_OFF: see leat/listener.h */
    bool nagle;    /* leave TCP_NODELAY off */
};

/*
 * Make a connection of a connected stream socket that came from elsewhere.
 *
 * out      set to the connection; returned borrowed until its on_close
 * loop     borrowed
 * fd       TCP or unix stream socket; taken on success and made non-blocking
 *          and close-on-exec
 * config   copied, but for ops
 * user     kept; handed to the callbacks
 *
 * Returns  0; -EINVAL bad configuration; -EEXIST fd is on this loop; -ERANGE
 *          fd beyond what select can watch; -ENOMEM; -ESHUTDOWN the loop is
 *          being destroyed; an error of getsockname(2) or fcntl(2).
 * On error fd stays the caller's; *out is NULL.
 * Calls back the operations from the next turn on, but not on_open.
 */
LEAT_API LEAT_CHECKED int leat_conn_adopt(struct leat_conn **out,
    struct leat_loop *loop, int fd, const struct leat_conn_config *config,
    void *user);

/*
 * Queue bytes for the peer, as one message. They leave in phase 6.
 *
 * bytes    copied before return, or shared: what a callback was given is const
 * len      1..limit of its queue
 *
 * Returns  0 queued, or dropped and counted under a drop policy; -EINVAL len
 *          is 0; -EMSGSIZE len is over the limit; -ENOBUFS the queue is full
 *          (LEAT_REFUSE; under LEAT_CLOSE the connection is closed too);
 *          -ENOMEM; -ESHUTDOWN end, half-close, close or abort was asked for,
 *          or it was shed; else the error that ended output, -EPIPE for one.
 * On error nothing is queued.
 * Calls back never.
 */
LEAT_API LEAT_CHECKED int leat_conn_send(
    struct leat_conn *conn, const void *bytes, size_t len);

/*
 * As leat_conn_send, with a message of the same loop that many connections may
 * share; no byte is copied. The queue takes a reference of its own.
 */
LEAT_API LEAT_CHECKED int leat_conn_send_message(
    struct leat_conn *conn, struct leat_message *message);

/*
 * End in an orderly way: what is queued is sent, then FIN; input is discarded
 * until the peer's end of file, 5 s without progress after FIN, or 30 s in all.
 * A peer that never reads what is queued needs idle_us.
 * Calls back on_close and nothing else, in a later phase 7.
 */
LEAT_API void leat_conn_end(struct leat_conn *conn);

/*
 * Serve on until the peer pauses, then end: once nothing can be received,
 * nothing is queued and nothing is held, or at end of file. After FIN it waits
 * only until the peer's kernel has everything. For shutting a server down.
 *
 * Calls back as before, then as leat_conn_end.
 */
LEAT_API void leat_conn_drain(struct leat_conn *conn);

/*
 * Close without sending what is queued; lost bytes are counted.
 *
 * Calls back on_close with reason 0 and nothing else: in this turn's phase 7,
 *          or the next turn's when called from there.
 */
LEAT_API void leat_conn_close(struct leat_conn *conn);

/*
 * Close by a reset, so that the peer knows the stream was cut; otherwise as
 * leat_conn_close, with reason -ECONNABORTED.
 */
LEAT_API void leat_conn_abort(struct leat_conn *conn);

/*
 * The identity of a connection, for whoever keeps it beyond a callback.
 *
 * Returns  a number that is never 0 and never given to another connection of
 *          the loop.
 */
LEAT_API uint64_t leat_conn_id(const struct leat_conn *conn);

/* The connection with this identity, borrowed until the next turn; NULL when
 * it is gone or being closed. */
LEAT_API struct leat_conn *leat_conn_find(struct leat_loop *loop, uint64_t id);

LEAT_API struct leat_loop *leat_conn_loop(const struct leat_conn *conn);

/* Its user pointer: the listener's or adopter's until set anew. */
LEAT_API void *leat_conn_user(const struct leat_conn *conn);

/* Set its user pointer; kept, never freed by leat. */
LEAT_API void leat_conn_set_user(struct leat_conn *conn, void *user);

/*
 * The peer's address.
 *
 * Returns  0 with addr filled; else what getpeername(2) said when asked:
 *          -ENOTCONN once it has reset, before it answers, and of a pair.
 */
LEAT_API LEAT_CHECKED int leat_conn_peer(
    const struct leat_conn *conn, struct leat_addr *addr);

#ifdef __cplusplus
}
#endif

#endif
