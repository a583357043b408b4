/*
 * options.c - the command line: one table that is read and that is the help.
 *
 * On the path: main -> HERE -> listener_spec.
 */
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "cli/mem.h"

#define OPTION(field) offsetof(struct options, field)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* In the order of enum leat_park. */
static const char *const park_words[] = {"auto", "off", "eager", NULL};

/* In the order of the help. An option that takes no value is a flag; one with a
 * preset may be given without a value. */
static const struct option_row rows[] = {
    {{"help", &key_flag, OPTION(help), 0, 0, NULL, "print this and end"}, 'h',
        NULL},
    {{"version", &key_flag, OPTION(version), 0, 0, NULL,
         "print the version and end"},
        'V', NULL},
    {{"verbose", &key_flag, OPTION(verbose), 0, 0, NULL,
         "log more: each connection as it opens"},
        'v', NULL},
    {{"quiet", &key_flag, OPTION(quiet), 0, 0, NULL, "log warnings only"}, 'q',
        NULL},
    {{"max-conns", &key_count, OPTION(max_conns), 1, 0, NULL,
         "most clients at once; default: open files - 32"},
        0, NULL},
    {{"max-memory", &key_size, OPTION(max_memory), 1, 0, NULL,
         "most bytes queued and held for all; default 256m"},
        0, NULL},
    {{"busy-poll", &key_time, OPTION(busy_poll_us), 0, 1000000, NULL,
         "poll for T before each wait; default 0s, off"},
        0, NULL},
    {{"park", &key_word, OPTION(park), 0, 0, park_words,
         "where quiet clients wait; eager is for tests"},
        0, NULL},
    {{"no-park", &key_flag, OPTION(no_park), 0, 0, NULL,
         "the same as --park=off: select() watches them all"},
        0, NULL},
    {{"drain", &key_time, OPTION(drain_us), 0, 0, NULL,
         "how long TERM and INT may take; default 5s"},
        0, NULL},
    {{"ready-fd", &key_int, OPTION(ready_fd), 0, 0, NULL,
         "write a line with the ports to descriptor N"},
        0, NULL},
    {{"ready-file", &key_file, OPTION(ready_file), 1, 0, NULL,
         "write it to a file, which appears as a whole"},
        0, NULL},
    {{"die-with-parent", &key_flag, OPTION(die_with_parent), 0, 0, NULL,
         "end when the starting thread of the parent ends"},
        0, NULL},
    {{"die-with-stdin", &key_flag, OPTION(die_with_stdin), 0, 0, NULL,
         "end at the end of file on standard input"},
        0, NULL},
    {{"lifetime", &key_time, OPTION(lifetime_us), 1000, 0, NULL, "end after T"},
        0, NULL},
    {{"exit-when-idle", &key_time, OPTION(idle_us), 1000, 0, NULL,
         "end after T without a client; default of T: 10s"},
        0, "10s"},
};

const struct option_row *
options_rows(size_t *count)
{
    *count = COUNT(rows);
    return rows;
}

/* --- reading -------------------------------------------------------------- */

/* On error what was read so far is counted and will be released. */
static int
read_listeners(struct options *options, char **words, size_t count,
    struct complaint *wrong)
{
    options->specs = mem_take_array(count, sizeof *options->specs);
    if (options->specs == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        int error = listener_spec_parse(&options->specs[i], words[i], wrong);
        if (error != 0)
            return error;
        options->spec_count = i + 1;
    }
    return listener_spec_name(options->specs, count, wrong);
}

/* The log is on 2, so that nothing else may be written there. */
static int
check(const struct options *options, struct complaint *wrong)
{
    if (options->ready_fd != 2)
        return 0;
    complaint_say(wrong, "wrong value", "2",
        ": ready-fd must be another one, standard error carries the log");
    return -EINVAL;
}

int
options_parse(
    struct options *options, int argc, char **argv, struct complaint *wrong)
{
    const struct option_table table = {"leatd", rows, COUNT(rows)};

    *options = (struct options){.drain_us = 5000000, .ready_fd = -1};
    int first = option_read(&table, options, argc, argv, wrong);
    if (first < 0 || options->help || options->version)
        return first < 0 ? first : 0;
    int error = check(options, wrong);
    if (error != 0)
        return error;

    options->is_default = first >= argc;
    if (options->is_default) {
        char fallback[] = OPTIONS_DEFAULT;
        char *only[] = {fallback};
        error = read_listeners(options, only, 1, wrong);
    } else {
        error = read_listeners(
            options, argv + first, (size_t)(argc - first), wrong);
    }
    if (error != 0)
        options_fini(options);
    return error;
}

void
options_fini(struct options *options)
{
    for (size_t i = 0; i < options->spec_count; i++)
        listener_spec_fini(&options->specs[i]);
    mem_give(options->specs);
    options->specs = NULL;
    options->spec_count = 0;
}
