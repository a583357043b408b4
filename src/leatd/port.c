/*
 * port.c - a LISTENER as it is served.
 *
 * On the path: server -> HERE -> library; then client.c, udp.c.
 */
#include "port.h"

#include <leat/error.h>

#include <errno.h>
#include <string.h>

#include "server.h"

#include "cli/address.h"
#include "cli/mem.h"

/* --- opened --------------------------------------------------------------- */

/* Where the library says -EINVAL, find out which word it means. */
static enum exit_code
judge(const struct listener_spec *spec, int error, struct complaint *wrong)
{
    struct leat_addr addrs[LEAT_ADDR_MAX];
    char after[128];
    struct text text;

    if (error == -EINVAL &&
        leat_addr_parse(addrs, spec->address, 0) == -EINVAL) {
        address_complain(spec->address, wrong);
        return CODE_USAGE;
    }
    text_init(&text, after, sizeof after);
    text_add(&text, " for ");
    text_add(&text, spec->name);
    text_add(&text, ": ");
    text_add(&text, leat_error_text(error));
    complaint_say(
        wrong, "cannot listen on", listener_spec_address(spec), text.bytes);
    return error == -EINVAL ? CODE_USAGE : CODE_FAILED;
}

/* The listener accepts once the loop runs, so nobody is let in before all are
 * open. */
static enum exit_code
open_stream(struct port *port, struct complaint *wrong)
{
    const struct listener_spec *spec = port->spec;
    struct leat_listener_config config = spec->config;

    /* The library calls the service itself, but for the two moments when the
     * daemon has something of its own to do. */
    port->ops = spec->service->ops;
    port->ops.on_open = client_open;
    port->ops.on_close = client_close;
    config.conn.ops = &port->ops;
    config.user = port;
    config.on_accept = client_accept;
    int error = leat_listener_open(
        &port->listener, port->server->loop, spec->address, &config);
    return error == 0 ? CODE_OK : judge(spec, error, wrong);
}

/* A host name may stand for more than this host: only now it is known. No
 * datagram has been looked at yet. */
static enum exit_code
check_reach(const struct port *port, struct complaint *wrong)
{
    const struct listener_spec *spec = port->spec;
    struct leat_addr addr;

    for (size_t i = 0; i < port_count(port); i++)
        if (port_addr(port, i, &addr) == 0 &&
            listener_spec_reach(spec, &addr, 1, wrong) != 0)
            return CODE_USAGE;
    return CODE_OK;
}

static enum exit_code
open_datagram(struct port *port, struct complaint *wrong)
{
    const struct listener_spec *spec = port->spec;
    const struct leat_dgram_config config = {
        .on_datagram = udp_take,
        .user = port,
        .sndbuf = spec->config.conn.sndbuf,
        .rcvbuf = spec->config.conn.rcvbuf,
    };
    struct leat_addr addr;

    port->udp = mem_take(sizeof *port->udp);
    if (port->udp == NULL) {
        complaint_say(wrong, "no memory for", spec->name, "");
        return CODE_FAILED;
    }
    int error = leat_dgram_open(
        &port->dgram, port->server->loop, spec->address, &config);
    if (error != 0)
        return judge(spec, error, wrong);
    if (port_addr(port, 0, &addr) == 0)
        port->udp->number = leat_addr_port(&addr);
    return check_reach(port, wrong);
}

enum exit_code
port_open(struct port *port, struct complaint *wrong)
{
    return port->spec->is_udp ? open_datagram(port, wrong)
                              : open_stream(port, wrong);
}

/* --- closed --------------------------------------------------------------- */

void
port_close(struct port *port)
{
    if (port->listener != NULL)
        (void)leat_listener_drain(port->listener); /* however many came */
    leat_listener_close(port->listener);
    port->listener = NULL;
    if (port->dgram != NULL) {
        (void)leat_dgram_drain(port->dgram); /* as above */
        udp_log(port);
    }
    leat_dgram_close(port->dgram);
    port->dgram = NULL;
}

/* --- addresses ------------------------------------------------------------ */

size_t
port_count(const struct port *port)
{
    return port->dgram != NULL ? leat_dgram_count(port->dgram)
                               : leat_listener_count(port->listener);
}

int
port_addr(const struct port *port, size_t index, struct leat_addr *addr)
{
    return port->dgram != NULL
               ? leat_dgram_addr(port->dgram, index, addr)
               : leat_listener_addr(port->listener, index, addr);
}
