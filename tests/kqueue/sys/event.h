/*
 * sys/event.h - kqueue(2) for a Linux that has none: as much of it as
 * src/sys/park_kqueue.c uses, played by epoll(7).
 *
 * For builds with -DLEAT_PARK=kqueue, so that park_kqueue.c is compiled and run
 * by all tests of connections. It is written from the manual pages of FreeBSD,
 * OpenBSD and macOS; with KQUEUE_WITHOUT_EXCEPT it has no filter for urgent
 * data, as FreeBSD and NetBSD have none. Calls of epoll go through the seam, so
 * that the tests count them, make them fail, and play their kernel.
 *
 * What differs: filters do not go when their descriptor is closed, but when the
 * number joins again; and a filter that is deleted while others of its number
 * stay makes the queue readable on.
 */
#ifndef TESTS_KQUEUE_SYS_EVENT_H
#define TESTS_KQUEUE_SYS_EVENT_H

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "sys/sys.h"

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_EOF 0x8000
#ifndef KQUEUE_WITHOUT_EXCEPT
#define EVFILT_EXCEPT (-15)
#define NOTE_OOB 0x00000002
#endif

struct kevent {
    uintptr_t ident;
    short filter;
    unsigned short flags;
    unsigned fflags;
    intptr_t data;
    void *udata;
};

#define EV_SET(event, i, filt, action, notes, more, user) \
    (*(event) = (struct kevent){.ident = (i), \
         .filter = (filt), \
         .flags = (unsigned short)(action), \
         .fflags = (notes), \
         .data = (more), \
         .udata = (user)})

#define KQUEUE_NUMBERS 66000 /* as many as the tests have */
#define KQUEUE_ROOM 4096
#define KQUEUE_FILTERS 3

/* What epoll says of each filter; urgent data first, it must not be left out
 * where there is no room for both. */
static const struct {
    short filter;
    unsigned asked, told, notes;
} kqueue_filter[KQUEUE_FILTERS] = {
    {-15, EPOLLPRI, EPOLLPRI, 0x00000002},
    {EVFILT_READ, EPOLLIN, EPOLLIN | EPOLLHUP | EPOLLERR, 0},
    {EVFILT_WRITE, EPOLLOUT, EPOLLOUT | EPOLLERR, 0},
};

/* The filters of a number, as bits of epoll; one queue at a time has it. */
static struct {
    uint32_t asked;
    int queue;
    void *udata;
} kqueue_knote[KQUEUE_NUMBERS];

static int
kqueue(void)
{
    int queue = LEAT_SYS(epoll_create1, 0);
    for (int fd = 0; queue >= 0 && fd < KQUEUE_NUMBERS; fd++)
        if (kqueue_knote[fd].queue == queue)
            kqueue_knote[fd].asked = 0;
    return queue;
}

static uint32_t
kqueue_asked(short filter)
{
    for (int i = 0; i < KQUEUE_FILTERS; i++)
        if (kqueue_filter[i].filter == filter)
            return kqueue_filter[i].asked;
    return 0;
}

/* Tell epoll what is asked for now, if that is more than before or nothing. */
static int
kqueue_tell(int queue, int fd, uint32_t before, uint32_t asked)
{
    struct epoll_event event = {
        .events = asked, .data.u64 = (uint64_t)(unsigned)fd};
    if (asked == 0)
        return LEAT_SYS(epoll_ctl, queue, EPOLL_CTL_DEL, fd, &event);
    if ((asked & ~before) == 0)
        return 0;
    int rc = before == 0
                 ? LEAT_SYS(epoll_ctl, queue, EPOLL_CTL_ADD, fd, &event)
                 : LEAT_SYS(epoll_ctl, queue, EPOLL_CTL_MOD, fd, &event);
    return rc;
}

/* Changes of one number, all to add or one to delete. */
static int
kqueue_change(int queue, const struct kevent *change, int count)
{
    int fd = (int)change->ident;
    if (fd < 0 || fd >= KQUEUE_NUMBERS) {
        errno = EBADF;
        return -1;
    }
    if (kqueue_knote[fd].queue != queue)
        kqueue_knote[fd].asked = 0;
    uint32_t before = kqueue_knote[fd].asked;
    uint32_t asked = before;
    for (int i = 0; i < count; i++) {
        uint32_t bit = kqueue_asked(change[i].filter);
        errno = bit == 0 ? EINVAL : ENOENT;
        if (bit == 0 || (change[i].flags & EV_DELETE && !(before & bit)))
            return -1;
        asked = change[i].flags & EV_DELETE ? asked & ~bit : asked | bit;
    }
    kqueue_knote[fd].queue = queue;
    kqueue_knote[fd].udata = change->udata;
    int rc = kqueue_tell(queue, fd, before, asked);
    if (rc == 0 || asked == 0)
        kqueue_knote[fd].asked = asked;
    return rc;
}

/* What epoll found, as one report for each filter: first one for each number,
 * then what there is room for. */
static int
kqueue_report(
    const struct epoll_event *found, int count, struct kevent *out, int room)
{
    int filled = 0;
    uint32_t done[KQUEUE_ROOM];
    for (int round = 0; round < KQUEUE_FILTERS; round++) {
        for (int n = 0; n < count; n++) {
            int fd = (int)found[n].data.u64;
            int i = 0;
            if (round == 0)
                done[n] = ~kqueue_knote[fd].asked;
            while (i < KQUEUE_FILTERS &&
                   (done[n] & kqueue_filter[i].asked ||
                       !(found[n].events & kqueue_filter[i].told)))
                i++;
            if (i == KQUEUE_FILTERS || filled == room)
                continue;
            done[n] |= kqueue_filter[i].asked;
            EV_SET(&out[filled], (uintptr_t)fd, kqueue_filter[i].filter,
                found[n].events & EPOLLHUP ? EV_EOF : 0, kqueue_filter[i].notes,
                0, kqueue_knote[fd].udata);
            filled++;
        }
    }
    return filled;
}

static int
kevent(int queue, const struct kevent *change, int changes, struct kevent *out,
    int room, const struct timespec *timeout)
{
    static struct epoll_event found[KQUEUE_ROOM];
    (void)timeout; /* leat never waits here */
    if (changes > 0)
        return kqueue_change(queue, change, changes);
    int most = room < KQUEUE_ROOM ? room : KQUEUE_ROOM;
    int count = LEAT_SYS(epoll_wait, queue, found, most, 0);
    return count < 0 ? count : kqueue_report(found, count, out, room);
}

/* The table of the tests has no kqueue on Linux: it is this one. */
#undef LEAT_SYS
#define LEAT_SYS(fn, ...) fn(__VA_ARGS__)

#endif
