/*
 * greet.c - says TEST to whoever connects, and ends.
 *
 *   greet [ADDRESS]       default 29876; try: nc 127.0.0.1 29876
 *
 * Ending is not closing: what is queued leaves first, and what the client says
 * meanwhile is read, because a socket that is closed with unread input resets
 * the connection, and a reset can cost the client the greeting.
 */
#include <leat/leat.h>

#include <stdio.h>

static void
on_open(struct leat_conn *conn, void *user)
{
    (void)user;
    if (leat_conn_send(conn, "TEST", 4) != 0)
        leat_conn_close(conn);
    else
        leat_conn_end(conn);
}

int
main(int argc, char **argv)
{
    static const struct leat_conn_ops ops = {.on_open = on_open};
    const struct leat_listener_config config = {.conn = {.ops = &ops}};
    const char *address = argc > 1 ? argv[1] : "29876";
    struct leat_listener *listener;
    struct leat_loop *loop;

    int error = leat_loop_create(&loop, NULL);
    if (error == 0)
        error = leat_listener_open(&listener, loop, address, &config);
    if (error == 0)
        error = leat_loop_run(loop);
    if (error != 0)
        fprintf(stderr, "greet: %s: %s\n", address, leat_error_text(error));
    return error != 0;
}
