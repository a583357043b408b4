/*
 * watch.c - every call that leatd makes: faults on the way in, books on the
 * way out.
 */
#include "parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* leatd does not come back to select: it is caught in a loop of its own. */
#define MOST_CALLS 4000000u

const struct leat_sys *leat_sys;

void
leat_sys_at(const char *call, const char *file, int line)
{
    (void)call, (void)file, (void)line;
    if (++sim.calls > MOST_CALLS)
        sim_fail(ORACLE_SPIN, "%u calls and no end", MOST_CALLS);
    if (sim.calls_left > 0 && --sim.calls_left == 0)
        (void)fake_deliver();
}

void
watch_touched(int fd)
{
    if (fd >= 0 && fd < FAKE_FDS)
        sim.waits[fd] = sim.told[fd] = 0;
}

static struct meeting *
meeting_of(int fd)
{
    const struct fake_end *end = fake_end_of(fd);

    if (end == NULL || end->kind != FAKE_STREAM)
        return NULL;
    return sim.of_link[end->link - fake.link];
}

/* --- bytes ---------------------------------------------------------------- */

static const struct {
    enum fault fault;
    int error;
} failures[] = {
    {FAULT_EAGAIN, EAGAIN}, {FAULT_EINTR, EINTR}, {FAULT_NOBUFS, ENOBUFS}};

/* Only calls on a client's socket fail. */
static bool
fails(struct meeting *meeting, int fd)
{
    watch_touched(fd);
    if (meeting == NULL)
        return false;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        if (!strikes(failures[i].fault))
            continue;
        sim_note("fails", fd, failures[i].error, 0);
        errno = failures[i].error;
        return true;
    }
    if (strikes(FAULT_CUT)) {
        meeting->was_cut = true;
        sim_note("cut", meeting->number, fd, 0);
        fake_cut(fake.end[fd].link);
    }
    return false;
}

static size_t
shorten(size_t len)
{
    if (len > 1 && strikes(FAULT_SHORT))
        return 1 + choose(sim.choices, len < 9 ? (uint32_t)len - 1 : 8);
    return len;
}

static void
moved(struct meeting *meeting, const char *what, int fd, ssize_t count)
{
    int error = count < 0 ? errno : 0;

    sim_note(what, fd, count, error);
    if (count >= 0 || error != EAGAIN)
        sim.moves++;
    if (meeting != NULL && count > 0)
        meeting->active_us = fake.now_us;
    if (count < 0)
        errno = error;
}

static ssize_t
watch_recv(int fd, void *bytes, size_t len, int flags)
{
    struct meeting *meeting = meeting_of(fd);
    unsigned char *first = bytes;
    ssize_t count;

    if (fd == 8 && errs(MISTAKE_STARVE))
        return fake_fails(EAGAIN);
    if (fails(meeting, fd))
        return -1;
    count = fake_recv(fd, bytes, shorten(len), flags);
    moved(meeting, "recv", fd, count);
    if (count > 0)
        memory_grew(meeting, (size_t)count);
    if (count > 4 && errs(MISTAKE_DROP))
        memmove(first + 1, first + 2, (size_t)--count - 1);
    for (ssize_t i = 0; i + 4 < count && meeting != NULL; i++)
        if (first[i] == '@' && meeting->listener->kind == KIND_HUB &&
            errs(MISTAKE_ASTRAY))
            first[i + 3] ^= 1;
    return count;
}

/* A copy that is not what it should be. */
static const void *
garble(const void *bytes, size_t len)
{
    static unsigned char copy[65536];

    if (len < 4 || len > sizeof copy)
        return bytes;
    if (errs(MISTAKE_DOUBLE)) {
        memcpy(copy, bytes, len);
        memmove(copy + 2, copy + 1, len - 2);
        return copy;
    }
    if (errs(MISTAKE_SWAP)) {
        memcpy(copy, bytes, len);
        copy[0] ^= copy[1];
        copy[1] ^= copy[0];
        copy[0] ^= copy[1];
        return copy;
    }
    return bytes;
}

