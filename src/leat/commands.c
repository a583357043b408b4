/*
 * commands.c - the commands there are, and how their words are read.
 *
 * On the path: main -> HERE -> main -> the command.
 */
#include "command.h"

#include <errno.h>
#include <string.h>

#include "cli/nearest.h"

/* In the order of the help. */
static const struct command *const commands[] = {&command_ask, &command_talk,
    &command_wait, &command_bench, &command_passwd};

static const struct option_row own_rows[] = {
    {{"help", &key_flag, offsetof(struct own, help), 0, 0, NULL,
         "print this and end"},
        'h', NULL},
    {{"version", &key_flag, offsetof(struct own, version), 0, 0, NULL,
         "print the version and end"},
        'V', NULL},
};

const struct option_table own_options = {"leat", own_rows, COUNT(own_rows)};

size_t
command_count(void)
{
    return COUNT(commands);
}

const struct command *
command_at(size_t index)
{
    return commands[index];
}

/* In full: an abbreviation would break when a command is added. */
const struct command *
command_find(const char *name, struct complaint *wrong)
{
    char bytes[64];
    struct text after;
    struct nearest nearest;

    nearest_init(&nearest, name);
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
        nearest_offer(&nearest, commands[i]->name);
    }
    text_init(&after, bytes, sizeof bytes);
    text_add(&after, "; the nearest there is: ");
    text_add(&after, nearest.best);
    complaint_say(wrong, "unknown command", name, after.bytes);
    return NULL;
}

/* Named together, for the name alone does not tell which one is missing. */
static int
complain_missing(const struct command *command, struct complaint *wrong)
{
    char bytes[128];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    text_add(&text, "too few words; it is: leat ");
    text_add(&text, command->name);
    text_add(&text, " ");
    text_add(&text, command->usage);
    complaint_say(wrong, text.bytes, NULL, "");
    return -EINVAL;
}

/* getopt_long has moved the words that are no options behind the others. */
int
command_read(const struct command *command, struct options *options, int argc,
    char **argv, struct complaint *wrong)
{
    char name[32];
    struct text text;

    text_init(&text, name, sizeof name);
    text_add(&text, "leat ");
    text_add(&text, command->name);
    const struct option_table table = {name, command->rows, command->row_count};
    int first = option_read(&table, options, argc, argv, wrong);
    if (first < 0)
        return first;
    options->words = argv + first;
    options->word_count = (size_t)(argc - first);
    if (options->help)
        return 0;
    if (options->word_count < command->words_min)
        return complain_missing(command, wrong);
    if (options->word_count <= command->words_max)
        return 0;
    complaint_say(wrong,
        "one word too many:", options->words[command->words_max],
        "; a text with spaces needs quotes");
    return -EINVAL;
}
