/*
 * udp.c - listeners of datagrams, and who is answered.
 *
 * On the path: library -> HERE -> service -> HERE: leat_dgram_send.
 *
 * An answer that the kernel does not take is lost and counted by the library:
 * whoever asks by UDP asks again.
 */
#include "udp.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "server.h"

/* Those of servers, by old custom: echo, chargen, time, DNS, NTP among them.
 * 0 is no port at all. */
#define SERVER_PORTS 1024

/* --- who is answered ------------------------------------------------------ */

/* Somebody may have written the address of one of us on it. By the number
 * alone, as another host may serve the same by the same number. */
static bool
is_ours(const struct server *server, int number)
{
    for (size_t i = 0; i < server->port_count; i++)
        if (server->ports[i].udp != NULL &&
            server->ports[i].udp->number == number)
            return true;
    return false;
}

static bool
may_answer(struct port *port, const struct leat_addr *peer, size_t len)
{
    int number = leat_addr_port(peer);

    if (number < SERVER_PORTS || is_ours(port->server, number))
        return false;
    if (!port->spec->service->udp_grows)
        return true;
    return len > 0 &&
           rate_take(&port->udp->rate, peer, leat_loop_now(port->server->loop));
}

static bool
is_loopback(const struct leat_addr *addr)
{
    if (addr->storage.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &addr->storage, sizeof in);
        return ntohl(in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    struct sockaddr_in6 in;
    memcpy(&in, &addr->storage, sizeof in);
    return IN6_IS_ADDR_LOOPBACK(&in.sin6_addr);
}

bool
udp_is_exposed(const struct leat_addr *addrs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_loopback(&addrs[i]))
            return true;
    return false;
}

/* --- datagrams ------------------------------------------------------------ */

/* What the service is handed; it sees the first member only. */
struct question {
    struct datagram datagram;
    struct leat_dgram *dgram;
    const struct port *port;
    const struct leat_addr *peer;
};

void
udp_take(struct leat_dgram *dgram, const void *bytes, size_t len,
    const struct leat_addr *peer, void *user)
{
    struct port *port = user;
    struct question question = {
        .datagram = {bytes, len, port->spec->settings},
        .dgram = dgram,
        .port = port,
        .peer = peer,
    };

    life_idle(port->server);
    if (may_answer(port, peer, len)) {
        port->spec->service->on_datagram(&question.datagram);
        return;
    }
    port->udp->unanswered++;
    port->server->unanswered++;
}

void
service_answer(const struct datagram *datagram, const void *bytes, size_t len)
{
    const struct question *question = (const void *)datagram;

    assert(question->port->spec->service->udp_grows || len <= datagram->len);
    (void)leat_dgram_send(question->dgram, bytes, len, question->peer);
}

/* --- the log and the help
 * -------------------------------------------------------------- */

void
udp_list(struct text *text)
{
    const char *comma = "";

    for (size_t i = 0; i < service_count(); i++) {
        if (service_at(i)->on_datagram == NULL)
            continue;
        text_add(text, comma);
        text_add(text, service_at(i)->name);
        comma = ", ";
    }
}

/* The keys and their order are a promise. */
void
udp_log(struct port *port)
{
    struct leat_dgram_stats stats;
    struct log_line line;

    if (!log_begin(&port->server->log, &line, LEVEL_INFO, "close-udp"))
        return;
    leat_dgram_stats(port->dgram, &stats);
    log_value(&line, "listener", port->spec->name);
    log_number(&line, "in", stats.bytes_in);
    log_number(&line, "out", stats.bytes_out);
    log_number(&line, "in_msgs", stats.in);
    log_number(&line, "out_msgs", stats.out);
    log_number(&line, "drops", stats.unsent + stats.too_long + stats.cast);
    log_number(&line, "unanswered", port->udp->unanswered);
    log_end(&port->server->log, &line);
}
