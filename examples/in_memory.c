/*
 * in_memory.c - a service, and its unit test without a socket.
 *
 *   in_memory             runs the tests; exit status 0 when all have passed
 *
 * The service adds: each line of numbers is answered with their sum. The test
 * connects it to a client by leat_conn_pair: no port, no process, no waiting,
 * and every turn of the loop is the test's to make. Queues, frames, ends and
 * reasons are those of sockets.
 */
#include <leat/leat.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the service, as it would be given to leat_listener_open --- */

static void
add_up(struct leat_conn *conn, const struct leat_frame *line, void *user)
{
    (void)user;
    char numbers[256] = "", *at = numbers, *end;
    if (line->body_len >= sizeof numbers) {
        leat_conn_abort(conn);
        return;
    }
    memcpy(numbers, line->body, line->body_len);
    long sum = strtol(at, &end, 10);
    while (end != at)
        sum += strtol(at = end, &end, 10);

    char answer[32] = "what?\n";
    if (*at == '\0')
        snprintf(answer, sizeof answer, "%ld\n", sum);
    if (leat_conn_send(conn, answer, strlen(answer)) != 0)
        leat_conn_close(conn);
}

static const struct leat_conn_ops adder = {.on_message = add_up};

/* --- a client that writes down what it hears --- */

struct client {
    char heard[256];
    int reason; /* of on_close; 1 before */
};

static void
hear(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    (void)conn;
    struct client *client = user;
    if (len < sizeof client->heard - strlen(client->heard))
        strncat(client->heard, bytes, len);
}

static void
note_end(struct leat_conn *conn, int reason, void *user)
{
    (void)conn;
    struct client *client = user;
    client->reason = reason;
}

static const struct leat_conn_ops client_ops = {
    .on_data = hear, .on_close = note_end};

/* --- the tests --- */

static const struct {
    const char *name, *say[4], *hear; /* each piece in a turn of its own */
} tests[] = {
    {"numbers are added", {"1 2 3\n"}, "6\n"},
    {"two lines are two answers", {"1\n2 2\n"}, "1\n4\n"},
    {"a line may come in pieces", {"4", "0 ", "2\n"}, "42\n"},
    {"a last line needs no newline", {"7 -8"}, "-1\n"},
    {"a word is no number", {"one\n"}, "what?\n"},
};

static struct client
converse(struct leat_loop *loop, const char *const say[4])
{
    const struct leat_conn_config config[2] = {
        {.ops = &adder, .frame = {.kind = LEAT_LINE}}, {.ops = &client_ops}};
    struct client client = {.reason = 1};
    void *users[2] = {NULL, &client};
    struct leat_conn *pair[2];
    if (leat_conn_pair(pair, loop, config, users) != 0)
        return client;

    for (int i = 0; i < 4 && say[i] != NULL; i++)
        if (leat_conn_send(pair[1], say[i], strlen(say[i])) != 0 ||
            leat_loop_step(loop, 0) < 0)
            return client;
    leat_conn_half_close(pair[1]); /* all is asked: now hear the answers */
    for (int turn = 0; turn < 10 && client.reason == 1; turn++)
        if (leat_loop_step(loop, 0) < 0)
            break;
    return client;
}

int
main(void)
{
    int failed = 0;
    struct leat_loop *loop;
    if (leat_loop_create(&loop, NULL) != 0)
        return 1;
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        struct client client = converse(loop, tests[i].say);
        bool is_right = client.reason == LEAT_EOF &&
                        strcmp(client.heard, tests[i].hear) == 0;
        printf("%s - %s\n", is_right ? "ok" : "not ok", tests[i].name);
        failed += !is_right;
    }
    leat_loop_destroy(loop);
    return failed != 0;
}
