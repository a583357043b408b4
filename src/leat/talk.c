/*
 * talk.c - leat talk: a person, or a pipe, and a peer.
 *
 * On the path: standard input -> HERE -> peer -> HERE -> standard output.
 *
 * The prompt is for people only: it is there when both ends are a terminal.
 * No stream tells where an answer ends, so it is written again when an answer
 * ends with a line, or when nothing has come for a while; should more come, it
 * is overwritten.
 */
#include "command.h"

#include <leat/error.h>

#include <string.h>

#include "session.h"

#include "sys/sys.h"

#define PROMPT "> "
#define ERASE "\r  \r" /* as wide as the prompt */
#define QUIET_US 300000

struct talk {
    const struct options *options;
    struct session session;
    struct leat_timer quiet;
    bool has_prompt;  /* for a person */
    bool is_prompted; /* the prompt is the last thing on the screen */
    bool is_at_start; /* else: the screen's line has something of an answer */
    bool is_in_line;  /* standard input: inside a line that is not empty */
};

/* --- the prompt ----------------------------------------------------------- */

static void
print(struct talk *talk, const char *string)
{
    session_print(&talk->session, string, strlen(string));
}

/* On a line of its own: an answer that ends without one gets its ending from
 * us, on the screen only. */
static void
prompt(struct talk *talk)
{
    if (!talk->has_prompt || talk->is_prompted)
        return;
    leat_timer_stop(&talk->quiet);
    if (!talk->is_at_start)
        print(talk, "\n");
    print(talk, PROMPT);
    talk->is_prompted = true;
    talk->is_at_start = true;
}

/* Whatever comes in the meantime starts the wait anew. */
static void
prompt_later(struct talk *talk)
{
    if (talk->has_prompt)
        leat_timer_start(&talk->quiet, QUIET_US, 0);
}

/* What follows stands where the prompt was. */
static void
unprompt(struct talk *talk, const char *instead)
{
    leat_timer_stop(&talk->quiet);
    if (talk->is_prompted)
        print(talk, instead);
    talk->is_prompted = false;
}

static void
on_quiet(struct leat_timer *timer, void *user)
{
    (void)timer;
    prompt(user);
}

/* --- what is said --------------------------------------------------------- */

/* How much comes before the first empty line; len when there is none. */
static size_t
find_empty_line(struct talk *talk, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n' && !talk->is_in_line)
            return i;
        talk->is_in_line = bytes[i] != '\n';
    }
    return len;
}

/* ^D leaves the cursor after the prompt; what follows gets a fresh line, and no
 * prompt, for nothing more can be said. */
static void
on_input_end(struct session *session, void *user)
{
    struct talk *talk = user;

    unprompt(talk, "\n");
    talk->has_prompt = false;
    session_end_input(session);
}

/* The terminal has shown the line and its ending already. */
static void
on_input(struct session *session, const char *bytes, size_t len, void *user)
{
    struct talk *talk = user;
    size_t part =
        talk->options->classic ? find_empty_line(talk, bytes, len) : len;

    talk->is_prompted = false;
    talk->is_at_start = true;
    session_send(session, bytes, part);
    if (part < len)
        on_input_end(session, user);
    else
        prompt_later(talk);
}

/* --- what is answered ----------------------------------------------------- */

/* Not read before: whoever types ahead of a refused connection would see the
 * words taken and lost. */
static void
on_open(struct session *session, void *user)
{
    struct talk *talk = user;

    session_read_input(session);
    prompt(talk);
}

/* Where a long answer comes in several pieces, one of them may end a line by
 * chance; then the next one takes the place of the prompt. */
static void
on_answer(struct session *session, const char *bytes, size_t len, void *user)
{
    struct talk *talk = user;

    unprompt(talk, ERASE);
    session_print(session, bytes, len);
    talk->is_at_start = bytes[len - 1] == '\n';
    if (talk->is_at_start)
        prompt(talk);
    else
        prompt_later(talk);
}

/* In order on either side is how a talk ends. */
static void
on_close(struct session *session, int reason, void *user)
{
    unprompt(user, "\n");
    if (reason == LEAT_EOF || reason == 0)
        return;
    target_complain(&session->target, reason, session->wrong);
    session_judge(session, CODE_FAILED);
}

/* --- the command ---------------------------------------------------------- */

static enum exit_code
run(const struct options *options, struct complaint *wrong)
{
    static const struct session_ops ops = {.on_open = on_open,
        .on_input = on_input,
        .on_input_end = on_input_end,
        .on_answer = on_answer,
        .on_close = on_close};
    struct talk talk = {.options = options, .is_at_start = true};
    enum exit_code code =
        session_open(&talk.session, options->words[0], 0, &ops, &talk, wrong);

    if (code != CODE_OK)
        return code;
    talk.has_prompt = leat__sys_is_terminal(0) && leat__sys_is_terminal(1);
    leat_timer_init(&talk.quiet, talk.session.loop, on_quiet, &talk);
    code = session_run(&talk.session);
    session_close(&talk.session);
    return code;
}

static const struct option_row rows[] = {
    {{"classic", &key_flag, OPTION(classic), 0, 0, NULL,
         "an empty line ends it too"},
        0, NULL},
    {{"help", &key_flag, OPTION(help), 0, 0, NULL, "print this and end"}, 'h',
        NULL},
};

const struct command command_talk = {.name = "talk",
    .usage = "ADDRESS",
    .purpose = "pass on what is typed, print what comes",
    .more = "Standard input goes to the peer as it is, what the peer sends "
            "goes to\n"
            "standard output. At the end of standard input (^D) the peer is "
            "told, and\n"
            "the rest of its answer is printed; the end of the peer ends it "
            "all.\n"
            "There is a prompt when both are a terminal.\n",
    .words_min = 1,
    .words_max = 1,
    .rows = rows,
    .row_count = COUNT(rows),
    .run = run};
