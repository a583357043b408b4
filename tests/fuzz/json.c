/*
 * json.c - a strict reader of JSON.
 */
#include "json.h"

#include <string.h>

#include "support/quick.h"

void
json_expect(struct json *json, const char *text)
{
    size_t len = strlen(text);

    quick_assert((size_t)(json->end - json->at) >= len);
    if (memcmp(json->at, text, len) != 0)
        ck_abort_msg("no %s at: %.40s", text, json->at);
    json->at += len;
}

uint64_t
json_number(struct json *json)
{
    const char *start = json->at;
    uint64_t number = 0;

    while (json->at < json->end && *json->at >= '0' && *json->at <= '9')
        number = number * 10 + (uint64_t)(*json->at++ - '0');
    quick_assert(json->at > start && json->at - start < 20);
    quick_assert(start[0] != '0' || json->at - start == 1);
    return number;
}

/* --- UTF-8 ---------------------------------------------------------------- */

/* A character by its number; returns its bytes. */
static size_t
encode(uint32_t code, uint8_t *to)
{
    static const struct {
        uint32_t below, lead;
    } forms[] = {{0x80, 0}, {0x800, 0xc0}, {0x10000, 0xe0}, {0x110000, 0xf0}};
    size_t len = 1;

    while (code >= forms[len - 1].below)
        len++;
    for (size_t i = len; i-- > 1; code >>= 6)
        to[i] = (uint8_t)(0x80 | (code & 0x3f));
    to[0] = (uint8_t)(forms[len - 1].lead | code);
    return len;
}

/* How many bytes the character here has; 0 none begins here. It is taken apart,
 * and what is put together again must be the same bytes. */
static size_t
character(const uint8_t *from, size_t left)
{
    uint8_t again[4];
    size_t len = from[0] < 0x80         ? 1
                 : from[0] >> 5 == 0x06 ? 2
                 : from[0] >> 4 == 0x0e ? 3
                 : from[0] >> 3 == 0x1e ? 4
                                        : 0;
    if (len == 0 || len > left)
        return 0;
    uint32_t code = len == 1 ? from[0] : from[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++)
        code = code << 6 | (from[i] & 0x3f);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return encode(code, again) == len && memcmp(again, from, len) == 0 ? len
                                                                       : 0;
}

size_t
json_clean(const uint8_t *from, size_t len, uint8_t bytes[JSON_STRING_MAX])
{
    size_t at = 0, made = 0;

    quick_assert(len <= JSON_STRING_MAX / 3);
    while (at < len) {
        size_t step = character(from + at, len - at);
        if (step == 0) {
            made += encode(0xfffd, bytes + made);
            at++;
            continue;
        }
        memcpy(bytes + made, from + at, step);
        made += step;
        at += step;
    }
    return made;
}

/* --- strings -------------------------------------------------------------- */

static uint32_t
hex4(struct json *json)
{
    static const char digits[] = "0123456789abcdef";
    uint32_t code = 0;

    for (int i = 0; i < 4; i++) {
        quick_assert(json->at < json->end && *json->at != '\0');
        const char *digit = strchr(digits, *json->at++);
        quick_assert(digit != NULL);
        code = code << 4 | (uint32_t)(digit - digits);
    }
    return code;
}

/* Behind the backslash. No surrogates: leat writes such characters as they
 * are. */
static size_t
escape(struct json *json, uint8_t *to)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";

    quick_assert(json->at < json->end && *json->at != '\0');
    char letter = *json->at++;
    const char *found = strchr(letters, letter);
    if (found != NULL) {
        to[0] = (uint8_t)meanings[found - letters];
        return 1;
    }
    quick_assert(letter == 'u');
    uint32_t code = hex4(json);
    quick_assert(code < 0xd800 || code > 0xdfff);
    return encode(code, to);
}

size_t
json_string(struct json *json, uint8_t bytes[JSON_STRING_MAX])
{
    size_t len = 0;

    json_expect(json, "\"");
    for (;;) {
        quick_assert(json->at < json->end && len + 4 <= JSON_STRING_MAX);
        uint8_t byte = (uint8_t)*json->at;
        if (byte == '"')
            break;
        if (byte == '\\') {
            json->at++;
            len += escape(json, bytes + len);
            continue;
        }
        quick_assert(byte >= 0x20 && byte != 0x7f);
        const uint8_t *from = (const uint8_t *)json->at;
        size_t step = character(from, (size_t)(json->end - json->at));
        quick_assert(step > 0);
        memcpy(bytes + len, from, step);
        len += step;
        json->at += step;
    }
    json->at++;
    return len;
}
