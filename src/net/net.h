/*
 * net.h - what src/net shares inside: connections, and what all of a loop's
 * connections have in common. Listeners and datagrams are in socket.h.
 *
 *   conn.c      a connection's life                conn_tell.c what it tells
 *   conn_in.c   bytes in                           conn_out.c  bytes out
 *   held.c      its held input                     fin.c     the last word
 *   flow.c      when it is read                    linger.c  its timer
 *   due.c       whose timer is next                work.c    whom a phase has
 *   more.c      the less usual                     chunk.c   what recv fills
 *   dial.c      outgoing ones                      pair.c    without sockets
 *   group.c     who gets the same messages         options.c configuration
 *   net.c       identity, the memory bound
 *   check.c     invariants, for the tests
 */
#ifndef LEAT_NET_NET_H
#define LEAT_NET_NET_H

#include "base/frame.h"
#include "base/queue.h"
#include "loop/loop.h"
#include "sys/sys.h"

#include <leat/conn.h>
#include <leat/dgram.h>
#include <leat/group.h>
#include <leat/listener.h>

/* What the connections of one listener, or one adopted one, have in common. */
struct leat__shared {
    struct leat_loop *loop;
    size_t refs;
    size_t block;                   /* capacity of the pool block */
    struct leat_listener *listener; /* NULL: adopted, or closed since */
    struct leat_conn_config config; /* queue is in limits */
    struct leat__limits limits;
    bool is_narrowing; /* who is accepted begins as leat__conn_narrow says */
};

/* Received bytes that may not be delivered yet: the rest of one chunk. */
struct leat__held {
    unsigned char *bytes; /* NULL without any */
    size_t block;         /* capacity of the pool block */
    size_t at, end;       /* what is left */
};

enum leat__tick {
    LEAT__TICK_NONE,
    LEAT__TICK_IDLE,
    LEAT__TICK_RETRY,
    LEAT__TICK_LINGER,
    LEAT__TICK_DIAL
};

#define LEAT__NONE UINT32_MAX

/* What few connections need; see more.c. */
struct leat__more {
    struct leat__node
        sources; /* couples: who is read only while we have room */
    struct leat__node targets;   /* couples: whose room our input needs */
    struct leat__member *groups; /* its memberships, a chain */
    int64_t starved_us; /* since when the kernel lacks memory for us; 0 not */
    int64_t failed_us;  /* when it said so last */
    struct leat__dial *dial; /* while is_dialing */
    struct leat_conn *twin;  /* of a pair; NULL when that one is gone */
    size_t offered;          /* of a pair: how much the twin may take */
    uint64_t drops;

    struct leat__frame frame;
    struct leat__held held;
    size_t counted; /* bytes of held and frame that are in pool->held */
    size_t stored;  /* their blocks, in pool->stored */
    uint64_t bytes_discarded;
    size_t bytes_undelivered; /* received and not delivered when it ended */
};

/* What the phases 3, 6 and 7 have to do. */
enum leat__kind { LEAT__HELD, LEAT__DIRTY, LEAT__DYING, LEAT__KINDS };
#define LEAT__ALL_WORK 7u

/* Slots; LEAT__NONE none. */
struct leat__links {
    uint32_t next, prev;
};

struct leat__work {
    struct leat__net *net;
    struct leat__node node; /* of the loop's list, for all of them */
    uint32_t first, last;   /* slots */
    uint32_t stop;          /* the first that has come during the run */
    bool is_running;
};

/* All that a quiet connection has: docs/architecture.md reckons it up. What a
 * send needs comes first and together: a message for thousands meets each of
 * them after the cache has forgotten it. */
struct leat_conn {
    struct leat__io io;
    struct leat__shared *shared; /* the loop is in there */
    struct leat__links links[2]; /* see work.c */
    struct leat__queue queue;

    enum leat__tick tick : 3;
    unsigned work : 3; /* on which lists it is, bits of enum leat__kind */
    bool is_unix : 1;
    bool is_paused : 1;   /* by the program */
    bool is_loose : 1;    /* uncoupled from itself: its own queue may be full */
    bool is_draining : 1; /* leat_conn_drain */
    bool is_ending : 1;   /* no more input is delivered; FIN follows */
    bool is_half : 1;     /* leat_conn_half_close: nothing more is queued */
    bool is_shut : 1;     /* and FIN was sent for it; input goes on */
    bool has_fin : 1;     /* FIN was sent, or output failed while ending */
    bool has_eof : 1;     /* recv said 0 */
    bool owes_eof : 1;    /* and on_eof is still to be called */
    bool is_over : 1;     /* nothing is queued, and nothing will be; see over */
    bool is_blocked : 1;  /* the last flush left bytes behind */
    bool is_promised : 1; /* this flush is because it is writable */
    bool is_starved : 1;  /* the kernel lacks memory: waits for a timer */
    bool is_dialing : 1;  /* until it is connected */
    bool is_holding : 1;  /* more->held has bytes */
    bool is_marked : 1;   /* an urgent mark was told and not yet passed */
    bool is_reset : 1;    /* close by RST */
    bool is_detached : 1; /* no descriptor on the loop: lost, none yet, never */
    bool is_memory : 1;   /* one of a pair without sockets */
    bool is_cut : 1;      /* its twin is gone by an abort */
    bool is_narrow : 1;   /* its receive buffer may not grow yet */
    bool is_dying : 1;    /* on_close follows, nothing else */

