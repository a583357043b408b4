/*
 * svc_null.c - accepts, never reads and never answers.
 *
 * On the path: loop (accept) -> HERE, and no further.
 *
 * For testing what a client does about a server that hangs. Who never reads
 * never learns that a peer has gone, so without an idle time the dead would
 * pile up until no listener could accept; idle=off asks for just that.
 */
#include "service.h"

#include <leat/flow.h>

#define IDLE_DEFAULT_US (INT64_C(3600) * 1000000)

static void
ignore(struct leat_conn *conn, void *user)
{
    (void)user;
    leat_conn_pause(conn);
}

static int
prepare(void *settings, struct leat_listener_config *config,
    struct complaint *wrong)
{
    (void)settings, (void)wrong;

    if (config->conn.idle_us == 0)
        config->conn.idle_us = IDLE_DEFAULT_US;
    return 0;
}

extern const struct service svc_null;

const struct service svc_null = {
    .name = "null",
    .help = "never reads, never answers; idle=1h unless given",
    .ops = {.on_open = ignore},
    .prepare = prepare,
};
