/*
 * print.c - what --help and --version print.
 *
 * On the path: main -> HERE -> standard output. Both are what a script may
 * read, so they are not on standard error.
 */
#include "print.h"

#include <leat/error.h>
#include <leat/leat.h>

#include "complaint.h"
#include "output.h"

/* To a pipe or a file, which may be full; that must not look like success. */
enum exit_code
print_text(const struct text *text, const char *program)
{
    int error = output_all(1, text->bytes, text->len);
    struct complaint wrong;

    if (error == 0)
        return CODE_OK;
    complaint_say(&wrong, "cannot write to standard output: ", NULL,
        leat_error_text(error));
    complaint_tell(&wrong, program);
    return CODE_FAILED;
}

enum exit_code
print_version(const char *program)
{
    char bytes[64];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    text_add(&text, program);
    text_add(&text, " ");
    text_add(&text, leat_version());
    text_add(&text, "\n");
    return print_text(&text, program);
}
