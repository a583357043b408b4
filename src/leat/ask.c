/*
 * ask.c - leat ask: send one message, print the answer.
 *
 * On the path: command line or standard input -> HERE -> peer -> HERE ->
 * standard output.
 *
 * A stream has no messages, so somebody must know where the answer ends: it is
 * as long as what was sent, which is right for an echo, or as --exactly says,
 * or it lasts until the peer's end.
 *
 * Invariants:
 *  1. received <= wanted, unless the answer lasts until the end
 *  2. wanted is final  <=>  is_sent, or --exactly was given
 */
#include "command.h"

#include <leat/error.h>

#include <errno.h>
#include <string.h>

#include "session.h"

struct ask {
    const struct options *options;
    struct session session;
    struct leat_timer timer;
    uint64_t wanted;   /* bytes of the answer, as far as is known */
    uint64_t received; /* and printed */
    bool is_open;      /* connected: even an empty message needs that */
    bool is_sent;      /* the message is complete */
    bool is_done;      /* the answer is */
};

/* --- what goes wrong ------------------------------------------------------ */

/* How far the answer got; what stands before it. */
static void
add_progress(struct text *text, const struct ask *ask)
{
    text_add(text, " after ");
    text_number(text, ask->received, 1);
    text_add(text, " bytes");
    if (ask->options->until_eof)
        return;
    if (!ask->is_sent && ask->options->exactly == 0) {
        text_add(text, ", before the whole message was sent");
        return;
    }
    text_add(text, " of a ");
    text_number(text, ask->wanted, 1);
    text_add(text, "-byte message");
}

/* "closed after 3 bytes of a 5-byte message": the two numbers tell a server
 * that cut its answer short from one that never began. */
static void
complain(struct ask *ask, const char *what)
{
    char bytes[256];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    text_add(&text, what);
    add_progress(&text, ask);
    complaint_say(ask->session.wrong, text.bytes, NULL, "");
}

/* The limit is for everything, standard input and output included: whoever
 * sets it wants to be back in time. */
static void
on_timeout(struct leat_timer *timer, void *user)
{
    struct ask *ask = user;

    (void)timer;
    if (ask->is_done && sink_is_empty(&ask->session.sink))
        return; /* only the peer is to be left, and that has its own limit */
    if (!ask->is_open) {
        target_complain(&ask->session.target, -ETIMEDOUT, ask->session.wrong);
    } else {
        char bytes[LEAT_ADDR_TEXT + 16];
        struct text text;
        text_init(&text, bytes, sizeof bytes);
        text_add(&text, ask->session.target.name);
        text_add(&text, ": timed out");
        complain(ask, text.bytes);
    }
    session_fail(&ask->session);
}

/* --- the message ---------------------------------------------------------- */

/* Called whenever a part of the question is answered: connected, sent,
 * received. With --exactly the rest of the message does not matter. */
static void
look_whether_done(struct ask *ask)
{
    bool is_known = ask->is_sent || ask->options->exactly != 0;

    if (ask->options->until_eof || ask->is_done || !ask->is_open || !is_known ||
        ask->received < ask->wanted)
        return;
    ask->is_done = true;
    session_leave(&ask->session);
}

/* What is sent is what is waited for, byte by byte: so an echo may come back
 * while standard input still goes on, and nothing has to be kept. */
static void
send_part(struct ask *ask, const char *bytes, size_t len)
{
    if (ask->options->exactly == 0)
        ask->wanted += len;
    session_send(&ask->session, bytes, len);
}

/* Only who waits for the peer's end tells it ours: other servers may take it
 * for a reason to stop answering. */
static void
message_ends(struct ask *ask)
{
    ask->is_sent = true;
    if (ask->options->until_eof)
        session_end_input(&ask->session);
    look_whether_done(ask);
}

static void
on_input(struct session *session, const char *bytes, size_t len, void *user)
{
    (void)session;
    send_part(user, bytes, len);
}

static void
on_input_end(struct session *session, void *user)
{
    (void)session;
    message_ends(user);
}

static void
on_open(struct session *session, void *user)
{
    struct ask *ask = user;

    (void)session;
    ask->is_open = true;
    look_whether_done(ask);
}

