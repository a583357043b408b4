/*
 * sites.c - which places of the seam are called, and how often.
 */
#include "sites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/kernel.h"

static unsigned now[SITES_MOST], kept[SITES_MOST];
static int line_of[SITES_MOST];
static unsigned long total, most;

static bool
ends_with(const char *path, const char *end)
{
    size_t len = strlen(path), end_len = strlen(end);

    return len >= end_len && strcmp(path + len - end_len, end) == 0;
}

static size_t
site_at(const char *file, int line)
{
    for (size_t i = 0; i < fault_site_count; i++) {
        const struct fault_site *site = &fault_sites[i];

        /* A call over several lines has the number of any of them. */
        if (line >= site->first_line && line <= site->last_line &&
            ends_with(file, site->file))
            return i;
    }
    fprintf(stderr, "%s:%d is no site of the table\n", file, line);
    abort();
}

static void
count(const char *call, const char *file, int line)
{
    size_t site = site_at(file, line);

    (void)call;
    line_of[site] = line;
    now[site]++;
    if (++total <= most)
        return;
    fprintf(stderr, "more than %lu calls: it does not end\n", most);
    abort();
}

void
sites_watch(unsigned long bound)
{
    if (fault_site_count > SITES_MOST)
        abort();
    memset(now, 0, sizeof now);
    total = 0;
    most = bound;
    kernel_watch(count);
}

void
sites_keep(void)
{
    memcpy(kept, now, sizeof kept);
}

unsigned
sites_calls(size_t site)
{
    return kept[site];
}

bool
sites_reached(size_t site)
{
    return line_of[site] != 0;
}

int
sites_line(size_t site)
{
    return line_of[site];
}

size_t
sites_find(const char *name)
{
    size_t i = 0;

    while (i < fault_site_count && strcmp(fault_sites[i].name, name) != 0)
        i++;
    return i;
}
