/*
 * session.c - one connection, standard input and standard output in one loop.
 *
 * On the path: source -> HERE -> command -> HERE -> connection
 *              connection -> HERE -> command -> HERE -> sink.
 *
 * Invariants:
 *  1. the connection is paused  <=>  the sink is not empty
 *  2. the source is paused  <=>  the connection's queue is full
 *  3. the loop ends when there is no connection and the sink is empty, or when
 *     is_stopped
 */
#include "session.h"

#include <leat/dial.h>
#include <leat/error.h>
#include <leat/flow.h>
#include <leat/loop.h>

#include <errno.h>

/* How long a peer may take to receive what is queued, once nothing more is
 * wanted of it. */
#define LEAVE_US 1000000

/* Set before the loop is destroyed, whose last on_close is no news. */
static void
stop(struct session *session)
{
    session->is_stopped = true;
    leat_loop_stop(session->loop);
}

/* What was received is printed, however the connection ended. */
static void
stop_when_done(struct session *session)
{
    if (session->conn == NULL && sink_is_empty(&session->sink))
        stop(session);
}

void
session_judge(struct session *session, enum exit_code code)
{
    session->code = code;
}

void
session_fail(struct session *session)
{
    session_judge(session, CODE_FAILED);
    stop(session);
}

static void
fail_because(struct session *session, const char *what, int error)
{
    complaint_say(session->wrong, what, NULL, leat_error_text(error));
    session_fail(session);
}

/* --- the connection ------------------------------------------------------- */

static void
on_open(struct leat_conn *conn, void *user)
{
    struct session *session = user;

    (void)conn;
    if (session->ops->on_open != NULL)
        session->ops->on_open(session, session->user);
}

/* From here to session_print in one call: bytes are not kept in between. */
static void
on_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    struct session *session = user;

    (void)conn;
    session->ops->on_answer(session, bytes, len, session->user);
}

/* The queue has room for what standard input brings. */
static void
on_drain(struct leat_conn *conn, void *user)
{
    struct session *session = user;

    (void)conn;
    source_resume(&session->source);
}

static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    struct session *session = user;

    (void)conn;
    session->conn = NULL;
    if (session->is_stopped)
        return; /* the loop is being destroyed */
    source_close(&session->source);
    leat_timer_stop(&session->leave);
    session->ops->on_close(session, reason, session->user);
    stop_when_done(session);
}

static const struct leat_conn_ops conn_ops = {.on_open = on_open,
    .on_data = on_data,
    .on_drain = on_drain,
    .on_close = on_close};

/* A chunk always fits: the source stands still from the high mark on, and the
 * limit is further above it than a chunk is long. */
void
session_send(struct session *session, const char *bytes, size_t len)
{
    if (session->conn == NULL || len == 0)
        return;
    int error = leat_conn_send(session->conn, bytes, len);
    if (error == -ENOMEM || error == -ENOBUFS || error == -EMSGSIZE)
        fail_because(session, "cannot send: ", error);
    else if (error != 0)
        source_close(&session->source); /* on_close will tell why */
    else if (leat_conn_is_full(session->conn))
        source_pause(&session->source);
}

/* FIN follows what is queued; the library sees to that. */
void
session_end_input(struct session *session)
{
    source_close(&session->source);
    if (session->conn != NULL)
        leat_conn_half_close(session->conn);
}

/* A peer that neither reads nor ends, when we are done with it. */
static void
on_leave(struct leat_timer *timer, void *user)
{
    struct session *session = user;

    (void)timer;
    leat_conn_close(session->conn);
}

/* By FIN, since a close with unread input would be a reset. */
void
session_leave(struct session *session)
{
    source_close(&session->source);
    if (session->conn == NULL)
        return;
    leat_conn_end(session->conn);
    leat_conn_drain(session->conn);
    leat_timer_start(&session->leave, LEAVE_US, 0);
}

/* --- standard input and output -------------------------------------------- */

static void
on_input(const char *bytes, size_t len, void *user)
{
    struct session *session = user;

    session->ops->on_input(session, bytes, len, session->user);
}

static void
on_input_end(int error, void *user)
{
    struct session *session = user;

    if (error != 0)
        fail_because(session, "cannot read standard input: ", error);
    else if (session->ops->on_input_end != NULL)
        session->ops->on_input_end(session, session->user);
}

void
session_read_input(struct session *session)
{
    static const struct source_ops ops = {on_input, on_input_end};
    int error = source_open(&session->source, session->loop, 0, &ops, session);

    if (error != 0)
        fail_because(session, "cannot watch standard input: ", error);
}

/* One chunk at a time: the next may come. */
static void
on_empty(void *user)
{
    struct session *session = user;

    if (session->conn != NULL)
        leat_conn_resume(session->conn);
    stop_when_done(session);
}

/* Nobody will ever see the rest, so there is no use in receiving it. */
static void
on_error(int error, void *user)
{
    fail_because(user, "cannot write to standard output: ", error);
}

/* What does not leave at once keeps the connection from being read: then the
 * kernel keeps the rest, and the peer's kernel, and the peer waits. */
void
session_print(struct session *session, const char *bytes, size_t len)
{
    if (!sink_put(&session->sink, bytes, len)) {
        fail_because(session, "cannot write to standard output: ", -ENOBUFS);
        return;
    }
    if (session->conn != NULL && !sink_is_empty(&session->sink))
        leat_conn_pause(session->conn);
}

/* --- begin and end -------------------------------------------------------- */

static int
dial(struct session *session, int64_t timeout_us)
{
    const struct leat_dial_config config = {
        .conn = {.ops = &conn_ops}, .timeout_us = timeout_us};

    int error = leat_dial(&session->conn, session->loop, session->target.addr,
        session->target.count, &config, session);
    /* The answer is read even while the message waits: an echo would wait for
     * that. */
    if (error == 0)
        leat_conn_uncouple(session->conn, session->conn);
    return error;
}

/* The order is that of use: an answer needs the sink. */
static int
begin(struct session *session, int64_t timeout_us)
{
    static const struct sink_ops ops = {on_empty, on_error};
    int error = leat_loop_create(&session->loop, NULL);

    if (error != 0)
        return error;
    leat_timer_init(&session->leave, session->loop, on_leave, session);
    error = sink_open(&session->sink, session->loop, 1, &ops, session);
    if (error == 0)
        error = dial(session, timeout_us);
    if (error != 0)
        session_close(session);
    return error;
}

enum exit_code
session_open(struct session *session, const char *word, int64_t timeout_us,
    const struct session_ops *ops, void *user, struct complaint *wrong)
{
    session->ops = ops;
    session->user = user;
    session->wrong = wrong;
    session->conn = NULL;
    session->source.watch = NULL;
    session->sink.watch = NULL;
    session->code = CODE_OK;
    session->is_stopped = false;

    enum exit_code code = target_find(&session->target, word, wrong);
    if (code != CODE_OK)
        return code;
    int error = begin(session, timeout_us);
    if (error == 0)
        return CODE_OK;
    complaint_say(wrong, "cannot start: ", NULL, leat_error_text(error));
    return CODE_FAILED;
}

enum exit_code
session_run(struct session *session)
{
    int error = leat_loop_run(session->loop);

    if (error != 0)
        fail_because(session, "cannot wait: ", error);
    return session->code;
}

void
session_close(struct session *session)
{
    session->is_stopped = true;
    source_close(&session->source);
    sink_close(&session->sink);
    leat_loop_destroy(session->loop);
}
