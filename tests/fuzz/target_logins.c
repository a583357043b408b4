/*
 * target_logins.c - login files: whatever is in one, it is taken as a whole or
 * a line of it is named; what is taken is what a second reading finds.
 */
#include "fuzz.h"

#include "cli/logins.h"
#include "cli/mem.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MOST 4096u
#define NAME_MOST 12u

/* Lines that should be entries: neither blank nor a comment. */
static size_t
count_entries(const uint8_t *bytes, size_t len)
{
    size_t count = 0;

    for (size_t at = 0; at < len; at++) {
        bool is_blank = bytes[at] != '#';
        size_t first = at;
        for (; at < len && bytes[at] != '\n'; at++) {
            bool is_last = at + 1 == len || bytes[at + 1] == '\n';
            bool is_cr = bytes[at] == '\r' && is_last;
            is_blank &= bytes[at] == ' ' || bytes[at] == '\t' || is_cr;
        }
        count += !is_blank && !(first < len && bytes[first] == '#');
    }
    return count;
}

/* It stands in its line as NAME:HASH. */
static void
check_entry(const struct login *login, const uint8_t *bytes, size_t len)
{
    const uint8_t *at = bytes, *end = bytes + len;
    size_t name_len = strlen(login->name), hash_len = strlen(login->hash);

    for (size_t line = 1; line < login->line; line++) {
        at = memchr(at, '\n', (size_t)(end - at));
        quick_assert(at != NULL);
        at++;
    }
    quick_assert((size_t)(end - at) >= name_len + 1 + hash_len);
    quick_assert(memcmp(at, login->name, name_len) == 0);
    quick_assert(at[name_len] == ':');
    quick_assert(memcmp(at + name_len + 1, login->hash, hash_len) == 0);
    at += name_len + 1 + hash_len;
    quick_assert(at == end || *at == '\n' || *at == '\r');
}

static void
check_taken(const struct logins *logins, const uint8_t *bytes, size_t len)
{
    quick_assert(logins->count == count_entries(bytes, len) + is_mistaken);
    for (size_t i = 0; i < logins->count; i++) {
        const struct login *login = &logins->of[i];
        size_t name_len = strlen(login->name);
        quick_assert(name_len <= NAME_MOST);
        quick_assert(logins_is_name(login->name, name_len));
        quick_assert(i == 0 || strcmp(login[-1].name, login->name) < 0);
        quick_assert(logins_find(logins, login->name, name_len) == login);
        quick_assert(strlen(login->hash) >= 13);
        quick_assert(strchr(login->hash, ':') == NULL);
        check_entry(login, bytes, len);
    }
}

/* "login file 'F': line N: why", with a line that there is. */
static void
check_refused(const struct complaint *wrong, const uint8_t *bytes, size_t len)
{
    static const char before[] = "login file 'F': line ";
    size_t lines = 1;

    for (size_t i = 0; i < len; i++)
        lines += bytes[i] == '\n';
    quick_assert(strncmp(wrong->text, before, sizeof before - 1) == 0);
    unsigned long line = strtoul(wrong->text + sizeof before - 1, NULL, 10);
    quick_assert(line >= 1 && line <= lines);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct logins logins;
    struct complaint wrong;

    if (len > TEXT_MOST)
        return 0;
    char *copy = mem_take(len + 1);
    quick_assert(copy != NULL);
    memcpy(copy, bytes, len);
    if (logins_parse(&logins, copy, len, "F", NAME_MOST, &wrong) != 0) {
        check_refused(&wrong, bytes, len);
        return 0;
    }
    check_taken(&logins, bytes, len);
    logins_free(&logins);
    return 0;
}
