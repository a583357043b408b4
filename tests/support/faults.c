/*
 * faults.c - which call fails, when, and with what.
 *
 * A fault counts the calls it is about from the moment it is armed. It is due
 * from its nth call on, for as many calls as it was armed for.
 */
#include "kernel_parts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define FAULT_MAX 64
#define ANY CALL_COUNT
#define FOR_EVER UINT_MAX

struct fault {
    enum call call;   /* or ANY */
    const char *file; /* the end of a path; NULL is any line */
    int line;
    unsigned nth, times;
    int error;    /* 0 when bytes counts */
    size_t bytes; /* at most so many, 0 when error counts */
    unsigned seen, fired;
    int number; /* its name; grows, so the least is the oldest */
    bool is_armed;
};

/* A released fault's place is used again, its number never. */
static struct fault faults[FAULT_MAX];
static int next_number = 1;
/* No place from here on is taken: most tests arm a few faults, or none, and
 * make many calls. */
static struct fault *unused = faults;

/* --- striking ------------------------------------------------------------ */

static bool
ends_with(const char *path, const char *end)
{
    size_t path_len = strlen(path), end_len = strlen(end);

    return path_len >= end_len && strcmp(path + path_len - end_len, end) == 0;
}

static bool
is_about(const struct fault *fault, const struct site *site)
{
    if (!fault->is_armed)
        return false;
    if (fault->call == ANY ? !kernel__fallible(site->call)
                           : fault->call != site->call)
        return false;
    return fault->file == NULL ||
           (site->file != NULL && fault->line == site->line &&
               ends_with(site->file, fault->file));
}

/* Count the call for every fault it concerns; the oldest that is due fires. */
static struct fault *
next_due(const struct site *site)
{
    struct fault *due = NULL;

    for (struct fault *fault = faults; fault < unused; fault++) {
        if (!is_about(fault, site))
            continue;
        if (fault->seen < UINT_MAX)
            fault->seen++;
        if (fault->seen < fault->nth || fault->fired >= fault->times)
            continue;
        if (due == NULL || fault->number < due->number)
            due = fault;
    }
    if (due != NULL)
        due->fired++;
    return due;
}

bool
kernel__strikes(enum call call, size_t *len)
{
    struct fault *due;
    struct site site;
    int error = 0;

    kernel__lock();
    kernel__count(call);
    site = kernel__here();
    due = next_due(&site);
    if (due != NULL) {
        error = due->error;
        if (error == 0 && *len > due->bytes)
            *len = due->bytes;
    }
    kernel__unlock();
    if (error == 0)
        return false;
    errno = error;
    return true;
}

/* --- arming -------------------------------------------------------------- */

static enum call
call_or_any(const char *name)
{
    enum call call = name == NULL ? ANY : kernel__call_of(name);

    if (call != ANY && !kernel__fallible(call))
        kernel__misuse("it cannot fail:", name);
    return call;
}

static int
arm(struct fault wanted)
{
    struct fault *place = faults;

    if (wanted.nth == 0)
        kernel__misuse("calls are counted from", "1");
    kernel__lock();
    while (place < faults + FAULT_MAX && place->is_armed)
        place++;
    if (place == faults + FAULT_MAX)
        kernel__misuse("too many faults", "are armed");
    *place = wanted;
    place->is_armed = true;
    place->number = next_number++;
    if (place == unused)
        unused++;
    kernel__unlock();
    return place->number;
}

int
fault_times(const char *call, unsigned nth, unsigned times, int error)
{
    if (error == 0)
        kernel__misuse("an error is not", "0");
    return arm((struct fault){
        .call = call_or_any(call), .nth = nth, .times = times, .error = error});
}

int
fault_once(const char *call, unsigned nth, int error)
{
    return fault_times(call, nth, 1, error);
}

int
fault_sticky(const char *call, unsigned nth, int error)
{
    return fault_times(call, nth, FOR_EVER, error);
}

int
fault_at_times(
    const char *file, int line, unsigned nth, unsigned times, int error)
{
    return arm((struct fault){.call = ANY,
        .file = file,
        .line = line,
        .nth = nth,
        .times = times,
        .error = error});
}

int
fault_at(const char *file, int line, unsigned nth, int error)
{
    return fault_at_times(file, line, nth, 1, error);
}

int
fault_at_short(
    const char *file, int line, unsigned nth, unsigned times, size_t bytes)
{
    return arm((struct fault){.call = ANY,
        .file = file,
        .line = line,
        .nth = nth,
        .times = times,
        .bytes = bytes});
}

static int
arm_short(const char *name, unsigned nth, unsigned times, size_t bytes)
{
    enum call call = kernel__call_of(name);

    if (bytes == 0)
        kernel__misuse("0 bytes would be an end of file:", name);
    if (call != CALL_RECV && call != CALL_SEND && call != CALL_SENDMSG &&
        call != CALL_READ && call != CALL_WRITE)
        kernel__misuse("it has no length to cut:", name);
    return arm((struct fault){
        .call = call, .nth = nth, .times = times, .bytes = bytes});
}

int
fault_short(const char *call, unsigned nth, size_t bytes)
{
    return arm_short(call, nth, 1, bytes);
}

int
fault_short_sticky(const char *call, unsigned nth, size_t bytes)
{
    return arm_short(call, nth, FOR_EVER, bytes);
}

/* --- asking and disarming ------------------------------------------------ */

static struct fault *
fault_of(int number)
{
    for (int i = 0; i < FAULT_MAX; i++) {
        if (faults[i].number == number)
            return &faults[i];
    }
    kernel__misuse("no such fault,", "or its place was used again");
}

unsigned
fault_fired(int fault)
{
    unsigned fired;

    kernel__lock();
    fired = fault_of(fault)->fired;
    kernel__unlock();
    return fired;
}

void
fault_release(int fault)
{
    kernel__lock();
    fault_of(fault)->is_armed = false;
    kernel__unlock();
}

void
fault_clear(void)
{
    kernel__lock();
    for (int i = 0; i < FAULT_MAX; i++)
        faults[i].is_armed = false;
    unused = faults;
    kernel__unlock();
}

const char *
kernel__unfired(void)
{
    static char text[128];

    for (int i = 0; i < FAULT_MAX; i++) {
        const struct fault *fault = &faults[i];

        if (!fault->is_armed || fault->fired > 0)
            continue;
        snprintf(text, sizeof text,
            "fault %d (%s, call %u) never fired: %u calls seen", fault->number,
            fault->call == ANY ? "any" : kernel__name(fault->call), fault->nth,
            fault->seen);
        return text;
    }
    return NULL;
}

void
kernel__reset_faults(void)
{
    kernel__lock();
    memset(faults, 0, sizeof faults);
    unused = faults;
    kernel__unlock();
}
