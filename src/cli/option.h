/*
 * option.h - the options of a command: one table that is read and that is the
 * help.
 */
#ifndef LEAT_CLI_OPTION_H
#define LEAT_CLI_OPTION_H

#include "key.h"

/* Most rows of a table. */
#define OPTION_ROWS 24

struct option_row {
    struct key key;     /* offset is into the struct that is filled */
    char letter;        /* 0: none */
    const char *preset; /* value without one: the value is optional */
};

struct option_table {
    const char *command; /* whose --help tells more: "leatd" */
    const struct option_row *rows;
    size_t count; /* 1..OPTION_ROWS */
};

/*
 * Read the options of a command line into target. Words that are no options
 * are moved to the end of argv, but for the first word, which is the command;
 * after "--" none is an option.
 *
 * The place in argv of the first word that is none; -EINVAL with the complaint
 * filled.
 */
int option_read(const struct option_table *table, void *target, int argc,
    char **argv, struct complaint *wrong);

#endif
