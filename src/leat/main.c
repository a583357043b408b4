/*
 * main.c - leat from its first moment to its exit status.
 *
 * On the path: the shell -> HERE -> a command -> HERE -> the shell.
 */
#include "command.h"

#include <errno.h>

#include "cli/print.h"
#include "cli/proc.h"

/* The one place where a failure is told. */
static enum exit_code
tell(enum exit_code code, const struct complaint *wrong)
{
    if (code != CODE_OK)
        complaint_tell(wrong, "leat");
    return code;
}

static enum exit_code
print_help(const struct command *command)
{
    char bytes[HELP_SIZE];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    if (command != NULL)
        help_command(&text, command);
    else
        help_all(&text);
    return print_text(&text, "leat");
}

/* argv[0] is the name of the command, as getopt_long wants one there. */
static enum exit_code
run_command(int argc, char **argv)
{
    struct options options = {0};
    struct complaint wrong;
    const struct command *command = command_find(argv[0], &wrong);

    if (command == NULL ||
        command_read(command, &options, argc, argv, &wrong) != 0)
        return tell(CODE_USAGE, &wrong);
    if (options.help)
        return print_help(command);
    return tell(command->run(&options, &wrong), &wrong);
}

/* argv[0] is leat. */
static enum exit_code
run_options(int argc, char **argv)
{
    struct own own = {false, false};
    struct complaint wrong;

    if (option_read(&own_options, &own, argc, argv, &wrong) < 0)
        return tell(CODE_USAGE, &wrong);
    if (own.help)
        return print_help(NULL);
    if (own.version)
        return print_version("leat");
    complaint_say(&wrong, "no command; see leat --help", NULL, "");
    return tell(CODE_USAGE, &wrong);
}

int main(int argc, char **argv);

int
main(int argc, char **argv)
{
    if (proc_guard() != 0)
        return CODE_FAILED; /* there is nowhere to tell it */
    proc_ignore();
    if (argc > 1 && argv[1][0] != '-')
        return (int)run_command(argc - 1, argv + 1);
    /* Of the words that follow, none but the first can be an option of leat's
     * own: --help of a command comes after its name. */
    return (int)run_options(argc > 1 ? 2 : 1, argv);
}
