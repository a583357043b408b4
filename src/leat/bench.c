/*
 * bench.c - one run of leat bench, from the first dial to the last answer.
 *
 * On the path: bench_command.c -> HERE -> a mode, client.c -> HERE ->
 * report.c.
 *
 * Everybody is connected, then the crowd comes to rest, then those that are
 * measured begin, so that all are measured together. What they do is the
 * mode's.
 */
#include "bench.h"

#include <leat/error.h>
#include <leat/loop.h>
#include <leat/signal.h>

#include <errno.h>
#include <signal.h>

#include "cli/mem.h"

#include "sys/sys.h"

/* So many dial at once: a backlog is rarely shorter than this. */
#define DIALING 64u
/* A tenth of the time asked for, but not more. */
#define WARM_US 500000
/* So long may pass without an answer at the end. Under --fanout whoever has not
 * got a line then is told of, which must not be for a slow machine. */
#define LEAVE_US 1000000
#define LEAVE_FANOUT_US 3000000
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

/* What is wrong first is told. */
void
bench_fail(struct bench *bench, const char *words)
{
    if (bench->code == CODE_OK)
        complaint_say(bench->wrong, words, NULL, "");
    stop(bench, CODE_FAILED);
}

/* --- phases --------------------------------------------------------------- */

void
bench_enter(struct bench *bench, enum phase phase, int64_t time_us)
{
    bench->phase = phase;
    leat_timer_start(&bench->next_phase, time_us, 0);
}

void
bench_begin(struct bench *bench)
{
    bench->mode->begin(bench);
}

/* The server's and our memory, caches and TCP windows get used to the pattern.
 */
void
bench_warm(struct bench *bench)
{
    int64_t tenth_us = bench->options->time_us / 10;

    bench_enter(bench, PHASE_WARM, tenth_us < WARM_US ? tenth_us : WARM_US);
}

/* The time that the server has run until now, or since then. */
static void
read_cpu(struct bench *bench, int64_t since_us)
{
    char bytes[128];
    struct text text;
    int64_t cpu_us = 0;
    int error = 0;

    if (bench->options->server_pid > 0)
        error = server_cpu(bench->options->server_pid, &cpu_us);
    bench->cpu_us = cpu_us - since_us;
    if (error == 0)
        return;
    text_init(&text, bytes, sizeof bytes);
    text_add(&text, "cannot read the time of process ");
    text_number(&text, (uint64_t)bench->options->server_pid, 1);
    text_add(&text, ": ");
    text_add(&text, leat_error_text(error));
    bench_fail(bench, text.bytes);
}

/* Requests under way when it begins are counted when they are answered, as many
 * as are cut off at the end. */
static void
measure(struct bench *bench)
{
    bench_enter(bench, PHASE_MEASURE, bench->options->time_us);
    bench->started_us = bench->told_us = leat_loop_now(bench->loop);
    read_cpu(bench, 0);
    if (bench->has_progress)
        leat_timer_start(&bench->progress, PROGRESS_US, PROGRESS_US);
}

static void
wait_for_last(struct bench *bench)
{
    bool is_fanout = bench->mode == &mode_fanout;

    bench->answered_seen = bench->answered;
    bench_enter(bench, PHASE_LEAVE, is_fanout ? LEAVE_FANOUT_US : LEAVE_US);
}

/* Nobody is cut off in the middle of an answer: the server's log should show
 * ordinary clients. */
static void
leave(struct bench *bench)
{
    bench->measured_us = leat_loop_now(bench->loop) - bench->started_us;
    read_cpu(bench, bench->cpu_us);
    leat_timer_stop(&bench->progress);
    wait_for_last(bench);
    bench->mode->leave(bench);
    crowd_leave(bench);
}

