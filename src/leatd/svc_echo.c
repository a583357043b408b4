/*
 * svc_echo.c - every byte comes back, in its order (RFC 862).
 *
 * On the path: conn_in -> HERE -> leat_conn_send.
 *
 * The room rule of the library does the rest: a connection is read only while
 * its own queue is below high, so sending back a chunk never finds the queue
 * full, and a peer that does not read is not read from. on_eof is left to the
 * library: after the peer's half-close everything is still answered, then the
 * connection ends.
 */
#include "service.h"

static void
echo(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    int error = leat_conn_send(conn, bytes, len);

    if (error != 0)
        service_fail(conn, user, error);
}

static void
echo_datagram(const struct datagram *datagram)
{
    service_answer(datagram, datagram->bytes, datagram->len);
}

extern const struct service svc_echo;

const struct service svc_echo = {
    .name = "echo",
    .help = "sends back every byte it gets (RFC 862)",
    .ops = {.on_data = echo},
    .on_datagram = echo_datagram,
};
