/*
 * print.h - what --help and --version print.
 */
#ifndef LEAT_CLI_PRINT_H
#define LEAT_CLI_PRINT_H

#include "codes.h"
#include "text.h"

/* To standard output, all of it; program is who complains when that fails. */
enum exit_code print_text(const struct text *text, const char *program);

/* The name of the program and the version. */
enum exit_code print_version(const char *program);

#endif
