/*
 * blame.c - the first thing that went wrong in a run.
 */
#include "blame.h"

#include <stdarg.h>
#include <stdio.h>

static char told[256];

void
blame(const char *format, ...)
{
    va_list args;

    if (told[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(told, sizeof told, format, args);
    va_end(args);
}

const char *
blame_told(void)
{
    return told[0] == '\0' ? (const char *)0 : told;
}

void
blame_forget(void)
{
    told[0] = '\0';
}
