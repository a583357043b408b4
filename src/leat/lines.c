/*
 * lines.c - numbered lines that every subscriber must get once and in order.
 *
 * On the path: bench_fanout.c -> HERE -> server -> HERE -> bench_fanout.c.
 *
 * A line is "leat=RUN.PUBLISHER.NUMBER." and letters that follow from both
 * numbers. Who gets it is compared with the text that was made, so a line is
 * made once, however many get it.
 *
 * Invariants, of each publisher:
 *  1. done <= next of each subscriber that is present <= sent <= done + window
 *  2. the line of a number is in slot number % window while it is under way,
 *     and its missing is how many of those that are present have next <= number
 */
#include "lines.h"

#include <errno.h>
#include <string.h>

#include "cli/mem.h"
#include "cli/text.h"

/* next of one that is no more. */
#define GONE UINT64_MAX

/* --- memory --------------------------------------------------------------- */

static void
write_mark(struct lines *lines)
{
    static const char digits[] = "0123456789abcdef";
    struct text text;

    text_init(&text, lines->mark, sizeof lines->mark);
    text_add(&text, "leat=");
    for (int shift = 28; shift >= 0; shift -= 4)
        text_put(&text, &digits[lines->is.run >> shift & 15], 1);
    text_add(&text, ".");
}

int
lines_open(struct lines *lines, const struct lines_shape *shape)
{
    size_t slots = shape->publishers * shape->window;

    *lines = (struct lines){.is = *shape, .present = shape->subscribers};
    write_mark(lines);
    lines->sent = mem_take_array(shape->publishers, sizeof *lines->sent);
    lines->done = mem_take_array(shape->publishers, sizeof *lines->done);
    lines->next = mem_take_array(
        shape->subscribers, shape->publishers * sizeof *lines->next);
    lines->slots = mem_take_array(slots, sizeof *lines->slots);
    lines->texts = mem_take_array(slots, shape->size);
    if (lines->sent != NULL && lines->done != NULL && lines->next != NULL &&
        lines->slots != NULL && lines->texts != NULL)
        return 0;
    lines_close(lines);
    return -ENOMEM;
}

void
lines_close(struct lines *lines)
{
    mem_give(lines->sent);
    mem_give(lines->done);
    mem_give(lines->next);
    mem_give(lines->slots);
    mem_give(lines->texts);
    *lines = (struct lines){.present = 0};
}

static size_t
slot_of(const struct lines *lines, size_t publisher, uint64_t number)
{
    return publisher * lines->is.window + (size_t)(number % lines->is.window);
}

static uint64_t *
next_of(const struct lines *lines, size_t subscriber, size_t publisher)
{
    return &lines->next[subscriber * lines->is.publishers + publisher];
}

/* --- said ----------------------------------------------------------------- */

bool
lines_may(const struct lines *lines, size_t publisher)
{
    return lines->present > 0 &&
           lines->sent[publisher] - lines->done[publisher] < lines->is.window;
}

const char *
lines_make(struct lines *lines, size_t publisher, int64_t now_us)
{
    uint64_t number = lines->sent[publisher]++;
    size_t slot = slot_of(lines, publisher, number);
    char *bytes = lines->texts + slot * lines->is.size;
    uint32_t state = (uint32_t)(number * 31 + publisher * 7 + 1);
    struct text text;

    lines->slots[slot] = (struct lines_slot){now_us, lines->present};
    text_init(&text, bytes, lines->is.size);
    text_add(&text, lines->mark);
    text_number(&text, publisher, 1);
    text_add(&text, ".");
    text_number(&text, number, 1);
    text_add(&text, ".");
    /* The numbers of Knuth's generator; the high bits are the good ones. */
    for (size_t i = text.len; i + 1 < lines->is.size; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (char)('a' + (state >> 16) % 26);
    }
    bytes[lines->is.size - 1] = '\n';
    return bytes;
}

void
lines_probe(const struct lines *lines, struct text *text)
{
    text_add(text, lines->mark);
    text_add(text, "probe\n");
}

/* --- heard ---------------------------------------------------------------- */

/* Where what follows the mark begins; NULL: it is not there. The words before
 * it are mostly as long as they were the last time. */
