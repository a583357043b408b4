/*
 * text.c - text put together in a buffer of fixed size.
 *
 * On the path: every line that leatd and leat write. What comes from outside
 * passes one of the escapers here, so that no peer and no file name can forge a
 * line of the log or upset a terminal.
 *
 * Invariants:
 *  1. len < size, and bytes[len] is NUL
 *  2. is_cut => some bytes were left out; later ones may still be put
 */
#include "text.h"

#include <assert.h>
#include <string.h>

void
text_init(struct text *text, char *bytes, size_t size)
{
    assert(size > 0);
    *text = (struct text){.bytes = bytes, .size = size};
    bytes[0] = '\0';
}

void
text_put(struct text *text, const char *bytes, size_t len)
{
    size_t room = text->size - 1 - text->len;
    if (len > room) {
        text->is_cut = true;
        len = room;
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = '\0';
}

void
text_add(struct text *text, const char *string)
{
    text_put(text, string, strlen(string));
}

/* Digits are made from the last to the first. */
void
text_number(struct text *text, uint64_t number, unsigned width)
{
    char digits[24]; /* 2^64 has 20 */
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (sizeof digits - at < width && at > 0)
        digits[--at] = '0';
    text_put(text, digits + at, sizeof digits - at);
}

void
text_column(struct text *text, size_t column)
{
    size_t start = text->len;
    while (start > 0 && text->bytes[start - 1] != '\n')
        start--;
    size_t at = text->len - start;

    if (at > 0 && at >= column) {
        text_add(text, "\n");
        at = 0;
    }
    for (; at < column; at++)
        text_add(text, " ");
}

/* --- the log's escapes ---------------------------------------------------- */

static bool
is_printable(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f;
}

/* start is what makes two hexadecimal digits an escape in this language. */
static void
put_hex(struct text *text, const char *start, unsigned char byte)
{
    const char hex[] = "0123456789abcdef";
    const char digits[] = {hex[byte >> 4], hex[byte & 15]};

    text_add(text, start);
    text_put(text, digits, sizeof digits);
}

static void
put_escaped(struct text *text, const char *bytes, size_t len, bool is_quoted)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (!is_printable(byte))
            put_hex(text, "\\x", byte);
        else if (byte == '\\')
            text_add(text, "\\\\");
        else if (byte == '"' && is_quoted)
            text_add(text, "\\\"");
        else
            text_put(text, &bytes[i], 1);
    }
}

void
text_escaped(struct text *text, const char *bytes, size_t len)
{
    put_escaped(text, bytes, len, false);
}

void
text_value(struct text *text, const char *bytes, size_t len)
{
    bool is_quoted = len == 0 || memchr(bytes, ' ', len) != NULL ||
                     memchr(bytes, '"', len) != NULL;

    text_add(text, is_quoted ? "\"" : "");
    put_escaped(text, bytes, len, is_quoted);
    text_add(text, is_quoted ? "\"" : "");
}

/* --- JSON ----------------------------------------------------------------- */

/* UTF-8 by its first byte: how long, and what the second byte may be. The
 * narrow ranges keep out overlong forms, surrogates and what is beyond
 * U+10FFFF (RFC 3629, section 4). */
static const struct {
    unsigned char first, last, len, low, high;
} sequences[] = {
    {0x00, 0x7f, 1, 0, 0},
    {0xc2, 0xdf, 2, 0x80, 0xbf},
    {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f},
    {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf},
    {0xf1, 0xf3, 4, 0x80, 0xbf},
    {0xf4, 0xf4, 4, 0x80, 0x8f},
};

/* How many bytes the character here has; 0 where there is none. */
static size_t
utf8_len(const unsigned char *bytes, size_t len)
{
    size_t row = 0;
    while (bytes[0] < sequences[row].first || bytes[0] > sequences[row].last)
        if (++row == sizeof sequences / sizeof sequences[0])
            return 0;

    size_t want = sequences[row].len;
    if (want == 1)
        return 1;
    if (want > len || bytes[1] < sequences[row].low ||
        bytes[1] > sequences[row].high)
        return 0;
    for (size_t i = 2; i < want; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return want;
}

/* RFC 8259, section 7: these must be escaped, all others may stand. DEL is not
 * one of them, but would upset a terminal. */
static void
put_json_char(struct text *text, const char *bytes, size_t len)
{
    unsigned char byte = (unsigned char)bytes[0];

    if (len == 1 && (byte == '"' || byte == '\\'))
        text_add(text, "\\");
    if (len == 1 && (byte < 0x20 || byte == 0x7f))
        put_hex(text, "\\u00", byte);
    else
        text_put(text, bytes, len);
}

void
text_json(struct text *text, const char *bytes, size_t len)
{
    text_add(text, "\"");
    while (len > 0) {
        size_t step = utf8_len((const unsigned char *)bytes, len);
        if (step > 0)
            put_json_char(text, bytes, step);
        else
            text_add(text, "\\ufffd");
        step += step == 0;
        bytes += step;
        len -= step;
    }
    text_add(text, "\"");
}
