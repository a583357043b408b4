/*
 * main.c - leat-sim: runs leatd on the fake kernel, once for each seed.
 */
#include "parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "leat-sim --seed S [--trace|--print|--hash|--shrink] [--mistake NAME]\n"
    "leat-sim --seeds N [--from S] [--hash] [--portable] [--shared N] "
    "[--spares N]\n"
    "leat-sim --mistakes\n"
    "leat-sim --exhaustive [--depth N] [--storms N]\n"
    "leat-sim --choices FILE\n";

struct settings {
    uint64_t seed, seeds, from;
    uint64_t shared, spares; /* in so many at least, see bulk.c */
    unsigned depth, storms;
    enum mistake mistake;
    const char *choices;
    bool is_traced, is_printed, is_hashed, is_shrunk, is_small, is_portable;
    bool is_test;
};

/* How far the child has come, where its parent can see it. */
struct progress {
    uint64_t seed, done, selects, us;
    uint64_t shared, spares; /* seeds */
};

/* --- one seed ------------------------------------------------------------- */

static void
draw(struct scenario *scenario, uint64_t seed, bool is_portable)
{
    struct choices choices;

    choices_seed(&choices, seed);
    scenario_draw(scenario, &choices, is_portable);
}

static enum oracle
run(const struct scenario *scenario, const struct settings *settings,
    uint64_t *hash)
{
    struct choices choices;

    choices_by_time(&choices, scenario->seed);
    return sim_run(
        scenario, &choices, settings->mistake, settings->is_traced, hash);
}

static int
run_seed(const struct settings *settings)
{
    static struct scenario scenario;
    uint64_t hash;
    enum oracle found;

    draw(&scenario, settings->seed, settings->is_portable);
    if (settings->is_shrunk) {
        shrink(&scenario, settings->mistake);
        return 0;
    }
    if (settings->is_printed) {
        scenario_print(&scenario);
        return 0;
    }
    found = run(&scenario, settings, &hash);
    if (settings->is_hashed)
        printf("%" PRIu64 " %016" PRIx64 "\n", settings->seed, hash);
    if (found == FINE)
        return 0;
    printf("seed %" PRIu64 ": oracle %s: %s\n", settings->seed,
        oracle_name(found), sim_words());
    return 1;
}

/* --- many ----------------------------------------------------------------- */

/* In a child: a run that fails cannot be gone on from, and one that crashes
 * takes nobody else with it. */
static int
run_some(struct settings settings, struct progress *progress)
{
    while (progress->done < settings.seeds) {
        progress->seed = settings.seed = settings.from + progress->done++;
        if (run_seed(&settings) != 0)
            return 1;
        progress->selects += sim.selects;
        progress->us += (uint64_t)(fake.now_us - sim.began_us);
        progress->shared += sim.shared > 0;
        progress->spares += sim.spares > 0;
    }
    return 0;
}

/* The exit status of a child; -1 where a signal has ended it. */
static int
wait_for(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool
run_child(const struct settings *settings, struct progress *progress)
{
    int status;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0)
        exit(run_some(*settings, progress));
    status = wait_for(child);
    if (status == 0)
        return true;
    if (status != 1)
        printf("seed %" PRIu64 ": crashed\n", progress->seed);
    printf("  leat-sim --seed %" PRIu64 "%s --trace\n", progress->seed,
        settings->is_portable ? " --portable" : "");
    return false;
}

/* Whether recv's chunk was queued as often as the settings want. */
static bool
has_bulk(const struct settings *settings, const struct progress *progress)
{
    bool has_enough = progress->shared >= settings->shared &&
                      progress->spares >= settings->spares;

    fprintf(stderr,
        "a chunk was queued itself in %" PRIu64
        ", the next recv found it there in %" PRIu64 "%s\n",
        progress->shared, progress->spares, has_enough ? "" : ": too few");
    return has_enough;
}

