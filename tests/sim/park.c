/*
 * park.c - what leatd is told of those it has parked.
 *
 * On the path: leatd -> HERE: epoll -> fake kernel -> HERE -> leatd.
 *
 * Who is reported three times in a row and not asked even once is starved, as
 * with select. A report may come a turn late, or for nothing. Who is closed has
 * left the queue: in a child process it might live on, and be reported for
 * ever.
 */
#include "parts.h"

#include <errno.h>

/* One that is hidden is no worse off than before: it is reported again. */
static int
disturb_reports(struct epoll_event *events, int count)
{
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (count == 1 || !strikes(FAULT_LATE))
            events[kept++] = events[i];
    for (int i = 0; i < kept; i++)
        if (strikes(FAULT_SPURIOUS))
            events[i].events |= EPOLLOUT | EPOLLPRI;
    return kept;
}

/* leatd's keys have the descriptor below. */
static uint32_t
number_of(const struct epoll_event *event)
{
    return (uint32_t)event->data.u64;
}

static int
hush(struct epoll_event *events, int count)
{
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (number_of(&events[i]) % 8 != 0 || !errs(MISTAKE_HUSHED))
            events[kept++] = events[i];
    return kept;
}

static void
count_reports(const struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        uint32_t fd = number_of(&events[i]);
        if (fd < FAKE_FDS && ++sim.told[fd] > 3)
            sim_fail(ORACLE_FAIRNESS,
                "descriptor %u was reported in %u turns and not served", fd,
                sim.told[fd] - 1u);
    }
}

static int
watch_epoll_wait(int set, struct epoll_event *events, int max, int timeout)
{
    watch_touched(set);
    int count = fake_epoll_wait(set, events, max, timeout);
    if (count <= 0)
        return count;
    sim_note("epoll_wait", set, count, 0);
    count = hush(events, disturb_reports(events, count));
    count_reports(events, count);
    return count;
}

static int
watch_epoll_ctl(int set, int operation, int fd, struct epoll_event *event)
{
    if (operation == EPOLL_CTL_ADD && strikes(FAULT_OPTION))
        return fake_fails(ENOSPC);
    if (operation == EPOLL_CTL_ADD && errs(MISTAKE_UNHEARD))
        return 0;
    if (operation == EPOLL_CTL_DEL && errs(MISTAKE_STAYS))
        return 0;
    return fake_epoll_ctl(set, operation, fd, event);
}

static int (*close_it)(int);

static int
watch_leaving(int fd)
{
    if (fake_epoll_has(fd))
        sim_fail(
            ORACLE_NUMBERS, "descriptor %d is closed and still parked", fd);
    return close_it(fd);
}

void
park_begin(struct leat_sys *table)
{
    close_it = table->close;
    table->close = watch_leaving;
    table->epoll_wait = watch_epoll_wait;
    table->epoll_ctl = watch_epoll_ctl;
}
