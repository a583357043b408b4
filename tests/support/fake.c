/*
 * fake.c - what the fake kernel is made of, and the test's side of it.
 *
 * Invariants:
 *  1. a link in use joins two ends; each end reads one of its streams and
 *     writes the other. A pipe uses the first stream only.
 *  2. a link is free again when both ends have left it
 *  3. fake.peer[i] is the test's end of fake.link[i]; where leat holds both
 *     ends, it is free
 */
#include "fake_parts.h"

#include <errno.h>
#include <string.h>

struct fake_state fake;

static ssize_t
fails(int error)
{
    errno = error;
    return -1;
}

/* --- streams and links --------------------------------------------------- */

size_t
fake_room(const struct fake_stream *stream)
{
    return stream->len < fake.capacity ? fake.capacity - stream->len : 0;
}

ssize_t
fake_put(struct fake_stream *out, const void *bytes, size_t len)
{
    const unsigned char *from = bytes;

    if (out->is_refused || out->is_ended)
        return fails(EPIPE);
    if (fake_room(out) == 0)
        return fails(EAGAIN);
    if (len > fake_room(out))
        len = fake_room(out);
    for (size_t i = 0; i < len; i++)
        out->bytes[(out->head + out->len++) % FAKE_STREAM_MAX] = from[i];
    return (ssize_t)len;
}

ssize_t
fake_take(struct fake_stream *in, void *bytes, size_t len)
{
    unsigned char *to = bytes;

    if (in->len == 0 && in->is_reset) {
        in->is_reset = false; /* an error is told once, then it is the end */
        in->is_ended = true;
        return fails(ECONNRESET);
    }
    if (in->len == 0)
        return in->is_ended ? 0 : fails(EAGAIN);
    if (len > in->len)
        len = in->len;
    for (size_t i = 0; i < len; i++)
        to[i] = in->bytes[(in->head + i) % FAKE_STREAM_MAX];
    in->head = (in->head + len) % FAKE_STREAM_MAX;
    in->len -= len;
    return (ssize_t)len;
}

struct fake_link *
fake_new_link(void)
{
    struct fake_link *link = fake.link;

    while (link < fake.link + FAKE_LINKS && link->open_ends > 0)
        link++;
    if (link == fake.link + FAKE_LINKS)
        kernel__misuse("the fake kernel has", "no more links");
    for (int i = 0; i < 2; i++) {
        struct fake_stream *stream = &link->stream[i];

        stream->head = stream->len = 0;
        stream->is_ended = stream->is_reset = stream->is_refused = false;
    }
    link->open_ends = 2;
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

void
fake_leave(struct fake_end *end)
{
    bool resets =
        end->lingers_by_reset || (end->in != NULL && end->in->len > 0);

    if (end->in != NULL)
        end->in->is_refused = true;
    if (end->out != NULL) {
        end->out->is_ended = !resets;
        end->out->is_reset = resets;
    }
    if (end->out != NULL && resets)
        end->out->len = 0;
    end->link->open_ends--;
    memset(end, 0, sizeof *end);
}

/* --- the test's side ----------------------------------------------------- */

void
fake_setup(void)
{
    kernel_setup();
    memset(fake.end, 0, sizeof fake.end);
    memset(fake.peer, 0, sizeof fake.peer);
    for (int i = 0; i < FAKE_LINKS; i++)
        fake.link[i].open_ends = 0;
    fake.capacity = FAKE_STREAM_MAX;
    fake.fd_limit = FAKE_FDS;
    fake.next_port = 40000;
    fake.now_us = (int64_t)1000 * 1000000;
    kernel_use(&fake_table);
}

void
fake_capacity(size_t bytes)
{
    if (bytes == 0 || bytes > FAKE_STREAM_MAX)
        kernel__misuse("a stream holds", "1 to 65536 bytes");
    fake.capacity = bytes;
}

void
fake_limit(int fds)
{
    fake.fd_limit = FAKE_FD_FIRST + fds;
    if (fds < 0 || fake.fd_limit > FAKE_FDS)
        kernel__misuse("the fake kernel has", "fewer descriptors");
}

void
fake_advance(int64_t us)
{
    fake.now_us += us;
}

int
fake_listener(void)
{
    for (int fd = FAKE_FD_FIRST; fd < FAKE_FDS; fd++) {
        if (fake.end[fd].kind == FAKE_LISTENER)
            return fd;
    }
    return -1;
}

int
fake_connect(int listener)
{
    struct fake_end *end = &fake.end[listener];
    struct fake_link *link;
    int peer;

    if (end->kind != FAKE_LISTENER)
        kernel__misuse("nobody listens at", "this descriptor");
    if (end->waiting >= end->backlog)
        return -1;
    link = fake_new_link();
    end->queue[end->waiting++] = link;
    peer = (int)(link - fake.link);
    fake_join(&fake.peer[peer], link, FAKE_TO_PEER, FAKE_TO_LEAT);
    return peer;
}

static struct fake_end *
peer_of(int peer)
{
    if (peer < 0 || peer >= FAKE_LINKS || fake.peer[peer].kind == FAKE_FREE)
        kernel__misuse("there is no such", "peer, or it was closed");
    return &fake.peer[peer];
}

int
fake_write(int peer, const void *bytes, size_t len)
{
    ssize_t count = fake_put(peer_of(peer)->out, bytes, len);

    return count < 0 && errno == EAGAIN ? 0 : (int)count;
}

int
fake_read(int peer, void *bytes, size_t len)
{
    struct fake_stream *in = peer_of(peer)->in;

    return in->len == 0 ? 0 : (int)fake_take(in, bytes, len);
}

void
fake_shutdown(int peer)
{
    peer_of(peer)->out->is_ended = true;
}

void
fake_close(int peer)
{
    fake_leave(peer_of(peer));
}

void
fake_reset(int peer)
{
    peer_of(peer)->lingers_by_reset = true;
    fake_leave(peer_of(peer));
}

bool
fake_ended(int peer)
{
    const struct fake_stream *in = peer_of(peer)->in;

    return in->len == 0 && (in->is_ended || in->is_reset);
}

bool
fake_was_reset(int peer)
{
    return peer_of(peer)->in->is_reset;
}
