/*
 * replay.c - main() of a fuzzer without libFuzzer: each file of a corpus, then
 * mutations of them, the same ones in every run.
 *
 *     fuzz_queue CORPUS [MUTATIONS]
 *
 * CORPUS is a directory, or one file: then that one only. On a failure the
 * input is left in the working directory as replay-<program>. The status is 0,
 * 1 after a failure, 2 when there is nothing to replay.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/dice.h"

#define FILES_MAX 1024
#define INPUT_MAX 8192

struct unit {
    size_t len;
    uint8_t *bytes;
};

static struct unit units[FILES_MAX];
static size_t unit_count;
static struct unit current; /* what runs, for the handler */
static char reproducer[256];

/* --- a failure ------------------------------------------------------------ */

/* Only what a signal handler may call. */
static void
save(int signal)
{
    int fd = open(reproducer, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    static const char words[] = "replay: failed; the input is in ";
    (void)signal;

    if (fd < 0 || write(fd, current.bytes, current.len) < 0 ||
        write(2, words, sizeof words - 1) < 0 ||
        write(2, reproducer, strlen(reproducer)) < 0 || write(2, "\n", 1) < 0)
        _exit(2);
    _exit(1);
}

static void
catch_failures(const char *program)
{
    static const int ends[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    const struct sigaction action = {.sa_handler = save};
    const char *slash = strrchr(program, '/');

    snprintf(reproducer, sizeof reproducer, "replay-%s",
        slash != NULL ? slash + 1 : program);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        sigaction(ends[i], &action, NULL);
}

static void
run(struct unit unit)
{
    current = unit;
    LLVMFuzzerTestOneInput(unit.bytes, unit.len);
}

/* --- the corpus ----------------------------------------------------------- */

static int
read_unit(const char *path)
{
    struct unit unit;
    FILE *file = fopen(path, "rb");

    if (file == NULL || unit_count == FILES_MAX) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        return -1;
    }
    unit.bytes = malloc(INPUT_MAX);
    unit.len = unit.bytes == NULL ? 0 : fread(unit.bytes, 1, INPUT_MAX, file);
    fclose(file);
    /* Of its own size, so that reading past it is noticed. */
    unit.bytes = realloc(unit.bytes, unit.len + (unit.len == 0));
    if (unit.bytes == NULL)
        return -1;
    units[unit_count++] = unit;
    return 0;
}

/* In the order of their names, on every machine. */
static int
read_corpus(const char *path)
{
    struct dirent **names;
    struct stat st;
    char file[1024];
    int error = 0;

    if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
        return read_unit(path);
    int count = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && read_unit(file) != 0)
            error = -1;
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return error;
}

/* --- mutations ------------------------------------------------------------ */

/* Each changes bytes, of which INPUT_MAX have room. */
typedef void (*mutate_fn)(struct unit *unit, struct dice *dice);

static void
flip(struct unit *unit, struct dice *dice)
{
    if (unit->len > 0)
        unit->bytes[dice_roll(dice, unit->len)] ^=
            (uint8_t)(1u << dice_roll(dice, 8));
}

static void
replace(struct unit *unit, struct dice *dice)
{
    static const uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff, '\n', '\r', '\\'};

    if (unit->len > 0)
        unit->bytes[dice_roll(dice, unit->len)] =
            dice_roll(dice, 2) == 0 ? telling[dice_roll(dice, sizeof telling)]
                                    : (uint8_t)dice_roll(dice, 256);
}

static void
leave_out(struct unit *unit, struct dice *dice)
{
    if (unit->len == 0)
        return;
    size_t at = dice_roll(dice, unit->len);
    size_t n = 1 + dice_roll(dice, unit->len - at);

    memmove(unit->bytes + at, unit->bytes + at + n, unit->len - at - n);
    unit->len -= n;
}

static void
repeat(struct unit *unit, struct dice *dice)
{
    if (unit->len == 0)
        return;
    size_t at = dice_roll(dice, unit->len);
    size_t n = 1 + dice_roll(dice, unit->len - at);

    if (n > INPUT_MAX - unit->len)
        return;
    memmove(unit->bytes + at + n, unit->bytes + at, unit->len - at);
    unit->len += n;
}

/* The rest of another file. */
static void
cross(struct unit *unit, struct dice *dice)
{
    const struct unit *other = &units[dice_roll(dice, unit_count)];
    size_t at = dice_roll(dice, unit->len + 1);
    size_t from = dice_roll(dice, other->len + 1);
    size_t n = other->len - from;

    if (n > INPUT_MAX - at)
        n = INPUT_MAX - at;
    memcpy(unit->bytes + at, other->bytes + from, n);
    unit->len = at + n;
}

/* One that was a file, changed in one to eight places. */
static void
run_mutation(struct dice *dice)
{
    static const mutate_fn ways[] = {flip, replace, leave_out, repeat, cross};
    static uint8_t bytes[INPUT_MAX];
    const struct unit *from = &units[dice_roll(dice, unit_count)];
    struct unit unit = {from->len, bytes};

    memcpy(bytes, from->bytes, from->len);
    for (size_t left = (size_t)1 << dice_roll(dice, 4); left > 0; left--)
        ways[dice_roll(dice, sizeof ways / sizeof ways[0])](&unit, dice);
    uint8_t *exact = malloc(unit.len + (unit.len == 0));
    if (exact == NULL)
        abort();
    memcpy(exact, bytes, unit.len);
    run((struct unit){unit.len, exact});
    free(exact);
}

int
main(int argc, char **argv)
{
    struct dice dice = {1};
    size_t mutations = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 0;

    if (argc < 2 || read_corpus(argv[1]) != 0 || unit_count == 0) {
        fprintf(stderr, "replay: no corpus to replay\n");
        return 2;
    }
    catch_failures(argv[0]);
    run((struct unit){0, units[0].bytes});
    for (size_t i = 0; i < unit_count; i++)
        run(units[i]);
    for (size_t i = 0; i < mutations; i++)
        run_mutation(&dice);
    printf("replay: %zu files and %zu mutations\n", unit_count, mutations);
    for (size_t i = 0; i < unit_count; i++)
        free(units[i].bytes);
    return 0;
}
