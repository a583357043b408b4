/*
 * client.c - what leatd keeps of each connection, and its line in the log.
 *
 * On the path: loop -> HERE -> service (open and close only; bytes go straight
 * from the library to the service).
 *
 * Invariants:
 *  1. a connection's user pointer is its struct client from client_open to
 *     client_close, or NULL when there was no memory for one
 *  2. server->client_count is the length of server->clients
 *  3. the service's on_open and on_close are called once each, or neither
 */
#include "client.h"

#include <leat/error.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "server.h"

#include "cli/mem.h"

_Static_assert(sizeof(struct client) <= 64, "a client is small");

static const unsigned char mapped[12] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* --- the peer's address --------------------------------------------------- */

/* The client was zeroed: a unix peer leaves it that way. */
static void
remember(struct client *client, const struct leat_addr *peer)
{
    /* Copied out of the storage, which has the type of neither. */
    if (peer->storage.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &peer->storage, sizeof in);
        memcpy(client->address, mapped, sizeof mapped);
        memcpy(client->address + sizeof mapped, &in.sin_addr, 4);
        client->peer_port = in.sin_port;
    } else if (peer->storage.ss_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, &peer->storage, sizeof in);
        memcpy(client->address, &in.sin6_addr, sizeof client->address);
        client->scope = in.sin6_scope_id;
        client->peer_port = in.sin6_port;
    }
}

/* As an IPv6 address; the library writes a mapped one as IPv4. */
static const char *
format_peer(const struct client *client, char text[LEAT_ADDR_TEXT])
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6,
        .sin6_port = client->peer_port,
        .sin6_scope_id = client->scope};
    struct leat_addr addr = {.len = sizeof in};

    if (client->peer_port == 0)
        return "unix:";
    memcpy(&in.sin6_addr, client->address, sizeof client->address);
    memcpy(&addr.storage, &in, sizeof in);
    return leat_addr_format(&addr, text);
}

static void
log_peer(struct log_line *line, const struct client *client)
{
    char text[LEAT_ADDR_TEXT];

    log_value(line, "peer", format_peer(client, text));
}

/* --- opened --------------------------------------------------------------- */

/* The library opens each connection right after it was let in, so one place
 * for the address of the newcomer is enough. */
int
client_accept(
    struct leat_listener *listener, const struct leat_addr *peer, void *user)
{
    struct port *port = user;
    (void)listener;

    port->server->arriving = *peer;
    return 0;
}

/* At the front: no order is promised, and this needs no look at the others. */
static void
enter(struct server *server, struct client *client)
{
    client->next = server->clients;
    if (client->next != NULL)
        client->next->prev = client;
    server->clients = client;
    server->client_count++;
}

void
client_open(struct leat_conn *conn, void *user)
{
    struct port *port = user;
    const struct service *service = port->spec->service;
    struct client *client = mem_take(sizeof *client + service->state_size);
    struct log_line line;

    leat_conn_set_user(conn, client);
    if (client == NULL) {
        if (log_begin(&port->server->log, &line, LEVEL_WARN, "no-memory")) {
            log_value(&line, "listener", port->spec->name);
            log_end(&port->server->log, &line);
        }
        leat_conn_close(conn);
        return;
    }
    client->conn = conn;
    client->port = port;
    remember(client, &port->server->arriving);
    enter(port->server, client);

    if (log_begin(&port->server->log, &line, LEVEL_DEBUG, "open")) {
        log_value(&line, "listener", port->spec->name);
        log_peer(&line, client);
        log_end(&port->server->log, &line);
    }
    if (service->ops.on_open != NULL)
        service->ops.on_open(conn, client);
}

/* --- closed --------------------------------------------------------------- */

/* A reason without a name of its own is told as error:NAME. */
static const char *
name_reason(const struct client *client, int reason)
{
    static const struct {
        int reason;
        const char *name;
    } names[] = {{LEAT_EOF, "eof"}, {0, "end"}, {-ETIME, "idle"},
        {-ECONNRESET, "reset"}, {-EDQUOT, "shed"}};
    bool is_ours = reason == 0 || reason == -ECONNABORTED;

    /* While draining it is us who end and abort. */
    if (is_ours && client->port->server->drain.phase != DRAIN_NOT)
        return "drain";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].reason == reason)
            return names[i].name;
    return NULL;
}