    int16_t error;  /* first error of the socket, latched */
    int16_t reason; /* for on_close */
    uint64_t msgs_out, bytes_out;
    int64_t active_us;       /* when a byte came, or was taken */
    struct leat__more *more; /* NULL: nothing of it */
    uint32_t slot;
    /* Of blocked output: the milliseconds of the clock when some was taken
     * last. After FIN: what SIOCOUTQ said when progress was last seen. */
    uint32_t mark;

    void *user;
    uint64_t msgs_in, bytes_in;
    int64_t opened_us;
    int64_t due_us; /* of its timer, while tick says what for */
};

/* Of a connection that is_over, in the place of what it would have queued. */
enum leat__over {
    LEAT__OVER_LOST,   /* bytes that were queued and did not leave */
    LEAT__OVER_FIN_US, /* when FIN was sent; and once it is dying */
    LEAT__OVER_UNDELIVERED = LEAT__OVER_FIN_US /* what more has no place for */
};

struct leat__slot {
    struct leat_conn *conn; /* NULL: free */
    uint32_t generation;    /* of the one that is there or comes next */
    uint32_t place;         /* in net->due; of a free one: the next free one */
};

/* src is read only while dst has room. */
struct leat__couple {
    struct leat__node of_src, of_dst;
    struct leat_conn *src, *dst;
};

/* One connection in one group; without a connection: see group.c. */
struct leat__member {
    struct leat__node of_group;
    struct leat_group *group;
    struct leat_conn *conn;
    struct leat__member *next; /* of the connection's */
};

struct leat_group {
    struct leat_loop *loop;
    struct leat__node node;    /* in net->groups */
    struct leat__node members; /* in the order in which they came */
    size_t count;
    size_t block; /* capacity of the pool block */
};

struct leat__net {
    struct leat_loop *loop;
    struct leat__node listeners, dgrams, groups;
    struct leat__slab conn_slab, more_slab, couple_slab, member_slab;
    struct leat__work work[LEAT__KINDS];
    struct leat__more *at_hand; /* one that is empty, or NULL */
    struct leat__slot *slot;
    uint32_t slots;      /* places in slot[] and in due[] */
    uint32_t fresh;      /* those from here on were never used */
    uint32_t first_free; /* of those that were; LEAT__NONE none */
    uint32_t *due;       /* see due.c */
    uint32_t due_count;  /* slots in it */
    bool is_ticking;     /* timers of connections are run */
    bool has_late;    /* some of them have been set for a time that is over */
    int64_t until_us; /* what is due then is run */
    struct leat_timer due_timer;
    size_t count;               /* connections */
    struct leat_message *chunk; /* recv writes LEAT__CHUNK bytes to it */
    struct leat_message *spare; /* the next one, if this one is queued */
    size_t tight;               /* 80 % of max_memory */
    bool is_tight;              /* more than that is used */
    struct leat_timer relief;   /* started while it is */
};

/* --- net.c --- */

/* The loop's net, made when first asked for; NULL: no memory. */
struct leat__net *leat__net_of(struct leat_loop *loop);
/* 0 or -ENOMEM; conn->slot is set. */
int leat__net_enter(struct leat__net *net, struct leat_conn *conn);
void leat__net_leave(struct leat__net *net, struct leat_conn *conn);
/* The first connection in slot *at or behind it; *at is moved on. NULL: there
 * is none. Connections may come and be closed on the way. */
struct leat_conn *leat__net_next(const struct leat__net *net, uint32_t *at);
/* Make a block of size bytes fit under max_memory, closing those connections
 * for it whose end frees most.
 * 0; -ENOMEM nothing is left to close. */
int leat__net_make_room(struct leat__net *net, size_t size);
/* What max_memory bounds. */
static inline size_t
leat__net_used(const struct leat__net *net)
{
    return net->loop->pool.stored + net->loop->pool.rings;
}

