/*
 * log.c - lines to standard error that never hold anybody up.
 *
 * On the path: server, client, notes -> ring -> select() says writable -> fd.
 *
 * Standard error is shared with whoever started leatd, so it is never made
 * non-blocking. A pipe or terminal that select() calls writable takes PIPE_BUF
 * bytes without blocking: so many are written, and not again before the next
 * select(). Whoever reads slowly or not at all costs lines, not service.
 *
 * Invariants (log_check in the tests):
 *  1. used <= LOG_RING, head < LOG_RING
 *  2. the ring begins inside a line only after a short write
 *  3. attached and armed <=> the ring is not empty, log_end_now excepted
 */
#include "log.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "cli/output.h"
#include "sys/sys.h"

/* --- the ring ------------------------------------------------------------- */

void
log_init(struct log *log, int fd, enum log_level least)
{
    log->fd = fd;
    log->least = least;
    log->watch = NULL;
    log->head = 0;
    log->used = 0;
    log->dropped = 0;
}

static bool
put(struct log *log, const char *bytes, size_t len)
{
    if (len > LOG_RING - log->used)
        return false;
    size_t at = (log->head + log->used) % LOG_RING;
    size_t first = LOG_RING - at < len ? LOG_RING - at : len;

    memcpy(log->ring + at, bytes, first);
    memcpy(log->ring, bytes + first, len - first);
    log->used += len;
    return true;
}

/* Tell how many lines are missing at this place. Not before half of the ring
 * is free: a reader a little too slow would else see as many of these lines
 * as of others. */
static void
put_dropped(struct log *log)
{
    struct log_line line;

    if (log->dropped == 0 || log->used > LOG_RING / 2)
        return;
    log_answer(&line, "dropped ");
    text_number(&line.text, log->dropped, 1);
    text_add(&line.text, " lines\n");
    if (put(log, line.text.bytes, line.text.len))
        log->dropped = 0;
}

void
log_push(struct log *log, const char *bytes, size_t len)
{
    /* While lines are missing no other may overtake the word of them. */
    put_dropped(log);
    if (log->dropped > 0 || !put(log, bytes, len))
        log->dropped++;
}

/* --- from the ring to the descriptor -------------------------------------- */

/* Copy the oldest bytes, whole lines if there is one, so that lines of several
 * processes that share a pipe do not mix. */
static size_t
peek(const struct log *log, char *out, size_t max)
{
    size_t len = log->used < max ? log->used : max;
    size_t first = LOG_RING - log->head < len ? LOG_RING - log->head : len;

    memcpy(out, log->ring + log->head, first);
    memcpy(out + first, log->ring, len - first);
    size_t whole = len;
    while (whole > 0 && out[whole - 1] != '\n')
        whole--;
    return whole > 0 ? whole : len;
}

static void
take(struct log *log, size_t len)
{
    log->head = (log->head + len) % LOG_RING;
    log->used -= len;
    if (log->used == 0)
        log->head = 0;
}

static uint64_t
count_lines(const char *bytes, size_t len)
{
    uint64_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += bytes[i] == '\n';
    return count;
}

/* One write to a descriptor that select() has called writable. False: there
 * is no use in trying on. */
static bool
write_some(struct log *log)
{
    char bytes[PIPE_BUF];
    size_t len = peek(log, bytes, sizeof bytes);
    if (len == 0)
        return false;

    ssize_t count = leat__sys_write(log->fd, bytes, len);
    if (count == -EAGAIN || count == -EINTR)
        return false;
    if (count < 0) {
        /* The disk is full, or nobody reads any more: these lines are lost,
         * and it is tried again with the next ones. */
        log->dropped += count_lines(bytes, len);
        take(log, len);
        return false;
    }
    take(log, (size_t)count);
    put_dropped(log);
    return true;
}

void
log_flush(struct log *log, int64_t wait_us)
{
    while (log->used > 0 && output_is_ready(log->fd, wait_us) == 1)
        if (!write_some(log))
            return;
}

/* --- on the loop ---------------------------------------------------------- */

static void
on_ready(struct leat_watch *watch, unsigned ready, void *user)
{
    struct log *log = user;

    (void)watch;
    if (ready & LEAT_FAILED) {
        log_detach(log);
        return;
    }
    write_some(log);
    log_arm(log);
}

void
log_arm(struct log *log)
{
    unsigned events = log->used > 0 ? LEAT_WRITABLE : 0;

    /* Refused only when the descriptor was closed behind our back. */
    if (log->watch != NULL && leat_watch_set(log->watch, events) != 0)
        log_detach(log);
}

int
log_attach(struct log *log, struct leat_loop *loop)
{
    int error = leat_watch_open(&log->watch, loop, log->fd, 0, on_ready, log);

    if (error == 0)
        log_arm(log);
    return error;
}

void
log_detach(struct log *log)
{
    leat_watch_close(log->watch);
    log->watch = NULL;
}
