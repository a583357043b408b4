/*
 * report.c - what leat bench tells.
 *
 * On the path: bench -> HERE -> standard output; the progress goes to standard
 * error, where it disappears again.
 */
#include "bench.h"

#include <leat/error.h>
#include <leat/loop.h>

#include <string.h>

#include "cli/output.h"

#define PROGRESS_COLUMNS 64

/* With one decimal. */
static void
add_tenths(struct text *text, uint64_t tenths)
{
    text_number(text, tenths / 10, 1);
    text_add(text, ".");
    text_number(text, tenths % 10, 1);
}

/* Words, a number, words. */
static void
add(struct text *text, const char *before, uint64_t number, const char *after)
{
    text_add(text, before);
    text_number(text, number, 1);
    text_add(text, after);
}

/* One thing, or several. */
static void
add_count(
    struct text *text, const char *before, uint64_t number, const char *thing)
{
    add(text, before, number, " ");
    text_add(text, thing);
    text_add(text, number == 1 ? "" : "s");
}

static uint64_t
per_second(uint64_t count, int64_t time_us)
{
    return time_us > 0 ? count * 1000000 / (uint64_t)time_us : 0;
}

/* A byte in a microsecond is a megabyte in a second. */
static uint64_t
tenths_of_mb(uint64_t requests, size_t size, int64_t time_us)
{
    return time_us > 0 ? requests * size * 10 / (uint64_t)time_us : 0;
}

/* --- progress ------------------------------------------------------------- */

/* Without a line ending, and wide enough to cover the last one. Where standard
 * error takes nothing now there will be another line soon. */
static void
show(const char *line)
{
    char bytes[PROGRESS_COLUMNS + 16];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    text_add(&text, "\r");
    text_add(&text, line);
    while (text.len <= PROGRESS_COLUMNS)
        text_add(&text, " ");
    text_add(&text, "\r");
    if (output_is_ready(2, 0) == 1)
        output_offer(2, text.bytes, text.len);
}

/* Of the time since the last line, so that a stall shows. */
void
report_progress(struct bench *bench)
{
    char bytes[PROGRESS_COLUMNS];
    struct text text;
    int64_t now_us = leat_loop_now(bench->loop);
    int64_t time_us = now_us - bench->told_us;
    uint64_t count = bench->counted - bench->told;

    text_init(&text, bytes, sizeof bytes);
    add_tenths(&text, (uint64_t)(now_us - bench->started_us) / 100000);
    add(&text, " s  ", per_second(count, time_us), " ");
    text_add(&text, bench->mode->unit);
    text_add(&text, "/s  ");
    add_tenths(&text, tenths_of_mb(count, bench->options->size, time_us));
    text_add(&text, " MB/s");
    show(text.bytes);
    bench->told_us = now_us;
    bench->told = bench->counted;
}

/* Before anything else is written: the complaint would stand behind it. */
void
report_clear(void)
{
    show("");
}

/* --- the result ----------------------------------------------------------- */

/* Averages hide what people notice. */
static const struct {
    const char *name;
    unsigned per_mille;
} quantiles[] = {{"p50", 500}, {"p99", 990}, {"p99.9", 999}, {"max", 1000}};

/* What was measured first: numbers without it are worth nothing. */
static void
add_head(struct text *text, const struct bench *bench)
{
    const struct options *options = bench->options;

    text_add(text, bench->target.name);
    add_count(text, ": ", options->clients,
        options->fanout ? "subscriber" : "client");
    if (options->fanout)
        add_count(text, ", ", options->publishers, "publisher");
    add_count(text, ", ", options->size, "byte");
    if (options->pipeline > 1)
        add(text, ", ", options->pipeline, " under way of each");
    if (options->random)
        add(text, ", ", options->in_flight, " under way at random");
    if (options->fanout)
        add(text, ", window ", options->window, "");
    if (options->churn)
        text_add(text, ", each connection for one");
    text_add(text, ", ");
    add_tenths(text, (uint64_t)bench->measured_us / 100000);
    text_add(text, " s\n");
}

static void
add_crowd(struct text *text, const struct options *options)
{
    bool has_both = options->idle > 0 && options->never_readers > 0;

    if (options->idle + options->never_readers == 0)
        return;
    text_add(text, "beside    ");
    if (options->idle > 0)
        add(text, "", options->idle, " idle");
    if (options->never_readers > 0)
        add(text, has_both ? ", " : "", options->never_readers,
            " that never read");
    text_add(text, "\n");
}

/* Thousandths of a microsecond: one request costs a few of those. */
static uint64_t
cpu_each_ns(const struct bench *bench)
{
    uint64_t cpu_us = bench->cpu_us > 0 ? (uint64_t)bench->cpu_us : 0;
    return bench->counted > 0 ? cpu_us * 1000 / bench->counted : 0;
}

static void
add_thousandths(struct text *text, uint64_t thousandths)
{
    text_number(text, thousandths / 1000, 1);
    text_add(text, ".");
    text_number(text, thousandths % 1000, 3);
}

