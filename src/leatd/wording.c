/*
 * wording.c - what a service says, as it is written on the command line.
 *
 * On the path: prepare of fixed and greet, on_open of greet -> HERE -> text.
 *
 * Escapes and words are found in one pass, so that neither can make the other:
 * \x25 is a % that begins no word.
 */
#include "wording.h"

#include <errno.h>
#include <string.h>

/* --- C escapes ------------------------------------------------------------ */

/* 0..15, or -1. */
static int
hex_value(char digit)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = digit != '\0' ? strchr(digits, digit) : NULL;

    return found == NULL ? -1 : (int)(found - digits) % 16;
}

/* at is behind the backslash. Returns how many characters the escape has
 * there; 0: it is none. The NUL at the end is no digit: nothing is read behind
 * it. */
static size_t
put_escape(struct text *text, const char *at)
{
    static const char letters[] = "nrt\\", meanings[] = "\n\r\t\\";
    const char *letter = at[0] != '\0' ? strchr(letters, at[0]) : NULL;

    if (letter != NULL) {
        text_put(text, &meanings[letter - letters], 1);
        return 1;
    }
    if (at[0] != 'x' || hex_value(at[1]) < 0 || hex_value(at[2]) < 0)
        return 0;
    char byte = (char)(hex_value(at[1]) * 16 + hex_value(at[2]));
    text_put(text, &byte, 1);
    return 3;
}

/* --- words ---------------------------------------------------------------- */

/* The same, behind a percent sign. No name is the beginning of another, so the
 * order of the rows does not matter. */
static size_t
put_word(struct text *text, const char *at, const struct wording *words)
{
    const struct {
        const char *name, *meaning;
    } rows[] = {{"%", "%"}, {"peer", words->peer}, {"time", words->time}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].name);
        if (strncmp(at, rows[i].name, len) != 0)
            continue;
        text_add(text, rows[i].meaning);
        return len;
    }
    return 0;
}

/* --- all of it ------------------------------------------------------------ */

const char *
wording_put(struct text *text, const char *source, const struct wording *words)
{
    const char *special = words != NULL ? "\\%" : "\\";

    for (;;) {
        /* A stretch without anything special, then what is special. */
        size_t plain = strcspn(source, special);
        text_put(text, source, plain);
        source += plain;
        if (source[0] == '\0')
            return NULL;
        size_t len = words != NULL && source[0] == '%'
                         ? put_word(text, source + 1, words)
                         : put_escape(text, source + 1);
        if (len == 0)
            return source;
        source += 1 + len;
    }
}

/* A few characters are enough to find the place by; the whole text may be long.
 */
int
wording_prepare(struct text *text, const char *source,
    const struct wording *words, struct complaint *wrong)
{
    const char *bad = wording_put(text, source, words);

    if (bad != NULL) {
        char piece[6] = "";
        memcpy(piece, bad, strnlen(bad, sizeof piece - 1));
        complaint_say(wrong, "unknown escape", piece,
            words != NULL ? "; there are \\n \\r \\t \\\\ \\xHH %peer %time %%"
                          : "; there are \\n \\r \\t \\\\ \\xHH");
        return -EINVAL;
    }
    if (text->is_cut) {
        complaint_say(
            wrong, "too long with its words written out:", source, "");
        return -EINVAL;
    }
    return 0;
}
