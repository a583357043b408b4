/*
 * hub_model_text.c - what a hub lets out of what is said to it.
 */
#include "hub_model.h"

#include <stdio.h>
#include <string.h>

/* The code point that starts here and how long it is; -1: that is no UTF-8. */
static long
decode(const unsigned char *at, size_t left, size_t *len)
{
    static const long least[] = {0, 0, 0x80, 0x800, 0x10000};
    long code = at[0];

    *len = 1;
    if (code < 0x80)
        return code;
    if (code >= 0xf8 || code < 0xc0)
        return -1;
    size_t want = code >= 0xf0 ? 4 : code >= 0xe0 ? 3 : 2;
    code &= want == 4 ? 7 : want == 3 ? 15 : 31;
    for (size_t i = 1; i < want; i++) {
        if (i >= left || (at[i] & 0xc0) != 0x80)
            return -1;
        code = code << 6 | (at[i] & 0x3f);
    }
    bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < least[want] || code > 0x10ffff || is_surrogate)
        return -1;
    *len = want;
    return code;
}

size_t
model_escape(char *to, const char *text, size_t len)
{
    const unsigned char *at = (const unsigned char *)text;
    char *start = to;

    while (len > 0) {
        size_t size;
        long code = decode(at, len, &size);
        bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
        if (code == '\\')
            to += sprintf(to, "\\\\");
        else if (!is_control)
            to = (char *)memcpy(to, at, size) + size;
        else
            to += sprintf(to, "\\x%02X", at[0]);
        size = is_control ? 1 : size;
        at += size;
        len -= size;
    }
    return (size_t)(to - start);
}
