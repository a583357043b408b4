/*
 * fake_wait.c - what is ready, the wait for it, and the time it takes.
 */
#include "fake_parts.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define SECOND ((int64_t)1000000)
#define WORD_BITS (sizeof(unsigned long) * CHAR_BIT)

/* --- readiness ------------------------------------------------------------ */

static uint32_t
poll_pipe(struct fake_end *end)
{
    uint32_t mask = 0;

    if (end->in != NULL && fake_unread(end->in) > 0)
        mask |= EPOLLIN;
    if (end->in != NULL && fake_has_end(end->in))
        mask |= EPOLLHUP;
    if (end->out != NULL && end->out->is_refused)
        mask |= EPOLLERR | EPOLLOUT;
    else if (end->out != NULL && fake_takes_more(end->out))
        mask |= EPOLLOUT;
    return mask;
}

static uint32_t
poll_socket(struct fake_end *end)
{
    bool has_reset = fake_has_reset(end->in);
    bool is_over = has_reset || fake_has_end(end->in);
    bool is_broken = end->link->is_unix && end->out->is_refused;
    uint32_t mask = 0;

    if (fake_unread(end->in) > 0 || is_over || end->is_deaf)
        mask |= EPOLLIN;
    if (is_over)
        mask |= EPOLLRDHUP;
    if (end->is_shut || has_reset || is_broken || fake_takes_more(end->out))
        mask |= EPOLLOUT;
    if (has_reset && !end->is_told)
        mask |= EPOLLERR;
    if (has_reset || is_broken || (is_over && end->is_shut))
        mask |= EPOLLHUP;
    if (fake_is_marked(end->in))
        mask |= EPOLLPRI;
    return mask;
}

uint32_t
fake_poll(struct fake_end *end)
{
    switch (end->kind) {
    case FAKE_FREE:
        return 0;
    case FAKE_SOCKET:
        return EPOLLOUT | EPOLLHUP;
    case FAKE_LISTENER:
        return end->waiting > 0 ? EPOLLIN : 0;
    case FAKE_FILE:
        return EPOLLIN | EPOLLOUT;
    case FAKE_EPOLL:
        return fake_epoll_poll(end);
    case FAKE_STREAM:
        break;
    }
    return end->in == NULL || end->out == NULL ? poll_pipe(end)
                                               : poll_socket(end);
}

/* What each set of select() asks for. */
static const uint32_t asked[3] = {
    EPOLLIN | EPOLLHUP | EPOLLERR, EPOLLOUT | EPOLLERR, EPOLLPRI};

/* --- the sets ------------------------------------------------------------- */

static bool
is_in(const unsigned long *words, int fd)
{
    return words != NULL &&
           (words[(size_t)fd / WORD_BITS] >> ((size_t)fd % WORD_BITS) & 1);
}

static bool
all_open(unsigned long *const words[3], int nfds)
{
    for (int fd = 0; fd < nfds; fd++) {
        if (!is_in(words[0], fd) && !is_in(words[1], fd) &&
            !is_in(words[2], fd))
            continue;
        if (fake_end_of(fd) == NULL) {
            if (fake.bug != NULL)
                fake.bug("select on a closed descriptor", fd);
            return false;
        }
    }
    return true;
}

static bool
is_ready(unsigned long *const words[3], int fd, int set)
{
    return is_in(words[set], fd) && fake_poll(fake_end_of(fd)) & asked[set];
}

static int
count_ready(unsigned long *const words[3], int nfds)
{
    int ready = 0;

    for (int fd = 0; fd < nfds; fd++)
        for (int set = 0; set < 3; set++)
            ready += is_ready(words, fd, set);
    return ready;
}

/* Only now is anything written. Whole words, as the kernel does it. */
static void
keep_ready(unsigned long *const words[3], int nfds)
{
    for (int set = 0; set < 3; set++) {
        for (int fd = 0; words[set] != NULL && fd < nfds; fd++) {
            unsigned long bit = 1ul << (size_t)fd % WORD_BITS;

            if (is_in(words[set], fd) && !is_ready(words, fd, set))
                words[set][(size_t)fd / WORD_BITS] &= ~bit;
        }
    }
}

/* --- the wait ------------------------------------------------------------- */

int64_t
fake_next_arrival(void)
{
    int64_t next_us = FAKE_NEVER;

    for (int i = 0; i < FAKE_LINKS; i++) {
        for (int j = 0; j < 2 && fake.link[i].open_ends > 0; j++) {
            int64_t at_us = fake_arrival(&fake.link[i].stream[j]);

            if (at_us < next_us)
                next_us = at_us;
        }
    }
    return next_us;
}

/* What is left goes back into it, as Linux does. */
static void
tell_rest(struct timeval *timeout, int64_t deadline_us)
{
    int64_t rest_us = deadline_us - fake.now_us;

    if (timeout == NULL)
        return;
    if (rest_us < 0)
        rest_us = 0;
    timeout->tv_sec = (time_t)(rest_us / SECOND);
    timeout->tv_usec = (suseconds_t)(rest_us % SECOND);
}

static bool
is_wrong(int nfds, const struct timeval *timeout)
{
    return nfds < 0 ||
           (timeout != NULL && (timeout->tv_sec < 0 || timeout->tv_usec < 0));
}

int
fake_select(
    int nfds, fd_set *in, fd_set *out, fd_set *urgent, struct timeval *timeout)
{
    unsigned long *const words[3] = {(void *)in, (void *)out, (void *)urgent};
    int64_t deadline_us = FAKE_NEVER;
    int ready;

    if (is_wrong(nfds, timeout))
        return fake_fails(EINVAL);
    if (nfds > FAKE_FDS)
        nfds = FAKE_FDS;
    if (timeout != NULL)
        deadline_us =
            fake.now_us + (int64_t)timeout->tv_sec * SECOND + timeout->tv_usec;
    if (!all_open(words, nfds))
        return fake_fails(EBADF);
    while ((ready = count_ready(words, nfds)) == 0) {
        if (fake.now_us >= deadline_us)
            break;
        if (fake.pass(deadline_us) == FAKE_INTERRUPTED) {
            tell_rest(timeout, deadline_us);
            return fake_fails(EINTR);
        }
    }
    keep_ready(words, nfds);
    tell_rest(timeout, deadline_us);
    return ready;
}

/* --- the clocks ----------------------------------------------------------- */

int
fake_clock_gettime(clockid_t clock, struct timespec *now)
{
    int64_t us = fake.now_us;

    if (clock == CLOCK_REALTIME)
        us += fake.wall_us;
    now->tv_sec = (time_t)(us / SECOND);
    now->tv_nsec = (long)(us % SECOND) * 1000;
    return 0;
}
