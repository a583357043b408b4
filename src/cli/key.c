/*
 * key.c - key=value as a row of a table: name, type, where it goes, and help.
 *
 * On the path: options, listener_spec -> HERE -> the struct they fill.
 *
 * Every type writes one C type of field. memcpy does it, so that a wrong row
 * cannot break the rules of aliasing; the tests hold each row of the tables.
 */
#include "key.h"

#include <leat/api.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "units.h"

/* -EDOM, where -ERANGE is a number that no field could hold. */
static int
check_bounds(const struct key *key, uint64_t number)
{
    if (number < key->min || (key->max != 0 && number > key->max))
        return -EDOM;
    return 0;
}

/* --- setting a field ------------------------------------------------------ */

/* Odd places mean true. A key without a value comes here as "true". */
static int
set_flag(const struct key *key, void *field, const char *value)
{
    static const char *const words[] = {
        "false", "true", "no", "yes", "off", "on"};
    (void)key;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], value) != 0)
            continue;
        bool flag = i % 2 == 1;
        memcpy(field, &flag, sizeof flag);
        return 0;
    }
    return -EINVAL;
}

/* Not copied: the text is in argv, or in the copy that listener_spec keeps. The
 * bounds are those of its length. */
static int
set_text(const struct key *key, void *field, const char *value)
{
    int error = check_bounds(key, strlen(value));

    if (error == 0)
        memcpy(field, &value, sizeof value);
    return error;
}

/* Two checks: that the number fits into the field, and that it is one that
 * makes sense. The first must come before the number is made narrower. */
static int
set_count(const struct key *key, void *field, const char *value)
{
    uint64_t number;
    int error = units_number(value, &number);

    if (error == 0)
        error = number > SIZE_MAX ? -ERANGE : check_bounds(key, number);
    if (error != 0)
        return error;
    size_t count = (size_t)number;
    memcpy(field, &count, sizeof count);
    return 0;
}

static int
set_int(const struct key *key, void *field, const char *value)
{
    uint64_t number;
    int error = units_number(value, &number);

    if (error == 0)
        error = number > INT_MAX ? -ERANGE : check_bounds(key, number);
    if (error != 0)
        return error;
    int narrow = (int)number;
    memcpy(field, &narrow, sizeof narrow);
    return 0;
}

/* Permissions of a file, without the bits for set-user-id and the like: those
 * are outside the bounds of every row. */
static int
set_mode(const struct key *key, void *field, const char *value)
{
    unsigned mode;
    int error = units_mode(value, &mode);

    if (error == 0)
        error = check_bounds(key, mode);
    if (error == 0)
        memcpy(field, &mode, sizeof mode);
    return error;
}

static int
set_size(const struct key *key, void *field, const char *value)
{
    size_t bytes;
    int error = units_size(value, &bytes);

    if (error == 0)
        error = check_bounds(key, bytes);
    if (error == 0)
        memcpy(field, &bytes, sizeof bytes);
    return error;
}

/* off is a word of its own, because 0 is "the default" in every structure of
 * the library. */
static int
set_size_or_off(const struct key *key, void *field, const char *value)
{
    const size_t off = LEAT_OFF;

    if (strcmp(value, "off") != 0)
        return set_size(key, field, value);
    memcpy(field, &off, sizeof off);
    return 0;
}

static int
set_time(const struct key *key, void *field, const char *value)
{
    int64_t time_us;
    int error = units_time(value, &time_us);

    if (error == 0)
        error = check_bounds(key, (uint64_t)time_us);
    if (error == 0)
        memcpy(field, &time_us, sizeof time_us);
    return error;
}

/* As above; a negative time is what the library calls off. */
static int
set_time_or_off(const struct key *key, void *field, const char *value)
{
    const int64_t off = -1;

    if (strcmp(value, "off") != 0)
        return set_time(key, field, value);
    memcpy(field, &off, sizeof off);
    return 0;
}

static int
set_word(const struct key *key, void *field, const char *value)
{
    /* An enum without negative members is an unsigned or an int: the bytes of
     * a small number are the same in both. */
    unsigned place = 0;

    while (key->words[place] != NULL && strcmp(key->words[place], value) != 0)
        place++;
    if (key->words[place] == NULL)
        return -EINVAL;
    memcpy(field, &place, sizeof place);
    return 0;
}

