/*
 * echo.c - an echo server in twenty lines: each client gets back what it
 * sends, in order and whole, however slowly it reads.
 *
 *   echo [ADDRESS]        default 7000; try: nc 127.0.0.1 7000
 */
#include <leat/leat.h>

#include <stdio.h>

static void
on_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    (void)user;
    if (leat_conn_send(conn, bytes, len) != 0)
        leat_conn_close(conn);
}

int
main(int argc, char **argv)
{
    static const struct leat_conn_ops ops = {.on_data = on_data};
    const struct leat_listener_config config = {.conn = {.ops = &ops}};
    const char *address = argc > 1 ? argv[1] : "7000";
    struct leat_listener *listener;
    struct leat_loop *loop;

    int error = leat_loop_create(&loop, NULL);
    if (error == 0)
        error = leat_listener_open(&listener, loop, address, &config);
    if (error == 0)
        error = leat_loop_run(loop);
    if (error != 0)
        fprintf(stderr, "echo: %s: %s\n", address, leat_error_text(error));
    return error != 0;
}
