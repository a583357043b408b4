/*
 * fake_link.c - two streams that make a connection, or one that is a pipe.
 *
 * Invariants:
 *  1. a link in use joins two ends; each reads one of its streams and writes
 *     the other. A pipe uses the first stream only.
 *  2. a link is free again when both ends have left it
 */
#include "fake_parts.h"

#include <errno.h>
#include <string.h>

int
fake_fails(int error)
{
    errno = error;
    return -1;
}

struct fake_link *
fake_new_link(void)
{
    struct fake_link *link = fake.link;

    while (link < fake.link + FAKE_LINKS && link->open_ends > 0)
        link++;
    if (link == fake.link + FAKE_LINKS)
        return NULL;
    for (int i = 0; i < 2; i++)
        fake_stream_init(&link->stream[i], false);
    link->open_ends = 2;
    link->is_unix = false;
    link->number = fake.links++;
    link->peer_port = fake.next_peer++;
    if (fake.next_peer < 50000)
        fake.next_peer = 50000;
    return link;
}

void
fake_join(struct fake_end *end, struct fake_link *link, int reads, int writes)
{
    end->kind = FAKE_STREAM;
    end->link = link;
    end->in = reads == FAKE_NONE ? NULL : &link->stream[reads];
    end->out = writes == FAKE_NONE ? NULL : &link->stream[writes];
}

static bool
is_pipe(const struct fake_end *end)
{
    return end->in == NULL || end->out == NULL;
}

/* --- bytes ---------------------------------------------------------------- */

/* The error of the connection, once; then 0. */
static int
tell_reset(struct fake_end *end)
{
    if (end->is_told || end->in == NULL || !fake_has_reset(end->in))
        return 0;
    end->is_told = true;
    /* The end that came before the reset makes it a broken pipe. */
    return end->in->is_ended ? EPIPE : ECONNRESET;
}

static ssize_t
broken_pipe(void)
{
    return fake_fails(EPIPE);
}

/* Nobody will read what is in it. */
static void
forget(struct fake_stream *stream)
{
    stream->seen = stream->taken = stream->put;
    stream->segments = 0;
    stream->marks = 0;
}

/* Nobody is there to read. Over TCP the other kernel answers with a reset; what
 * was sent has left all the same. */
static ssize_t
put_to_nobody(struct fake_end *end, size_t len)
{
    if (end->in == NULL || end->link->is_unix)
        return broken_pipe();
    end->out->put += len;
    forget(end->out);
    fake_reset_stream(end->in, end->out->latency_us);
    return (ssize_t)len;
}

ssize_t
fake_put(struct fake_end *end, const void *bytes, size_t len)
{
    struct fake_stream *out = end->out;
    int error = tell_reset(end);

    if (error != 0)
        return fake_fails(error);
    if (end->is_shut || (end->in != NULL && fake_has_reset(end->in)))
        return broken_pipe();
    if (out->is_refused)
        return put_to_nobody(end, len);
    if (out->is_reset) {
        out->lost += len; /* the news of it is still on its way */
        return (ssize_t)len;
    }
    fake_settle(out);
    /* A pipe takes a small write as a whole or not at all. */
    if (fake_room(out) == 0 ||
        (out->is_pipe && len <= 4096 && fake_room(out) < len))
        return fake_fails(EAGAIN);
    if (len > fake_room(out))
        len = fake_room(out);
    fake_append(out, bytes, len);
    return (ssize_t)len;
}

ssize_t
fake_take(struct fake_end *end, void *bytes, size_t len)
{
    struct fake_stream *in = end->in;
    size_t count = fake_consume(in, bytes, len, end->is_inline);
    int error;

    if (count > 0)
        return (ssize_t)count;
    if (fake_has_end(in) || end->is_deaf)
        return 0; /* even where a reset came after it */
    if (!fake_has_reset(in))
        return fake_fails(EAGAIN);
    error = tell_reset(end);
    return error == 0 ? 0 : fake_fails(error);
}

/* --- ends ----------------------------------------------------------------- */

void
fake_finish(struct fake_end *end)
{
    end->is_shut = true;
    fake_end_stream(end->out);
}

/* A unix peer keeps what it was sent; a closed TCP socket answers whatever
 * comes by a reset, which destroys what is under way. */
static void
leave_socket(struct fake_end *end)
{
    bool has_unread = fake_unread(end->in) > 0;
    bool is_unix = end->link->is_unix;

    if (is_unix ? has_unread : has_unread || end->lingers_by_reset)
        fake_reset_stream(end->out, 0);
    else
        fake_end_stream(end->out);
    if (!is_unix && end->in->segments > 0)
        fake_reset_stream(end->out, end->in->latency_us);
    end->in->is_refused = true;
    end->in->lost += end->in->put - end->in->taken;
    forget(end->in);
}

static void
leave_pipe(struct fake_end *end)
{
    if (end->in != NULL)
        end->in->is_refused = true;
    if (end->out != NULL)
        fake_end_stream(end->out);
}

void
fake_leave(struct fake_end *end)
{
    if (is_pipe(end))
        leave_pipe(end);
    else
        leave_socket(end);
    end->link->open_ends--;
    memset(end, 0, sizeof *end);
}

void
fake_cut(struct fake_link *link)
{
    for (int i = 0; i < 2; i++) {
        struct fake_stream *stream = &link->stream[i];

        stream->last_us = fake.now_us; /* nothing more is on the way */
        fake_reset_stream(stream, -stream->latency_us);
    }
}
