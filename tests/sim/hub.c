/*
 * hub.c - what a hub passes on: whole lines of who says them, each once and in
 * their order, and those for one to nobody else.
 *
 * A client's first line gives it the name mNN, NN being the number of its
 * meeting. Each line after that can be worked out from NN and its own number,
 * so whoever hears one knows whether it is right.
 */
#include "parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES 10u      /* whom lines are for */
#define TEXT 36u       /* of a line, without its ending */
#define DIRECT_HEAD 5u /* "@mNN " */
#define NAME_LEN 3u    /* "mNN" */
#define MARK_LEN 2u    /* "> " or ": " */

struct ear {
    char line[128];
    size_t len;
    bool is_long;
    int64_t last[MEETINGS][2]; /* line heard of each, to all and to one */
    uint64_t gaps;             /* lines that were left out in between */
};

static struct ear ears[MEETINGS];

void
hub_meet(const struct meeting *meeting)
{
    struct ear *ear = &ears[meeting->number];

    ear->len = 0;
    ear->is_long = false;
    ear->gaps = 0;
    for (unsigned i = 0; i < MEETINGS; i++)
        ear->last[i][0] = ear->last[i][1] = -1;
}

/* --- what is said ----------------------------------------------------------
 */

static bool
is_direct(uint64_t line)
{
    return line % 3 == 2;
}

static unsigned
addressee(unsigned number, uint64_t line)
{
    return (unsigned)((number * 3 + line) % NAMES);
}

static char
digit(uint64_t number, uint64_t place)
{
    return (char)('0' + number / place % 10);
}

/* The text of a line: "NN LLLLL letters". */
static char
text_at(unsigned number, uint64_t line, unsigned column)
{
    static const uint64_t places[] = {10000, 1000, 100, 10, 1};

    if (column < 2)
        return digit(number, column == 0 ? 10 : 1);
    if (column >= 3 && column < 8)
        return digit(line, places[column - 3]);
    if (column == 2 || column == 8)
        return ' ';
    return (char)('a' + (number * 7 + line * 5 + column) % 26);
}

static char
line_at(unsigned number, uint64_t line, unsigned column)
{
    static const char nick[] = "/nick m";
    const unsigned at = sizeof nick - 1;

    if (line == 0 && column < at)
        return nick[column];
    if (line == 0)
        return column < at + 2 ? digit(number, column == at ? 10 : 1) : ' ';
    if (!is_direct(line))
        return text_at(number, line, column);
    if (column >= DIRECT_HEAD)
        return text_at(number, line, column - DIRECT_HEAD);
    if (column == 2 || column == 3)
        return digit(addressee(number, line), column == 2 ? 10 : 1);
    return column == 0 ? '@' : column == 1 ? 'm' : ' ';
}

unsigned char
hub_byte(const struct meeting *meeting, uint64_t at)
{
    unsigned column = (unsigned)(at % (TEXT + 1));

    if (column == TEXT)
        return '\n';
    return (unsigned char)line_at(meeting->number, at / (TEXT + 1), column);
}

/* --- what is heard ----------------------------------------------------------
 */

static bool
is_text(const char *text, size_t len, unsigned number, uint64_t line)
{
    for (unsigned i = 0; i < len; i++)
        if (text[i] != text_at(number, line, i))
            return false;
    return true;
}

/* Lines of this kind between two of one sender. */
static uint64_t
count_between(
    int64_t last, uint64_t line, bool direct, unsigned to, unsigned from)
{
    uint64_t count = 0;

    for (uint64_t i = (uint64_t)last + 1; last >= 0 && i < line; i++)
        if (is_direct(i) == direct && (!direct || addressee(from, i) == to))
            count++;
    return count;
}

static void
judge_message(const struct meeting *meeting, unsigned from, bool direct,
    const char *text, size_t len)
{
    struct ear *ear = &ears[meeting->number];
    const struct meeting *sender = &sim.meeting[from];
    size_t whole = direct ? TEXT - DIRECT_HEAD : TEXT;
    /* Only a last one may be shorter. */
    uint64_t line =
        len == whole ? strtoul(text + 3, NULL, 10) : sender->sent / (TEXT + 1);

    if (from >= sim.meetings || len > whole || len == 0 ||
        !is_text(text, len, from, line) ||
        (len < whole && !sender->has_fin && !sender->has_left))
        sim_fail(ORACLE_BYTES, "meeting %u hears of %u: %s", meeting->number,
            from, text);
    if (sender == meeting && !direct)
        sim_fail(ORACLE_HUB, "meeting %u hears itself", from);
    if (sender->listener != meeting->listener || is_direct(line) != direct ||
        (direct && addressee(from, line) != meeting->number))
        sim_fail(ORACLE_HUB, "meeting %u hears of %u what is not for it: %s",
            meeting->number, from, text);
    if ((int64_t)line <= ear->last[from][direct])
        sim_fail(ORACLE_HUB, "meeting %u hears line %u of %u after %u",
            meeting->number, (unsigned)line, from,
            (unsigned)ear->last[from][direct]);
    ear->gaps += count_between(
        ear->last[from][direct], line, direct, meeting->number, from);
    ear->last[from][direct] = (int64_t)line;
}

static void
judge_line(const struct meeting *meeting, const char *line, size_t len)
{
    bool direct = len > NAME_LEN && line[NAME_LEN] == ':';

    if (strncmp(line, "* ", 2) == 0 || strncmp(line, "! ", 2) == 0)
        return;
    if (len < NAME_LEN + MARK_LEN || line[0] != 'm' ||
        (!direct && line[NAME_LEN] != '>') || line[NAME_LEN + 1] != ' ')
        sim_fail(ORACLE_BYTES, "meeting %u hears: %s", meeting->number, line);
    unsigned from = (unsigned)(line[1] - '0') * 10 + (unsigned)(line[2] - '0');
    judge_message(meeting, from, direct, line + NAME_LEN + MARK_LEN,
        len - NAME_LEN - MARK_LEN);
}

void
hub_hear(const struct meeting *meeting, const unsigned char *bytes, size_t len)
{
    struct ear *ear = &ears[meeting->number];

    for (size_t i = 0; i < len; i++) {
        if (ear->len == sizeof ear->line - 1)
            sim_fail(ORACLE_BYTES, "meeting %u hears a line without an end",
                meeting->number);
        ear->line[ear->len++] = (char)bytes[i];
        if (bytes[i] != '\n')
            continue;
        ear->line[--ear->len] = '\0';
        judge_line(meeting, ear->line, ear->len);
        ear->len = 0;
    }
}

/* What was left out was dropped, and counted. Where there was no memory for a
 * line its sender was told. */
void
hub_judge_end(const struct meeting *meeting)
{
    const struct ear *ear = &ears[meeting->number];

    if (meeting->listener->kind != KIND_HUB || meeting->lines == 0 ||
        sim.scenario->rate[FAULT_NOMEM] > 0)
        return;
    if (ear->gaps > meeting->drops)
        sim_fail(ORACLE_HUB, "meeting %u has missed %llu lines, drops=%llu",
            meeting->number, (unsigned long long)ear->gaps,
            (unsigned long long)meeting->drops);
}
