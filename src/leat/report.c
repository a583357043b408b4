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
    uint64_t count = bench->requests - bench->told;

    text_init(&text, bytes, sizeof bytes);
    add_tenths(&text, (uint64_t)(now_us - bench->started_us) / 100000);
    add(&text, " s  ", per_second(count, time_us), " requests/s  ");
    add_tenths(&text, tenths_of_mb(count, bench->options->size, time_us));
    text_add(&text, " MB/s");
    show(text.bytes);
    bench->told_us = now_us;
    bench->told = bench->requests;
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
add_text(struct text *text, const struct bench *bench)
{
    const struct options *options = bench->options;

    text_add(text, bench->target.name);
    add(text, ": ", options->clients,
        options->clients == 1 ? " client" : " clients");
    add(text, ", ", options->size, options->size == 1 ? " byte, " : " bytes, ");
    add_tenths(text, (uint64_t)bench->measured_us / 100000);
    add(text, " s\nrequests  ", bench->requests, ", ");
    add(text, "", per_second(bench->requests, bench->measured_us),
        "/s\ndata      ");
    add_tenths(
        text, tenths_of_mb(bench->requests, options->size, bench->measured_us));
    text_add(text, " MB/s each way\nlatency   ");
    for (size_t i = 0; i < COUNT(quantiles); i++) {
        text_add(text, i == 0 ? "" : ", ");
        text_add(text, quantiles[i].name);
        add(text, " ", histogram_at(&bench->latency, quantiles[i].per_mille),
            " us");
    }
    text_add(text, "\n");
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
    add(text, ",\"requests\":", bench->requests, "");
    add(text,
        ",\"requests_per_s\":", per_second(bench->requests, bench->measured_us),
        ",\"mb_per_s\":");
    add_tenths(
        text, tenths_of_mb(bench->requests, options->size, bench->measured_us));
    text_add(text, ",\"latency_us\":{");
    for (size_t i = 0; i < COUNT(quantiles); i++) {
        text_add(text, i == 0 ? "\"" : ",\"");
        text_add(text, quantiles[i].name);
        add(text, "\":", histogram_at(&bench->latency, quantiles[i].per_mille),
            "");
    }
    add(text, "},\"failed\":", bench->failed.count, "");
    add(text, ",\"lost\":", bench->lost.count, "}\n");
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
    add(text, "closed after ", losses->got, " bytes");
    add(text, " of a ", bench->options->size, "-byte message");
}

/* One line: who could not connect comes before who was lost. */
static enum exit_code
judge(struct bench *bench)
{
    bool has_failed = bench->failed.count > 0;
    const struct losses *losses = has_failed ? &bench->failed : &bench->lost;
    char bytes[256];
    struct text text;

    if (losses->count == 0 && bench->requests > 0)
        return CODE_OK;
    text_init(&text, bytes, sizeof bytes);
    text_add(&text, bench->target.name);
    text_add(&text, ": ");
    if (losses->count > 0 && losses->count < bench->options->clients) {
        add(&text, "", losses->count, " of ");
        add(&text, "", bench->options->clients,
            has_failed ? " clients could not connect: "
                       : " clients were lost: ");
    }
    if (losses->count > 0)
        add_reason(&text, bench, losses);
    else
        text_add(&text, "no answer");
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
    if (bench->requests > 0)
        error = output_all(1, text.bytes, text.len);
    if (error == 0)
        return judge(bench);
    complaint_say(bench->wrong, "cannot write to standard output: ", NULL,
        leat_error_text(error));
    return CODE_FAILED;
}
