/*
 * test_leatd_service.c - what a service may bring along: keys, settings, state,
 * frames. The registry of this program has one of its own.
 */
#include "leatd/service.h"

#include <leat/error.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "leatd/server.h"
#include "support/kernel.h"
#include "support/run.h"

/* --- a service: it answers a line with text= and its number --------------- */

struct settings {
    const char *text;
    size_t size;
    bool is_prepared;
};

struct state {
    uint64_t lines;
};

static int opened, closed, close_reason;
static uint64_t lines_at_close;

static void
on_open(struct leat_conn *conn, void *user)
{
    const struct state *state = service_state(user);
    (void)conn;

    ck_assert_uint_eq(state->lines, 0);
    opened++;
}

static void
on_message(struct leat_conn *conn, const struct leat_frame *frame, void *user)
{
    const struct settings *settings = service_settings(user);
    struct state *state = service_state(user);
    char answer[64];
    struct text text;

    if (frame->body_len == 4 && memcmp(frame->body, "fail", 4) == 0) {
        service_fail(conn, user, -ENOMEM);
        return;
    }
    text_init(&text, answer, sizeof answer);
    text_add(&text, settings->text);
    text_number(&text, ++state->lines, 1);
    ck_assert_int_eq(leat_conn_send(conn, text.bytes, text.len), 0);
}

static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    const struct state *state = service_state(user);
    (void)conn;

    closed++;
    close_reason = reason;
    lines_at_close = state->lines;
}

static int
prepare(void *settings_of, struct leat_listener_config *config,
    struct complaint *wrong)
{
    struct settings *settings = settings_of;

    if (settings->text == NULL) {
        complaint_say(wrong, "counter needs", "text", "=");
        return -EINVAL;
    }
    settings->is_prepared = true;
    if (settings->size != 0)
        config->conn.frame.max = settings->size;
    return 0;
}

static const struct key keys[] = {
    {"text", &key_text, offsetof(struct settings, text), 1, 8, NULL, "answer"},
    {"size", &key_size, offsetof(struct settings, size), 1, 0, NULL, "bytes"},
};

static const struct service counter = {
    .name = "counter",
    .help = "counts lines",
    .ops = {.on_open = on_open, .on_message = on_message, .on_close = on_close},
    .frame = {.kind = LEAT_LINE},
    .keys = keys,
    .key_count = 2,
    .settings_size = sizeof(struct settings),
    .prepare = prepare,
    .state_size = sizeof(struct state),
};

/* --- its registry, in place of leatd's ------------------------------------ */

size_t
service_count(void)
{
    return 1;
}

const struct service *
service_at(size_t index)
{
    ck_assert_uint_eq(index, 0);
    return &counter;
}

const struct service *
service_find(const char *name)
{
    return strcmp(name, counter.name) == 0 ? &counter : NULL;
}

/* --- a server with it, and a client --------------------------------------- */

static struct listener_spec spec;
static struct options options;
static struct server server;
static struct complaint wrong;
static int client;

static void
setup(void)
{
    kernel_setup();
    opened = closed = 0;
    client = -1;
    memset(&spec, 0, sizeof spec);
    memset(&server, 0, sizeof server);
}

static void
teardown(void)
{
    if (client >= 0)
        close(client);
    if (server.loop != NULL)
        server_close(&server);
    options_fini(&options);
    listener_spec_fini(&spec);
    kernel_teardown();
}

static void
come(void)
{
    struct leat_addr addr;

    ck_assert_int_eq(leat_listener_addr(server.ports[0].listener, 0, &addr), 0);
    client = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(
        connect(client, (struct sockaddr *)&addr.storage, addr.len), 0);
}

static void
serve(char *listener)
{
    char *argv[] = {"leatd", "-q", listener, NULL};

    ck_assert_int_eq(options_parse(&options, 3, argv, &wrong), 0);
    ck_assert_int_eq(server_open(&server, &options, 100, &wrong), CODE_OK);
    come();
}

/* Turn until so many connections were opened and closed. */
static void
turn_until(int opens, int closes)
{
    for (int i = 0; i < 100 && (opened < opens || closed < closes); i++)
        ck_assert_int_ge(leat_loop_step(server.loop, 1000000), 0);
    ck_assert_int_eq(opened, opens);
    ck_assert_int_eq(closed, closes);
}