/* Pause or resume accepting. */
void leat__net_turn_gate(struct leat__net *net, bool is_tight);

/* Memory was used or freed: pause or resume accepting at 80 %. */
static inline void
leat__net_gate(struct leat__net *net)
{
    bool is_tight = leat__net_used(net) > net->tight;
    if (is_tight != net->is_tight)
        leat__net_turn_gate(net, is_tight);
}

/* --- check.c --- */

/* Asserts the invariants of this room; between turns, O(connections). */
void leat__net_check(const struct leat_loop *loop);

/* --- options.c --- */

/* Check a configuration and make it shareable; one reference is the caller's.
 * 0, -EINVAL, -ENOMEM. */
int leat__shared_create(struct leat__shared **out, struct leat_loop *loop,
    const struct leat_conn_config *config);
void leat__shared_unref(struct leat_loop *loop, struct leat__shared *shared);
/* Options of a stream socket; what a listener has its connections inherit.
 * One that is refused is noted and not fatal. */
void leat__socket_options(struct leat_loop *loop, int fd, int family,
    const struct leat_conn_config *config);
/* Whether connections of this TCP listener are to begin with a narrow receive
 * buffer: rcvbuf is not configured, and the kernel can let it grow later. */
void leat__narrow_ask(struct leat__shared *shared, int fd);
/* An accepted one: its receive buffer is small and does not grow. */
void leat__conn_narrow(struct leat_conn *conn);
/* Input has come to one that is_narrow: let the buffer grow, if the peer has
 * shown that it takes what it is sent. */
void leat__conn_widen(struct leat_conn *conn);

/* --- conn.c --- */

/* A connection on a non-blocking socket, which is taken on success, or on none
 * yet (fd below 0); shared is kept. 0; -EEXIST, -ERANGE, -ENOMEM. */
int leat__conn_make(struct leat_conn **out, struct leat__net *net, int fd,
    struct leat__shared *shared, void *user);
/* End it: nothing but on_close follows, in phase 7. The first one counts. */
void leat__conn_kill(struct leat_conn *conn, int reason);
/* As leat_conn_send_message, but LEAT__DROPPED where a drop policy has dropped
 * it. */
int leat__conn_send_message(
    struct leat_conn *conn, struct leat_message *message);
/* Nothing is queued any more and nothing will be. Harmless when it is so. */
void leat__conn_over(struct leat_conn *conn);
/* Drop what is queued, and count it as lost; it is over. */
void leat__conn_lose_output(struct leat_conn *conn);
/* Close its socket and take its memory back; it is on no list any more. */
void leat__conn_free(struct leat_conn *conn);
/* Phase 7, and the end of the loop. */
void leat__conn_reap(struct leat_conn *conn);

/* --- chunk.c --- */

/* 0 or -ENOMEM. */
int leat__chunk_init(struct leat__net *net);
void leat__chunk_fini(struct leat__net *net);
/* The chunk as a message of its first len bytes, which recv has just written;
 * borrowed. NULL: they are to be copied. */
struct leat_message *leat__chunk_share(struct leat__net *net, size_t len);
/* It is queued: the spare takes its place. No callback may be looking at it. */
void leat__chunk_renew(struct leat__net *net);
/* Room for LEAT__CHUNK bytes that nobody looks at outside of callbacks. */
static inline unsigned char *
leat__chunk_scratch(const struct leat__net *net)
{
    return net->chunk->queued == 0 ? net->chunk->bytes : net->spare->bytes;
}
/* Give a spare that is not needed now back to the pool. Whether it was, so that
 * the pool has something to give up. While the chunk is queued it stays: a
 * quiet loop with a client that does not read is not to look again every
 * second. */
bool leat__chunk_trim(struct leat__net *net);
void leat__chunk_check(const struct leat__net *net);

/* --- conn_in.c --- */

void leat__conn_ready(struct leat__io *io, unsigned ready);
void leat__conn_held(struct leat_conn *conn); /* phase 3 */

/* --- conn_out.c --- */

void leat__conn_flush(struct leat_conn *conn); /* phase 6 */
/* Nothing more can be sent: the queue is dropped, input is read to its end. */
void leat__conn_output_failed(struct leat_conn *conn, int error);
/* So many bytes of its queue have left. */
void leat__conn_took_out(struct leat_conn *conn, size_t len);

/* --- held.c --- */

/* Keep the rest of a chunk for later; the connection dies where there is no
 * memory for it. */
void leat__conn_hold(
    struct leat_conn *conn, const unsigned char *bytes, size_t len);
