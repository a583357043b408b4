/*
 * help.h - help in two columns: names, and what they mean.
 */
#ifndef LEAT_CLI_HELP_H
#define LEAT_CLI_HELP_H

#include "option.h"

/* What T and SIZE are, after an empty line. */
extern const char help_values[];

/* Begin a line with a name, which the caller may go on with. */
void help_name(struct text *text, const char *name);
/* What it means, and the end of the line. */
void help_meaning(struct text *text, const char *meaning);

/* The line of an option: its letter, its name, its value, its meaning. */
void help_option(struct text *text, const struct option_row *row);

#endif
