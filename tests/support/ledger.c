/*
 * ledger.c - the ledger of descriptors: each one opened is closed once.
 *
 * Invariants:
 *  1. entry.is_ours      <=> leat is to close the number
 *  2. numbers at or above end are not ours
 */
#include "kernel_parts.h"

#include <stdio.h>
#include <string.h>

/* Far above what a process here may open. */
#define FD_MAX (1 << 17)

struct entry {
    bool is_ours;
    struct site opened; /* file NULL: adopted */
};

static struct entry entries[FD_MAX];
static int end;

static bool
is_ours(int fd)
{
    return fd >= 0 && fd < end && entries[fd].is_ours;
}

static void
enter(int fd, struct site site)
{
    bool was_ours;

    if (fd < 0 || fd >= FD_MAX)
        kernel__misuse("the ledger does not reach", "this descriptor");
    kernel__lock();
    was_ours = is_ours(fd);
    entries[fd] = (struct entry){.is_ours = true, .opened = site};
    if (fd >= end)
        end = fd + 1;
    kernel__unlock();
    /* The kernel gave it out again: somebody closed it behind our back. */
    if (was_ours)
        kernel__complain("fd %d was opened while it was open", fd);
}

static bool
strike_out(int fd)
{
    bool was_ours;

    kernel__lock();
    was_ours = is_ours(fd);
    if (was_ours)
        entries[fd].is_ours = false;
    kernel__unlock();
    return was_ours;
}

int
kernel__opened(int fd)
{
    if (fd >= 0)
        enter(fd, kernel__here());
    return fd;
}

bool
kernel__closed(int fd)
{
    struct site here = kernel__here();

    if (strike_out(fd))
        return true;
    kernel__complain("close of fd %d, which is not ours, at %s:%d (call %lu)",
        fd, here.file ? here.file : "?", here.line, here.number);
    return false;
}

void
ledger_adopt(int fd)
{
    enter(fd, (struct site){.file = NULL});
}

void
ledger_disown(int fd)
{
    if (!strike_out(fd))
        kernel__complain("fd %d was disowned but is not ours", fd);
}

bool
ledger_has_fd(int fd)
{
    bool answer;

    kernel__lock();
    answer = is_ours(fd);
    kernel__unlock();
    return answer;
}

size_t
ledger_fds(void)
{
    size_t count = 0;

    kernel__lock();
    for (int fd = 0; fd < end; fd++)
        count += entries[fd].is_ours;
    kernel__unlock();
    return count;
}

const char *
kernel__open_fd(void)
{
    static char text[256];
    int fd = 0;

    while (fd < end && !entries[fd].is_ours)
        fd++;
    if (fd == end)
        return NULL;
    if (entries[fd].opened.file == NULL)
        snprintf(text, sizeof text, "%zu fds left open, the first is %d, %s",
            ledger_fds(), fd, "adopted");
    else
        snprintf(text, sizeof text,
            "%zu fds left open, the first is %d, from %s call %lu",
            ledger_fds(), fd, kernel__name(entries[fd].opened.call),
            entries[fd].opened.number);
    return text;
}

void
kernel__reset_fds(void)
{
    kernel__lock();
    memset(entries, 0, (size_t)end * sizeof *entries);
    end = 0;
    kernel__unlock();
}
