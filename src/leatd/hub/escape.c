/*
 * escape.c - what text may contain on its way to a terminal.
 *
 * On the path: say -> HERE.
 *
 * UTF-8 passes, but for control characters (C0, C1, DEL). All other bytes are
 * written as \xHH, and a backslash as two, so that what was said can be told
 * from what was escaped.
 */
#include "hub.h"

#include <string.h>

#define ESCAPED 4u /* \xHH */

/* The lead bytes of UTF-8, and what may follow the first of them: RFC 3629,
 * section 4. C1 is what C2 leads up to 9F. */
static const struct form {
    unsigned char first, last; /* lead byte */
    unsigned char low, high;   /* the byte after it */
    unsigned char len;
} forms[] = {
    {0xc2, 0xc2, 0xa0, 0xbf, 2},
    {0xc3, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static bool
has_form(const struct form *form, const unsigned char *bytes, size_t len)
{
    if (len < form->len || bytes[1] < form->low || bytes[1] > form->high)
        return false;
    for (size_t i = 2; i < form->len; i++)
        if (bytes[i] < 0x80 || bytes[i] > 0xbf)
            return false;
    return true;
}

/* How many bytes from here on pass as they are, being one character; 0: the
 * first one does not. */
static size_t
passes(const unsigned char *bytes, size_t len)
{
    if (bytes[0] >= 0x20 && bytes[0] < 0x7f)
        return bytes[0] != '\\';
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (bytes[0] >= forms[i].first && bytes[0] <= forms[i].last)
            return has_form(&forms[i], bytes, len) ? forms[i].len : 0;
    return 0;
}

size_t
escape_size(const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t size = 0;

    for (size_t at = 0; at < len;) {
        size_t whole = passes(bytes + at, len - at);
        if (whole > 0)
            size += whole;
        else
            size += bytes[at] == '\\' ? 2 : ESCAPED;
        at += whole > 0 ? whole : 1;
    }
    return size;
}

static char *
escape(char *to, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";

    *to++ = '\\';
    if (byte == '\\') {
        *to++ = '\\';
        return to;
    }
    *to++ = 'x';
    *to++ = digits[byte >> 4];
    *to++ = digits[byte & 15];
    return to;
}

void
escape_write(char *to, const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;

    for (size_t at = 0; at < len;) {
        size_t whole = passes(bytes + at, len - at);
        if (whole > 0) {
            memcpy(to, bytes + at, whole);
            to += whole;
            at += whole;
        } else {
            to = escape(to, bytes[at++]);
        }
    }
}