static int
run_seeds(const struct settings *settings)
{
    struct progress *progress = mmap(NULL, sizeof *progress,
        PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    unsigned failed = 0;

    if (progress == MAP_FAILED)
        return 2;
    memset(progress, 0, sizeof *progress);
    while (progress->done < settings->seeds && failed < 10)
        failed += !run_child(settings, progress);
    fprintf(stderr,
        "seeds %" PRIu64 " from %" PRIu64 ", %" PRIu64 " turns, %" PRIu64
        " simulated hours, %u failed\n",
        progress->done, settings->from, progress->selects,
        progress->us / 3600000000u, failed);
    return failed > 0 || !has_bulk(settings, progress);
}

/* --- mistakes ------------------------------------------------------------- */

/* Whether the oracle that should finds this mistake in one of the runs. */
static bool
is_caught(enum mistake mistake)
{
    enum { TRIES = 400 };
    static struct scenario scenario;
    struct settings settings = {.mistake = mistake};

    for (uint64_t seed = 1; seed <= TRIES; seed++) {
        enum oracle found;
        pid_t child;

        draw(&scenario, seed, false);
        fflush(stdout);
        child = fork();
        if (child == 0)
            _exit((int)run(&scenario, &settings, NULL));
        found = (enum oracle)wait_for(child);
        if (found != mistake_oracle(mistake))
            continue;
        printf("%-12s is caught by %s, seed %" PRIu64 "\n",
            mistake_name(mistake), oracle_name(found), seed);
        return true;
    }
    return false;
}

static int
test_mistakes(void)
{
    int missed = 0;

    for (int i = 1; i < MISTAKES; i++) {
        if (is_caught((enum mistake)i))
            continue;
        printf("%s was not caught by the oracle %s\n",
            mistake_name((enum mistake)i),
            oracle_name(mistake_oracle((enum mistake)i)));
        missed++;
    }
    return missed > 0;
}

/* --- the command line ----------------------------------------------------- */

static int
run_file(const char *path)
{
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t len;

    if (file == NULL) {
        perror(path);
        return 2;
    }
    len = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    return sim_run_choices(bytes, len) != 0;
}

static enum mistake
find_mistake(const char *name)
{
    for (int i = 0; i < MISTAKES; i++)
        if (strcmp(mistake_name((enum mistake)i), name) == 0)
            return (enum mistake)i;
    fprintf(stderr, "leat-sim: no such mistake: %s\n", name);
    exit(2);
}

static bool
read_flag(struct settings *settings, const char *word)
{
    const struct {
        const char *word;
        bool *flag;
    } flags[] = {{"--trace", &settings->is_traced},
        {"--print", &settings->is_printed}, {"--hash", &settings->is_hashed},
        {"--shrink", &settings->is_shrunk},
        {"--exhaustive", &settings->is_small},
        {"--portable", &settings->is_portable},
        {"--mistakes", &settings->is_test}};

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(flags[i].word, word) != 0)
            continue;
        *flags[i].flag = true;
        return true;
    }
    return false;
}

static bool
read_value(struct settings *settings, const char *word, const char *value)
{
    if (strcmp(word, "--seed") == 0)
        settings->seed = strtoull(value, NULL, 0);
    else if (strcmp(word, "--seeds") == 0)
        settings->seeds = strtoull(value, NULL, 0);
    else if (strcmp(word, "--from") == 0)
        settings->from = strtoull(value, NULL, 0);
    else if (strcmp(word, "--shared") == 0)
        settings->shared = strtoull(value, NULL, 0);
    else if (strcmp(word, "--spares") == 0)
        settings->spares = strtoull(value, NULL, 0);
    else if (strcmp(word, "--depth") == 0)
        settings->depth = (unsigned)strtoul(value, NULL, 0);
    else if (strcmp(word, "--storms") == 0)
        settings->storms = (unsigned)strtoul(value, NULL, 0);
    else if (strcmp(word, "--choices") == 0)
        settings->choices = value;
    else if (strcmp(word, "--mistake") == 0)
        settings->mistake = find_mistake(value);
    else
        return false;
    return true;
}

static bool
read_words(struct settings *settings, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (read_flag(settings, argv[i]))
            continue;
        if (i + 1 == argc || !read_value(settings, argv[i], argv[i + 1]))
            return false;
        i++;
    }
    return argc > 1;
}

int
main(int argc, char **argv)
{
    struct settings settings = {.from = 1, .depth = 10};

    if (!read_words(&settings, argc, argv)) {
        fputs(usage, stderr);
        return 2;
    }
    (void)setenv("TZ", "UTC0", 1); /* leatd tells local time */
    tzset();
    if (settings.is_test)
        return test_mistakes();
    if (settings.is_small)
        return small_world(settings.depth, settings.storms);
    if (settings.choices != NULL)
        return run_file(settings.choices);
    return settings.seeds > 0 ? run_seeds(&settings) : run_seed(&settings);
}
