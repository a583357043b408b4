/*
 * fdset_rig.c - a set of descriptors, and its owners.
 */
#include "fdset_rig.h"

#include <check.h>
#include <string.h>

struct fdset_rig fdset;

void
fdset_setup(void)
{
    alloc_init(&fdset.ledger);
    memset(&fdset.set, 0xa5, sizeof fdset.set);
    leat__fdset_init(&fdset.set);
    fdset.io = fdset.other = (struct leat__io){0};
}

void
fdset_setup_parkable(void)
{
    fdset_setup();
    fdset.io.is_parkable = fdset.other.is_parkable = true;
}

void
fdset_drop(void)
{
    leat__fdset_fini(&fdset.set, &fdset.ledger.alloc);
    alloc_fini(&fdset.ledger);
}

void
fdset_teardown(void)
{
    leat__fdset_check(&fdset.set);
    fdset_drop();
}

int
fdset_try(struct leat__io *which, int fd)
{
    which->fd = fd;
    int error = leat__fdset_add(&fdset.set, &fdset.ledger.alloc, which);
    leat__fdset_check(&fdset.set);
    return error;
}

void
fdset_want(const struct leat__io *which, unsigned events)
{
    leat__fdset_want(&fdset.set, which, events);
    leat__fdset_check(&fdset.set);
    ck_assert_uint_eq(leat__fdset_wanted(&fdset.set, which), events);
}

void
fdset_add(struct leat__io *which, int fd, unsigned events)
{
    ck_assert_int_eq(fdset_try(which, fd), 0);
    fdset_want(which, events);
}

size_t
fdset_next(enum leat__set which, size_t from)
{
    size_t end = (size_t)fdset.set.ready_nfds;
    size_t fd = leat__fdset_find(&fdset.set, which, from, end);
    if (fd == end)
        return end;
    ck_assert(leat__fdset_claim(&fdset.set, which, fd));
    ck_assert(!leat__fdset_claim(&fdset.set, which, fd));
    return fd;
}
