/*
 * server.c - one leatd: its loop, its listeners, its clients.
 *
 * On the path: main -> HERE -> loop.
 *
 * Invariants:
 *  1. each port's ops outlive every connection: ports are given back after the
 *     loop was destroyed
 *  2. all listeners are open, or none
 */
#include "server.h"

#include <leat/error.h>

#include <errno.h>

#include "cli/mem.h"

/* How long the end waits for a slow reader of the log. */
#define LAST_WORDS_US 50000

/* --- listeners ------------------------------------------------------------ */

/* Memory that a service shares among its clients outlives them all. */
static int
take_shared(struct port *port)
{
    size_t size = port->spec->service->shared_size;
    struct port_head *head;

    if (size == 0)
        return 0;
    head = mem_take(sizeof *head + size);
    if (head == NULL)
        return -ENOMEM;
    head->port = port;
    port->shared = head + 1;
    return 0;
}

static void
give_shared(struct port *port)
{
    if (port->shared != NULL)
        mem_give((struct port_head *)port->shared - 1);
}

static int
start_service(struct server *server, struct port *port, struct complaint *wrong)
{
    const struct service *service = port->spec->service;

    if (take_shared(port) != 0) {
        complaint_say(wrong, "no memory for", port->spec->name, "");
        return -ENOMEM;
    }
    if (service->start != NULL) {
        int error = service->start(
            port->shared, port->spec->settings, server->loop, wrong);
        if (error != 0)
            return error;
    }
    port->is_started = true;
    return 0;
}

void
server_stop_services(struct server *server)
{
    for (size_t i = 0; i < server->port_count; i++) {
        struct port *port = &server->ports[i];
        if (port->is_started && port->spec->service->stop != NULL)
            port->spec->service->stop(port->shared);
        port->is_started = false;
    }
}

/* Every listener is told of by its own line. */
static bool
reload(struct server *server, struct port *port)
{
    const struct service *service = port->spec->service;
    struct complaint wrong;
    struct log_line line;

    if (!port->is_started || service->reload == NULL)
        return false;
    int verdict = service->reload(port->shared, &wrong);
    if (verdict == 0)
        return false;
    if (verdict > 0)
        log_answer(&line, "reloaded");
    else
        (void)log_begin(&server->log, &line, LEVEL_WARN, "not-reloaded");
    log_value(&line, "listener", port->spec->name);
    if (verdict < 0)
        log_value(&line, "text", wrong.text);
    log_end(&server->log, &line);
    return true;
}

void
server_reload(struct server *server)
{
    struct log_line line;
    bool has_any = false;

    for (size_t i = 0; i < server->port_count; i++)
        has_any |= reload(server, &server->ports[i]);
    if (has_any)
        return;
    log_answer(&line, "nothing to reload");
    log_end(&server->log, &line);
}

static void
free_ports(struct server *server)
{
    for (size_t i = 0; i < server->port_count; i++) {
        give_shared(&server->ports[i]);
        mem_give(server->ports[i].udp);
    }
}

static enum exit_code
open_ports(struct server *server, struct complaint *wrong)
{
    const struct options *options = server->options;

    server->ports = mem_take_array(options->spec_count, sizeof *server->ports);
    if (server->ports == NULL) {
        complaint_say(wrong, "no memory for the listeners", NULL, "");
        return CODE_FAILED;
    }
    server->port_count = options->spec_count;
    for (size_t i = 0; i < options->spec_count; i++) {
        struct port *port = &server->ports[i];
        port->server = server;
        port->spec = &options->specs[i];
        int error = start_service(server, port, wrong);
        if (error != 0)
            return error == -EINVAL ? CODE_USAGE : CODE_FAILED;
        enum exit_code code = port_open(port, wrong);
        if (code != CODE_OK)
            return code; /* those before it are closed with the loop */
    }
    return CODE_OK;
}

/* --- begin and end -------------------------------------------------------- */

/* Of both, --verbose is the one that hides nothing. */
static enum log_level
level_of(const struct options *options)
{
    if (options->verbose)
        return LEVEL_DEBUG;
    return options->quiet ? LEVEL_WARN : LEVEL_INFO;
}

/* --max-conns, as far as there are descriptors. */
static size_t
choose_conns(struct server *server, size_t most)
{
    size_t asked = server->options->max_conns;
    struct log_line line;

    if (asked == 0 || asked <= most)
        return asked == 0 ? most : asked;
    if (log_begin(&server->log, &line, LEVEL_WARN, "max-conns-lowered")) {
        log_number(&line, "asked", asked);
        log_number(&line, "given", most);
        log_end(&server->log, &line);
    }
    return most;
}

/* The log is on the loop before anything else is, for that may have something
 * to tell. */
static int
make_loop(struct server *server, size_t max_conns, struct complaint *wrong)
{
    const struct leat_loop_config config = {
        .max_memory = server->options->max_memory,
        .max_conns = choose_conns(server, max_conns),
        .busy_poll_us = server->options->busy_poll_us,
        .park =
            server->options->no_park ? LEAT_PARK_OFF : server->options->park,
        .on_note = notes_take,
        .note_user = &server->notes,
    };
    int error = leat_loop_create(&server->loop, &config);

    if (error == 0)
        error = log_attach(&server->log, server->loop);
    if (error != 0)
        complaint_say(wrong, "cannot start: ", NULL, leat_error_text(error));
    return error;
}

/* The log's ring is large: its members are set one by one, not with the rest.
 */
enum exit_code
server_open(struct server *server, const struct options *options,
    size_t max_conns, struct complaint *wrong)
{
    enum exit_code code = CODE_FAILED;

    server->options = options;
    server->loop = NULL;
    server->ports = NULL;
    server->port_count = 0;
    server->client_count = 0;
    server->unanswered = 0;
    server->drain = (struct drain){.phase = DRAIN_NOT};
    server->life = (struct life){.stdin_watch = NULL};
    log_init(&server->log, 2, level_of(options));
    notes_init(&server->notes, &server->log);
    if (make_loop(server, max_conns, wrong) != 0)
        goto err_close;
    server->started_us = leat_loop_now(server->loop);
    drain_init(server);
    code = open_ports(server, wrong);
    if (code != CODE_OK)
        goto err_close;
    if (life_start(server, wrong) == 0)
        return CODE_OK;
    code = CODE_FAILED;

err_close:
    server_close(server);
    return code;
}

enum exit_code
server_run(struct server *server)
{
    struct log_line line;
    int error = leat_loop_run(server->loop);

    if (error == 0 && server->drain.phase != DRAIN_NOT)
        return server->drain.lost > 0 ? CODE_LOST : CODE_OK;
    /* The listeners and signals keep the loop busy: it does not end alone. */
    if (log_begin(&server->log, &line, LEVEL_WARN, "loop-failed")) {
        log_value(&line, "error", leat_error_name(error));
        log_end(&server->log, &line);
    }
    return error == 0 || error == -EBUSY ? CODE_INTERNAL : CODE_FAILED;
}

/* Order: connections may still log when the loop ends them; their ports go
 * after them; then the ring is written. */
void
server_close(struct server *server)
{
    notes_flush(&server->notes);
    log_detach(&server->log);
    server_stop_services(server);
    leat_loop_destroy(server->loop);
    free_ports(server);
    mem_give(server->ports);
    log_flush(&server->log, LAST_WORDS_US);
}