static void
add_text(struct text *text, const struct bench *bench)
{
    const struct options *options = bench->options;

    add_head(text, bench);
    add_crowd(text, options);
    text_add(text, bench->mode->label);
    text_column(text, 10);
    add(text, "", bench->counted, ", ");
    add(text, "", per_second(bench->counted, bench->measured_us),
        "/s\ndata      ");
    add_tenths(
        text, tenths_of_mb(bench->counted, options->size, bench->measured_us));
    text_add(text, bench->mode->each);
    text_add(text, "\nlatency   ");
    for (size_t i = 0; i < COUNT(quantiles); i++) {
        text_add(text, i == 0 ? "" : ", ");
        text_add(text, quantiles[i].name);
        add(text, " ", histogram_at(&bench->latency, quantiles[i].per_mille),
            " us");
    }
    text_add(text, "\n");
    if (options->server_pid == 0)
        return;
    text_add(text, "server    ");
    add_thousandths(text, cpu_each_ns(bench));
    text_add(text, " us of processor time each\n");
}

/* --- the same for programs ------------------------------------------------ */

/* Only what was asked for. */
static void
add_json_mode(struct text *text, const struct bench *bench)
{
    const struct options *options = bench->options;
    const struct {
        const char *key;
        size_t number;
    } rows[] = {{"pipeline", options->pipeline > 1 ? options->pipeline : 0},
        {"in_flight", options->in_flight}, {"publishers", options->publishers},
        {"window", options->window}, {"idle", options->idle},
        {"never_readers", options->never_readers}};

    text_add(text, ",\"mode\":\"");
    text_add(text, bench->mode->name);
    text_add(text, "\"");
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].number == 0)
            continue;
        text_add(text, ",\"");
        text_add(text, rows[i].key);
        add(text, "\":", rows[i].number, "");
    }
    if (options->server_pid == 0)
        return;
    add(text,
        ",\"server_cpu_us\":", bench->cpu_us > 0 ? (uint64_t)bench->cpu_us : 0,
        ",\"server_cpu_us_each\":");
    add_thousandths(text, cpu_each_ns(bench));
}

/* A promise, as the ready line of leatd is: keys may be added. */
static void
add_json(struct text *text, const struct bench *bench)
{
    const struct options *options = bench->options;
    const char *name = bench->target.name;

    text_add(text, "{\"address\":");
    text_json(text, name, strnlen(name, sizeof bench->target.name));
    add(text, ",\"clients\":", options->clients, "");
    add(text, ",\"size\":", options->size, ",\"seconds\":");
    add_tenths(text, (uint64_t)bench->measured_us / 100000);
    text_add(text, ",\"");
    text_add(text, bench->mode->unit);
    add(text, "\":", bench->counted, ",\"");
    text_add(text, bench->mode->unit);
    add(text, "_per_s\":", per_second(bench->counted, bench->measured_us),
        ",\"mb_per_s\":");
    add_tenths(
        text, tenths_of_mb(bench->counted, options->size, bench->measured_us));
    text_add(text, ",\"latency_us\":{");
    for (size_t i = 0; i < COUNT(quantiles); i++) {
        text_add(text, i == 0 ? "\"" : ",\"");
        text_add(text, quantiles[i].name);
        add(text, "\":", histogram_at(&bench->latency, quantiles[i].per_mille),
            "");
    }
    add(text, "},\"failed\":", bench->failed.count, "");
    add(text, ",\"lost\":", bench->lost.count, "");
    add_json_mode(text, bench);
    text_add(text, "}\n");
}

/* --- what was not as it should be ----------------------------------------- */

/* A server that ends in the middle of an answer is told apart from one that
 * resets. */
static void
add_reason(
    struct text *text, const struct bench *bench, const struct losses *losses)
{
    if (losses->reason != LEAT_EOF && losses->reason != 0) {
        text_add(text, leat_error_text(losses->reason));
        return;
    }
    if (bench->options->fanout) {
        text_add(text, "closed");
        return;
    }
    add(text, "closed after ", losses->got, " bytes");
    add(text, " of a ", bench->options->size, "-byte message");
}

/* Who could not connect comes before who was lost. False: nobody. */
static bool
judge_losses(const struct bench *bench, struct text *text)
{
    bool has_failed = bench->failed.count > 0;
    const struct losses *losses = has_failed ? &bench->failed : &bench->lost;

    if (losses->count == 0)
        return false;
    if (losses->count < bench->all) {
        add(text, "", losses->count, " of ");
        add(text, "", bench->all,
            has_failed ? " clients could not connect: "
                       : " clients were lost: ");
    }
    add_reason(text, bench, losses);
    return true;
}

/* One line. */
static enum exit_code
judge(struct bench *bench)
{
    bool (*of_mode)(const struct bench *, struct text *) = bench->mode->judge;
    char bytes[256];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    text_add(&text, bench->target.name);
    text_add(&text, ": ");
    if (!judge_losses(bench, &text) &&
        (of_mode == NULL || !of_mode(bench, &text))) {
        if (bench->counted > 0)
            return CODE_OK;
        text_add(&text, "no answer");
    }
    complaint_say(bench->wrong, text.bytes, NULL, "");
    return CODE_FAILED;
}

/* Without a single answer there are no numbers to print. */
enum exit_code
report_tell(struct bench *bench)
{
    char bytes[1024];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    if (bench->options->json)
        add_json(&text, bench);
    else
        add_text(&text, bench);
    int error = 0;
    if (bench->counted > 0)
        error = output_all(1, text.bytes, text.len);
    if (error == 0)
        return judge(bench);
    complaint_say(bench->wrong, "cannot write to standard output: ", NULL,
        leat_error_text(error));
    return CODE_FAILED;
}