static ssize_t
watch_send(int fd, const void *bytes, size_t len, int flags)
{
    struct meeting *meeting = meeting_of(fd);
    ssize_t count;

    if (fails(meeting, fd))
        return -1;
    if (sim.term_us != 0 && errs(MISTAKE_FORGETFUL)) {
        meeting->out += len;
        return (ssize_t)len;
    }
    count = fake_send(fd, garble(bytes, len), shorten(len), flags);
    moved(meeting, "send", fd, count);
    if (count > 0)
        meeting->out += (uint64_t)count;
    return count;
}

/* Where one message ends and the next begins is not the same on all machines,
 * so nothing may depend on it: a send of several is cut as one of one is, and
 * is told by the same name. */
static ssize_t
send_pieces(int fd, const struct msghdr *message, int flags)
{
    enum { PIECES = 64 }; /* as many as leat gathers */
    struct iovec piece[PIECES];
    struct msghdr cut = *message;
    size_t all = 0, len;

    for (size_t i = 0; i < (size_t)message->msg_iovlen; i++)
        all += message->msg_iov[i].iov_len;
    len = shorten(all);
    if (len == all || message->msg_iovlen > PIECES)
        return fake_sendmsg(fd, message, flags);
    cut.msg_iov = piece;
    cut.msg_iovlen = 0;
    while (len > 0) {
        struct iovec *last = &piece[cut.msg_iovlen];

        *last = message->msg_iov[cut.msg_iovlen++];
        if (last->iov_len > len)
            last->iov_len = len;
        len -= last->iov_len;
    }
    return fake_sendmsg(fd, &cut, flags);
}

static ssize_t
watch_sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct meeting *meeting = meeting_of(fd);
    ssize_t count;

    if (fails(meeting, fd))
        return -1;
    count = send_pieces(fd, message, flags);
    moved(meeting, "send", fd, count);
    if (count > 0)
        meeting->out += (uint64_t)count;
    return count;
}

static ssize_t
watch_read(int fd, void *bytes, size_t len)
{
    ssize_t count;

    watch_touched(fd);
    if (strikes(FAULT_EINTR))
        return fake_fails(EINTR);
    count = fake_fd_read(fd, bytes, len);
    moved(NULL, "read", fd, count);
    return count;
}

/* What is written to the log says more where its lines are read. */
static ssize_t
watch_write(int fd, const void *bytes, size_t len)
{
    ssize_t count;

    watch_touched(fd);
    if (strikes(FAULT_EINTR))
        return fake_fails(EINTR);
    count = fake_fd_write(fd, bytes, len);
    if (fd != 2)
        moved(NULL, "write", fd, count);
    if (count > 0)
        sim.moves++;
    return count;
}

/* --- connections ---------------------------------------------------------- */

/* A newcomer that is gone by now: its place in the backlog goes with it. */
static int
abort_first(int fd)
{
    int made = fake_accept4(fd, NULL, NULL, 0);

    if (made < 0)
        return -1;
    fake_cut(fake.end[made].link);
    meeting_of(made)->was_cut = true;
    (void)fake_fd_close(made);
    return fake_fails(ECONNABORTED);
}

static int
watch_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    struct meeting *meeting;
    int made;

    watch_touched(fd);
    if (strikes(FAULT_EMFILE)) {
        sim.moves++;
        return fake_fails(EMFILE);
    }
    if (strikes(FAULT_ABORTED)) {
        sim.moves++;
        return abort_first(fd);
    }
    made = fake_accept4(fd, addr, len, flags);
    moved(NULL, "accept", fd, made);
    if (made < 0)
        return made;
    meeting = meeting_of(made);
    meeting->was_accepted = true;
    meeting->fd = made;
    meeting->accepted_us = meeting->active_us = fake.now_us;
    return made;
}

/* No end of it ever arrives. */
static void
muffle(struct fake_stream *stream)
{
    stream->is_ended = false;
    stream->is_reset = true;
    stream->reset_us = FAKE_NEVER;
}

