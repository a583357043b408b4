/*
 * log_line.c - one line of the log, key by key.
 *
 * On the path: server, client, notes -> HERE -> log.
 *
 * The form is a promise: time in UTC with milliseconds, level, message, then
 * key=value with one escaper for all values. A line is at most LOG_LINE bytes
 * long; one that would be longer is cut, its ending never.
 */
#include "log.h"

#include <string.h>

#include "wall.h"

/* Of one value; a longer one is cut and marked. */
#define VALUE_MAX 200u

/* Level and message are ours and need no escaping. */
static void
begin(struct log_line *line, enum log_level level, const char *message)
{
    static const char *const names[] = {" debug ", " info ", " warn "};

    text_init(&line->text, line->bytes, sizeof line->bytes);
    /* Without a clock the line is still worth having. */
    if (wall_put_now(&line->text, WALL_RFC3339MS) != 0)
        text_add(&line->text, "0000-00-00T00:00:00.000Z");
    text_add(&line->text, names[level]);
    text_add(&line->text, message);
}

bool
log_begin(const struct log *log, struct log_line *line, enum log_level level,
    const char *message)
{
    if (level < log->least)
        return false;
    begin(line, level, message);
    return true;
}

void
log_answer(struct log_line *line, const char *message)
{
    begin(line, LEVEL_INFO, message);
}

static void
add_key(struct log_line *line, const char *key)
{
    text_add(&line->text, " ");
    text_add(&line->text, key);
    text_add(&line->text, "=");
}

void
log_bytes(struct log_line *line, const char *key, const char *bytes, size_t len)
{
    add_key(line, key);
    text_value(&line->text, bytes, len < VALUE_MAX ? len : VALUE_MAX);
    if (len > VALUE_MAX)
        text_add(&line->text, "...");
}

void
log_value(struct log_line *line, const char *key, const char *value)
{
    log_bytes(line, key, value, strlen(value));
}

void
log_number(struct log_line *line, const char *key, uint64_t number)
{
    add_key(line, key);
    text_number(&line->text, number, 1);
}

/* A line without room for its ending would run into the next one. */
static void
end(struct log *log, struct log_line *line)
{
    /* The last byte of a line that is full gives way to its ending. */
    if (line->text.len + 1 >= line->text.size)
        line->text.len--;
    text_add(&line->text, "\n");
    log_push(log, line->text.bytes, line->text.len);
}

void
log_end(struct log *log, struct log_line *line)
{
    end(log, line);
    log_arm(log);
}

void
log_end_now(struct log *log, struct log_line *line)
{
    end(log, line);
    log_flush(log, 0);
}
