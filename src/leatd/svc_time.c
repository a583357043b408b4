/*
 * svc_time.c - the seconds since 1900 as 32 bits (RFC 868).
 *
 * On the path: loop (accept) -> HERE -> leat_conn_send, leat_conn_end.
 *
 * In February 2036 the number begins at 0 again; which era it is of, the
 * client must know. As the RFC asks, a server without a time closes without
 * sending anything. What a client sends is thrown away.
 */
#include "service.h"

#include "sys/sys.h"

/* 70 years with 17 leap days: from 1900 to 1970. */
#define SECONDS_TO_1970 UINT64_C(2208988800)

static void
tell(struct leat_conn *conn, void *user)
{
    unsigned char bytes[4];
    struct timespec now;
    int error = leat__sys_wall(&now);

    if (error != 0) {
        service_fail(conn, user, error);
        return;
    }
    uint64_t seconds = (uint64_t)now.tv_sec + SECONDS_TO_1970;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(seconds >> (24 - 8 * i));
    if (service_send(conn, user, bytes, sizeof bytes))
        leat_conn_end(conn);
}

extern const struct service svc_time;

const struct service svc_time = {
    .name = "time",
    .help = "tells the seconds since 1900, then ends (RFC 868)",
    .ops = {.on_open = tell},
};
