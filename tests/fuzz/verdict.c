/*
 * verdict.c - the assertions of Check without Check.
 *
 * The files of tests/support assert by ck_abort_msg. Check's own function tells
 * its runner, and here is none: the failure is printed and the program ends by
 * a signal, which libFuzzer and replay.c both take for a crash.
 */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* The names are Check's. */
void
_ck_assert_failed(
    const char *file, int line, const char *expr, const char *msg, ...)
{
    va_list args;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(args, msg);
    vfprintf(stderr, msg != NULL ? msg : "%s", args);
    va_end(args);
    fprintf(stderr, " (%s)\n", expr);
    abort();
}

void
_mark_point(const char *file, int line)
{
    (void)file, (void)line;
}
