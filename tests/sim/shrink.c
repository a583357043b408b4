/*
 * shrink.c - a smaller scenario that fails in the same way.
 *
 * Each cut is tried in a child of its own and kept where the same oracle (or
 * the same signal) still speaks, until no cut helps any more.
 */
#include "parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What became of a run: an oracle's number, or above it a crash's. */
static int
outcome(const struct scenario *scenario, enum mistake mistake)
{
    struct choices choices;
    int status;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        (void)close(2); /* what a crash says is of no use a hundred times */
        choices_by_time(&choices, scenario->seed);
        _exit((int)sim_run(scenario, &choices, mistake, false, NULL));
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* --- cuts: each changes the scenario, or says that there is nothing to cut --
 */

static bool
cut_client(struct scenario *s, unsigned i)
{
    if (i >= s->clients || s->clients == 1)
        return false;
    s->clients--;
    memmove(&s->client[i], &s->client[i + 1],
        (s->clients - i) * sizeof s->client[0]);
    return true;
}

static bool
cut_listener(struct scenario *s, unsigned i)
{
    if (i >= s->listeners || s->listeners == 1)
        return false;
    for (unsigned j = 0; j < s->clients; j++) {
        if (s->client[j].listener == i)
            return false;
        if (s->client[j].listener > i)
            s->client[j].listener--;
    }
    s->listeners--;
    memmove(&s->listener[i], &s->listener[i + 1],
        (s->listeners - i) * sizeof s->listener[0]);
    return true;
}

static bool
cut_fault(struct scenario *s, unsigned i)
{
    if (i >= FAULTS || s->rate[i] == 0)
        return false;
    s->rate[i] = 0;
    return true;
}

static bool
cut_signal(struct scenario *s, unsigned i)
{
    if (i >= s->signals)
        return false;
    s->signals--;
    memmove(&s->signal[i], &s->signal[i + 1],
        (s->signals - i) * sizeof s->signal[0]);
    return true;
}

static bool
cut_step(struct scenario *s, unsigned i)
{
    struct sim_client *client = &s->client[i / STEPS];
    unsigned step = i % STEPS;

    if (i / STEPS >= s->clients || step >= client->steps || client->steps == 1)
        return false;
    client->steps--;
    memmove(&client->step[step], &client->step[step + 1],
        (client->steps - step) * sizeof client->step[0]);
    return true;
}

static bool
cut_amount(struct scenario *s, unsigned i)
{
    struct sim_client *client = &s->client[i / STEPS];
    struct sim_step *step = &client->step[i % STEPS];

    if (i / STEPS >= s->clients || i % STEPS >= client->steps ||
        step->amount < 2)
        return false;
    step->amount /= 2;
    return true;
}

static bool
cut_delay(struct scenario *s, unsigned i)
{
    struct sim_client *client = &s->client[i / STEPS];
    struct sim_step *step = &client->step[i % STEPS];

    if (i / STEPS >= s->clients || i % STEPS >= client->steps ||
        step->delay_us == 0)
        return false;
    step->delay_us /= 2;
    return true;
}

static bool
cut_habit(struct scenario *s, unsigned i)
{
    struct sim_client *client = &s->client[i];
    struct sim_client before;

    if (i >= s->clients)
        return false;
    before = *client;
    client->start_us = 0;
    client->lives = 1;
    client->slice = 4096;
    client->bite = 65536;
    client->pause_us = client->deaf_us = 0;
    return memcmp(&before, client, sizeof before) != 0;
}

/* One number at a time, to its plainest value. */
static bool
cut_option(struct scenario *s, unsigned i)
{
    struct scenario before = *s;

    switch (i) {
    case 0:
        s->latency_us = 0;
        break;
    case 1:
        s->window = s->capacity;
        s->inward_window = s->inward;
        break;
    case 2:
        s->again_us = 0;
        break;
    case 3:
        s->max_conns = 0;
        break;
    case 4:
        s->max_memory = 0;
        break;
    case 5:
        s->wall_jump_us = 0;
        break;
    case 6:
        s->is_log_slow = s->has_early_faults = false;
        break;
    case 7:
        s->fds = FAKE_FDS;
        break;
    case 8:
        s->drain_us = 5 * SEC;
        s->busy_poll_us = 0;
        s->park = NULL;
        break;
    case 9:
        for (unsigned j = 0; j < s->listeners; j++)
            s->listener[j].idle_us = s->listener[j].max = 0;
        break;
    case 10:
        for (unsigned j = 0; j < s->listeners; j++)
            s->listener[j].is_small = s->listener[j].is_v6 = false;
        break;
    case 11:
        s->inward = s->inward_window = 0;
        break;
    default:
        return false;
    }
    return memcmp(&before, s, sizeof before) != 0;
}

/* --- until nothing helps -------------------------------------------------- */

static const struct {
    bool (*cut)(struct scenario *, unsigned);
    unsigned places;
} cuts[] = {{cut_client, CLIENTS}, {cut_fault, FAULTS}, {cut_signal, SIGNALS},
    {cut_step, CLIENTS *STEPS}, {cut_option, 12}, {cut_habit, CLIENTS},
    {cut_listener, LISTENERS}, {cut_amount, CLIENTS *STEPS},
    {cut_delay, CLIENTS *STEPS}};

static bool
cut_once(struct scenario *best, enum mistake mistake, int wanted)
{
    bool any = false;

    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        for (unsigned place = 0; place < cuts[i].places;) {
            struct scenario smaller = *best;

            if (!cuts[i].cut(&smaller, place) ||
                outcome(&smaller, mistake) != wanted) {
                place++;
                continue;
            }
            *best = smaller; /* and the same place again */
            any = true;
        }
    }
    return any;
}

void
shrink(const struct scenario *scenario, enum mistake mistake)
{
    struct scenario best = *scenario;
    struct choices choices;
    int wanted = outcome(scenario, mistake);
    enum oracle found;

    if (wanted == FINE) {
        printf("nothing is wrong\n");
        return;
    }
    for (int i = 0; i < 10 && cut_once(&best, mistake, wanted); i++)
        continue;
    scenario_print(&best);
    fflush(stdout);
    choices_by_time(&choices, best.seed);
    found = sim_run(&best, &choices, mistake, true, NULL);
    printf("oracle %s: %s\n", oracle_name(found), sim_words());
}
