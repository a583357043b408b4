/*
 * svc_chargen.c - an endless stream of characters (RFC 864).
 *
 * On the path: loop (accept), timer, flush -> HERE -> leat_conn_send.
 *
 * The RFC's well-known pattern: lines of 72 of the 95 printing characters, each
 * line beginning one character further along the ring. What a client sends is
 * thrown away; it ends the stream by ending or aborting the connection.
 *
 * Lines are sent as far as rate= has earned them and the queue has not reached
 * high, so a connection that is not ending waits for exactly one of these:
 *  1. the timer is started  <=>  the next line is not earned yet
 *  2. the queue is full     <=>  on_drain comes once the client has read
 * A client that does not read therefore costs one short queue and no turn.
 */
#include "service.h"

#include <leat/flow.h>
#include <leat/loop.h>
#include <leat/timer.h>

#include <limits.h>

#define RING 95u
#define COLUMNS 72u
#define LINE (COLUMNS + 2u)
#define BATCH 32u /* lines in one send */

#define RATE_DEFAULT (64u * 1024)
/* No more often than this; and what at most is made up for after a stall. */
#define TICK_US 50000
#define BURST_US 100000
/* Nothing is gained by a longer queue of what can be made at any time. */
#define HIGH_DEFAULT (16u * 1024)

/* What has been earned is counted in bytes times microseconds, so that no
 * fraction of a byte is lost at a low rate. */
#define LINE_COST (UINT64_C(1000000) * LINE)

struct settings {
    size_t rate; /* bytes per second, or LEAT_OFF */
};

struct state {
    struct leat_timer timer;
    struct leat_conn *conn;
    int64_t earned_us; /* up to when credit has been counted */
    uint64_t credit;
    unsigned line; /* the next one's number, below RING */
};

/* --- the pattern ---------------------------------------------------------- */

/* Line 95 is line 0 again. */
static void
put_line(char *at, unsigned line)
{
    for (unsigned i = 0; i < COLUMNS; i++)
        at[i] = (char)(' ' + (line + i) % RING);
    at[COLUMNS] = '\r';
    at[COLUMNS + 1] = '\n';
}

/* Many lines in one send: at a high rate that is most of the work. */
static bool
send_lines(struct state *state, void *user, size_t count)
{
    char lines[BATCH * LINE];

    for (size_t i = 0; i < count; i++) {
        put_line(lines + i * LINE, state->line);
        state->line = (state->line + 1) % RING;
    }
    return service_send(state->conn, user, lines, count * LINE);
}

/* --- the rate ------------------------------------------------------------- */

/* Turn the time since the last call into credit: a line at least, however low
 * the rate, and no more than the burst, however long the stall. */
static void
earn(struct state *state, size_t rate)
{
    int64_t now_us = leat_loop_now(leat_conn_loop(state->conn));
    uint64_t elapsed_us = (uint64_t)(now_us - state->earned_us);

    if (rate == LEAT_OFF) {
        state->credit = UINT64_MAX;
        return;
    }
    uint64_t most = (uint64_t)rate * BURST_US;
    if (most < LINE_COST)
        most = LINE_COST;
    /* The product cannot overflow where it is less than most. */
    if (elapsed_us >= (most - state->credit) / rate)
        state->credit = most;
    else
        state->credit += rate * elapsed_us;
    state->earned_us = now_us;
}

/* How long until the next line is earned. */
static int64_t
wait_us(const struct state *state, size_t rate)
{
    int64_t us = (int64_t)((LINE_COST - state->credit) / rate + 1);

    return us > TICK_US ? us : TICK_US;
}

/* --- the stream ----------------------------------------------------------- */

/* Send what is earned, as far as there is room. Without a rate the credit
 * never ends, so it is always the queue that ends this. */
static void
produce(struct state *state, void *user)
{
    const struct settings *settings = service_settings(user);

    earn(state, settings->rate);
    while (state->credit >= LINE_COST) {
        if (leat_conn_is_full(state->conn))
            return;
        uint64_t lines = state->credit / LINE_COST;
        if (lines > BATCH)
            lines = BATCH;
        state->credit -= lines * LINE_COST;
        if (!send_lines(state, user, (size_t)lines))
            return;
    }
    leat_timer_start(&state->timer, wait_us(state, settings->rate), 0);
}

/* The daemon's leat_conn_end, on its way out, leaves the timer on: then the
 * send is refused, and the timer not started again. */
static void
on_timer(struct leat_timer *timer, void *user)
{
    struct state *state = user;
    (void)timer;

    produce(state, leat_conn_user(state->conn));
}

/* The first line comes at once: time before the connection counts as earned.
 * Nothing that is sent answers what is read, and the queue may be full for
 * ever: coupled to itself the connection would not be read, and its end not
 * seen. */
static void
on_open(struct leat_conn *conn, void *user)
{
    struct state *state = service_state(user);

    leat_conn_uncouple(conn, conn);
    state->conn = conn;
    state->earned_us = leat_loop_now(leat_conn_loop(conn));
    state->credit = LINE_COST;
    leat_timer_init(&state->timer, leat_conn_loop(conn), on_timer, state);
    produce(state, user);
}

/* The client has read: go on where the queue was full. */
static void
on_drain(struct leat_conn *conn, void *user)
{
    (void)conn;
    produce(service_state(user), user);
}

/* A careful close by the client. */
static void
on_eof(struct leat_conn *conn, void *user)
{
    struct state *state = service_state(user);

    leat_timer_stop(&state->timer);
    leat_conn_end(conn);
}

/* A rude one, or any other: the timer must not outlive its storage. */
static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    struct state *state = service_state(user);
    (void)conn, (void)reason;

    leat_timer_stop(&state->timer);
}

/* Where nothing is said about the queue. */
static int
prepare(void *settings_of, struct leat_listener_config *config,
    struct complaint *wrong)
{
    struct settings *settings = settings_of;
    struct leat_queue_config *queue = &config->conn.queue;
    (void)wrong;

    if (settings->rate == 0)
        settings->rate = RATE_DEFAULT;
    if (queue->limit == 0 && queue->high == 0 && queue->low == 0)
        queue->high = HIGH_DEFAULT;
    return 0;
}

static const struct key keys[] = {
    {"rate", &key_size_or_off, offsetof(struct settings, rate), 1, INT_MAX,
        NULL, "most bytes a second for a client; default 64k"},
};

extern const struct service svc_chargen;

const struct service svc_chargen = {
    .name = "chargen",
    .help = "sends lines of characters without end (RFC 864)",
    .ops = {.on_open = on_open,
        .on_eof = on_eof,
        .on_drain = on_drain,
        .on_close = on_close},
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .settings_size = sizeof(struct settings),
    .prepare = prepare,
    .state_size = sizeof(struct state),
    .is_source = true,
};
