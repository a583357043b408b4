/*
 * wait.c - leat wait: until each of some addresses accepts.
 *
 * On the path: command line -> leat_dial, again and again -> exit status.
 *
 * A server that is not up yet refuses, or its unix socket is not there, or its
 * host is not: each is a reason to try again a little later.
 */
#include "command.h"

#include <leat/dial.h>
#include <leat/error.h>
#include <leat/loop.h>
#include <leat/timer.h>

#include <errno.h>

#include "cli/mem.h"
#include "cli/output.h"
#include "target.h"

#define TIMEOUT_US 30000000
/* One try: enough for a SYN to be sent three times. */
#define TRY_US 4000000
/* Between two tries: doubled from the first to the last. */
#define FIRST_US 10000
#define LAST_US 320000

struct server {
    struct target target;
    struct waiting *waiting;
    struct leat_timer timer; /* to the next try */
    int64_t delay_us;
    int error;     /* of the latest try; 0 before it ended */
    bool accepted; /* once is enough */
};

struct waiting {
    struct leat_loop *loop;
    struct server *servers;
    size_t count, left; /* left: have not accepted yet */
    struct leat_timer timer;
    bool is_verbose;
    bool is_over;
};

/* --- one server ----------------------------------------------------------- */

/* By way of output_offer: a reader of standard error that does not read must
 * not delay the next try. */
static void
say(const struct waiting *waiting, const struct server *server,
    const char *what)
{
    char bytes[LEAT_ADDR_TEXT + 128];
    struct text text;

    if (!waiting->is_verbose)
        return;
    text_init(&text, bytes, sizeof bytes);
    text_add(&text, "leat: ");
    text_add(&text, server->target.name);
    text_add(&text, ": ");
    text_add(&text, what);
    text_add(&text, "\n");
    output_offer(2, text.bytes, text.len);
}

/* A server that starts takes milliseconds or minutes: the first tries come
 * quickly, the later ones cost next to nothing. The same answer again is not
 * said again. */
static void
try_later(struct server *server, int error)
{
    if (error != server->error)
        say(server->waiting, server, leat_error_text(error));
    server->error = error;
    leat_timer_start(&server->timer, server->delay_us, 0);
    if (server->delay_us < LAST_US)
        server->delay_us *= 2;
}

/* That it accepts is all that was asked. FIN rather than a close, so that a
 * server that speaks first is not answered by a reset. */
static void
on_open(struct leat_conn *conn, void *user)
{
    struct server *server = user;

    server->accepted = true;
    say(server->waiting, server, "accepts");
    leat_conn_end(conn);
    leat_conn_drain(conn);
    if (--server->waiting->left == 0)
        leat_loop_stop(server->waiting->loop);
}

/* Either the try has failed, or it is the end of one that has not. */
static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    struct server *server = user;

    (void)conn;
    if (!server->accepted && !server->waiting->is_over)
        try_later(server, reason);
}

static void
try_now(struct leat_timer *timer, void *user)
{
    static const struct leat_conn_ops ops = {
        .on_open = on_open, .on_close = on_close};
    const struct leat_dial_config config = {
        .conn = {.ops = &ops}, .timeout_us = TRY_US};
    struct server *server = user;
    struct leat_conn *conn;

    (void)timer;
    int error = leat_dial(&conn, server->waiting->loop, server->target.addr,
        server->target.count, &config, server);
    if (error != 0)
        try_later(server, error);
}

/* --- all of them ---------------------------------------------------------- */

/* Each on a line of its own; the last one is told by main. */
static void
complain(const struct waiting *waiting, struct complaint *wrong)
{
    size_t told = 0;

    for (size_t i = 0; i < waiting->count; i++) {
        const struct server *server = &waiting->servers[i];
        if (server->accepted)
            continue;
        /* A first try that still goes on has no error yet. */
        target_complain(&server->target,
            server->error != 0 ? server->error : -ETIMEDOUT, wrong);
        if (++told < waiting->left)
            complaint_tell(wrong, "leat");
    }
}

static void
on_timeout(struct leat_timer *timer, void *user)
{
    struct waiting *waiting = user;

    (void)timer;
    leat_loop_stop(waiting->loop);
}

/* All words are looked at before any is tried: a mistake in the last one shows
 * at once. */
static enum exit_code
find_all(struct waiting *waiting, const struct options *options,
    struct complaint *wrong)
{
    for (size_t i = 0; i < waiting->count; i++) {
        struct server *server = &waiting->servers[i];
        enum exit_code code =
            target_find(&server->target, options->words[i], wrong);
        if (code != CODE_OK)
            return code;
        server->waiting = waiting;
        server->delay_us = FIRST_US;
    }
    return CODE_OK;
}

/* The tries are begun by their timers, in the order of the words, so that the
 * first try is made like any other. */
static int
wait_for_all(struct waiting *waiting, int64_t timeout_us)
{
    int error = leat_loop_create(&waiting->loop, NULL);

    if (error != 0)
        return error;
    leat_timer_init(&waiting->timer, waiting->loop, on_timeout, waiting);
    leat_timer_start(
        &waiting->timer, timeout_us > 0 ? timeout_us : TIMEOUT_US, 0);
    for (size_t i = 0; i < waiting->count; i++) {
        struct server *server = &waiting->servers[i];
        leat_timer_init(&server->timer, waiting->loop, try_now, server);
        leat_timer_start(&server->timer, 0, 0);
    }
    error = leat_loop_run(waiting->loop);
    waiting->is_over = true;
    leat_loop_destroy(waiting->loop);
    return error;
}

static enum exit_code
judge(const struct waiting *waiting, int error, struct complaint *wrong)
{
    if (error != 0) {
        complaint_say(wrong, "cannot wait: ", NULL, leat_error_text(error));
        return CODE_FAILED;
    }
    if (waiting->left == 0)
        return CODE_OK;
    complain(waiting, wrong);
    return CODE_FAILED;
}

static enum exit_code
run(const struct options *options, struct complaint *wrong)
{
    struct waiting waiting = {.count = options->word_count,
        .left = options->word_count,
        .is_verbose = options->verbose};

    waiting.servers = mem_take_array(waiting.count, sizeof *waiting.servers);
    if (waiting.servers == NULL) {
        complaint_say(wrong, "no memory", NULL, "");
        return CODE_FAILED;
    }
    enum exit_code code = find_all(&waiting, options, wrong);
    if (code == CODE_OK)
        code =
            judge(&waiting, wait_for_all(&waiting, options->timeout_us), wrong);
    mem_give(waiting.servers);
    return code;
}

static const struct option_row rows[] = {
    {{"timeout", &key_time, OPTION(timeout_us), 1000, 0, NULL,
         "give up after T; default 30s"},
        0, NULL},
    {{"verbose", &key_flag, OPTION(verbose), 0, 0, NULL,
         "tell on standard error what is waited for"},
        'v', NULL},
    {{"help", &key_flag, OPTION(help), 0, 0, NULL, "print this and end"}, 'h',
        NULL},
};

const struct command command_wait = {.name = "wait",
    .usage = "ADDRESS...",
    .purpose = "wait until each address accepts",
    .more = "Connect to each ADDRESS, again and again, until it accepts. "
            "Prints nothing;\n"
            "at the end of the time those that did not accept are named, with "
            "what\n"
            "they said last. A host name is looked up once, at the start.\n",
    .words_min = 1,
    .words_max = SIZE_MAX,
    .rows = rows,
    .row_count = COUNT(rows),
    .run = run};
