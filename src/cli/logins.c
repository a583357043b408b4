/*
 * logins.c - a login file: who may log in, and the hash of the password.
 *
 * On the path: a file -> HERE -> a hub of leatd, or leat passwd.
 *
 * Whatever is wrong in a file is told with the number of its line, and never
 * with the line: it may have a password in it.
 */
#include "logins.h"

#include <leat/error.h>

#include <crypt.h>
#include <errno.h>
#include <string.h>

#include "file.h"
#include "mem.h"
#include "text.h"

bool
logins_is_name(const char *text, size_t len)
{
    if (len < 1 || len > LOGINS_NAME)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_digit = c >= '0' && c <= '9';
        if (!is_letter && !is_digit && c != '_' && c != '.' && c != '-')
            return false;
    }
    return true;
}

/* --- what is wrong -------------------------------------------------------- */

struct reader {
    struct logins *logins;
    const char *path;
    size_t max_name;
    size_t line;
    struct complaint *wrong;
};

/* number is told after the words, unless it is 0. */
static int
complain(const struct reader *reader, const char *words, size_t number)
{
    char after[128];
    struct text text;

    text_init(&text, after, sizeof after);
    text_add(&text, ": line ");
    text_number(&text, reader->line, 1);
    text_add(&text, ": ");
    text_add(&text, words);
    if (number > 0)
        text_number(&text, number, 1);
    complaint_say(reader->wrong, "login file", reader->path, text.bytes);
    return -EINVAL;
}

static int
complain_file(const char *path, int error, struct complaint *wrong)
{
    char after[128];
    struct text text;

    text_init(&text, after, sizeof after);
    text_add(&text, ": ");
    text_add(
        &text, error == -EFBIG ? "longer than 1m" : leat_error_text(error));
    complaint_say(wrong, "cannot read login file", path, text.bytes);
    return error;
}

/* --- hashes --------------------------------------------------------------- */

/* Whether it ends with so many characters of a hash, and no more. */
static bool
ends_with(const char *text, size_t count)
{
    static const char alphabet[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz";

    return strlen(text) == count && strspn(text, alphabet) == count;
}

/* crypt(3) looks at the beginning only. What is behind the last $ has a length
 * of its own for each method. */
static bool
is_whole(const char *hash)
{
    static const struct {
        const char *prefix;
        size_t tail;
    } methods[] = {{"$y$", 43}, {"$gy$", 43}, {"$7$", 43}, {"$6$", 86},
        {"$5$", 43}, {"$2", 53}, {"$1$", 22}, {"$md5", 22}, {"$sha1", 28},
        {"$3$", 32}};

    if (hash[0] == '_')
        return ends_with(hash + 1, 19); /* DES as in BSDi */
    if (hash[0] != '$')
        return strlen(hash) >= 13 && ends_with(hash, strlen(hash)); /* DES */
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strncmp(hash, methods[i].prefix, strlen(methods[i].prefix)) == 0)
            return ends_with(strrchr(hash, '$') + 1, methods[i].tail);
    return true; /* crypt(3) knows it, we do not */
}

static const char *
judge_hash(const char *hash)
{
    if (*hash == '\0')
        return "no hash";
    if (strchr(hash, ':') != NULL)
        return "more than NAME:HASH";
    int verdict = crypt_checksalt(hash);
    if (verdict == CRYPT_SALT_INVALID || verdict == CRYPT_SALT_METHOD_DISABLED)
        return "no hash that crypt(3) knows";
    return is_whole(hash) ? NULL : "the hash is not whole";
}

/* --- lines ---------------------------------------------------------------- */

/* Where a name is or should be. */
static size_t
find_place(const struct logins *logins, const char *name)
{
    size_t low = 0, high = logins->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(logins->of[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int
add(const struct reader *reader, const char *name, const char *hash)
{
    struct logins *logins = reader->logins;
    size_t place = find_place(logins, name);
    struct login *there = logins->of + place;

    if (place < logins->count && strcmp(there->name, name) == 0)
        return complain(
            reader, "the name is there already, in line ", there->line);
    memmove(there + 1, there, (logins->count - place) * sizeof *there);
    *there = (struct login){name, hash, reader->line};
    logins->count++;
    return 0;
}

/* NUL-terminated, without its ending. */
static int
read_line(const struct reader *reader, char *line)
{
    char *colon = strchr(line, ':');

    if (line[0] == '#' || line[strspn(line, " \t")] == '\0')
        return 0;
    if (colon == NULL)
        return complain(reader, "no colon after the name", 0);
    *colon = '\0';
    size_t len = strlen(line);
    if (!logins_is_name(line, len))
        return complain(reader, "a name is 1-32 letters, digits, _ . and -", 0);
    if (len > reader->max_name)
        return complain(reader,
            "a name has at most max-name characters: ", reader->max_name);
    const char *why = judge_hash(colon + 1);
    return why != NULL ? complain(reader, why, 0)
                       : add(reader, line, colon + 1);
}

/* Each line is NUL-terminated in its place. */
static int
read_lines(struct reader *reader)
{
    char *at = reader->logins->bytes, *end = at + reader->logins->len;

    while (at < end) {
        char *feed = memchr(at, '\n', (size_t)(end - at));
        char *stop = feed != NULL ? feed : end;
        *stop = '\0';
        reader->line++;
        if (strlen(at) != (size_t)(stop - at))
            return complain(reader, "a zero byte", 0);
        if (stop > at && stop[-1] == '\r')
            stop[-1] = '\0';
        int error = read_line(reader, at);
        if (error != 0)
            return error;
        at = stop + 1;
    }
    return 0;
}

/* --- the file ------------------------------------------------------------- */

static size_t
count_lines(const char *bytes, size_t len)
{
    size_t count = 1;

    for (size_t i = 0; i < len; i++)
        count += bytes[i] == '\n';
    return count;
}

int
logins_parse(struct logins *logins, char *bytes, size_t len, const char *path,
    size_t max_name, struct complaint *wrong)
{
    struct reader reader = {logins, path, max_name, 0, wrong};

    *logins = (struct logins){.bytes = bytes, .len = len};
    logins->of = mem_take_array(count_lines(bytes, len), sizeof *logins->of);
    int error = logins->of == NULL ? complain_file(path, -ENOMEM, wrong)
                                   : read_lines(&reader);
    if (error != 0)
        logins_free(logins);
    return error;
}

int
logins_read(struct logins *logins, const char *path, size_t max_name,
    struct complaint *wrong)
{
    char *bytes;
    size_t len;
    int error = file_read(path, LOGINS_FILE, &bytes, &len);

    if (error != 0)
        return complain_file(path, error, wrong);
    error = logins_parse(logins, bytes, len, path, max_name, wrong);
    if (error == 0 && logins->count == 0) {
        logins_free(logins);
        complaint_say(wrong, "login file", path, ": nobody is in it");
        return -EINVAL;
    }
    return error;
}

void
logins_free(struct logins *logins)
{
    if (logins->bytes != NULL)
        explicit_bzero(logins->bytes, logins->len);
    mem_give(logins->bytes);
    mem_give(logins->of);
    *logins = (struct logins){.bytes = NULL};
}

const struct login *
logins_find(const struct logins *logins, const char *name, size_t len)
{
    char key[LOGINS_NAME + 1];

    if (!logins_is_name(name, len))
        return NULL;
    memcpy(key, name, len);
    key[len] = '\0';
    size_t place = find_place(logins, key);
    if (place == logins->count || strcmp(logins->of[place].name, key) != 0)
        return NULL;
    return &logins->of[place];
}
