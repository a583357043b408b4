/*
 * stamp.c - each line comes back with the time before it.
 *
 *   stamp [ADDRESS]       default 21567; try: nc 127.0.0.1 21567
 *
 * A line is a frame: on_message gets it whole, in however many pieces it came.
 * Its own ending goes back with it, and a last line without one gets none.
 */
#include <leat/leat.h>

#include <stdio.h>
#include <time.h>

static void
on_message(struct leat_conn *conn, const struct leat_frame *line, void *user)
{
    (void)user;
    char stamp[64];
    struct tm local;
    time_t now = time(NULL);
    localtime_r(&now, &local);
    size_t len =
        strftime(stamp, sizeof stamp, "[%a %b %e %H:%M:%S %Y] ", &local);

    /* Both are queued now and leave together at the end of the turn. */
    if (leat_conn_send(conn, stamp, len) != 0 ||
        leat_conn_send(conn, line->whole, line->whole_len) != 0)
        leat_conn_close(conn);
}

int
main(int argc, char **argv)
{
    static const struct leat_conn_ops ops = {.on_message = on_message};
    const struct leat_listener_config config = {
        .conn = {.ops = &ops, .frame = {.kind = LEAT_LINE}}};
    const char *address = argc > 1 ? argv[1] : "21567";
    struct leat_listener *listener;
    struct leat_loop *loop;

    int error = leat_loop_create(&loop, NULL);
    if (error == 0)
        error = leat_listener_open(&listener, loop, address, &config);
    if (error == 0)
        error = leat_loop_run(loop);
    if (error != 0)
        fprintf(stderr, "stamp: %s: %s\n", address, leat_error_text(error));
    return error != 0;
}
