/*
 * command.h - what a command of leat is: one file and one row in commands.c.
 */
#ifndef LEAT_COMMAND_H
#define LEAT_COMMAND_H

#include "cli/codes.h"
#include "cli/option.h"

/* What any command was told; each uses what its own options fill. */
struct options {
    bool help;
    bool verbose;         /* wait */
    int64_t timeout_us;   /* ask, wait; 0: none was given */
    size_t exactly;       /* ask: bytes of the answer; 0: none was given */
    bool until_eof;       /* ask */
    bool classic;         /* talk */
    size_t clients, size; /* bench, to the next blank line; 0: not given */
    int64_t time_us;
    size_t count;
    bool json;
    bool random, churn, fanout;
    size_t pipeline, in_flight;
    size_t idle, never_readers;
    size_t publishers, window;
    const char *subscribe, *publish; /* in argv */
    int server_pid;
    int64_t busy_poll_us;

    size_t cost; /* passwd; 0: none was given */

    char *const *words; /* in argv: what is no option */
    size_t word_count;
};

struct command {
    const char *name;
    const char *usage;   /* after the name: what must be said */
    const char *purpose; /* one line without a full stop */
    const char *more;    /* paragraphs of its own help; whole lines */
    size_t words_min, words_max;
    const struct option_row *rows; /* offsets are into struct options */
    size_t row_count;
    /* With CODE_OK nothing is complained of. */
    enum exit_code (*run)(
        const struct options *options, struct complaint *wrong);
};

#define OPTION(field) offsetof(struct options, field)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

extern const struct command command_ask, command_talk, command_wait,
    command_bench, command_passwd;

/* --- commands.c ----------------------------------------------------------- */

/* Options of leat's own, which stand where the command should. */
struct own {
    bool help, version;
};

extern const struct option_table own_options; /* fills struct own */

size_t command_count(void);
const struct command *command_at(size_t index);

/* By its name; NULL with the complaint filled. */
const struct command *command_find(const char *name, struct complaint *wrong);

/*
 * Read the words after the name of a command. argv[0] is that name.
 *
 * 0, or -EINVAL with the complaint filled. With help set no word is counted.
 */
int command_read(const struct command *command, struct options *options,
    int argc, char **argv, struct complaint *wrong);

/* --- help.c --------------------------------------------------------------- */

/* Enough for either. */
#define HELP_SIZE 8192

void help_all(struct text *text);
void help_command(struct text *text, const struct command *command);

#endif
