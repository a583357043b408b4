/*
 * help.c - what leat --help and leat COMMAND --help print.
 *
 * On the path: main -> HERE -> standard output. Whoever adds a command or an
 * option has written its help with it.
 */
#include "command.h"

#include "cli/address.h"
#include "cli/help.h"

/* Lines of prose are at most 76 columns, those of the tables at most 80. */
static const char head[] = "Usage: leat COMMAND [OPTIONS] [WORD]...\n"
                           "Talk to servers over TCP and unix sockets.\n"
                           "\n"
                           "Commands:\n";

static const char pointer[] =
    "\n"
    "leat COMMAND --help tells the options of a command.\n"
    "\n";

/* The kernel's answer to a connect there; what leatd means by it. */
static const char addresses[] =
    "As a place to connect to, every address means this host. Where a word\n"
    "stands for several addresses they are tried in turn, 127.0.0.1 before\n"
    "::1.\n";

static const char foot[] =
    "\n"
    "Exit status:\n"
    "  0  done\n"
    "  1  refused, closed too early, timed out, or another failure\n"
    "  2  wrong command, option or word\n";

static const char examples[] =
    "\n"
    "Examples:\n"
    "  leatd --ready-file=ready echo:7000 & leat wait 7000\n"
    "  leat ask 7000 'Hello, world'\n"
    "  leat ask --until-eof unix:/run/leatd.sock - <request >answer\n"
    "  leat talk localhost:7000\n"
    "  leat bench 7000 -c 100 -d 5s --json\n"
    "  leat passwd /etc/leat/logins anna\n";

void
help_all(struct text *text)
{
    text_add(text, head);
    for (size_t i = 0; i < command_count(); i++) {
        const struct command *command = command_at(i);
        help_name(text, command->name);
        text_add(text, " ");
        text_add(text, command->usage);
        help_meaning(text, command->purpose);
    }
    text_add(text, "\nOptions:\n");
    for (size_t i = 0; i < own_options.count; i++)
        help_option(text, &own_options.rows[i]);
    text_add(text, pointer);
    text_add(text, address_help);
    text_add(text, addresses);
    text_add(text, foot);
    text_add(text, examples);
}

void
help_command(struct text *text, const struct command *command)
{
    text_add(text, "Usage: leat ");
    text_add(text, command->name);
    text_add(text, " [OPTIONS] ");
    text_add(text, command->usage);
    text_add(text, "\n\n");
    text_add(text, command->more);
    text_add(text, "\nOptions:\n");
    for (size_t i = 0; i < command->row_count; i++)
        help_option(text, &command->rows[i]);
    text_add(text, help_values);
    text_add(text, "A word that begins with - comes after --. leat --help "
                   "tells what ADDRESS is.\n");
    text_add(text, foot);
}
