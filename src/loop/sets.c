/*
 * sets.c - the turn in two halves, around somebody else's wait.
 *
 * On the path: fd set -> prepare -> the host's select() -> dispatch -> loop.c.
 */
#include <leat/sets.h>

#include <errno.h>
#include <string.h>

#include "loop.h"

int
leat_loop_prepare(struct leat_loop *loop, struct leat_sets *sets)
{
    if (loop->is_running)
        return -EBUSY;
    struct leat__fdset *fds = &loop->fds;
    leat__fdset_copy(fds); /* what is asked for now */
    *sets = (struct leat_sets){.nfds = fds->nfds,
        .readable = fds->want[LEAT__READ].word,
        .writable = fds->want[LEAT__WRITE].word,
        .exceptional = fds->want[LEAT__EXCEPT].word,
        .timeout_us = leat__wait_time(loop, -1)};
    return 0;
}

int
leat_loop_dispatch(struct leat_loop *loop, const struct leat_sets *ready)
{
    if (loop->is_running)
        return -EBUSY;
    if (ready == NULL) {
        leat__fdset_forget(&loop->fds);
        return leat__turn(loop, false);
    }
    const unsigned long *const word[LEAT__SETS] = {
        ready->readable, ready->writable, ready->exceptional};
    leat__fdset_take(&loop->fds, ready->nfds, word);
    return leat__turn(loop, leat__fdset_is_ready(&loop->fds));
}

/* Sets are ORed by word: on every platform we build for, fd_set is words of
 * the size of a long, lowest descriptor in the lowest bit. */
static void
add(fd_set *to, const unsigned long *from, size_t words)
{
    unsigned long have[sizeof *to / sizeof(unsigned long)];
    memcpy(have, to, sizeof have);
    for (size_t i = 0; i < words; i++)
        have[i] |= from[i];
    memcpy(to, have, sizeof have);
}

int
leat_sets_to_fdset(
    const struct leat_sets *sets, fd_set *r, fd_set *w, fd_set *e)
{
    if (sets->nfds > FD_SETSIZE)
        return -ERANGE;
    size_t words = ((size_t)sets->nfds + LEAT__WORD_BITS - 1) / LEAT__WORD_BITS;
    add(r, sets->readable, words);
    add(w, sets->writable, words);
    add(e, sets->exceptional, words);
    return sets->nfds;
}

void
leat_sets_from_fdset(struct leat_sets *sets, int nfds, const fd_set *r,
    const fd_set *w, const fd_set *e)
{
    *sets = (struct leat_sets){.nfds = nfds < FD_SETSIZE ? nfds : FD_SETSIZE,
        .readable = (const unsigned long *)(const void *)r,
        .writable = (const unsigned long *)(const void *)w,
        .exceptional = (const unsigned long *)(const void *)e,
        .timeout_us = 0};
}
