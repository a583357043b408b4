/*
 * services.c - what each service owes a client for what came in.
 */
#include "parts.h"

#include <string.h>

/* Longer than what a client sends in one step now and then. */
#define LINE_LEN 37u
#define FIXED_LEN 16u

static const char fixed_reply[] = "Farewell, client";
static const char greeting[] = "TEST";

/* As good as random, and quick to look at. A prime, so that it does not begin
 * anew where a buffer does. */
static unsigned char noise[65521];

void
services_begin(void)
{
    struct choices choices;

    if (noise[0] != 0)
        return;
    choices_seed(&choices, 1);
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (unsigned char)choose(&choices, 256);
    noise[0] = 1;
}

/* Keyed by the meeting and the place: a byte that is lost, doubled, swapped or
 * another's shows. */
unsigned char
sent_byte(const struct meeting *meeting, uint64_t at)
{
    unsigned char byte = noise[(meeting->key + at) % sizeof noise];

    if (meeting->listener->kind == KIND_HUB)
        return hub_byte(meeting, at);
    if (meeting->listener->kind != KIND_LINES)
        return byte;
    if (at % LINE_LEN == LINE_LEN - 1)
        return '\n';
    return (unsigned char)('a' + byte % 26);
}

unsigned char
owed_byte(const struct meeting *meeting, uint64_t at)
{
    unsigned column = (unsigned)(at % 74);

    switch (meeting->listener->kind) {
    case KIND_FIXED:
        return (unsigned char)fixed_reply[at % FIXED_LEN];
    case KIND_GREET:
        return (unsigned char)greeting[at % 4];
    case KIND_CHARGEN:
        if (column >= 72)
            return column == 72 ? '\r' : '\n';
        return (unsigned char)(' ' + (at / 74 % 95 + column) % 95);
    default:
        return sent_byte(meeting, at);
    }
}

/* From a place in the noise to its end at most. */
static size_t
noise_run(const struct meeting *meeting, uint64_t at, size_t len,
    const unsigned char **run)
{
    size_t first = (size_t)((meeting->key + at) % sizeof noise);

    *run = noise + first;
    return len < sizeof noise - first ? len : sizeof noise - first;
}

void
sent_bytes(const struct meeting *meeting, uint64_t at, unsigned char *bytes,
    size_t len)
{
    enum kind kind = meeting->listener->kind;
    bool is_noise = kind != KIND_HUB && kind != KIND_LINES;
    const unsigned char *run;

    for (size_t i = 0, count; is_noise && i < len; i += count) {
        count = noise_run(meeting, at + i, len - i, &run);
        memcpy(bytes + i, run, count);
    }
    for (size_t i = 0; !is_noise && i < len; i++)
        bytes[i] = sent_byte(meeting, at + i);
}

size_t
owed_bytes(const struct meeting *meeting, uint64_t at,
    const unsigned char *bytes, size_t len)
{
    const unsigned char *run;
    size_t i = 0, count;

    for (; meeting->listener->kind == KIND_ECHO && i < len; i += count) {
        count = noise_run(meeting, at + i, len - i, &run);
        if (memcmp(bytes + i, run, count) != 0)
            break;
    }
    while (i < len && bytes[i] == owed_byte(meeting, at + i))
        i++;
    return i;
}

uint64_t
owed_most(const struct meeting *meeting, uint64_t in)
{
    switch (meeting->listener->kind) {
    case KIND_ECHO:
    case KIND_LINES:
        return in;
    case KIND_FIXED:
        if (!meeting->listener->is_lasting && in >= FIXED_LEN)
            return FIXED_LEN;
        return in / FIXED_LEN * FIXED_LEN;
    case KIND_GREET:
        return 4;
    case KIND_CHARGEN:
    case KIND_HUB:
        return UINT64_MAX;
    default:
        return 0;
    }
}

/* A last line without its ending is answered at the end of the stream. */
uint64_t
owed_all(const struct meeting *meeting, uint64_t in, bool is_ended)
{
    if (meeting->listener->kind == KIND_LINES && !is_ended)
        return in / LINE_LEN * LINE_LEN;
    if (is_endless(meeting))
        return 0;
    return owed_most(meeting, in);
}

bool
is_answerer(const struct meeting *meeting)
{
    return meeting->listener->kind == KIND_ECHO ||
           meeting->listener->kind == KIND_LINES;
}

bool
is_endless(const struct meeting *meeting)
{
    return meeting->listener->kind == KIND_CHARGEN ||
           meeting->listener->kind == KIND_HUB;
}
