/*
 * report.c - what the server tells of itself: where it listens, and totals.
 *
 * On the path: server, life -> HERE -> log.
 */
#include <leat/stats.h>

#include <string.h>
#include <sys/un.h>

#include "server.h"

const char *
report_path(const struct leat_addr *addr, size_t *len)
{
    if (addr->storage.ss_family != AF_UNIX)
        return NULL;
    const char *path =
        (const char *)&addr->storage + offsetof(struct sockaddr_un, sun_path);
    *len = addr->len - offsetof(struct sockaddr_un, sun_path);
    /* The NUL counts in the length, but need not be there. */
    *len = strnlen(path, *len);
    return path;
}

/* The one escaper of the log does its work on the path itself, so it is not
 * formatted (and escaped) before. */
static void
log_address(struct log_line *line, const struct leat_addr *addr, bool is_udp)
{
    char bytes[LEAT_ADDR_TEXT + 8];
    size_t len;
    const char *path = report_path(addr, &len);
    struct text whole;

    text_init(&whole, bytes, sizeof bytes);
    if (path == NULL) {
        char text[LEAT_ADDR_TEXT];
        text_add(&whole, is_udp ? "udp:" : "");
        text_add(&whole, leat_addr_format(addr, text));
        log_value(line, "address", whole.bytes);
        return;
    }
    text_add(&whole, "unix:");
    text_put(&whole, path, len);
    log_bytes(line, "address", whole.bytes, whole.len);
}

/* One line for each socket: a bare PORT has two, a host name may have more. */
static void
report_port(struct server *server, const struct port *port)
{
    for (size_t i = 0; i < port_count(port); i++) {
        struct leat_addr addr;
        struct log_line line;
        if (port_addr(port, i, &addr) != 0 ||
            !log_begin(&server->log, &line, LEVEL_INFO, "listening"))
            continue;
        log_value(&line, "service", port->spec->service->name);
        log_value(&line, "name", port->spec->name);
        log_address(&line, &addr, port->spec->is_udp);
        log_end(&server->log, &line);
    }
}

/* Whoever starts leatd for the first time should see it do something. */
static void
report_hint(struct server *server)
{
    struct leat_addr addr;
    struct log_line line;
    char text[LEAT_ADDR_TEXT];

    if (port_addr(&server->ports[0], 0, &addr) != 0 ||
        !log_begin(&server->log, &line, LEVEL_INFO, "try: nc "))
        return;
    char *colon = strrchr(leat_addr_format(&addr, text), ':');
    if (colon != NULL)
        *colon = ' ';
    text_add(&line.text, text);
    log_end(&server->log, &line);
}

void
report_start(struct server *server)
{
    for (size_t i = 0; i < server->port_count; i++)
        report_port(server, &server->ports[i]);
    if (server->options->is_default)
        report_hint(server);
}

/* The keys are those of struct leat_loop_stats, shorter where the log has a
 * word for it already. */
void
report_totals(struct server *server)
{
    struct leat_loop_stats stats;
    struct log_line line;

    leat_loop_stats(server->loop, &stats);
    int64_t up_us = leat_loop_now(server->loop) - server->started_us;
    const struct {
        const char *key;
        uint64_t value;
    } totals[] = {{"up_ms", (uint64_t)(up_us / 1000)}, {"conns", stats.conns},
        {"accepted", stats.accepted}, {"closed", stats.closed},
        {"refused", stats.refused}, {"accept_errors", stats.accept_errors},
        {"in", stats.bytes_in}, {"out", stats.bytes_out},
        {"in_msgs", stats.msgs_in}, {"out_msgs", stats.msgs_out},
        {"drops", stats.drops}, {"lost", stats.bytes_lost},
        {"shed", stats.shed}, {"memory", stats.memory}, {"pool", stats.pool},
        {"parked", stats.parked}, {"turns", stats.turns},
        {"selects", stats.selects}, {"spins", stats.spins},
        {"udp_in", stats.datagrams_in}, {"udp_out", stats.datagrams_out},
        {"udp_drops", stats.datagrams_dropped},
        {"udp_unanswered", server->unanswered}};

    log_answer(&line, "totals");
    for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++)
        log_number(&line, totals[i].key, totals[i].value);
    log_end(&server->log, &line);
}
