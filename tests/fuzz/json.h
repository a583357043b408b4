/*
 * json.h - a strict reader of JSON (RFC 8259) for what leat writes: no
 * leniency, no numbers but whole ones, no control character, valid UTF-8.
 *
 * It goes over the text once, member by member, and asserts; so the caller
 * says what must come next, in order.
 */
#ifndef TESTS_JSON_H
#define TESTS_JSON_H

#include <stddef.h>
#include <stdint.h>

struct json {
    const char *at, *end;
};

#define JSON_STRING_MAX 8192u

/* These characters and no others. */
void json_expect(struct json *json, const char *text);
/* A whole number without sign or leading zeros. */
uint64_t json_number(struct json *json);
/* A string: its bytes in UTF-8, NULs included; returns how many. */
size_t json_string(struct json *json, uint8_t bytes[JSON_STRING_MAX]);
/* What any bytes are as UTF-8: each byte that belongs to no character becomes
 * U+FFFD. Written in another way than leat's own; len is at most a third of
 * JSON_STRING_MAX. */
size_t json_clean(
    const uint8_t *from, size_t len, uint8_t bytes[JSON_STRING_MAX]);

#endif
