/*
 * svc_daytime.c - the date and the time as a line of text (RFC 867).
 *
 * On the path: loop (accept) -> HERE -> leat_conn_send, leat_conn_end.
 *
 * The RFC leaves the form open and advises one line of printing ASCII with
 * CR LF; this is the form of ctime(3). What a client sends is thrown away.
 */
#include "service.h"

#include "wall.h"

static void
tell(struct leat_conn *conn, void *user)
{
    char bytes[WALL_TEXT + 3];
    struct text line;

    text_init(&line, bytes, sizeof bytes);
    int error = wall_put_now(&line, WALL_CTIME);
    if (error != 0) {
        service_fail(conn, user, error);
        return;
    }
    text_add(&line, "\r\n");
    if (service_send(conn, user, line.bytes, line.len))
        leat_conn_end(conn);
}

extern const struct service svc_daytime;

const struct service svc_daytime = {
    .name = "daytime",
    .help = "tells date and time in a line, then ends (RFC 867)",
    .ops = {.on_open = tell},
};
