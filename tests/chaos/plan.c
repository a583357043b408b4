/*
 * plan.c - see plan.h.
 *
 * Each life has a series of its own, made of seed, client and life: what one
 * life draws, and when, changes nothing in another.
 */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "keyed.h"

#define KIB 1024u
#define HASHED_LIVES 8

enum kind { SENDING, READING, ENDING, LENGTH };

static const struct {
    const char *name;
    enum kind kind;
    unsigned usual; /* percent */
} toxics[TOXICS] = {
    [TOXIC_SLICES] = {"slices", SENDING, 30},
    [TOXIC_URGENT] = {"urgent", SENDING, 20},
    [TOXIC_SILENT] = {"silent", SENDING, 10},
    [TOXIC_PING] = {"ping", SENDING, 0},
    [TOXIC_SLOW] = {"slow", READING, 20},
    [TOXIC_NEVER] = {"never", READING, 15},
    [TOXIC_HALF] = {"half", ENDING, 40},
    [TOXIC_RESET] = {"reset", ENDING, 20},
    [TOXIC_ABRUPT] = {"abrupt", ENDING, 10},
    [TOXIC_STORM] = {"storm", LENGTH, 20},
};

static void
set_usual(struct plan_config *config)
{
    for (size_t i = 0; i < TOXICS; i++)
        config->percent[i] = toxics[i].usual;
}

static int
set_one(struct plan_config *config, const char *word, size_t len)
{
    for (size_t i = 0; i < TOXICS; i++) {
        size_t name_len = strlen(toxics[i].name);
        if (len < name_len || strncmp(word, toxics[i].name, name_len) != 0)
            continue;
        config->percent[i] = toxics[i].usual;
        if (len == name_len)
            return 0;
        if (word[name_len] != '=')
            continue;
        char *end;
        config->percent[i] = (unsigned)strtoul(word + name_len + 1, &end, 10);
        return end == word + len && config->percent[i] <= 100 ? 0 : -1;
    }
    return -1;
}

int
plan_toxics(struct plan_config *config, const char *text)
{
    memset(config->percent, 0, sizeof config->percent);
    if (strcmp(text, "none") == 0)
        return 0;
    if (strcmp(text, "all") == 0) {
        set_usual(config);
        return 0;
    }
    for (size_t len; *text != '\0'; text += len + (text[len] == ',')) {
        len = strcspn(text, ",");
        if (set_one(config, text, len) != 0)
            return -1;
    }
    return 0;
}

/* At most one toxic of a kind, each with its share of a hundred. */
static enum toxic
draw_kind(const struct plan_config *config, uint64_t *series, enum kind kind)
{
    uint64_t at = keyed_draw(series, 100);
    for (size_t i = 0; i < TOXICS; i++) {
        if (toxics[i].kind != kind)
            continue;
        if (at < config->percent[i])
            return (enum toxic)i;
        at -= config->percent[i];
    }
    return TOXIC_NONE;
}

/* Small ones are as many as large ones. */
static uint64_t
draw_size(uint64_t *series, uint64_t most)
{
    uint64_t bound = 1;
    while (bound < most && keyed_draw(series, 8) != 0)
        bound *= 2;
    return keyed_draw(series, bound < most ? bound : most) + 1;
}

static uint64_t
draw_total(const struct plan *plan, uint64_t *series)
{
    if (plan->sending == TOXIC_SILENT)
        return 0;
    if (plan->sending == TOXIC_PING)
        return UINT64_MAX; /* until it is told to stop */
    if (plan->is_storm)
        return keyed_draw(series, 200);
    if (plan->sending == TOXIC_SLICES)
        return draw_size(series, 2 * KIB);
    if (plan->reading == TOXIC_SLOW)
        return draw_size(series, 16 * KIB);
    return draw_size(
        series, plan->reading == TOXIC_NEVER ? 512 * KIB : 128 * KIB);
}

void
plan_draw(struct plan *plan, const struct plan_config *config, size_t client,
    uint64_t life)
{
    uint64_t series =
        keyed_mix(keyed_mix(config->seed + client * 0x10001) + life);
    *plan = (struct plan){.key = keyed_mix(series)};
    plan->sending = draw_kind(config, &series, SENDING);
    plan->reading = draw_kind(config, &series, READING);
    plan->ending = draw_kind(config, &series, ENDING);
    if (plan->sending == TOXIC_SILENT || plan->sending == TOXIC_PING)
        plan->reading = TOXIC_NONE; /* one timer is enough for each */
    plan->is_storm = draw_kind(config, &series, LENGTH) == TOXIC_STORM;
    plan->target = keyed_draw(&series, config->targets);

    plan->total = draw_total(plan, &series);
    if (config->total != 0 && plan->sending != TOXIC_SILENT)
        plan->total = config->total;
    /* One that waits for its answers before it goes on, or one that does not.
     */
    plan->window =
        keyed_draw(&series, 2) == 0 ? UINT64_MAX : draw_size(&series, 64 * KIB);
    /* Who does not read gets stuck, and no answer lets it go on. */
    if (plan->reading == TOXIC_NEVER)
        plan->window = UINT64_MAX;
    if (config->window != 0)
        plan->window = config->window;
    plan->cut = plan->total != UINT64_MAX ? keyed_draw(&series, plan->total + 1)
                                          : UINT64_MAX;
    plan->wait_us = 100000 + (int64_t)keyed_draw(&series, 3000000);
    if (config->life_us != 0)
        plan->wait_us = config->life_us;
    plan->gap_us = plan->is_storm ? 0 : (int64_t)keyed_draw(&series, 300000);
    plan->series = series;
}

uint64_t
plan_hash(const struct plan_config *config, size_t clients)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < clients * HASHED_LIVES; i++) {
        struct plan plan;
        plan_draw(&plan, config, i / HASHED_LIVES, i % HASHED_LIVES);
        const uint64_t parts[] = {plan.sending, plan.reading, plan.ending,
            plan.is_storm, plan.key, plan.series, plan.total, plan.cut,
            plan.window, (uint64_t)plan.wait_us, (uint64_t)plan.gap_us,
            plan.target};
        for (size_t j = 0; j < sizeof parts / sizeof parts[0]; j++)
            hash = keyed_mix(hash ^ parts[j]);
    }
    return hash;
}