/* --- the answer ----------------------------------------------------------- */

/* As much of it as is wanted. The rest was not asked for; session_leave has it
 * thrown away. */
static void
on_answer(struct session *session, const char *bytes, size_t len, void *user)
{
    struct ask *ask = user;
    uint64_t left = ask->wanted - ask->received;

    if (ask->options->until_eof)
        left = len;
    if (left < len && !ask->is_sent && ask->options->exactly == 0) {
        /* What is ahead of the message would have to be kept, and nobody knows
         * how much it will be. */
        complaint_say(session->wrong, "the answer is longer than the message",
            NULL, "; say --until-eof or --exactly=N");
        session_fail(session);
        return;
    }
    size_t part = left < len ? (size_t)left : len;
    ask->received += part;
    session_print(session, bytes, part);
    look_whether_done(ask);
}

/* The peer's end is what was asked for, or it is too early. */
static void
on_close(struct session *session, int reason, void *user)
{
    struct ask *ask = user;
    bool is_end = reason == LEAT_EOF || reason == 0;

    if (is_end && ask->options->until_eof && ask->is_sent)
        ask->is_done = true;
    if (ask->is_done)
        return;
    if (is_end)
        complain(ask, "closed");
    else
        target_complain(&session->target, reason, session->wrong);
    session_judge(session, CODE_FAILED);
}

/* --- the command ---------------------------------------------------------- */

/* What no option can tell alone. */
static enum exit_code
check(const struct options *options, struct complaint *wrong)
{
    if (!options->until_eof || options->exactly == 0)
        return CODE_OK;
    complaint_say(
        wrong, "--until-eof and --exactly do not go together", NULL, "");
    return CODE_USAGE;
}

/* A message that is a word is queued before there is a connection: it leaves
 * with the turn that finds us connected. */
static void
begin(struct ask *ask)
{
    const struct options *options = ask->options;
    const char *message = options->words[1];

    ask->wanted = options->exactly;
    leat_timer_init(&ask->timer, ask->session.loop, on_timeout, ask);
    if (options->timeout_us > 0)
        leat_timer_start(&ask->timer, options->timeout_us, 0);
    if (strcmp(message, "-") == 0) {
        session_read_input(&ask->session);
    } else {
        send_part(ask, message, strlen(message));
        message_ends(ask);
    }
}

static enum exit_code
run(const struct options *options, struct complaint *wrong)
{
    static const struct session_ops ops = {.on_open = on_open,
        .on_input = on_input,
        .on_input_end = on_input_end,
        .on_answer = on_answer,
        .on_close = on_close};
    struct ask ask = {.options = options};
    enum exit_code code = check(options, wrong);

    if (code == CODE_OK)
        code = session_open(&ask.session, options->words[0],
            options->timeout_us, &ops, &ask, wrong);
    if (code != CODE_OK)
        return code;
    begin(&ask);
    code = session_run(&ask.session);
    session_close(&ask.session);
    return code;
}

static const struct option_row rows[] = {
    {{"exactly", &key_count, OPTION(exactly), 1, 0, NULL,
         "the answer has N bytes"},
        0, NULL},
    {{"until-eof", &key_flag, OPTION(until_eof), 0, 0, NULL,
         "the answer ends where the peer ends; say when we do"},
        0, NULL},
    {{"timeout", &key_time, OPTION(timeout_us), 1000, 0, NULL,
         "most time for all of it; default: 10s to connect"},
        0, NULL},
    {{"help", &key_flag, OPTION(help), 0, 0, NULL, "print this and end"}, 'h',
        NULL},
};

const struct command command_ask = {.name = "ask",
    .usage = "ADDRESS MESSAGE",
    .purpose = "send a message, print the answer",
    .more = "Send MESSAGE, or standard input for -, and print the answer and "
            "nothing\n"
            "else. The answer is as long as the message, unless an option says "
            "how\n"
            "long it is; what comes after it is not printed. A peer that ends "
            "before\n"
            "that is an error.\n",
    .words_min = 2,
    .words_max = 2,
    .rows = rows,
    .row_count = COUNT(rows),
    .run = run};
