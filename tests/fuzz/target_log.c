/*
 * target_log.c - a line of the log is one line of printable characters, and
 * what was put into it can be had back.
 *
 * Fields of the input, each ended by 0xfe, become values of one line. The line
 * is taken apart by a reader of its own, written from the promise in
 * docs/operations: values end at a blank, a quoted one at its quote; \\, \" and
 * \xHH stand for a byte.
 */
#include "fuzz.h"

#include "leatd/log.h"

#include <string.h>

#define VALUES_MOST 8
#define VALUE_MOST 4096u
/* Of a value; more is cut and marked with dots. */
#define VALUE_KEPT 200u

struct value {
    const uint8_t *bytes;
    size_t len;
};

/* --- the reader ----------------------------------------------------------- */

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    quick_assert(c >= 'a' && c <= 'f');
    return c - 'a' + 10;
}

/* One byte of a value; moves *at past it. */
static uint8_t
read_byte(const char **at)
{
    const char *from = *at;

    *at += 1;
    if (from[0] != '\\')
        return (uint8_t)from[0];
    *at += 1;
    if (from[1] == '\\' || from[1] == '"')
        return (uint8_t)from[1];
    quick_assert(from[1] == 'x');
    *at += 2;
    return (uint8_t)(hex_digit(from[2]) * 16 + hex_digit(from[3]));
}

/* Takes " k=VALUE" off the line and holds it against what was put in. */
static const char *
read_value(const char *at, struct value value)
{
    size_t kept = value.len < VALUE_KEPT ? value.len : VALUE_KEPT;

    quick_assert(strncmp(at, " k=", 3) == 0);
    at += 3;
    char end = at[0] == '"' ? '"' : ' ';
    at += end == '"';
    for (size_t i = 0; i < kept; i++) {
        quick_assert(at[0] != end && at[0] != '\n' && at[0] != '\0');
        quick_eq(read_byte(&at), value.bytes[i]);
    }
    if (end == '"') {
        quick_assert(at[0] == '"');
        at++;
    }
    if (value.len > VALUE_KEPT) {
        quick_assert(strncmp(at, "...", 3) == 0);
        at += 3;
    }
    return at;
}

/* --- the line ------------------------------------------------------------- */

static void
put_value(struct log_line *line, struct value value)
{
    char copy[VALUE_MOST];
    size_t len = 0;

    for (size_t i = 0; i < value.len; i++) {
        /* The mistake: a backslash before an x is not told from an escape. */
        bool is_lost = is_mistaken && i + 1 < value.len &&
                       value.bytes[i] == '\\' && value.bytes[i + 1] == 'x';
        if (!is_lost)
            copy[len++] = (char)value.bytes[i];
    }
    log_bytes(line, "k", copy, len);
}

/* What holds of any line, a cut one too. */
static void
check_form(const struct log *log)
{
    size_t len = log->used;

    quick_assert(len > 1 && len <= LOG_LINE);
    quick_assert(log->ring[len - 1] == '\n');
    for (size_t i = 0; i + 1 < len; i++)
        quick_assert(log->ring[i] >= ' ' && log->ring[i] < 0x7f);
}

static size_t
take_values(struct input *input, struct value values[VALUES_MOST])
{
    size_t count = 0;

    while (input->left > 0 && count < VALUES_MOST) {
        const uint8_t *end = memchr(input->at, 0xfe, input->left);
        size_t len = end != NULL ? (size_t)(end - input->at) : input->left;
        if (len > VALUE_MOST)
            len = VALUE_MOST;
        values[count].bytes = input_take(input, &len);
        values[count++].len = len;
        (void)input_byte(input); /* the end */
    }
    return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct log log; /* for its size; log_init sets what is used */
    struct input input = {bytes, len};
    struct value values[VALUES_MOST];
    size_t count = take_values(&input, values);
    struct log_line line;

    log_init(&log, 2, LEVEL_DEBUG);
    log.watch = NULL;
    log_answer(&line, "said");
    for (size_t i = 0; i < count; i++)
        put_value(&line, values[i]);
    bool is_cut = line.text.is_cut || line.text.len + 1 >= line.text.size;
    log_end(&log, &line);
    check_form(&log);

    char text[LOG_LINE + 1];
    memcpy(text, log.ring, log.used);
    text[log.used] = '\0';
    const char *at = strstr(text, " info said");
    quick_assert(at != NULL);
    at += strlen(" info said");
    for (size_t i = 0; i < count && !is_cut; i++)
        at = read_value(at, values[i]);
    if (!is_cut)
        quick_assert(strcmp(at, "\n") == 0);
    return 0;
}
