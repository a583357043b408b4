/*
 * leat/dgram.h - datagrams: UDP on the same loop.
 *
 * One dgram is one line of the address grammar (leat/addr.h) and so may stand
 * for several sockets, as a listener does. There are no connections and no
 * queues: a datagram is delivered as a whole in the turn it is found, a send
 * goes to the kernel at once, and what the kernel does not take is dropped and
 * counted. UDP may lose, and nothing here grows.
 *
 * A failure belongs to one datagram, never to the socket: other peers are
 * served on. A source address proves nothing, anybody can write any address
 * there: who answers with more than he got helps to flood a third.
 */
#ifndef LEAT_DGRAM_H
#define LEAT_DGRAM_H

#include <leat/addr.h>
#include <leat/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

struct leat_dgram;

/*
 * A datagram came.
 *
 * bytes    borrowed for the call; len of them, 0 for an empty datagram
 * peer     who says to have sent it; borrowed for the call, to be copied
 *
 * dgram may be closed inside, and the loop be destroyed.
 */
typedef void (*leat_dgram_fn)(struct leat_dgram *dgram, const void *bytes,
    size_t len, const struct leat_addr *peer, void *user);

/* A field of 0 means its default. */
struct leat_dgram_config {
    leat_dgram_fn on_datagram; /* not NULL */
    void *user;                /* kept; handed to on_datagram */
    size_t batch; /* most datagrams per socket and turn; default 64 */
    size_t max;   /* longest datagram, 1..65535; default 65535, all there are.
                   * A longer one is dropped and counted, never cut. */
    size_t sndbuf, rcvbuf; /* SO_SNDBUF, SO_RCVBUF; default, LEAT_OFF: the
                            * kernel's */
};

/* Counters since leat_dgram_open. */
struct leat_dgram_stats {
    uint64_t in, bytes_in;   /* delivered */
    uint64_t out, bytes_out; /* taken by the kernel */
    uint64_t unsent;         /* not taken, and dropped */
    uint64_t too_long;       /* came, longer than max, and were dropped */
    uint64_t cast;           /* came for a broadcast or group: dropped */
    uint64_t errors;         /* recvmsg(2) failed, for want of room or more */
};

/*
 * Open the sockets of an address.
 *
 * out      set to the dgram; returned owned, leat_dgram_close ends it, and so
 *          does leat_loop_destroy
 * loop     borrowed
 * address  by the grammar of leat/addr.h, without unix sockets; host names are
 *          resolved now
 * config   copied
 *
 * All sockets are opened or none. For PORT and any:PORT one family may be
 * missing on the host (EAFNOSUPPORT, EADDRNOTAVAIL); a note says so. Port 0
 * gives both families the same number. Takes max bytes of memory, once.
 *
 * Returns  0; an error of leat_addr_parse; -EINVAL bad configuration, or a unix
 *          address; -EADDRINUSE; -EACCES; -EADDRNOTAVAIL; -EAFNOSUPPORT;
 *          -EMFILE, -ENFILE; -ERANGE; -ENOBUFS, -ENOMEM; -ESHUTDOWN the loop
 *          is being destroyed; another error of socket(2), bind(2).
 * On error nothing is left behind; *out is NULL.
 * Calls back on_datagram, in phase 3, from the next turn on: at most batch
 *          times per socket and turn, the rest next turn. What is sent to a
 *          broadcast or group address is not delivered, as its answer would
 *          be multiplied.
 * Source   recvmsg(2): EAGAIN and EINTR end the batch. ENOBUFS, ENOMEM, and a
 *          batch of nothing but errors: no reading for 10 ms (note
 *          datagram-paused). EBADF, ENOTSOCK: the socket is lost (note
 *          listener-failed). All else, such as ECONNREFUSED or EHOSTUNREACH by
 *          ICMP, is one datagram's: counted, noted (datagram-error), passed.
 */
LEAT_API LEAT_CHECKED int leat_dgram_open(struct leat_dgram **out,
    struct leat_loop *loop, const char *address,
    const struct leat_dgram_config *config);

/*
 * Close its sockets. What waits in them is lost; see leat_dgram_drain.
 *
 * dgram    taken; NULL is harmless. No callback follows.
 */
LEAT_API void leat_dgram_close(struct leat_dgram *dgram);

/*
 * Send one datagram now.
 *
 * bytes    borrowed; NULL where len is 0, an empty datagram
 * peer     borrowed; where to. In on_datagram, an answer to its peer leaves by
 *          the socket and from the address that the datagram was sent to.
 *          Else by the first socket of peer's family, from an address that
 *          the kernel chooses.
 *
 * Returns  0 the kernel took it; else it is dropped and counted, and the
 *          dgram is as before: -EAGAIN, -ENOBUFS, -ENOMEM no room just now;
 *          -EINTR; -EMSGSIZE longer than a datagram can be; -EAFNOSUPPORT no
 *          socket of this family; -ESHUTDOWN closed in this on_datagram;
 *          -EINVAL port 0; -EACCES a broadcast address; -EPERM a firewall;
 *          -ECONNREFUSED, -EHOSTUNREACH, -ENETUNREACH, -ENETDOWN and other
 *          errors of sendmsg(2), which may be about a datagram sent before.
 * Calls back never.
 */
LEAT_API int leat_dgram_send(struct leat_dgram *dgram, const void *bytes,
    size_t len, const struct leat_addr *peer);

/*
 * Receive at once what waits, one batch per socket. For shutting a server
 * down: drain, then close.
 *
 * Returns  how many were delivered; -EBUSY called from its own on_datagram;
 *          -ECANCELED the loop was destroyed by a callback, and is gone.
 * Calls back on_datagram. If it closes the dgram, that is gone afterwards.
 */
LEAT_API int leat_dgram_drain(struct leat_dgram *dgram);

/*
 * How many sockets it has, 1 or more.
 */
LEAT_API size_t leat_dgram_count(const struct leat_dgram *dgram);

/*
 * The address one of its sockets is bound to, with the real port.
 *
 * index    below leat_dgram_count
 * addr     filled
 *
 * Returns  0; -EINVAL no such socket.
 */
LEAT_API LEAT_CHECKED int leat_dgram_addr(
    const struct leat_dgram *dgram, size_t index, struct leat_addr *addr);

/*
 * Read its counters; stats is filled.
 */
LEAT_API void leat_dgram_stats(
    const struct leat_dgram *dgram, struct leat_dgram_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
