/*
 * draw.c - a scenario from choices: a random part of everything there is.
 *
 * Swarm testing: each run has few of the faults and few of the kinds of
 * clients, so that one does not hide what the other would show.
 */
#include "parts.h"

#include <signal.h>
#include <string.h>

static const uint32_t sizes[] = {65536, 4, 16, 100, 1000, 8192};

/* Mostly short, sometimes long. */
static int64_t
draw_delay(struct choices *choices)
{
    static const int64_t most_us[] = {1, 2 * MS, 50 * MS, 2 * SEC, 9 * SEC};

    return (int64_t)choose(choices,
        (uint32_t)most_us[choose(choices, 5) * choose(choices, 3) / 2]);
}

/* What never ends needs streams that carry it in few turns. */
static void
draw_listener(
    struct sim_listener *listener, struct choices *choices, uint32_t capacity)
{
    static const enum kind kinds[] = {KIND_ECHO, KIND_ECHO, KIND_ECHO,
        KIND_ECHO, KIND_LINES, KIND_LINES, KIND_FIXED, KIND_GREET, KIND_DISCARD,
        KIND_CHARGEN, KIND_NOTHING, KIND_HUB, KIND_HUB};

    *listener = (struct sim_listener){
        .kind = kinds[choose(choices, sizeof kinds / sizeof kinds[0])],
        .is_unix = chance(choices, 150),
        .is_v6 = chance(choices, 200),
        .is_lasting = chance(choices, 512),
        .is_small = chance(choices, 400),
    };
    if (listener->kind == KIND_CHARGEN && capacity < 8192)
        listener->kind = KIND_ECHO;
    if (chance(choices, 250))
        listener->idle_us = (int64_t)(1 + choose(choices, 8)) * SEC;
    if (chance(choices, 200))
        listener->max = 1 + choose(choices, 3);
}

/* As much as the streams carry in a sensible number of turns. */
static uint32_t
draw_amount(struct choices *choices, uint32_t capacity)
{
    static const uint32_t most[] = {20, 100, 2000, 30000};
    uint32_t amount = 1 + choose(choices, most[choose(choices, 4)]);
    uint32_t bound = capacity < 1000 ? capacity * 20 : 30000;

    return amount < bound ? amount : bound;
}

static void
draw_step(
    struct sim_step *step, struct choices *choices, const struct scenario *all)
{
    static const enum act acts[] = {ACT_SEND, ACT_SEND, ACT_SEND, ACT_SEND,
        ACT_SEND, ACT_URGENT, ACT_STOP, ACT_READ, ACT_READ, ACT_WAIT};

    step->act = acts[choose(choices, sizeof acts / sizeof acts[0])];
    step->delay_us = draw_delay(choices);
    if (step->act == ACT_SEND)
        step->amount = draw_amount(choices, all->capacity);
}

static void
draw_client(
    struct sim_client *client, struct choices *choices, struct scenario *all)
{
    static const enum act lasts[] = {
        ACT_FIN, ACT_FIN, ACT_FIN, ACT_CLOSE, ACT_RESET, ACT_WAIT};

    *client = (struct sim_client){
        .listener = choose(choices, all->listeners),
        .start_us = draw_delay(choices),
        .lives = chance(choices, 200) ? 1 + choose(choices, 3) : 1,
        .slice = chance(choices, 300) ? 1 + choose(choices, 7) : 4096,
        .bite = chance(choices, 200) ? 1 + choose(choices, 100) : 65536,
        .pause_us = chance(choices, 150) ? draw_delay(choices) : 0,
        .steps = 1 + choose(choices, STEPS - 1),
    };
    for (unsigned i = 0; i + 1 < client->steps; i++)
        draw_step(&client->step[i], choices, all);
    client->step[client->steps - 1] = (struct sim_step){
        .act = lasts[choose(choices, sizeof lasts / sizeof lasts[0])],
        .delay_us = draw_delay(choices)};
}

/* No memory is asked for in the same places on every machine, and a limit of
 * memory is reached at others: not in what is compared between machines. */
static void
draw_faults(struct scenario *all, struct choices *choices)
{
    static const uint16_t most[] = {8, 60, 300};

    for (int i = 0; i < FAULTS; i++)
        if (chance(choices, 220))
            all->rate[i] =
                (uint16_t)(1 + choose(choices, most[choose(choices, 3)]));
    if (all->rate[FAULT_CUT] > 20)
        all->rate[FAULT_CUT] = 20;
    if (all->rate[FAULT_NOMEM] > 100)
        all->rate[FAULT_NOMEM] = 100;
    all->has_early_faults = chance(choices, 40);
    if (all->is_portable)
        all->rate[FAULT_NOMEM] = 0;
}

