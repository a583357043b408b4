/*
 * park_epoll.c - the readiness queue of Linux: epoll(7), level-triggered.
 *
 * EPOLLRDHUP is never asked for: once it is true it is so for ever. ERR and HUP
 * come unasked, so a member that waits for nothing would still be reported; it
 * has to leave.
 */
#include <assert.h>
#include <sys/epoll.h>

#include "result.h"
#include "sys.h"

int
leat__sys_park_open(void)
{
    return told(LEAT_SYS(epoll_create1, EPOLL_CLOEXEC));
}

int
leat__sys_park_join(int queue, int fd, unsigned events, uint64_t key)
{
    assert(events != 0);
    struct epoll_event event = {.data.u64 = key};
    if (events & LEAT__SYS_READ)
        event.events |= EPOLLIN;
    if (events & LEAT__SYS_WRITE)
        event.events |= EPOLLOUT;
    if (events & LEAT__SYS_URGENT)
        event.events |= EPOLLPRI;
    return told(LEAT_SYS(epoll_ctl, queue, EPOLL_CTL_ADD, fd, &event));
}

int
leat__sys_park_leave(int queue, int fd, unsigned events)
{
    (void)events;
    struct epoll_event unused = {0}; /* NULL is refused before Linux 2.6.9 */
    return told(LEAT_SYS(epoll_ctl, queue, EPOLL_CTL_DEL, fd, &unused));
}

size_t
leat__sys_park_size(void)
{
    return sizeof(struct epoll_event);
}

int
leat__sys_park_take(int queue, void *reports, size_t room)
{
    return told(LEAT_SYS(epoll_wait, queue, reports, (int)room, 0));
}

/* As select(2) sorts them into its sets. */
unsigned
leat__sys_park_report(const void *reports, size_t i, uint64_t *key)
{
    const struct epoll_event *event = (const struct epoll_event *)reports + i;
    uint32_t found = event->events;
    unsigned events = 0;
    *key = event->data.u64;
    if (found & (EPOLLIN | EPOLLHUP | EPOLLERR))
        events |= LEAT__SYS_READ;
    if (found & (EPOLLOUT | EPOLLERR))
        events |= LEAT__SYS_WRITE;
    if (found & EPOLLPRI)
        events |= LEAT__SYS_URGENT;
    return events;
}
