/*
 * park_kqueue.c - the readiness queue of BSD and macOS: kqueue(2), whose
 * filters are level-triggered unless EV_CLEAR is asked for.
 *
 * A member is up to three filters of one descriptor: they come and go together,
 * and each is reported by itself. Urgent data is EVFILT_EXCEPT with NOTE_OOB,
 * which not every BSD has. There the urgent byte makes its socket readable
 * (SO_OOBINLINE), and nobody knows which of the two it is: such a report says
 * no more than that select() is to look.
 */
#include <sys/types.h>

#include <assert.h>
#include <sys/event.h>
#include <time.h>

#include "result.h"
#include "sys.h"

#if defined EVFILT_EXCEPT && defined NOTE_OOB
#define HAS_URGENT 1
#define URGENT_FILTER EVFILT_EXCEPT
#define URGENT_NOTES NOTE_OOB
#else
#define HAS_URGENT 0
#define URGENT_FILTER 0 /* its row is left out */
#define URGENT_NOTES 0
#endif

#define FILTERS (HAS_URGENT ? 3 : 2)
#define MOST_FILTERS 3

static const struct {
    unsigned event;
    unsigned told; /* what a report of it means */
    int filter;
    unsigned notes; /* of which a report has one, where there are any */
} filters[MOST_FILTERS] = {
    {LEAT__SYS_READ, HAS_URGENT ? LEAT__SYS_READ : 0, EVFILT_READ, 0},
    {LEAT__SYS_WRITE, LEAT__SYS_WRITE, EVFILT_WRITE, 0},
    {LEAT__SYS_URGENT, LEAT__SYS_URGENT, URGENT_FILTER, URGENT_NOTES},
};

/* One change for each of the events; how many. */
static int
fill(struct kevent *change, int fd, unsigned events, unsigned short action,
    uint64_t key)
{
    int count = 0;
    for (int i = 0; i < FILTERS; i++) {
        if (!(events & filters[i].event))
            continue;
        /* The number is in ident; what of the key fits beside it is enough
         * to tell its owners apart. */
        EV_SET(&change[count], (uintptr_t)fd, (short)filters[i].filter, action,
            filters[i].notes, 0, (void *)(uintptr_t)(key >> 32));
        count++;
    }
    return count;
}

int
leat__sys_park_open(void)
{
    int queue = told(LEAT_SYS(kqueue));
    if (queue < 0)
        return queue;
    int error = leat__sys_set_cloexec(queue);
    if (error == 0)
        return queue;
    (void)leat__sys_close(queue); /* the first error is the one told */
    return error;
}

int
leat__sys_park_join(int queue, int fd, unsigned events, uint64_t key)
{
    assert(events != 0);
    /* Nothing would tell of an urgent byte but the input that it is among. */
    if (!HAS_URGENT && events & LEAT__SYS_URGENT && !(events & LEAT__SYS_READ))
        return -ENOTSUP;
    struct kevent change[MOST_FILTERS];
    int count = fill(change, fd, events, EV_ADD, key);
    int error = told(LEAT_SYS(kevent, queue, change, count, NULL, 0, NULL));
    if (error < 0) /* some may be in */
        (void)leat__sys_park_leave(queue, fd, events);
    return error < 0 ? error : 0;
}

/* One at a time: where one is missing the others have to go all the same. That
 * it is missing is no failure; closing a descriptor takes its filters. */
int
leat__sys_park_leave(int queue, int fd, unsigned events)
{
    struct kevent change[MOST_FILTERS];
    int count = fill(change, fd, events, EV_DELETE, 0);
    int first = 0;
    for (int i = 0; i < count; i++) {
        int error = told(LEAT_SYS(kevent, queue, &change[i], 1, NULL, 0, NULL));
        if (first == 0 && error < 0 && error != -ENOENT)
            first = error;
    }
    return first;
}

size_t
leat__sys_park_size(void)
{
    return sizeof(struct kevent);
}

int
leat__sys_park_take(int queue, void *reports, size_t room)
{
    const struct timespec at_once = {0, 0};
    return told(LEAT_SYS(kevent, queue, NULL, 0, reports, (int)room, &at_once));
}

/* An end comes as EV_EOF with the filter that saw it: as select() has it. */
unsigned
leat__sys_park_report(const void *reports, size_t i, uint64_t *key)
{
    const struct kevent *event = (const struct kevent *)reports + i;
    *key = (uint64_t)(uintptr_t)event->udata << 32 | (uint32_t)event->ident;
    for (int n = 0; n < FILTERS; n++) {
        unsigned notes = filters[n].notes;
        if (filters[n].filter == (int)event->filter)
            return notes == 0 || event->fflags & notes ? filters[n].told : 0;
    }
    return 0;
}
