/*
 * drain.c - the end of leatd: nothing that was accepted is lost.
 *
 * On the path: life -> HERE -> every listener and client -> loop stops.
 * The loop has no other connections than clients.
 *
 * Invariants:
 *  1. phase only grows; the listeners are closed from DRAIN_SERVING on
 *  2. the timer is started <=> phase is DRAIN_SERVING or DRAIN_ENDING
 *  3. the loop is stopped when phase > DRAIN_NOT and there is no client
 */
#include "drain.h"

#include <leat/group.h>

#include "server.h"

/* The log tells when each step was taken, and how many it was for. */
static void
log_phase(struct server *server, const char *message, const char *why)
{
    struct log_line line;

    if (!log_begin(&server->log, &line, LEVEL_INFO, message))
        return;
    if (why != NULL)
        log_value(&line, "why", why);
    log_number(&line, "conns", server->client_count);
    log_end(&server->log, &line);
}

/* Step 1. Who has connected before the end was asked for is still served. */
static void
close_listeners(struct server *server)
{
    for (size_t i = 0; i < server->port_count; i++)
        port_close(&server->ports[i]);
}

/* Step 3 and 4 lead here: the last client is gone. */
static void
finish(struct server *server)
{
    uint64_t lost = server->drain.lost;
    struct log_line line;

    leat_timer_stop(&server->drain.timer);
    leat_loop_stop(server->loop);
    if (!log_begin(
            &server->log, &line, lost > 0 ? LEVEL_WARN : LEVEL_INFO, "drained"))
        return;
    log_number(&line, "lost", lost);
    log_number(&line, "unserved", server->drain.unserved);
    log_end(&server->log, &line);
}

static void
end(struct leat_conn *conn, void *user)
{
    (void)user;
    leat_conn_end(conn);
}

static void
serve_to_the_end(struct leat_conn *conn, void *user)
{
    (void)user;
    leat_conn_drain(conn);
}

/* Step 3: half of the time is gone. Nobody leaves in here: on_close comes
 * in phase 7. */
static void
end_all(struct server *server)
{
    server->drain.phase = DRAIN_ENDING;
    leat_conn_each(server->loop, end, NULL);
}

/* Step 4. Where nothing is queued a close is enough: the kernel goes on
 * sending what it has, which a reset would throw away. */
static void
cut_off(struct leat_conn *conn, void *user)
{
    struct leat_conn_stats stats;
    (void)user;

    leat_conn_stats(conn, &stats);
    if (stats.queued_bytes > 0 || stats.held_bytes > 0)
        leat_conn_abort(conn);
    else
        leat_conn_close(conn);
}

void
drain_cut(struct server *server)
{
    if (server->drain.phase == DRAIN_CUT)
        return;
    server->drain.phase = DRAIN_CUT;
    leat_timer_stop(&server->drain.timer);
    log_phase(server, "drain-cut", NULL);
    leat_conn_each(server->loop, cut_off, NULL);
}

/* One timer, two times: half of the time that is allowed, then all of it. */
static void
on_timer(struct leat_timer *timer, void *user)
{
    struct server *server = user;
    int64_t drain_us = server->options->drain_us;

    if (server->drain.phase != DRAIN_SERVING) {
        drain_cut(server);
        return;
    }
    end_all(server);
    leat_timer_start(timer, drain_us - drain_us / 2, 0);
}

void
drain_init(struct server *server)
{
    leat_timer_init(&server->drain.timer, server->loop, on_timer, server);
}

void
drain_start(struct server *server, const char *why)
{
    if (server->drain.phase != DRAIN_NOT)
        return;
    server->drain.phase = DRAIN_SERVING;
    close_listeners(server);
    server_stop_services(server);
    log_phase(server, "drain", why);
    if (server->client_count == 0) {
        finish(server);
        return;
    }
    if (server->options->drain_us == 0) {
        drain_cut(server);
        return;
    }
    /* Step 2: each ends by itself once its peer pauses. */
    leat_conn_each(server->loop, serve_to_the_end, NULL);
    leat_timer_start(&server->drain.timer, server->options->drain_us / 2, 0);
}

void
drain_count(struct server *server, uint64_t lost, uint64_t unserved)
{
    if (server->drain.phase == DRAIN_NOT)
        return;
    server->drain.lost += lost;
    server->drain.unserved += unserved;
    if (server->client_count == 0)
        finish(server);
}
