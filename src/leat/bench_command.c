/*
 * bench_command.c - leat bench: its options, and which of them go together.
 *
 * On the path: command line -> HERE -> bench.c.
 */
#include <errno.h>

#include "bench.h"

#include "cli/mem.h"
#include "cli/proc.h"

/* --- what goes together --------------------------------------------------- */

enum { IN_ECHO = 1, IN_RANDOM = 2, IN_CHURN = 4, IN_FANOUT = 8 };

/* An option with a meaning in some modes only. need is the one that it waits
 * for; NULL: plain echo needs none. */
struct use {
    const char *name, *need;
    unsigned modes;
    bool is_given;
};

static enum exit_code
complain_together(const char *one, const char *other, struct complaint *wrong)
{
    char bytes[96];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    text_add(&text, one);
    text_add(&text, " and ");
    text_add(&text, other);
    text_add(&text, " do not go together");
    complaint_say(wrong, text.bytes, NULL, "");
    return CODE_USAGE;
}

static enum exit_code
complain_need(const char *name, const char *need, struct complaint *wrong)
{
    char bytes[96];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    text_add(&text, name);
    text_add(&text, " needs ");
    text_add(&text, need);
    complaint_say(wrong, text.bytes, NULL, "");
    return CODE_USAGE;
}

/* Each of the three is a mode of its own. */
static enum exit_code
find_mode(const struct options *options, unsigned *mode, const char **name,
    struct complaint *wrong)
{
    const struct use modes[] = {
        {"--random", NULL, IN_RANDOM, options->random},
        {"--churn", NULL, IN_CHURN, options->churn},
        {"--fanout", NULL, IN_FANOUT, options->fanout},
    };

    *mode = IN_ECHO;
    *name = NULL;
    for (size_t i = 0; i < COUNT(modes); i++) {
        if (!modes[i].is_given)
            continue;
        if (*name != NULL)
            return complain_together(*name, modes[i].name, wrong);
        *mode = modes[i].modes;
        *name = modes[i].name;
    }
    return CODE_OK;
}

static enum exit_code
check_uses(const struct options *options, struct complaint *wrong)
{
    const struct use uses[] = {
        {"--pipeline", NULL, IN_ECHO, options->pipeline > 0},
        {"--in-flight", "--random", IN_RANDOM, options->in_flight > 0},
        {"--idle", NULL, IN_ECHO | IN_RANDOM | IN_CHURN, options->idle > 0},
        {"--never-readers", NULL, IN_ECHO | IN_RANDOM | IN_CHURN,
            options->never_readers > 0},
        {"--publishers", "--fanout", IN_FANOUT, options->publishers > 0},
        {"--window", "--fanout", IN_FANOUT, options->window > 0},
        {"--subscribe", "--fanout", IN_FANOUT, options->subscribe != NULL},
        {"--publish", "--fanout", IN_FANOUT, options->publish != NULL},
    };
    unsigned mode;
    const char *name;
    enum exit_code code = find_mode(options, &mode, &name, wrong);

    for (size_t i = 0; i < COUNT(uses) && code == CODE_OK; i++) {
        if (!uses[i].is_given || (uses[i].modes & mode) != 0)
            continue;
        code = name != NULL ? complain_together(uses[i].name, name, wrong)
                            : complain_need(uses[i].name, uses[i].need, wrong);
    }
    return code;
}

/* Numbers that are wrong only beside others. */
static enum exit_code
check_sizes(const struct options *options, struct complaint *wrong)
{
    const char *words = NULL;

    if (options->fanout &&
        (options->size < LINES_LEAST || options->size > 60000))
        words = "--size is 64 to 60000 with --fanout";
    if (options->random && options->in_flight > options->clients)
        words = "--in-flight is at most --clients";
    if (words == NULL)
        return CODE_OK;
    complaint_say(wrong, words, NULL, "");
    return CODE_USAGE;
}

/* --- what was not given --------------------------------------------------- */

static void
size_or(size_t *size, size_t otherwise)
{
    if (*size == 0)
        *size = otherwise;
}

static void
fill_in(struct options *options)
{
    size_or(&options->clients, 10);
    size_or(&options->size, 64);
    size_or(&options->pipeline, 1);
    if (options->random)
        size_or(&options->in_flight,
            options->clients < 100 ? options->clients : 100);
    if (options->fanout) {
        size_or(&options->publishers, 1);
        size_or(&options->window, 1);
    }
    if (options->time_us == 0)
        options->time_us = 5000000;
}

static const struct mode *
mode_of(const struct options *options)
{
    if (options->fanout)
        return &mode_fanout;
    if (options->churn)
        return &mode_churn;
    return options->random ? &mode_random : &mode_echo;
}

/* --- the command ---------------------------------------------------------- */

/* Each client is a descriptor. */
static enum exit_code
check_files(size_t clients, struct complaint *wrong)
{
    size_t most;
    char bytes[64];
    struct text text;

    if (proc_limits(&most, wrong) != 0)
        return CODE_FAILED;
    if (clients <= most)
        return CODE_OK;
    text_init(&text, bytes, sizeof bytes);
    text_number(&text, most, 1);
    text_add(&text, " clients at most here (see ulimit -n)");
    complaint_say(wrong, text.bytes, NULL, "");
    return CODE_FAILED;
}

