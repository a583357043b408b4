/*
 * linger.c - what the one timer of a connection is for.
 *
 * It serves one purpose at a time: giving up an address that does not answer,
 * closing who is idle, trying again when the kernel had no memory, or bounding
 * the wait for the peer's end after FIN.
 * Traffic never touches it: it only stores the time, and the timer looks at
 * that when it fires and sleeps on for what is left.
 */
#include <errno.h>

#include "base/num.h"
#include "net.h"
#include "sys/sys.h"

#define RETRY_US 10000          /* after ENOBUFS, ENOMEM: no event will tell */
#define STARVED_US 3000000      /* so long, and the connection is given up */
#define EPISODE_US 1000000      /* failures further apart are not one episode */
#define LINGER_US 5000000       /* without progress after FIN */
#define LINGER_MOST_US 30000000 /* after FIN, whatever still comes */
#define QUIET_POLL_US 10000     /* while draining: is FIN acknowledged? */

static void
start(struct leat_conn *conn, enum leat__tick tick, int64_t delay_us)
{
    int64_t now_us = leat__loop_fresh(conn->shared->loop);
    leat__due_start(
        conn, tick, leat__add_time(now_us, delay_us > 0 ? delay_us : 0));
}

static int64_t
quiet_us(const struct leat_conn *conn)
{
    return conn->shared->loop->now_us - conn->active_us;
}

void
leat__conn_watch_idle(struct leat_conn *conn)
{
    int64_t idle_us = conn->shared->config.idle_us;
    if (idle_us > 0)
        start(conn, LEAT__TICK_IDLE, idle_us - quiet_us(conn));
}

void
leat__conn_watch_dial(struct leat_conn *conn, int64_t delay_us)
{
    start(conn, LEAT__TICK_DIAL, delay_us);
}

static void
tick_idle(struct leat_conn *conn)
{
    if (quiet_us(conn) < conn->shared->config.idle_us)
        leat__conn_watch_idle(conn);
    else
        leat__conn_kill(conn, -ETIME);
}

void
leat__conn_rest(struct leat_conn *conn)
{
    conn->is_starved = true;
    conn->is_blocked = false;
    conn->shared->loop->progress++; /* no spin: the timer comes next */
    leat__conn_update(conn);
    start(conn, LEAT__TICK_RETRY, RETRY_US);
}

void
leat__conn_starve(struct leat_conn *conn, int error)
{
    int64_t now_us = conn->shared->loop->now_us;
    struct leat__more *more = leat__more_need(conn);
    if (more == NULL) {
        leat__conn_kill(conn, error); /* nobody has memory for us */
        return;
    }
    if (more->starved_us == 0 || now_us - more->failed_us > EPISODE_US)
        more->starved_us = now_us;
    more->failed_us = now_us;
    if (now_us - more->starved_us >= STARVED_US) {
        leat__conn_kill(conn, error);
        return;
    }
    leat__conn_rest(conn);
}

/* What SIOCOUTQ says when only FIN is left: FIN takes a place in the sequence
 * like a byte, and a quiet peer acknowledges it 40 ms late. */
#define FIN_ONLY 1

/* The peer's kernel has every byte, and nothing of the peer's is unread: now
 * a close is not seen as a reset. What a unix peer has been sent stays
 * readable after our close. */
static bool
is_quiet(const struct leat_conn *conn)
{
    if (conn->is_memory)
        return !leat__pair_has_input(conn);
    if (leat__sys_unread(conn->io.fd) > 0)
        return false;
    return conn->is_unix || leat__sys_unsent(conn->io.fd) <= FIN_ONLY;
}

/* FIN leaves nothing in the queue, and a pair has no other place. */
static int
ask_unsent(const struct leat_conn *conn)
{
    return conn->is_memory ? 0 : leat__sys_unsent(conn->io.fd);
}

static bool
makes_progress(struct leat_conn *conn)
{
    int64_t fin_us = conn->queue.at.spare[LEAT__OVER_FIN_US];
    if (conn->shared->loop->now_us - fin_us >= LINGER_MOST_US)
        return false;
    if (quiet_us(conn) < LINGER_US)
        return true;
    uint32_t unsent = (uint32_t)ask_unsent(conn);
    if ((int32_t)unsent <= 0 || unsent == conn->mark)
        return false;
    conn->mark = unsent;
    conn->active_us = conn->shared->loop->now_us;
    return true;
}

/* Close now if draining allows it, else look again later. */
static void
wait_for_end(struct leat_conn *conn)
{
    if (conn->is_draining && is_quiet(conn)) {
        leat__conn_kill(conn, conn->reason);
        return;
    }
    start(conn, LEAT__TICK_LINGER,
        conn->is_draining ? QUIET_POLL_US : LINGER_US - quiet_us(conn));
}

void
leat__conn_linger(struct leat_conn *conn)
{
    leat__conn_over(conn);
    if (!conn->has_fin)
        conn->queue.at.spare[LEAT__OVER_FIN_US] = conn->shared->loop->now_us;
    conn->has_fin = true;
    conn->active_us = conn->shared->loop->now_us;
    conn->mark = (uint32_t)ask_unsent(conn);
    /* The timer is needed here. Should the kernel still lack memory, recv will
     * say so again. */
    conn->is_starved = false;
    leat__conn_update(conn);
    wait_for_end(conn);
}

static void
tick_retry(struct leat_conn *conn)
{
    conn->is_starved = false;
    leat__conn_update(conn);
    leat__conn_put_off(conn);
    leat__work_add(conn, LEAT__DIRTY);
    if (conn->has_fin)
        wait_for_end(conn);
    else
        leat__conn_watch_idle(conn);
}

static void
tick_linger(struct leat_conn *conn)
{
    if (makes_progress(conn))
        wait_for_end(conn);
    else
        leat__conn_kill(conn, conn->reason);
}

void
leat__conn_tick(struct leat_conn *conn, enum leat__tick tick)
{
    switch (tick) {
    case LEAT__TICK_NONE:
        break;
    case LEAT__TICK_IDLE:
        tick_idle(conn);
        break;
    case LEAT__TICK_RETRY:
        tick_retry(conn);
        break;
    case LEAT__TICK_LINGER:
        tick_linger(conn);
        break;
    case LEAT__TICK_DIAL:
        leat__dial_timed_out(conn);
        break;
    }
}
