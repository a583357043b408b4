/*
 * tally.c - see tally.h.
 */
#include "tally.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define TOLD_MOST 20

static const char *const counts[COUNTS] = {
    [COUNT_CONNS] = "conns",
    [COUNT_SENT] = "sent",
    [COUNT_VERIFIED] = "verified",
    [COUNT_WHOLE] = "whole",
    [COUNT_HALVES] = "halves",
    [COUNT_RESETS] = "resets",
    [COUNT_ABRUPT] = "abrupt",
    [COUNT_URGENT] = "urgent",
    [COUNT_GAVE_UP] = "gave_up",
    [COUNT_ANSWERS] = "answers",
};

static const char *const troubles[TROUBLES] = {
    [TROUBLE_WRONG] = "wrong",
    [TROUBLE_SURPLUS] = "surplus",
    [TROUBLE_EARLY] = "early",
    [TROUBLE_RESET] = "reset",
    [TROUBLE_REFUSED] = "refused",
    [TROUBLE_TIMEOUT] = "timeout",
    [TROUBLE_STUCK] = "stuck",
    [TROUBLE_OTHER] = "other",
};

int
tally_allow(struct tally *tally, const char *text)
{
    for (size_t len; *text != '\0'; text += len + (text[len] == ',')) {
        len = strcspn(text, ",");
        enum trouble i = TROUBLE_EARLY; /* those before are never allowed */
        while (i < TROUBLES && (strlen(troubles[i]) != len ||
                                   strncmp(troubles[i], text, len) != 0))
            i++;
        if (i == TROUBLES)
            return -1;
        tally->allowed[i] = true;
    }
    return 0;
}

void
tally_trouble(struct tally *tally, enum trouble trouble, uint64_t client,
    const char *format, ...)
{
    tally->trouble[trouble]++;
    if (tally->allowed[trouble] || tally->told++ >= TOLD_MOST)
        return;
    va_list args;
    va_start(args, format);
    fprintf(
        stderr, "chaos: client %" PRIu64 ": %s: ", client, troubles[trouble]);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

void
tally_ended(struct tally *tally, int64_t age_us)
{
    if (tally->last_end_us == 0 || age_us < tally->first_end_us)
        tally->first_end_us = age_us;
    if (age_us > tally->last_end_us)
        tally->last_end_us = age_us;
}

/* Sixteen steps to each doubling: within seven percent. */
static size_t
step_of(int64_t us)
{
    size_t octave = 0;
    while (us >> octave >= 2 * TALLY_STEPS && octave < TALLY_OCTAVES - 2)
        octave++;
    size_t step = (size_t)(us >> octave);
    step += octave * TALLY_STEPS;
    return step < TALLY_OCTAVES * TALLY_STEPS ? step
                                              : TALLY_OCTAVES * TALLY_STEPS - 1;
}

static int64_t
us_of(size_t step)
{
    if (step < 2 * TALLY_STEPS)
        return (int64_t)step;
    size_t octave = step / TALLY_STEPS - 1;
    return (int64_t)((step % TALLY_STEPS + TALLY_STEPS) << octave);
}

void
tally_latency(struct tally *tally, int64_t us)
{
    tally->latency[step_of(us < 0 ? 0 : us)]++;
}

static int64_t
percentile(const struct tally *tally, double share)
{
    uint64_t rest = (uint64_t)((double)tally->count[COUNT_ANSWERS] * share);
    size_t step = 0;
    while (
        step < TALLY_OCTAVES * TALLY_STEPS - 1 && tally->latency[step] <= rest)
        rest -= tally->latency[step++];
    return us_of(step);
}

void
tally_print(const struct tally *tally, FILE *out)
{
    for (size_t i = 0; i < COUNTS; i++)
        fprintf(out, " %s=%" PRIu64, counts[i], tally->count[i]);
    for (size_t i = 0; i < TROUBLES; i++)
        fprintf(out, " %s=%" PRIu64, troubles[i], tally->trouble[i]);
    fprintf(out, " first_end_ms=%" PRId64 " last_end_ms=%" PRId64,
        tally->first_end_us / 1000, tally->last_end_us / 1000);
    if (tally->count[COUNT_ANSWERS] > 0)
        fprintf(out, " p50_us=%" PRId64 " p99_us=%" PRId64 " p999_us=%" PRId64,
            percentile(tally, 0.5), percentile(tally, 0.99),
            percentile(tally, 0.999));
}

bool
tally_is_good(const struct tally *tally)
{
    for (size_t i = 0; i < TROUBLES; i++)
        if (tally->trouble[i] > 0 && !tally->allowed[i])
            return false;
    return true;
}