static const unsigned char *
find_mark(const struct lines *lines, const unsigned char *bytes, size_t len)
{
    size_t mark = strlen(lines->mark);

    if (len < mark)
        return NULL;
    if (lines->offset <= len - mark &&
        memcmp(bytes + lines->offset, lines->mark, mark) == 0)
        return bytes + lines->offset + mark;
    for (size_t i = 0; i <= len - mark; i++)
        if (memcmp(bytes + i, lines->mark, mark) == 0)
            return bytes + i + mark;
    return NULL;
}

/* A number that ends with a dot, and *at behind it; false: it is none. */
static bool
read_number(
    const unsigned char **at, const unsigned char *end, uint64_t *number)
{
    const unsigned char *start = *at;

    *number = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++)
        *number = *number * 10 + (uint64_t)(**at - '0');
    if (*at == start || *at == end || **at != '.')
        return false;
    (*at)++;
    return true;
}

/* Those that all have got are done, in their order: no subscriber is ahead. */
static void
settle(struct lines *lines, size_t publisher)
{
    uint64_t *done = &lines->done[publisher];

    while (*done < lines->sent[publisher] &&
           lines->slots[slot_of(lines, publisher, *done)].missing == 0)
        (*done)++;
}

enum lines_kind
lines_take(struct lines *lines, size_t subscriber, const unsigned char *bytes,
    size_t len, struct lines_news *news)
{
    const unsigned char *end = bytes + len;
    const unsigned char *at = find_mark(lines, bytes, len);
    uint64_t publisher;

    if (at == NULL)
        return LINES_OTHER;
    const unsigned char *start = at - strlen(lines->mark);
    lines->offset = (size_t)(start - bytes);
    if (at < end && *at == 'p')
        return LINES_PROBE;
    if (!read_number(&at, end, &publisher) || publisher >= lines->is.publishers)
        return LINES_WRONG;
    uint64_t *next = next_of(lines, subscriber, publisher);
    if (*next >= lines->sent[publisher])
        return LINES_WRONG; /* nobody has said that yet */
    size_t slot = slot_of(lines, publisher, *next);
    if ((size_t)(end - start) != lines->is.size - 1 ||
        memcmp(start, lines->texts + slot * lines->is.size,
            lines->is.size - 1) != 0)
        return LINES_WRONG;
    news->publisher = publisher;
    news->sent_us = lines->slots[slot].sent_us;
    (*next)++;
    if (--lines->slots[slot].missing == 0)
        settle(lines, publisher);
    return LINES_RIGHT;
}

static void
add(struct text *text, const char *words, uint64_t number)
{
    text_add(text, words);
    text_number(text, number, 1);
}

void
lines_explain(const struct lines *lines, size_t subscriber,
    const unsigned char *bytes, size_t len, struct text *text)
{
    const unsigned char *end = bytes + len;
    const unsigned char *at = find_mark(lines, bytes, len);
    uint64_t publisher, number;

    add(text, "subscriber ", subscriber);
    if (at == NULL || !read_number(&at, end, &publisher) ||
        !read_number(&at, end, &number) || publisher >= lines->is.publishers) {
        text_add(text, " got a line that nobody has said");
        return;
    }
    uint64_t next = *next_of(lines, subscriber, publisher);
    add(text, " got message ", number);
    add(text, " of publisher ", publisher);
    if (number != next)
        add(text, " in the place of ", next);
    else
        text_add(text, " with wrong bytes");
}

/* --- subscribers come and go ---------------------------------------------- */

void
lines_drop(struct lines *lines, size_t subscriber)
{
    lines->present--;
    for (size_t i = 0; i < lines->is.publishers; i++) {
        uint64_t *next = next_of(lines, subscriber, i);
        for (uint64_t n = *next; n < lines->sent[i]; n++)
            lines->slots[slot_of(lines, i, n)].missing--;
        *next = GONE;
        settle(lines, i);
    }
}

uint64_t
lines_under_way(const struct lines *lines)
{
    uint64_t count = 0;

    for (size_t i = 0; i < lines->is.publishers; i++)
        count += lines->sent[i] - lines->done[i];
    return count;
}

bool
lines_behind(const struct lines *lines, struct text *text)
{
    for (size_t i = 0; i < lines->is.subscribers; i++) {
        for (size_t j = 0; j < lines->is.publishers; j++) {
            uint64_t next = *next_of(lines, i, j);
            if (next >= lines->sent[j])
                continue;
            add(text, "subscriber ", i);
            add(text, " has not got message ", next);
            add(text, " of publisher ", j);
            return true;
        }
    }
    return false;
}
