/*
 * fake_epoll.c - a readiness queue, level-triggered, for parked connections.
 *
 * A member is known by its number, since the fake kernel has no copies of
 * descriptors: closing it is leaving. The queue is itself readable while a
 * member is ready, also for what was not asked for: ERR and HUP always count.
 */
#include "fake_parts.h"

#include <errno.h>

#define SETS (sizeof fake.has_set / sizeof fake.has_set[0])

static struct fake_member *
find(const struct fake_end *set, int fd)
{
    struct fake_member *row = fake.member[set->members];

    for (int i = 0; i < FAKE_FDS; i++)
        if (row[i].fd == fd)
            return &row[i];
    return NULL;
}

/* What of a member would be reported now. */
static uint32_t
ready(const struct fake_member *member)
{
    return fake_poll(&fake.end[member->fd]) &
           (member->events | EPOLLERR | EPOLLHUP);
}

uint32_t
fake_epoll_poll(const struct fake_end *set)
{
    const struct fake_member *row = fake.member[set->members];

    for (int i = 0; i < FAKE_FDS; i++)
        if (row[i].fd >= 0 && ready(&row[i]) != 0)
            return EPOLLIN;
    return 0;
}

bool
fake_epoll_has(int fd)
{
    for (size_t set = 0; set < SETS; set++)
        for (int i = 0; fake.has_set[set] && fd >= 0 && i < FAKE_FDS; i++)
            if (fake.member[set][i].fd == fd)
                return true;
    return false;
}

void
fake_epoll_forget(int fd)
{
    for (size_t set = 0; set < SETS; set++)
        for (int i = 0; fake.has_set[set] && i < FAKE_FDS; i++)
            if (fake.member[set][i].fd == fd)
                fake.member[set][i].fd = -1;
}

void
fake_epoll_close(struct fake_end *set)
{
    fake.has_set[set->members] = false;
}

int
fake_epoll_create1(int flags)
{
    size_t set = 0;
    int fd;

    while (set < SETS && fake.has_set[set])
        set++;
    if (set == SETS)
        return fake_fails(EMFILE);
    fd = fake_new_fd(flags & EPOLL_CLOEXEC ? SOCK_CLOEXEC : 0);
    if (fd < 0)
        return -1;
    fake.end[fd].kind = FAKE_EPOLL;
    fake.end[fd].members = (int)set;
    fake.has_set[set] = true;
    fake.next_member[set] = 0;
    for (int i = 0; i < FAKE_FDS; i++)
        fake.member[set][i].fd = -1;
    return fd;
}

/* Whether these two may have to do with each other. */
static bool
is_refused(const struct fake_end *set, const struct fake_end *end)
{
    errno = EINVAL;
    if (set == end || set->kind != FAKE_EPOLL)
        return true;
    errno = EPERM; /* a file is always ready, so it is not waited for */
    return end->kind == FAKE_FILE;
}

int
fake_epoll_ctl(int set, int operation, int fd, struct epoll_event *event)
{
    struct fake_end *queue = fake_open_end(set);
    struct fake_end *end = queue == NULL ? NULL : fake_open_end(fd);
    struct fake_member *member;

    if (end == NULL || is_refused(queue, end))
        return -1;
    member = find(queue, fd);
    if (operation == EPOLL_CTL_ADD && member != NULL)
        return fake_fails(EEXIST);
    if (operation != EPOLL_CTL_ADD && member == NULL)
        return fake_fails(ENOENT);
    if (operation == EPOLL_CTL_DEL) {
        member->fd = -1;
        return 0;
    }
    if (member == NULL)
        member = find(queue, -1); /* as many places as numbers */
    *member = (struct fake_member){
        .fd = fd, .events = event->events, .data = event->data.u64};
    return 0;
}

/* One round, beginning after the last one reported, so that nobody starves. */
static int
collect(const struct fake_end *set, struct epoll_event *events, int max)
{
    struct fake_member *row = fake.member[set->members];
    unsigned *next = &fake.next_member[set->members];
    unsigned from = *next;
    int count = 0;

    for (unsigned i = 0; i < FAKE_FDS && count < max; i++) {
        unsigned at = (from + i) % FAKE_FDS;
        uint32_t mask = row[at].fd >= 0 ? ready(&row[at]) : 0;

        if (mask == 0)
            continue;
        events[count].events = mask;
        events[count].data.u64 = row[at].data;
        count++;
        *next = (at + 1) % FAKE_FDS;
    }
    return count;
}

int
fake_epoll_wait(int set, struct epoll_event *events, int max, int timeout)
{
    const struct fake_end *end = fake_open_end(set);
    int64_t deadline_us = FAKE_NEVER;
    int count;

    if (end == NULL)
        return -1;
    if (end->kind != FAKE_EPOLL || max <= 0)
        return fake_fails(EINVAL);
    if (timeout >= 0)
        deadline_us = fake.now_us + (int64_t)timeout * 1000;
    while ((count = collect(end, events, max)) == 0) {
        if (fake.now_us >= deadline_us)
            return 0;
        if (fake.pass(deadline_us) == FAKE_INTERRUPTED)
            return fake_fails(EINTR);
    }
    return count;
}
