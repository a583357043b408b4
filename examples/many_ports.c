/*
 * many_ports.c - one program, several ports, another service on each.
 *
 *   many_ports [ECHO [SHOUT [WHO]]]       default 7001 7002 7003
 *
 * ECHO sends back what comes, SHOUT sends each line back in capitals, WHO tells
 * how many clients each port has, and ends. There is one loop and one thread,
 * so what the services share needs no lock.
 */
#include <leat/leat.h>

#include <ctype.h>
#include <stdio.h>

#define PORTS 3

struct port {
    const char *name, *address;
    struct leat_listener_config config;
    struct leat_listener *listener;
};

static void
echo(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    (void)user;
    if (leat_conn_send(conn, bytes, len) != 0)
        leat_conn_close(conn);
}

/* One message that is written where it will be sent from. */
static void
shout(struct leat_conn *conn, const struct leat_frame *line, void *user)
{
    (void)user;
    struct leat_message *message;
    int error = leat_message_create(
        &message, leat_conn_loop(conn), line->whole, line->whole_len);
    if (error != 0) {
        leat_conn_close(conn);
        return;
    }
    unsigned char *bytes = leat_message_bytes(message);
    for (size_t i = 0; i < line->whole_len; i++)
        bytes[i] = (unsigned char)toupper(bytes[i]);
    if (leat_conn_send_message(conn, message) != 0)
        leat_conn_close(conn);
    leat_message_unref(message); /* the queue has a reference of its own */
}

static void
tell_who(struct leat_conn *conn, void *user)
{
    const struct port *ports = user;
    char text[128];
    int len = 0;
    for (int i = 0; i < PORTS; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "%s %zu\n",
            ports[i].name, leat_listener_conns(ports[i].listener));
    if (leat_conn_send(conn, text, (size_t)len) != 0)
        leat_conn_close(conn);
    else
        leat_conn_end(conn);
}

/* An address may stand for several sockets, such as both loopbacks. */
static void
print_addresses(const struct port *port)
{
    char text[LEAT_ADDR_TEXT];
    struct leat_addr addr;
    for (size_t i = 0; i < leat_listener_count(port->listener); i++)
        if (leat_listener_addr(port->listener, i, &addr) == 0)
            printf("%s %s\n", port->name, leat_addr_format(&addr, text));
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    static const struct leat_conn_ops echo_ops = {.on_data = echo};
    static const struct leat_conn_ops shout_ops = {.on_message = shout};
    static const struct leat_conn_ops who_ops = {.on_open = tell_who};
    struct port ports[PORTS] = {
        {"echo", "7001", {.conn = {.ops = &echo_ops}}, NULL},
        {"shout", "7002",
            {.conn = {.ops = &shout_ops, .frame = {.kind = LEAT_LINE}}}, NULL},
        {"who", "7003", {.conn = {.ops = &who_ops}, .user = ports}, NULL}};
    struct leat_loop *loop;

    int error = leat_loop_create(&loop, NULL);
    const char *what = "many_ports";
    for (int i = 0; i < PORTS && error == 0; i++) {
        struct port *port = &ports[i];
        what = argc > i + 1 ? argv[i + 1] : port->address;
        error = leat_listener_open(&port->listener, loop, what, &port->config);
        if (error == 0)
            print_addresses(port);
    }
    if (error == 0)
        error = leat_loop_run(loop);
    if (error != 0)
        fprintf(stderr, "many_ports: %s: %s\n", what, leat_error_text(error));
    return error != 0;
}