static const char *
ask(const char *question)
{
    static char answer[64];
    size_t len = strlen(question);

    ck_assert_int_eq(send(client, question, len, 0), (ssize_t)len);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_ge(leat_loop_step(server.loop, 1000000), 0);
        ssize_t count = recv(client, answer, sizeof answer - 1, MSG_DONTWAIT);
        if (count >= 0) {
            answer[count] = '\0';
            return answer;
        }
    }
    return NULL;
}

START_TEST(service_keys_go_into_settings_of_the_listener)
{
    ck_assert_int_eq(listener_spec_parse(
                         &spec, "counter:0,text=a\\,b,size=2k,max=3", &wrong),
        0);

    const struct settings *settings = spec.settings;
    ck_assert_str_eq(settings->text, "a,b");
    ck_assert_uint_eq(settings->size, 2048);
    ck_assert(settings->is_prepared);
    ck_assert_uint_eq(spec.config.max, 3);
    ck_assert_int_eq(spec.config.conn.frame.kind, LEAT_LINE);
    ck_assert_uint_eq(spec.config.conn.frame.max, 2048);
}
END_TEST

START_TEST(service_keys_that_are_wrong_are_named)
{
    const struct {
        const char *word, *told;
    } rows[] = {
        {"counter:0,txet=a", "unknown key 'txet' for counter; the nearest "
                             "there is: text"},
        {"counter:0,text=123456789", "text must be 1 to 8 bytes long"},
        {"counter:0,text=a,text=b", "key 'text' is there twice"},
        {"counter:0", "counter needs 'text'="},
        {"counter:0,text=a,max-frame=2m,limit=1m", "at least"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_int_eq(
            listener_spec_parse(&spec, rows[i].word, &wrong), -EINVAL);
        ck_assert_msg(strstr(wrong.text, rows[i].told) != NULL, "%s: %s",
            rows[i].word, wrong.text);
        ck_assert_uint_eq(ledger_blocks(), 0);
    }
}
END_TEST

START_TEST(service_has_state_for_each_connection)
{
    serve("counter:127.0.0.1:0,text=n");

    ck_assert_str_eq(ask("a\n"), "n1");
    ck_assert_str_eq(ask("b\n"), "n2");
    shutdown(client, SHUT_WR);
    turn_until(1, 1);

    ck_assert_uint_eq(lines_at_close, 2);
    ck_assert_int_eq(close_reason, LEAT_EOF);
    ck_assert_uint_eq(server.client_count, 0);
}
END_TEST

START_TEST(service_that_fails_closes_the_connection)
{
    serve("counter:127.0.0.1:0,text=n");

    ck_assert_str_eq(ask("fail\n"), "");
    turn_until(1, 1);
}
END_TEST

START_TEST(service_never_sees_a_client_there_was_no_memory_for)
{
    /* The first client has the library fill its slabs. */
    serve("counter:127.0.0.1:0,text=n");
    ck_assert_str_eq(ask("a\n"), "n1");
    close(client);
    turn_until(1, 1);

    int fault = fault_once("realloc", 1, ENOMEM);
    come();
    for (int i = 0; i < 100 && fault_fired(fault) == 0; i++)
        ck_assert_int_ge(leat_loop_step(server.loop, 1000000), 0);

    ck_assert_int_ge(leat_loop_step(server.loop, 0), 0);
    ck_assert_int_eq(opened, 1);
    ck_assert_int_eq(closed, 1);
    ck_assert_uint_eq(server.client_count, 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_service");
    TCase *tcase = tcase_create("service");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, service_keys_go_into_settings_of_the_listener);
    tcase_add_test(tcase, service_keys_that_are_wrong_are_named);
    tcase_add_test(tcase, service_has_state_for_each_connection);
    tcase_add_test(tcase, service_that_fails_closes_the_connection);
    tcase_add_test(tcase, service_never_sees_a_client_there_was_no_memory_for);
    suite_add_tcase(suite, tcase);
    return suite;
}
