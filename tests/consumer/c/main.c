/*
 * main.c - a program that is not part of leat and uses it as it is installed:
 * a loop, a listener on a port of the kernel's choice, and a timer that ends
 * it.
 */
#include <leat/leat.h>

#include <stdio.h>
#include <string.h>

static void
on_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    (void)user;
    if (leat_conn_send(conn, bytes, len) < 0) {
        leat_conn_close(conn);
    }
}

static const struct leat_conn_ops echo = {.on_data = on_data};

static void
on_timer(struct leat_timer *timer, void *user)
{
    (void)timer;
    leat_loop_stop(user);
}

int
main(void)
{
    struct leat_listener_config config = {.conn = {.ops = &echo}};
    struct leat_loop *loop;
    struct leat_listener *listener;
    struct leat_timer timer;

    int error = leat_loop_create(&loop, NULL);
    if (error == 0) {
        error = leat_listener_open(&listener, loop, "127.0.0.1:0", &config);
    }
    if (error == 0) {
        leat_timer_init(&timer, loop, on_timer, loop);
        leat_timer_start(&timer, 1000, 0);
        error = leat_loop_run(loop);
        leat_loop_destroy(loop);
    }
    printf("c %s %s\n", leat_version(), leat_error_name(error));
    return error == 0 ? 0 : 1;
}
