/*
 * journal.c - what leatd writes to standard error, taken apart line by line.
 *
 * Standard error is a pipe that holds some lines only. Where it is read slowly
 * lines are dropped, and then nothing is said about those that are missing.
 */
#include "parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOW_US (3 * SEC)

static struct fake_link *journal;

void
journal_begin(void)
{
    struct fake_end *end = &fake.end[2];

    journal = fake_new_link();
    fake_stream_init(&journal->stream[FAKE_TO_LEAT], true);
    fake_join(end, journal, FAKE_NONE, FAKE_TO_LEAT);
    end->out->capacity = end->out->window =
        sim.scenario->is_log_slow ? 4096 : FAKE_STREAM_USUAL;
    sim.of_link[journal - fake.link] = NULL;
}

/* --- lines ---------------------------------------------------------------- */

/* The number after key=; false when it is not there. */
static bool
number_of(const char *line, const char *key, uint64_t *number)
{
    const char *at = strstr(line, key);

    if (at == NULL)
        return false;
    *number = strtoull(at + strlen(key), NULL, 10);
    return true;
}

static uint64_t
must_number(const char *line, const char *key)
{
    uint64_t number = 0;

    if (!number_of(line, key, &number))
        sim_fail(ORACLE_ACCOUNTS, "no %s in: %s", key, line);
    return number;
}

/* The port is what comes after the last colon of peer=. */
static struct meeting *
meeting_of(const char *line)
{
    const char *at = strstr(line, " peer=");
    size_t len = at == NULL ? 0 : strcspn(at + 1, " ");
    unsigned long port;

    while (len > 0 && at[len] != ':')
        len--;
    if (len == 0)
        return NULL;
    port = strtoul(at + len + 1, NULL, 10);
    for (unsigned i = 0; i < sim.meetings; i++)
        if (!sim.meeting[i].is_unix && sim.meeting[i].port == port)
            return &sim.meeting[i];
    return NULL;
}

static void
read_close(const char *line)
{
    struct meeting *meeting = meeting_of(line);
    const char *reason = strstr(line, " reason=");
    uint64_t in = must_number(line, " in="), out = must_number(line, " out=");

    if (reason == NULL)
        sim_fail(ORACLE_ACCOUNTS, "no reason in: %s", line);
    sim.close_lines++;
    if (errs(MISTAKE_MISCOUNT))
        in++;
    sim_note("close line", (int64_t)in, (int64_t)out,
        meeting == NULL ? -1 : (int64_t)meeting->number);
    if (meeting == NULL)
        return;
    meeting->was_before_drain = !sim.has_drain_line;
    judge_close(meeting, in, out, must_number(line, " drops="), reason + 8);
}

/* Where all that comes in goes out again, what has not is queued or lost;
 * unless somebody was rude, then an echo may find nobody to send it to. A
 * message counts as queued until the whole of it has left. */
static void
read_balance(const char *line)
{
    uint64_t in = must_number(line, " in="), out = must_number(line, " out=");
    uint64_t lost = must_number(line, " lost=");
    uint64_t queued = must_number(line, " memory=");
    /* What a drain throws away is not in the totals. */
    bool is_polite = sim.scenario->rate[FAULT_NOMEM] == 0 &&
                     sim.scenario->max_memory == 0 && sim.term_us == 0;

    for (unsigned i = 0; i < sim.scenario->listeners; i++)
        if (sim.scenario->listener[i].kind != KIND_ECHO)
            return;
    for (unsigned i = 0; i < sim.meetings; i++)
        is_polite = is_polite && !sim.meeting[i].was_cut &&
                    (!sim.meeting[i].has_left || sim.meeting[i].saw_end);
    if (in < out + lost || (is_polite && in > out + lost + queued))
        sim_fail(ORACLE_ACCOUNTS, "in is not out + queued + lost: %s", line);
}

static void
read_totals(const char *line)
{
    uint64_t conns = must_number(line, " conns=");
    uint64_t accepted = must_number(line, " accepted=");
    uint64_t closed = must_number(line, " closed=");
    uint64_t refused = must_number(line, " refused=");

    sim.totals++;
    read_balance(line);
    if (accepted != conns + closed + refused)
        sim_fail(ORACLE_ACCOUNTS,
            "accepted is not conns + closed + refused: %s", line);
    if (must_number(line, " in=") > fake.recv_bytes ||
        must_number(line, " out=") > fake.sent_bytes)
        sim_fail(
            ORACLE_ACCOUNTS, "more than went through the kernel: %s", line);
    if (sim.scenario->max_memory > 0 &&
        must_number(line, " memory=") > sim.scenario->max_memory)
        sim_fail(ORACLE_MEMORY, "above --max-memory: %s", line);
}

static void
read_drained(const char *line)
{
    sim.has_drained = true;
    sim.lost = must_number(line, " lost=");
    sim.unserved = must_number(line, " unserved=");
    sim_note("drained", (int64_t)sim.lost, (int64_t)sim.unserved, 0);
}

static void
read_dropped(const char *line)
{
    uint64_t lines = 0;

    if (number_of(line, " info dropped ", &lines))
        sim.lost_lines += (unsigned)lines;
}

static void
read_line(const char *line)
{
    if (sim.is_traced)
        printf("%12lld   log: %s\n", (long long)fake.now_us, line);
    if (strstr(line, " info close listener=") != NULL) {
        if (!errs(MISTAKE_SILENT))
            read_close(line);
    } else if (strstr(line, " info totals ") != NULL) {
        read_totals(line);
    } else if (strstr(line, " drained lost=") != NULL) {
        read_drained(line);
    } else if (strstr(line, " info drain-cut ") != NULL) {
        sim.was_cut_line = true;
    } else if (strstr(line, " info drain why=") != NULL) {
        sim.has_drain_line = true;
    } else {
        read_dropped(line);
    }
}

/* --- bytes ---------------------------------------------------------------- */

static void
take_byte(char byte)
{
    if (byte == '\n' || sim.line_len + 1 == sizeof sim.line) {
        sim.line[sim.line_len] = '\0';
        sim.line_len = 0;
        read_line(sim.line);
        return;
    }
    sim.line[sim.line_len++] = byte;
}

static bool
is_due(void)
{
    return !sim.scenario->is_log_slow || sim.is_over ||
           fake.now_us >= sim.log_us;
}

bool
journal_read(void)
{
    struct fake_stream *stream = &journal->stream[FAKE_TO_LEAT];
    char bytes[4096];
    bool any = false;

    while (is_due() && fake_unread(stream) > 0) {
        size_t count = fake_consume(stream, bytes, sizeof bytes, true);

        any = true;
        sim.log_us = fake.now_us + SLOW_US;
        for (size_t i = 0; i < count; i++)
            take_byte(bytes[i]);
    }
    return any;
}

int64_t
journal_next(void)
{
    struct fake_stream *stream = &journal->stream[FAKE_TO_LEAT];

    return fake_unread(stream) > 0 && !is_due() ? sim.log_us : FAKE_NEVER;
}