static enum exit_code
prepare(struct bench *bench, struct options *options)
{
    enum exit_code code = check_uses(options, bench->wrong);

    if (code != CODE_OK)
        return code;
    fill_in(options);
    bench->mode = mode_of(options);
    bench->count[ROLE_ASKER] = options->clients;
    bench->count[ROLE_PUBLISHER] = options->publishers;
    bench->count[ROLE_IDLE] = options->idle;
    bench->count[ROLE_DEAF] = options->never_readers;
    for (int role = 0; role < ROLES; role++)
        bench->all += bench->count[role];
    code = check_sizes(options, bench->wrong);
    if (code == CODE_OK)
        code = target_find(&bench->target, options->words[0], bench->wrong);
    if (code == CODE_OK)
        code = check_files(bench->all, bench->wrong);
    return code;
}

/* Too large for the stack: pattern and histogram. */
static enum exit_code
run(const struct options *given, struct complaint *wrong)
{
    struct options options = *given;
    struct bench *bench = mem_take(sizeof *bench);

    if (bench == NULL) {
        complaint_say(wrong, "no memory", NULL, "");
        return CODE_FAILED;
    }
    bench->options = &options;
    bench->wrong = wrong;
    enum exit_code code = prepare(bench, &options);
    if (code == CODE_OK)
        code = bench_run(bench);
    mem_give(bench);
    return code;
}

static const struct option_row rows[] = {
    {{"clients", &key_count, OPTION(clients), 1, 100000, NULL,
         "how many ask at the same time; default 10"},
        'c', NULL},
    {{"size", &key_size, OPTION(size), 1, 16777216, NULL,
         "bytes of a request; default 64"},
        's', NULL},
    {{"time", &key_time, OPTION(time_us), 1000, 0, NULL,
         "how long to measure; default 5s"},
        'd', NULL},
    {{"count", &key_count, OPTION(count), 1, 0, NULL,
         "end after so many, if the time is not over"},
        'n', NULL},
    {{"pipeline", &key_count, OPTION(pipeline), 1, 4096, NULL,
         "requests under way of each client; default 1"},
        0, NULL},
    {{"random", &key_flag, OPTION(random), 0, 0, NULL,
         "each request on another client, by chance"},
        0, NULL},
    {{"in-flight", &key_count, OPTION(in_flight), 1, 100000, NULL,
         "requests under way of all; default 100"},
        0, NULL},
    {{"churn", &key_flag, OPTION(churn), 0, 0, NULL,
         "connect, one request, close, and again"},
        0, NULL},
    {{"fanout", &key_flag, OPTION(fanout), 0, 0, NULL,
         "clients get the lines of publishers"},
        0, NULL},
    {{"publishers", &key_count, OPTION(publishers), 1, 100, NULL,
         "how many say lines; default 1"},
        0, NULL},
    {{"window", &key_count, OPTION(window), 1, 4096, NULL,
         "lines under way of each; default 1"},
        0, NULL},
    {{"subscribe", &key_text, OPTION(subscribe), 1, 1000, NULL,
         "a line that each client says first"},
        0, NULL},
    {{"publish", &key_text, OPTION(publish), 1, 1000, NULL,
         "words before each line of a publisher"},
        0, NULL},
    {{"idle", &key_count, OPTION(idle), 1, 100000, NULL,
         "more clients, silent after one request"},
        0, NULL},
    {{"never-readers", &key_count, OPTION(never_readers), 1, 100000, NULL,
         "more clients, who ask much and never read"},
        0, NULL},
    {{"server-pid", &key_int, OPTION(server_pid), 1, 0, NULL,
         "also the server's processor time, by /proc"},
        0, NULL},
    {{"busy-poll", &key_time, OPTION(busy_poll_us), 0, 1000000, NULL,
         "poll for T before each wait; default 0s, off"},
        0, NULL},
    {{"json", &key_flag, OPTION(json), 0, 0, NULL,
         "one line of JSON in place of the text"},
        0, NULL},
    {{"help", &key_flag, OPTION(help), 0, 0, NULL, "print this and end"}, 'h',
        NULL},
};

const struct command command_bench = {.name = "bench",
    .usage = "ADDRESS",
    .purpose = "measure an echo server, or a hub",
    .more =
        "Each client sends a request, waits until it has come back, compares "
        "every\n"
        "byte, and sends the next. After a short warm-up it is counted. "
        "Latency is\n"
        "from handing over a request to having its whole answer; MB are "
        "10^6\n"
        "bytes of requests. ^C ends it early. A client that cannot connect or "
        "is\n"
        "lost is counted, and the exit status is 1; so is a wrong byte.\n"
        "\n"
        "--fanout is for a server that sends each line to all others: every "
        "client\n"
        "must get every line of every publisher once, in its order. A "
        "publisher\n"
        "says the next one when all have got the one that was --window lines\n"
        "before. For leatd hub, and with --subscribe 'SUBSCRIBE c' --publish\n"
        "'PUBLISH c ' for redis.\n",
    .words_min = 1,
    .words_max = 1,
    .rows = rows,
    .row_count = COUNT(rows),
    .run = run};