/* The access line. Its keys and their order are a promise. */
static void
log_close(const struct client *client, int reason,
    const struct leat_conn_stats *stats)
{
    struct server *server = client->port->server;
    const char *name = name_reason(client, reason);
    struct log_line line;

    if (!log_begin(&server->log, &line, LEVEL_INFO, "close"))
        return;
    log_value(&line, "listener", client->port->spec->name);
    log_peer(&line, client);
    log_number(&line, "dur_ms", (uint64_t)(stats->open_us / 1000));
    log_number(&line, "in", stats->bytes_in);
    log_number(&line, "out", stats->bytes_out);
    log_number(&line, "in_msgs", stats->msgs_in);
    log_number(&line, "out_msgs", stats->msgs_out);
    log_number(&line, "drops", stats->drops);
    log_value(&line, "reason", name != NULL ? name : "error:");
    if (name == NULL)
        text_add(&line.text, leat_error_name(reason));
    log_end(&server->log, &line);
}

static void
leave(struct server *server, struct client *client)
{
    if (client->next != NULL)
        client->next->prev = client->prev;
    if (client->prev != NULL)
        client->prev->next = client->next;
    else
        server->clients = client->next;
    server->client_count--;
}

/* A peer that failed has thrown away what it was sent; all else is on us. */
static bool
is_our_doing(int reason)
{
    static const int ours[] = {
        0, LEAT_EOF, -ECONNABORTED, -ETIME, -ENOBUFS, -EDQUOT, -ENOMEM};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (ours[i] == reason)
            return true;
    return false;
}

void
client_close(struct leat_conn *conn, int reason, void *user)
{
    struct client *client = user;
    struct leat_conn_stats stats;

    if (client == NULL) /* there was no memory for it */
        return;
    struct server *server = client->port->server;
    const struct service *service = client->port->spec->service;
    if (service->ops.on_close != NULL)
        service->ops.on_close(conn, reason, client);

    leat_conn_stats(conn, &stats);
    if (client->failure != 0)
        reason = client->failure;
    log_close(client, reason, &stats);
    leave(server, client);
    mem_give(client);
    if (server->client_count == 0)
        life_idle(server);
    bool is_loss = is_our_doing(reason) && !service->is_source;
    /* What was queued and has not left; what the service has not seen. */
    uint64_t lost = stats.bytes_lost + stats.held_bytes;
    drain_count(server, is_loss ? lost : 0, stats.bytes_discarded);
}

/* --- for services --------------------------------------------------------- */

/* A service gets the struct client as its user, but sees none of it. */
const void *
service_settings(void *user)
{
    const struct client *client = user;
    return client->port->spec->settings;
}

void *
service_shared(void *user)
{
    const struct client *client = user;
    return client->port->shared;
}

void *
service_state(void *user)
{
    struct client *client = user;
    return client + 1;
}

void
service_fail(struct leat_conn *conn, void *user, int error)
{
    struct client *client = user;

    /* An error of the socket is the connection's own reason, and after an end
     * that was asked for a send is expected to fail. */
    if (error == -ENOMEM || error == -ENOBUFS || error == -EMSGSIZE)
        client->failure = (int16_t)error;
    if (error != -ESHUTDOWN)
        leat_conn_close(conn);
}

bool
service_send(struct leat_conn *conn, void *user, const void *bytes, size_t len)
{
    int error = leat_conn_send(conn, bytes, len);

    if (error != 0)
        service_fail(conn, user, error);
    return error == 0;
}

const char *
service_peer(void *user, char text[LEAT_ADDR_TEXT])
{
    return format_peer(user, text);
}

void
service_warn(const void *shared, const char *message, const char *words)
{
    const struct port *port = ((const struct port_head *)shared)[-1].port;
    struct log_line line;

    if (!log_begin(&port->server->log, &line, LEVEL_WARN, message))
        return;
    log_value(&line, "listener", port->spec->name);
    log_value(&line, "text", words);
    log_end(&port->server->log, &line);
}

void
service_log(void *user, const char *message, const char *words)
{
    const struct client *client = user;
    struct log *log = &client->port->server->log;
    struct log_line line;

    if (!log_begin(log, &line, LEVEL_INFO, message))
        return;
    log_value(&line, "listener", client->port->spec->name);
    log_peer(&line, client);
    log_value(&line, "text", words);
    log_end(log, &line);
}
