/*
 * bench.c - leat bench: load for an echo server, every byte of it verified.
 *
 * On the path: command line -> HERE -> client.c -> HERE -> report.c.
 *
 * Each client sends a request, waits for the whole of it to come back, and
 * sends the next: so there are as many requests under way as clients, and the
 * server sets the pace.
 */
#include "bench.h"

#include <leat/error.h>
#include <leat/loop.h>
#include <leat/signal.h>

#include <errno.h>
#include <signal.h>

#include "cli/mem.h"
#include "cli/proc.h"

#include "sys/sys.h"

/* So many dial at once: a backlog is rarely shorter than this. */
#define DIALING 64u
/* A tenth of the time asked for, but not more. */
#define WARM_US 500000
#define LEAVE_US 1000000
#define PROGRESS_US 500000
/* Of one client: its queue, and some for what the library holds. */
#define MEMORY 524288u

/* No more turns; the report comes afterwards. */
static void
stop(struct bench *bench, enum exit_code code)
{
    bench->code = code;
    leat_loop_stop(bench->loop);
}

/* --- phases --------------------------------------------------------------- */

static void
enter(struct bench *bench, enum phase phase, int64_t time_us)
{
    bench->phase = phase;
    leat_timer_start(&bench->next_phase, time_us, 0);
}

/* All are connected, or have failed: the server's and our memory, caches and
 * TCP windows get used to the pattern. */
static void
warm(struct bench *bench)
{
    int64_t tenth_us = bench->options->time_us / 10;

    enter(bench, PHASE_WARM, tenth_us < WARM_US ? tenth_us : WARM_US);
    for (size_t i = 0; i < bench->options->clients; i++)
        if (bench->clients[i].conn != NULL)
            client_ask(&bench->clients[i]);
}

/* Requests under way when it begins are counted when they are answered, as many
 * as are cut off at the end. */
static void
measure(struct bench *bench)
{
    enter(bench, PHASE_MEASURE, bench->options->time_us);
    bench->started_us = bench->told_us = leat_loop_now(bench->loop);
    if (bench->has_progress)
        leat_timer_start(&bench->progress, PROGRESS_US, PROGRESS_US);
}

/* Nobody is cut off in the middle of an answer: the server's log should show
 * ordinary clients. */
static void
leave(struct bench *bench)
{
    if (bench->phase == PHASE_MEASURE)
        bench->measured_us = leat_loop_now(bench->loop) - bench->started_us;
    leat_timer_stop(&bench->progress);
    enter(bench, PHASE_LEAVE, LEAVE_US);
}

static void
on_next_phase(struct leat_timer *timer, void *user)
{
    struct bench *bench = user;

    (void)timer;
    if (bench->phase == PHASE_WARM)
        measure(bench);
    else if (bench->phase == PHASE_MEASURE)
        leave(bench);
    else
        stop(bench, CODE_OK); /* some never got their last answer */
}

static void
on_progress(struct leat_timer *timer, void *user)
{
    (void)timer;
    report_progress(user);
}

/* Whoever does not want to wait gets a report of what there is. */
static void
on_interrupt(struct leat_loop *loop, int signo, void *user)
{
    struct bench *bench = user;

    (void)signo;
    if (bench->phase == PHASE_MEASURE)
        leave(bench);
    else
        leat_loop_stop(loop);
}

/* --- clients come and go -------------------------------------------------- */

/* The first reason is told; the others are most often the same. */
static void
count_loss(struct losses *losses, int reason, size_t got)
{
    if (losses->count++ > 0)
        return;
    losses->reason = reason;
    losses->got = got;
}

/* Called whenever a place is free. The last one who is decided begins the
 * warm-up, so that all are measured together. */
static void
dial_more(struct bench *bench)
{
    while (
        bench->dialed < bench->options->clients && bench->dialing < DIALING) {
        struct client *client = &bench->clients[bench->dialed++];
        client->bench = bench;
        int error = client_dial(client);
        if (error == 0)
            bench->dialing++;
        else
            count_loss(&bench->failed, error, 0);
    }
    if (bench->dialing > 0)
        return;
    if (bench->open > 0)
        warm(bench);
    else
        stop(bench, CODE_OK);
}

void
bench_opened(struct bench *bench)
{
    bench->dialing--;
    bench->open++;
    dial_more(bench);
}

