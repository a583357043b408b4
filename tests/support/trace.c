/*
 * trace.c - a line of words that callbacks write and tests read.
 */
#include "trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "run.h"

static char line[4096];
static size_t len;

void
trace_init(void)
{
    len = 0;
    line[0] = '\0';
}

void
trace(const char *format, ...)
{
    char words[128];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);

    const char *between = len > 0 ? ", " : "";
    ck_assert_uint_lt(len + strlen(words) + 2, sizeof line);
    len +=
        (size_t)snprintf(line + len, sizeof line - len, "%s%s", between, words);
}

void
trace_expect(const char *expected)
{
    ck_assert_str_eq(line, expected);
    trace_init();
}