static void
draw_options(struct scenario *all, struct choices *choices)
{
    static const int64_t drains[] = {5 * SEC, 0, 200 * MS, 20 * SEC};

    all->drain_us = drains[choose(choices, 4)];
    if (chance(choices, 150) && !all->is_portable)
        all->max_memory = 100000 + choose(choices, 200000);
    if (chance(choices, 200))
        all->max_conns = 1 + choose(choices, 5);
    all->fds = chance(choices, 200) ? 48 : FAKE_FDS;
    all->is_log_slow = chance(choices, 60) && !all->is_portable;
    if (chance(choices, 200))
        all->wall_jump_us = ((int64_t)choose(choices, 7200) - 3600) * SEC;
}

/* By the number that is drawn already, so that seeds go on meaning what they
 * did. A poll needs a clock that moves, which portable runs have not; and one
 * that is told of spurious readiness at every look would find some each time.
 */
static void
draw_busy_poll(struct scenario *all)
{
    if (all->seed % 8 == 1 && !all->is_portable &&
        all->rate[FAULT_SPURIOUS] == 0)
        all->busy_poll_us = 1 + (int64_t)(all->seed / 8 % 40);
}

/* A swarm is too few to be parked by themselves. */
static void
draw_park(struct scenario *all)
{
    static const char *const modes[] = {"eager", "off", NULL, "eager"};
    all->park = modes[all->seed / 16 % 4];
}

/* Longer than any script, with a life after each life. */
static int64_t
script_end(const struct scenario *all)
{
    int64_t last_us = 0;

    for (unsigned i = 0; i < all->clients; i++) {
        const struct sim_client *client = &all->client[i];
        int64_t us = 0;

        for (unsigned j = 0; j < client->steps; j++)
            us += client->step[j].delay_us;
        us = client->start_us + us * client->lives + SEC * client->lives;
        last_us = us > last_us ? us : last_us;
    }
    return last_us;
}

/* Half of the runs end when all is quiet and judged; the others in the midst
 * of it. */
static void
draw_end(struct scenario *all, struct choices *choices)
{
    int64_t end_us = script_end(all);

    all->calm_us = end_us / (1 + choose(choices, 4)) + 1;
    all->term_us = end_us + (all->inward > 0 ? 200 : 60) * SEC;
    all->is_judged = !chance(choices, 400);
    if (!all->is_judged)
        all->term_us = 1 + (int64_t)choose(choices, (uint32_t)end_us + 1);
    all->term_signo = chance(choices, 300) ? SIGINT : SIGTERM;
    if (chance(choices, 200))
        all->again_us = all->term_us + draw_delay(choices);
    all->signals = choose(choices, SIGNALS + 1);
    for (unsigned i = 0; i < all->signals; i++)
        all->signal[i] = (struct sim_signal){
            .signo = chance(choices, 700) ? SIGUSR1 : SIGHUP,
            .at_us = (int64_t)choose(choices, (uint32_t)end_us + 1)};
}

void
scenario_draw(struct scenario *all, struct choices *choices, bool is_portable)
{
    memset(all, 0, sizeof *all);
    all->is_portable = is_portable;
    all->seed = (uint64_t)choose(choices, UINT32_MAX) << 32 |
                choose(choices, UINT32_MAX);
    all->capacity = sizes[choose(choices, sizeof sizes / sizeof sizes[0])];
    all->window = all->capacity;
    if (chance(choices, 600) && all->capacity > 3)
        all->window =
            (all->capacity + 7) / 8 + choose(choices, all->capacity / 2);
    if (chance(choices, 600))
        all->latency_us = (int64_t)choose(choices, 30000);
    all->listeners = 1 + choose(choices, LISTENERS);
    for (unsigned i = 0; i < all->listeners; i++)
        draw_listener(&all->listener[i], choices, all->capacity);
    all->clients = 1 + choose(choices, CLIENTS);
    for (unsigned i = 0; i < all->clients; i++)
        draw_client(&all->client[i], choices, all);
    draw_faults(all, choices);
    draw_options(all, choices);
    draw_busy_poll(all);
    draw_park(all);
    bulk_draw(all);
    draw_end(all, choices);
}