/* --- bounds in complaints ------------------------------------------------- */

static void
show_number(struct text *text, uint64_t number)
{
    text_number(text, number, 1);
}

/* Three digits, as they are written. */
static void
show_octal(struct text *text, uint64_t number)
{
    for (int shift = 6; shift >= 0; shift -= 3)
        text_number(text, number >> shift & 7, 1);
}

/* In the largest unit that leaves no rest: 72k, not 73728. */
static void
show_size(struct text *text, uint64_t number)
{
    static const char *const units[] = {"", "k", "m", "g"};
    size_t unit = 0;

    for (; unit < 3 && number != 0 && number % 1024 == 0; unit++)
        number /= 1024;
    text_number(text, number, 1);
    text_add(text, units[unit]);
}

static void
show_time(struct text *text, uint64_t number)
{
    bool is_whole = number % 1000000 == 0;

    text_number(text, number / (is_whole ? 1000000 : 1000), 1);
    text_add(text, is_whole ? "s" : "ms");
}

/* --- the types ------------------------------------------------------------ */

/* shape stands in the help, rule ends the sentence "NAME must be ...". */
const struct key_type key_flag = {
    "BOOL", "true or false, yes or no, on or off", set_flag, NULL};
const struct key_type key_text = {"TEXT", "text", set_text, show_number};
const struct key_type key_file = {"FILE", "a path", set_text, show_number};
const struct key_type key_count = {
    "N", "a number of decimal digits", set_count, show_number};
const struct key_type key_int = {
    "N", "a number of decimal digits", set_int, show_number};
const struct key_type key_mode = {
    "MODE", "octal permissions, such as 660", set_mode, show_octal};
const struct key_type key_size = {"SIZE",
    "a size: bytes, or with k, m or g, such as 64k", set_size, show_size};
const struct key_type key_size_or_off = {"SIZE|off",
    "off or a size: bytes, or with k, m or g, such as 64k", set_size_or_off,
    show_size};
const struct key_type key_time = {
    "T", "a time with its unit: 50us 500ms 30s 5m 1h 2d", set_time, show_time};
const struct key_type key_time_or_off = {"T|off",
    "off or a time with its unit: 50us 500ms 30s 5m 1h 2d", set_time_or_off,
    show_time};
const struct key_type key_word = {NULL, "one of ", set_word, NULL};

/* --- for all -------------------------------------------------------------- */

/* Words have no shape of their own: it is the words. */
void
key_shape(const struct key *key, struct text *text)
{
    if (key->type->shape != NULL) {
        text_add(text, key->type->shape);
        return;
    }
    for (size_t i = 0; key->words[i] != NULL; i++) {
        text_add(text, i > 0 ? "|" : "");
        text_add(text, key->words[i]);
    }
}

/* Only the row knows them, so they are not part of the rule. */
static void
add_bounds(const struct key *key, struct text *text)
{
    key->type->show(text, key->min);
    text_add(text, key->max == 0 ? " or more" : " to ");
    if (key->max != 0)
        key->type->show(text, key->max);
    text_add(text, key->type->set == set_text ? " bytes long" : "");
}

/* The value first, as that is what must be changed, then what it should be. */
static void
complain(const struct key *key, const char *value, int error,
    struct complaint *wrong)
{
    char bytes[256];
    struct text after;

    text_init(&after, bytes, sizeof bytes);
    text_add(&after, ": ");
    text_add(&after, key->name);
    text_add(&after, " must be ");
    if (error == -ERANGE && key->max == 0) {
        text_add(&after, "a smaller number");
    } else if (error == -ERANGE || error == -EDOM) {
        add_bounds(key, &after);
    } else {
        text_add(&after, key->type->rule);
        if (key->type->shape == NULL)
            key_shape(key, &after);
    }
    complaint_say(wrong, "wrong value", value, after.bytes);
}

int
key_set(const struct key *key, void *target, const char *value,
    struct complaint *wrong)
{
    void *field = (char *)target + key->offset;

    if (value == NULL && key->type != &key_flag) {
        complaint_say(wrong, "no value for", key->name, "");
        return -EINVAL;
    }
    if (value == NULL)
        value = "true";
    int error = key->type->set(key, field, value);
    if (error != 0)
        complain(key, value, error, wrong);
    return error == 0 ? 0 : -EINVAL;
}
