/*
 * complaint.c - what is wrong with a start, in one line that names the word.
 *
 * On the path: start-up -> HERE -> standard error. The functions that find a
 * mistake only write it down, so that tests can read it; main tells it.
 */
#include "complaint.h"

#include <string.h>

#include "output.h"
#include "text.h"

void
complaint_say(struct complaint *complaint, const char *before, const char *word,
    const char *after)
{
    struct text text;

    text_init(&text, complaint->text, sizeof complaint->text);
    text_add(&text, before);
    if (word != NULL) {
        text_add(&text, " '");
        /* Half of the room at most: what follows the word must be read too. */
        text_escaped(&text, word, strnlen(word, sizeof complaint->text / 8));
        text_add(&text, "'");
    }
    text_add(&text, after);
}

void
complaint_tell(const struct complaint *complaint, const char *program)
{
    char line[sizeof complaint->text + 16];
    struct text text;

    text_init(&text, line, sizeof line);
    text_add(&text, program);
    text_add(&text, ": ");
    text_add(&text, complaint->text);
    text_add(&text, "\n");
    output_offer(2, line, text.len);
}