void leat__conn_drop_held(struct leat_conn *conn);
/* Bring up to date how much is held, after anything that changes it. */
void leat__conn_count_input(struct leat_conn *conn);
/* Held input counts no more; it stays where it is. */
void leat__conn_uncount_input(struct leat_conn *conn);
/* Take back what is held and counted. */
void leat__conn_forget_input(struct leat_conn *conn);

/* --- fin.c --- */

/* Its queue is empty: FIN, when that was asked for. */
void leat__conn_all_sent(struct leat_conn *conn);

/* --- flow.c --- */

/* Whether input may be handed to the program now. */
bool leat__conn_may_deliver(const struct leat_conn *conn);
/* Have phase 3 look at it, where there is input that no select() will report
 * and that may be taken now. */
void leat__conn_put_off(struct leat_conn *conn);
/* Whether recv may be called now. */
bool leat__conn_may_receive(const struct leat_conn *conn);
/* Make the interest in readiness what the state asks for. */
void leat__conn_update(struct leat_conn *conn);
/* Its queue has become full, or has room again: who feeds it must know. */
void leat__conn_room_changed(struct leat_conn *conn);
void leat__conn_uncouple_all(struct leat_conn *conn);

/* --- group.c --- */

/* It can be sent to no more: no group has it any longer. */
void leat__group_leave_all(struct leat_conn *conn);

/* --- more.c --- */

/* Have one at hand. Whether there was memory for it. */
bool leat__more_have(struct leat__net *net);
/* Its block, taken where it has none. NULL: no memory. */
struct leat__more *leat__more_need(struct leat_conn *conn);
bool leat__more_is_bare(const struct leat__more *more);
/* Give an empty one back. Not from inside what a callback may have been called
 * by: others hold pointers into it. */
void leat__more_settle(struct leat_conn *conn);
/* Give it back, whatever is in it. */
void leat__more_free(struct leat_conn *conn);

/* --- work.c --- */

void leat__work_init(struct leat__net *net);
static inline bool
leat__work_has(const struct leat_conn *conn, enum leat__kind kind)
{
    return (conn->work >> kind) & 1u;
}
/* Put it on the list, at the end; harmless where it is on it. While the list
 * is run it waits for the next turn. */
void leat__work_add(struct leat_conn *conn, enum leat__kind kind);
void leat__work_drop(struct leat_conn *conn, enum leat__kind kind);
void leat__work_check(const struct leat__net *net);

/* --- due.c --- */

void leat__due_init(struct leat__net *net);
/* Have leat__conn_tick called then; only the last call counts. */
void leat__due_start(
    struct leat_conn *conn, enum leat__tick tick, int64_t due_us);
void leat__due_stop(struct leat_conn *conn);
void leat__due_check(const struct leat__net *net);

/* --- linger.c --- */

/* Its timer has run out, which was for this. */
void leat__conn_tick(struct leat_conn *conn, enum leat__tick tick);
void leat__conn_watch_idle(struct leat_conn *conn);
/* Give the address that is dialed so long. */
void leat__conn_watch_dial(struct leat_conn *conn, int64_t delay_us);
/* The kernel has no memory for us: nothing for 10 ms; 3 s of it are fatal. */
void leat__conn_starve(struct leat_conn *conn, int error);
/* Nothing for 10 ms, as no event would tell. */
void leat__conn_rest(struct leat_conn *conn);
/* FIN is out, or cannot be: wait for the peer's end, not for ever. */
void leat__conn_linger(struct leat_conn *conn);

/* --- dial.c --- */

/* The socket is writable: the attempt is decided. */
void leat__dial_ready(struct leat_conn *conn);
/* Its share of the time is over. */
void leat__dial_timed_out(struct leat_conn *conn);
/* How many addresses it has not tried yet. */
size_t leat__dial_left(const struct leat_conn *conn);
/* Forget the addresses; harmless when there are none. */
void leat__dial_free(struct leat_conn *conn);

/* --- pair.c --- */

/* Whether a recv would give more than -EAGAIN. */
bool leat__pair_has_input(const struct leat_conn *conn);
/* As recv: takes from the twin's queue. */
ssize_t leat__pair_recv(struct leat_conn *conn, void *bytes, size_t len);
/* As a send for which the kernel has no room: the twin takes it from the queue
 * in phase 3. Whether output can go on. */
bool leat__pair_send(struct leat_conn *conn);
/* Its queue is empty and it has ended: the twin is to hear of it. */
void leat__pair_end(struct leat_conn *conn);
/* It is dying: the twin gets what an end or an abort of a socket would give.
 * Harmless for a connection with a socket. */
void leat__pair_part(struct leat_conn *conn);

#endif
