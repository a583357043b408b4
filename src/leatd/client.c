/*
 * client.c - what leatd keeps of each connection, and its line in the log.
 *
 * On the path: loop -> HERE -> service (open and close only; bytes go straight
 * from the library to the service).
 *
 * Invariants:
 *  1. a connection's user pointer is its struct client from client_open to
 *     client_close, or NULL when there was no memory for one
 *  2. server->client_count is how many there are
 *  3. the service's on_open and on_close are called once each, or neither
 */
#include "client.h"

#include <leat/error.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "server.h"

#include "cli/mem.h"

/* The usual block of the allocator, with what it needs itself, has 24. */
_Static_assert(sizeof(struct client) <= 24, "a client is small");

#define V6_SIZE 16u

/* --- the peer's address --------------------------------------------------- */

static bool
is_v6(const struct leat_addr *peer)
{
    return peer->storage.ss_family == AF_INET6;
}

/* Where the address of an IPv6 peer is: behind the service's state. */
static void *
v6_of(struct client *client)
{
    const struct service *service = client->port->spec->service;
    return (unsigned char *)(client + 1) + service->state_size;
}

/* The client was zeroed: a unix peer leaves it that way. */
static void
remember(struct client *client, const struct leat_addr *peer)
{
    /* Copied out of the storage, which has the type of neither. */
    if (peer->storage.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &peer->storage, sizeof in);
        client->word = in.sin_addr.s_addr;
        client->peer_port = in.sin_port;
    } else if (is_v6(peer)) {
        struct sockaddr_in6 in;
        memcpy(&in, &peer->storage, sizeof in);
        memcpy(v6_of(client), &in.sin6_addr, V6_SIZE);
        client->word = in.sin6_scope_id;
        client->peer_port = in.sin6_port;
        client->is_v6 = true;
    }
}

static const char *
format_peer(struct client *client, char text[LEAT_ADDR_TEXT])
{
    struct leat_addr addr;

    if (client->peer_port == 0)
        return "unix:";
    if (client->is_v6) {
        struct sockaddr_in6 in = {.sin6_family = AF_INET6,
            .sin6_port = client->peer_port,
            .sin6_scope_id = client->word};
        memcpy(&in.sin6_addr, v6_of(client), V6_SIZE);
        memcpy(&addr.storage, &in, sizeof in);
        addr.len = sizeof in;
    } else {
        struct sockaddr_in in = {.sin_family = AF_INET,
            .sin_port = client->peer_port,
            .sin_addr = {client->word}};
        memcpy(&addr.storage, &in, sizeof in);
        addr.len = sizeof in;
    }
    return leat_addr_format(&addr, text);
}

static void
log_peer(struct log_line *line, struct client *client)
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

void
client_open(struct leat_conn *conn, void *user)
{
    struct port *port = user;
    const struct service *service = port->spec->service;
    size_t address = is_v6(&port->server->arriving) ? V6_SIZE : 0;
    struct client *client =
        mem_take(sizeof *client + service->state_size + address);
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
    client->port = port;
    remember(client, &port->server->arriving);
    port->server->client_count++;

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
log_close(
    struct client *client, int reason, const struct leat_conn_stats *stats)
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
    server->client_count--;
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
    struct client *client = user;
    struct log *log = &client->port->server->log;
    struct log_line line;

    if (!log_begin(log, &line, LEVEL_INFO, message))
        return;
    log_value(&line, "listener", client->port->spec->name);
    log_peer(&line, client);
    log_value(&line, "text", words);
    log_end(log, &line);
}
