/*
 * leat/listener.h - where peers come in.
 *
 * One listener is one line of the address grammar (leat/addr.h) and so may
 * stand for several sockets: both loopbacks, both families, all addresses of
 * a name. They share their limits and are paused and closed together.
 */
#ifndef LEAT_LISTENER_H
#define LEAT_LISTENER_H

#include <leat/conn.h>

#ifdef __cplusplus
extern "C" {
#endif

struct leat_listener;

/*
 * Decide about a peer before there is a connection.
 *
 * Returns  0 to go on; anything else refuses it: it is reset and counted.
 */
typedef int (*leat_accept_fn)(
    struct leat_listener *listener, const struct leat_addr *peer, void *user);

/*
 * A field of 0 or NULL means its default.
 *
 * Without conn.rcvbuf the receive buffer of a TCP connection is 56 KiB until
 * 512 KiB have come and the peer takes what it is sent; then it grows as the
 * kernel sees fit, tcp(7). With LEAT_OFF it does from the start, as it does
 * where the kernel cannot be told so later (all but Linux 5.15 and newer), and
 * for connections that are dialed or adopted.
 */
struct leat_listener_config {
    struct leat_conn_config conn; /* for each connection */
    void *user;               /* kept; the connections' user pointer at first */
    leat_accept_fn on_accept; /* default: everybody is welcome */
    size_t max;               /* most connections at once; default no limit
                               * but the loop's. Others wait in the backlog. */
    int backlog;              /* listen(2); default 4096, cut by the kernel */
    unsigned mode; /* permissions of a unix socket's file, 0001..0777;
                    * default 0600 */
};

/*
 * Open the sockets of an address and listen.
 *
 * out      set to the listener; returned owned, leat_listener_close ends it
 * loop     borrowed
 * address  by the grammar of leat/addr.h; host names are resolved now
 * config   copied, but for conn.ops
 *
 * All sockets are opened or none. For PORT and any:PORT one family may be
 * missing on the host (EAFNOSUPPORT, EADDRNOTAVAIL); a note says so. Port 0
 * gives both families the same number. A stale unix socket file is replaced,
 * a live one is not.
 *
 * Returns  0; an error of leat_addr_parse; -EINVAL bad configuration;
 *          -EADDRINUSE taken, or a unix socket that answers; -EEXIST the unix
 *          path is there and no socket; -EACCES; -EADDRNOTAVAIL;
 *          -EAFNOSUPPORT; -EMFILE, -ENFILE; -ERANGE; -ENOBUFS, -ENOMEM;
 *          -ESHUTDOWN the loop is being destroyed; another error of socket(2),
 *          bind(2), listen(2), flock(2), chmod(2).
 * On error nothing is left behind; *out is NULL.
 * Calls back on_accept, then on_open, in phase 3, from the next turn on.
 */
LEAT_API LEAT_CHECKED int leat_listener_open(struct leat_listener **out,
    struct leat_loop *loop, const char *address,
    const struct leat_listener_config *config);

/*
 * Close its sockets. Its connections live on.
 *
 * listener  taken; NULL is harmless. A unix socket's file is removed if it is
 *           still the one that was made.
 */
LEAT_API void leat_listener_close(struct leat_listener *listener);

/*
 * Accept at once what waits in the backlog, as far as limits allow; at most
 * 4096 connections. For shutting a server down: drain, then close.
 *
 * Returns  how many were accepted and not refused; -ECANCELED the loop was
 *          destroyed by a callback, and is gone.
 * Calls back on_accept and on_open.
 */
LEAT_API int leat_listener_drain(struct leat_listener *listener);

/*
 * Stop accepting; peers wait in the backlog. Pausing twice is harmless.
 */
LEAT_API void leat_listener_pause(struct leat_listener *listener);

/*
 * Accept again.
 */
LEAT_API void leat_listener_resume(struct leat_listener *listener);

/*
 * How many sockets it has, 1 or more.
 */
LEAT_API size_t leat_listener_count(const struct leat_listener *listener);

/*
 * The address one of its sockets is bound to, with the real port.
 *
 * index    below leat_listener_count
 * addr     filled
 *
 * Returns  0; -EINVAL no such socket.
 */
LEAT_API LEAT_CHECKED int leat_listener_addr(
    const struct leat_listener *listener, size_t index, struct leat_addr *addr);

/*
 * How many of its connections there are.
 */
LEAT_API size_t leat_listener_conns(const struct leat_listener *listener);

#ifdef __cplusplus
}
#endif

#endif