static int
watch_close(int fd)
{
    struct meeting *meeting = meeting_of(fd);

    watch_touched(fd);
    sim.moves++;
    if (meeting != NULL) {
        meeting->was_closed = true;
        meeting->fd = -1;
        meeting->closed_us = fake.now_us;
        sim.closes++;
    }
    sim_note("close", fd, 0, 0);
    if (meeting != NULL && errs(MISTAKE_OPEN))
        return 0;
    if (meeting != NULL && errs(MISTAKE_TWICE))
        (void)fake_fd_close(fd);
    if (meeting != NULL && errs(MISTAKE_NO_FIN))
        muffle(fake.end[fd].out);
    return fake_fd_close(fd);
}

static int
watch_shutdown(int fd, int how)
{
    watch_touched(fd);
    sim.moves++;
    sim_note("shutdown", fd, how, 0);
    return fake_shutdown_call(fd, how);
}

static int
watch_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    if (level != SOL_SOCKET && strikes(FAULT_OPTION))
        return fake_fails(ENOMEM);
    return fake_setsockopt(fd, level, name, value, len);
}

static int
watch_ioctl(int fd, unsigned long question, ...)
{
    va_list args;
    int *answer;

    va_start(args, question);
    answer = va_arg(args, int *);
    va_end(args);
    watch_touched(fd);
    return fake_ioctl(fd, question, answer);
}

static int
watch_clock_gettime(clockid_t clock, struct timespec *now)
{
    int rc = fake_clock_gettime(clock, now);

    if (clock == CLOCK_MONOTONIC && sim.meetings > 0 && errs(MISTAKE_EARLY))
        now->tv_sec += (time_t)(fake.now_us - sim.began_us) / SEC;
    return rc;
}

/* --- memory --------------------------------------------------------------- */

/* Before each block: the chain of all there are. */
struct block {
    struct block *next, *prev;
    size_t size;
    size_t filler; /* keeps what follows aligned */
};

static void
link_block(struct block *block, size_t size)
{
    block->size = size;
    block->prev = NULL;
    block->next = sim.first;
    if (sim.first != NULL)
        sim.first->prev = block;
    sim.first = block;
    sim.blocks++;
    sim.bytes += size;
}

static void
unlink_block(struct block *block)
{
    if (block->next != NULL)
        block->next->prev = block->prev;
    if (block->prev != NULL)
        block->prev->next = block->next;
    else
        sim.first = block->next;
    sim.blocks--;
    sim.bytes -= block->size;
}

static void *
watch_realloc(void *old, size_t size)
{
    struct block *block = old == NULL ? NULL : (struct block *)old - 1;

    if (strikes(FAULT_NOMEM)) {
        errno = ENOMEM;
        return NULL;
    }
    if (block != NULL)
        unlink_block(block);
    block = realloc(block, sizeof *block + size);
    if (block == NULL)
        abort(); /* the machine's own memory is out */
    link_block(block, size);
    return block + 1;
}

static void
watch_free(void *old)
{
    if (old == NULL || errs(MISTAKE_LEAK))
        return;
    unlink_block((struct block *)old - 1);
    free((struct block *)old - 1);
}

size_t
watch_end(void)
{
    size_t left = sim.blocks;

    while (sim.first != NULL) {
        struct block *block = sim.first;

        unlink_block(block);
        free(block);
    }
    return left;
}

/* --- the table ------------------------------------------------------------ */

void
watch_begin(struct leat_sys *table)
{
    *table = fake_table;
    table->recv = watch_recv;
    table->send = watch_send;
    table->sendmsg = watch_sendmsg;
    table->read = watch_read;
    table->write = watch_write;
    table->accept4 = watch_accept4;
    table->close = watch_close;
    table->shutdown = watch_shutdown;
    table->setsockopt = watch_setsockopt;
    table->ioctl = watch_ioctl;
    table->clock_gettime = watch_clock_gettime;
    table->select = world_select;
    park_begin(table);
    table->realloc = watch_realloc;
    table->free = watch_free;
    leat_sys = table;
}
