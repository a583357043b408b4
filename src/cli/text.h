/*
 * text.h - text put together in a buffer of fixed size.
 *
 * The buffer always ends with a NUL; what does not fit is left out and
 * remembered, never written past the end.
 */
#ifndef LEAT_CLI_TEXT_H
#define LEAT_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *bytes; /* NUL-terminated; the caller's */
    size_t size; /* of the buffer, 1 or more */
    size_t len;  /* without the NUL */
    bool is_cut; /* something did not fit */
};

void text_init(struct text *text, char *bytes, size_t size);
void text_put(struct text *text, const char *bytes, size_t len);
void text_add(struct text *text, const char *string);
/* Decimal digits, at least width of them. */
void text_number(struct text *text, uint64_t number, unsigned width);
/* Go to a column of the line, with a space at least; on a new line where the
 * text is past it. */
void text_column(struct text *text, size_t column);

/*
 * A value as the log has it: printable ASCII as it is, other bytes as \xHH,
 * a backslash as \\. An empty value, and one with a space or a quote, stands
 * in double quotes, where a double quote is \".
 */
void text_value(struct text *text, const char *bytes, size_t len);

/* The same escapes, without quotes around it. */
void text_escaped(struct text *text, const char *bytes, size_t len);

/* A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void text_json(struct text *text, const char *bytes, size_t len);

#endif
