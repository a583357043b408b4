/*
 * svc_discard.c - takes every byte and throws it away (RFC 863).
 *
 * On the path: conn_in -> HERE. It never answers, not even at the end.
 */
#include "service.h"

static void
discard(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    (void)conn, (void)bytes, (void)len, (void)user;
}

static void
discard_datagram(const struct datagram *datagram)
{
    (void)datagram;
}

extern const struct service svc_discard;

const struct service svc_discard = {
    .name = "discard",
    .help = "throws away every byte it gets (RFC 863)",
    .ops = {.on_data = discard},
    .on_datagram = discard_datagram,
};