/* A run goes on with those that are left, and ends with the last one. */
void
bench_closed(struct bench *bench, struct client *client, int reason)
{
    if (reason == -ECANCELED)
        return; /* the loop is being destroyed */
    if (!client->is_open) {
        bench->dialing--;
        count_loss(&bench->failed, reason, 0);
        dial_more(bench);
        return;
    }
    bench->open--;
    if (bench->phase != PHASE_LEAVE)
        count_loss(&bench->lost, reason, bench->options->size - client->to_get);
    if (bench->open > 0 || bench->phase == PHASE_CONNECT)
        return;
    if (bench->phase == PHASE_MEASURE)
        leave(bench);
    stop(bench, CODE_OK);
}

/* A server that changes bytes is not worth measuring. */
void
bench_mistaken(struct bench *bench, const struct client *client)
{
    char bytes[128];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    text_add(&text, "not an echo: byte ");
    text_number(&text, client->got, 1);
    text_add(&text, " of client ");
    text_number(&text, (uint64_t)(client - bench->clients), 1);
    text_add(&text, " is wrong");
    complaint_say(bench->wrong, text.bytes, NULL, "");
    stop(bench, CODE_FAILED);
}

/* --- the command ---------------------------------------------------------- */

/* Memory is bounded by what so many clients can need, not by the library's
 * default: shedding one of them would be our failure, not the server's. */
static int
begin(struct bench *bench)
{
    size_t most = SIZE_MAX / 2 / MEMORY;
    size_t clients = bench->options->clients;
    const struct leat_loop_config config = {
        .max_memory = MEMORY * (clients < most ? clients : most)};
    int error = leat_loop_create(&bench->loop, &config);

    if (error != 0)
        return error;
    leat_timer_init(&bench->next_phase, bench->loop, on_next_phase, bench);
    leat_timer_init(&bench->progress, bench->loop, on_progress, bench);
    error = leat_signal_watch(bench->loop, SIGINT, on_interrupt, bench);
    if (error == 0)
        error = leat_signal_watch(bench->loop, SIGTERM, on_interrupt, bench);
    return error;
}

/* Harmless where nothing was begun. */
static void
finish(struct bench *bench)
{
    if (bench->has_progress)
        report_clear();
    leat_loop_destroy(bench->loop);
    mem_give(bench->clients);
}

/* Everything that was begun is undone before the report: that may have to wait
 * for a slow reader. */
static enum exit_code
run_bench(struct bench *bench)
{
    bench->clients =
        mem_take_array(bench->options->clients, sizeof *bench->clients);
    int error = bench->clients == NULL ? -ENOMEM : begin(bench);
    if (error == 0) {
        bench->has_progress = leat__sys_is_terminal(2);
        pattern_init(&bench->pattern);
        dial_more(bench);
        error = leat_loop_run(bench->loop);
    }
    finish(bench);
    if (error == 0)
        return bench->code == CODE_OK ? report_tell(bench) : bench->code;
    complaint_say(bench->wrong, "cannot start: ", NULL, leat_error_text(error));
    return CODE_FAILED;
}

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
    options.clients += options.clients == 0 ? 10 : 0;
    options.size += options.size == 0 ? 64 : 0;
    options.time_us += options.time_us == 0 ? 5000000 : 0;
    bench->options = &options;
    bench->wrong = wrong;
    enum exit_code code = target_find(&bench->target, options.words[0], wrong);
    if (code == CODE_OK)
        code = check_files(options.clients, wrong);
    if (code == CODE_OK)
        code = run_bench(bench);
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
    {{"json", &key_flag, OPTION(json), 0, 0, NULL,
         "one line of JSON in place of the text"},
        0, NULL},
    {{"help", &key_flag, OPTION(help), 0, 0, NULL, "print this and end"}, 'h',
        NULL},
};

const struct command command_bench = {.name = "bench",
    .usage = "ADDRESS",
    .purpose = "measure an echo server",
    .more =
        "Each client sends a request, waits until it has come back, compares "
        "every\n"
        "byte, and sends the next. After a short warm-up it is counted. "
        "Latency is\n"
        "from handing over a request to having its whole answer; MB are "
        "10^6\n"
        "bytes of requests. ^C ends it early. A client that cannot connect or "
        "is\n"
        "lost is counted, and the exit status is 1; so is a wrong byte.\n",
    .words_min = 1,
    .words_max = 1,
    .rows = rows,
    .row_count = COUNT(rows),
    .run = run};
