/*
 * run.c - one run of leatd, from its command line to its exit status.
 */
#include "parts.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct sim sim;

int leatd_main(int argc, char **argv);

/* --- what is told --------------------------------------------------------- */

const char *
sim_words(void)
{
    return sim.words;
}

void
sim_fail(enum oracle oracle, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sim.words, sizeof sim.words, format, args);
    va_end(args);
    sim.found = oracle;
    longjmp(sim.out, 1);
}

static void
mix(uint64_t number)
{
    sim.hash = (sim.hash ^ number) * UINT64_C(0x9e3779b97f4a7c15);
    sim.hash ^= sim.hash >> 29;
}

/* The first letters tell the events apart; all numbers are of any machine. */
void
sim_note(const char *what, int64_t a, int64_t b, int64_t c)
{
    sim.events++;
    mix((uint64_t)(unsigned char)what[0] << 16 |
        (uint64_t)(unsigned char)what[1] << 8 | (unsigned char)what[2]);
    mix((uint64_t)fake.now_us);
    mix((uint64_t)a);
    mix((uint64_t)b);
    mix((uint64_t)c);
    if (sim.is_traced)
        printf("%12lld %-10s %lld %lld %lld\n", (long long)fake.now_us, what,
            (long long)a, (long long)b, (long long)c);
}

/* --- what the fake kernel tells ------------------------------------------- */

static void
found_bug(const char *what, int fd)
{
    sim_fail(ORACLE_NUMBERS, "%s: %d", what, fd);
}

static void
was_killed(int signo)
{
    sim_fail(ORACLE_EXIT, "killed by signal %d", signo);
}

/* --- the run -------------------------------------------------------------- */

static void
begin(const struct scenario *scenario, struct choices *choices,
    enum mistake mistake, bool is_traced)
{
    memset(&sim, 0, sizeof sim);
    sim.scenario = scenario;
    sim.choices = choices;
    sim.mistake = mistake;
    sim.is_traced = is_traced;
    services_begin();
    fake_reset_all();
    fake.bug = found_bug;
    fake.killed = was_killed;
    world_begin();
    for (int fd = 0; fd < 2; fd++) {
        fake.end[fd].kind = FAKE_FILE;
        fake.end[fd].file = (int)(fake_find_file("/dev/null") - fake.file);
    }
    journal_begin();
    watch_begin(&sim.table);
    bulk_begin(&sim.table);
}

static void
live(void)
{
    char *argv[16];
    int argc = scenario_argv(sim.scenario, argv);
    int status = leatd_main(argc, argv);

    sim_note("exit", status, 0, 0);
    world_end();
    (void)journal_read();
    judge_end(status);
}

enum oracle
sim_run(const struct scenario *scenario, struct choices *choices,
    enum mistake mistake, bool is_traced, uint64_t *hash)
{
    size_t left;

    begin(scenario, choices, mistake, is_traced);
    if (setjmp(sim.out) == 0)
        live();
    left = watch_end();
    if (left > 0 && sim.found == FINE) {
        sim.found = ORACLE_MEMORY;
        (void)snprintf(
            sim.words, sizeof sim.words, "%zu blocks were not freed", left);
    }
    if (hash != NULL)
        *hash = sim.hash;
    return sim.found;
}

int
sim_run_choices(const uint8_t *bytes, size_t len)
{
    static struct scenario scenario;
    struct choices choices;
    enum oracle found;

    (void)setenv("TZ", "UTC0", 1);
    tzset();
    choices_bytes(&choices, bytes, len);
    scenario_draw(&scenario, &choices, false);
    found = sim_run(&scenario, &choices, MISTAKE_NONE, false, NULL);
    if (found != FINE)
        fprintf(stderr, "oracle %s: %s\n", oracle_name(found), sim.words);
    return (int)found;
}
