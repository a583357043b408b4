/*
 * fixed.c - sixteen octets from the client, sixteen back, and the end.
 *
 *   fixed [ADDRESS]       default 1060
 *   printf 'Hi there, server' | nc -N 127.0.0.1 1060
 *
 * TCP knows no messages: sixteen octets may come one by one, or with more
 * behind them. A frame of a fixed length is put together by the loop; who
 * closes in the middle of it is told apart from who has said everything.
 */
#include <leat/leat.h>

#include <stdio.h>

#define OCTETS 16

static const char farewell[OCTETS + 1] = "Farewell, client";

static void
on_message(struct leat_conn *conn, const struct leat_frame *frame, void *user)
{
    (void)user;
    printf("the client said \"%.*s\"\n", (int)frame->body_len,
        (const char *)frame->body);
    fflush(stdout);
    if (leat_conn_send(conn, farewell, OCTETS) != 0)
        leat_conn_close(conn);
    else
        leat_conn_end(conn); /* once the reply has left; no callback but
                              * on_close follows, so there is one exchange */
}

static void
on_eof(struct leat_conn *conn, void *user)
{
    (void)user;
    printf("closed after %zu bytes of a %d-byte message\n",
        leat_conn_partial(conn), OCTETS);
    fflush(stdout);
    leat_conn_end(conn);
}

int
main(int argc, char **argv)
{
    static const struct leat_conn_ops ops = {
        .on_message = on_message, .on_eof = on_eof};
    const struct leat_listener_config config = {
        .conn = {.ops = &ops, .frame = {.kind = LEAT_FIXED, .size = OCTETS}}};
    const char *address = argc > 1 ? argv[1] : "1060";
    struct leat_listener *listener;
    struct leat_loop *loop;

    int error = leat_loop_create(&loop, NULL);
    if (error == 0)
        error = leat_listener_open(&listener, loop, address, &config);
    if (error == 0)
        error = leat_loop_run(loop);
    if (error != 0)
        fprintf(stderr, "fixed: %s: %s\n", address, leat_error_text(error));
    return error != 0;
}
