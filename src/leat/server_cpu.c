/*
 * server_cpu.c - the processor time of the server under leat bench, as proc(5)
 * tells it.
 */
#include "bench.h"

#include <errno.h>
#include <string.h>

#include "cli/file.h"
#include "cli/mem.h"

/* USER_HZ, in which the kernel tells times to programs: 100 on everything that
 * Linux runs on today, whatever it counts in itself. */
#define TICK_US 10000u

/* Of the fields of /proc/PID/stat, counted from 1; the second is the name, in
 * brackets, with anything in it. */
#define NAME 2u
#define USER 14u
#define SYSTEM 15u

/* A number; *at is moved behind it. */
static uint64_t
number_at(const char **at)
{
    uint64_t number = 0;

    for (; **at >= '0' && **at <= '9'; (*at)++)
        number = number * 10 + (uint64_t)(**at - '0');
    return number;
}

bool
server_cpu_parse(const char *stat, int64_t *cpu_us)
{
    const char *at = strrchr(stat, ')');
    uint64_t ticks = 0;

    if (at == NULL)
        return false;
    at++;
    for (unsigned field = NAME + 1; field <= SYSTEM; field++) {
        if (*at++ != ' ' || *at == '\0' || *at == ' ')
            return false;
        if (field >= USER) {
            const char *start = at;
            ticks += number_at(&at);
            if (at == start)
                return false;
        }
        at += strcspn(at, " \n");
    }
    *cpu_us = (int64_t)(ticks * TICK_US);
    return true;
}

int
server_cpu(int pid, int64_t *cpu_us)
{
    char path[32], *bytes;
    struct text text;
    size_t len;

    text_init(&text, path, sizeof path);
    text_add(&text, "/proc/");
    text_number(&text, (uint64_t)pid, 1);
    text_add(&text, "/stat");
    int error = file_read(path, 4096, &bytes, &len);
    if (error == -ENOENT)
        error = -ESRCH;
    if (error == 0 && !server_cpu_parse(bytes, cpu_us))
        error = -EINVAL;
    mem_give(bytes);
    return error;
}
