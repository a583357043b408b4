/*
 * leat/stats.h - signs of life: counters, and a hook for what a silent library
 * would otherwise keep to itself.
 */
#ifndef LEAT_STATS_H
#define LEAT_STATS_H

#include <leat/api.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct leat_conn;
struct leat_loop;

/* Counters since leat_loop_create; the last group is what there is now. */
struct leat_loop_stats {
    uint64_t turns;     /* turns of the loop */
    uint64_t selects;   /* calls of select() */
    uint64_t spins;     /* select() found something, yet nothing came of it */
    uint64_t callbacks; /* calls into the program */
    uint64_t accepted;  /* connections accepted */
    uint64_t accept_calls;  /* calls of accept4(), failed ones included */
    uint64_t accept_errors; /* those that failed with more than EAGAIN */
    uint64_t refused;       /* connections on_accept refused, or over a limit */
    uint64_t closed;        /* connections whose on_close was called */
    uint64_t bytes_in, bytes_out; /* taken from and given to the kernel */
    uint64_t msgs_in, msgs_out;   /* chunks or frames delivered; sends queued */
    uint64_t drops;      /* messages dropped or refused by a full queue */
    uint64_t bytes_lost; /* queued bytes that never left: peer failed, or
                          * close or abort was asked for */
    uint64_t shed;       /* connections closed at or near max_memory */
    uint64_t allocs;     /* successful calls of the allocator for memory, but
                          * those for posts and for tables of descriptors */

    uint64_t datagrams_in, datagrams_out; /* delivered; taken by the kernel */
    uint64_t datagrams_dropped; /* sends the kernel did not take; what came and
                                 * was not delivered (leat/dgram.h) */

    size_t conns;  /* connections, those being closed included */
    size_t memory; /* bytes queued and held */
    size_t stored; /* what they take, bounded by max_memory */
    size_t pool;   /* bytes the pool has from the allocator */
    size_t parked; /* connections that wait outside the sets (leat/loop.h) */
    size_t timers; /* timers started, the library's own included: one for all
                    * connections together */
};

/* Counters of one connection. */
struct leat_conn_stats {
    uint64_t bytes_in, bytes_out; /* taken from and given to the kernel */
    uint64_t msgs_in, msgs_out;   /* chunks or frames delivered; sends queued */
    uint64_t drops;               /* messages dropped or refused when full */
    uint64_t bytes_lost;          /* queued bytes that never left */
    uint64_t bytes_discarded;     /* received after leat_conn_end, or behind the
                                   * frame in whose callback it was called, or
                                   * half of a frame not completed before it */
    int64_t open_us;              /* age in microseconds */
    size_t queued_bytes;          /* now in its queue */
    size_t queued_msgs;
    size_t held_bytes; /* received, not delivered yet; in on_close: never */
};

/*
 * Read the counters of a loop.
 *
 * loop     borrowed; stats is filled
 */
LEAT_API void leat_loop_stats(
    const struct leat_loop *loop, struct leat_loop_stats *stats);

/*
 * Read the counters of a connection; in on_close they are final.
 *
 * conn     borrowed; stats is filled
 */
LEAT_API void leat_conn_stats(
    const struct leat_conn *conn, struct leat_conn_stats *stats);

enum leat_note_level { LEAT_NOTE_DEBUG, LEAT_NOTE_INFO, LEAT_NOTE_WARN };

/*
 * Something worth knowing that no return value tells.
 *
 *   key               when                                      error
 *   accept-paused     no descriptor or memory for the next one  -EMFILE, ...
 *   accept-resumed    and accepting goes on                     0
 *   accept-error      one connection could not be accepted      -errno
 *   listener-failed   a socket of a listener or dgram is lost   -errno
 *   datagram-error    one datagram could not be received        -errno
 *   datagram-paused   no datagram is received for 10 ms         -errno
 *   family-missing    the host lacks one address family         -errno
 *   memory-high       80 % of max_memory: accepting paused      0
 *   memory-low        and accepting goes on                     0
 *   shed              a connection was closed at max_memory, or 0
 *                     at 80 % after a second without progress
 *   option-refused    a socket option could not be set          -errno
 *   fd-lost           a descriptor was closed behind our back   -EBADF
 *   select-failed     select() failed and is retried            -errno
 *   clock-failed      the clock failed; time stands still       -errno
 */
struct leat_note {
    enum leat_note_level level;
    const char *key; /* static string from the table above */
    int error;       /* 0 or negative errno */
    int fd;          /* descriptor concerned, else -1 */
    uint64_t conn;   /* leat_conn_id of the connection concerned, else 0 */
    uint64_t value;  /* bytes or count concerned, else 0 */
};

/* note is borrowed for the call. Must not call leat. */
typedef void (*leat_note_fn)(const struct leat_note *note, void *user);

#ifdef __cplusplus
}
#endif

#endif