static void
on_next_phase(struct leat_timer *timer, void *user)
{
    struct bench *bench = user;

    (void)timer;
    if (bench->phase == PHASE_CROWD)
        crowd_look(bench);
    else if (bench->phase == PHASE_WARM)
        measure(bench);
    else if (bench->phase == PHASE_MEASURE)
        leave(bench);
    else if (bench->answered != bench->answered_seen)
        wait_for_last(bench);
    else
        stop(bench, bench->code); /* some never got their last answer */
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

static void
count(struct bench *bench, int64_t took_us)
{
    bench->counted++;
    histogram_add(&bench->latency, (uint64_t)took_us);
    if (bench->counted == bench->options->count)
        leave(bench);
}

/* Where it is so many that are asked for, a tenth of them is warm-up enough. */
void
bench_count(struct bench *bench, int64_t took_us)
{
    uint64_t tenth = bench->options->count / 10;

    bench->answered++;
    if (bench->phase == PHASE_WARM && tenth > 0 && bench->answered >= tenth)
        measure(bench);
    else if (bench->phase == PHASE_MEASURE)
        count(bench, took_us);
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

static int
dial(struct client *client)
{
    switch (client->role) {
    case ROLE_IDLE:
        return idle_dial(client);
    case ROLE_DEAF:
        return deaf_dial(client);
    default:
        return client->bench->mode->dial(client);
    }
}

/* Called whenever a place is free. The last one who is decided begins the rest.
 */
static void
dial_more(struct bench *bench)
{
    while (bench->dialed < bench->all && bench->dialing < DIALING) {
        int error = dial(&bench->clients[bench->dialed++]);
        if (error == 0)
            bench->dialing++;
        else
            count_loss(&bench->failed, error, 0);
    }
    if (bench->dialing > 0)
        return;
    if (bench->active > 0 || bench->mode->dials_late)
        crowd_settle(bench);
    else
        stop(bench, CODE_OK);
}

void
bench_opened(struct bench *bench, struct client *client)
{
    client->is_open = true;
    bench->dialing--;
    bench->open++;
    bench->active += client->role == ROLE_ASKER ? 1 : 0;
    dial_more(bench);
}

/* A run goes on with those that are left, and ends with the last one that is
 * measured. */
void
bench_left(struct bench *bench, struct client *client)
{
    client->is_gone = true;
    bench->open--;
    bench->active -= client->role == ROLE_ASKER ? 1 : 0;
    bool is_over =
        bench->phase == PHASE_LEAVE ? bench->open == 0 : bench->active == 0;
    if (!is_over || bench->phase == PHASE_CONNECT)
        return;
    if (bench->phase == PHASE_MEASURE)
        leave(bench);
    stop(bench, bench->code);
}

void
bench_gives_up(struct bench *bench, struct client *client, int reason)
{
    size_t got = client->pending > 0 ? bench->options->size - client->to_get
                                     : bench->options->size;

    if (client->is_open)
        count_loss(&bench->lost, reason, got);
    else
        count_loss(&bench->failed, reason, 0);
    bench_left(bench, client);
}

void
bench_closed(struct bench *bench, struct client *client, int reason)
{
    if (reason == -ECANCELED)
        return; /* the loop is being destroyed */
    if (!client->is_open) {
        bench->dialing--;
        count_loss(&bench->failed, reason, 0);
        dial_more(bench);
    } else if (bench->phase == PHASE_LEAVE) {
        bench_left(bench, client);
    } else {
        bench_gives_up(bench, client, reason);
    }
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
    text_number(&text, client_number(client), 1);
    text_add(&text, " is wrong");
    bench_fail(bench, text.bytes);
}

/* --- the run -------------------------------------------------------------- */

/* By role; where a client's bytes begin follows from its number. */
static void
number_clients(struct bench *bench)
{
    size_t at = 0;

    for (int role = 0; role < ROLES; role++) {
        for (size_t i = 0; i < bench->count[role]; i++, at++) {
            struct client *client = &bench->clients[at];
            client->bench = bench;
            client->role = (enum role)role;
            client->send_place = client->get_place = pattern_start(at);
        }
    }
    bench->dialed = bench->mode->dials_late ? bench->count[ROLE_ASKER] : 0;
}

static int
take_memory(struct bench *bench)
{
    const struct options *options = bench->options;

    bench->clients = mem_take_array(bench->all, sizeof *bench->clients);
    bench->asked_us = mem_take_array(
        options->clients, options->pipeline * sizeof *bench->asked_us);
    if (bench->clients == NULL || bench->asked_us == NULL)
        return -ENOMEM;
    number_clients(bench);
    return bench->mode->open != NULL ? bench->mode->open(bench) : 0;
}

/* Memory is bounded by what so many clients can need, not by the library's
 * default: shedding one of them would be our failure, not the server's. */
static int
begin(struct bench *bench)
{
    size_t most = SIZE_MAX / 2 / MEMORY;
    const struct leat_loop_config config = {
        .max_memory = MEMORY * (bench->all < most ? bench->all : most),
        .busy_poll_us = bench->options->busy_poll_us};
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
    bench->loop = NULL;
    mem_give(bench->clients);
    mem_give(bench->asked_us);
}

/* Everything that was begun is undone before the report, but for what the mode
 * judges by: that may have to wait for a slow reader. */
enum exit_code
bench_run(struct bench *bench)
{
    int error = take_memory(bench);
    if (error == 0)
        error = begin(bench);
    if (error == 0)
        read_cpu(bench, 0); /* early: so that a wrong number is told at once */
    if (error == 0 && bench->code == CODE_OK) {
        bench->has_progress = leat__sys_is_terminal(2);
        pattern_init(&bench->pattern);
        dial_more(bench);
        error = leat_loop_run(bench->loop);
    }
    finish(bench);
    enum exit_code code = bench->code;
    if (error != 0) {
        complaint_say(
            bench->wrong, "cannot start: ", NULL, leat_error_text(error));
        code = CODE_FAILED;
    } else if (code == CODE_OK) {
        code = report_tell(bench);
    }
    if (bench->mode->close != NULL)
        bench->mode->close(bench);
    return code;
}
