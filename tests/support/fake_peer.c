/*
 * fake_peer.c - the other ends: what a test, or a client of the simulator,
 * does with them.
 *
 * Invariant: fake.peer[i] is the other end of fake.link[i]; where leat holds
 * both ends, it is free.
 */
#include "fake_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void
misuse(const char *what)
{
    fprintf(stderr, "fake: misuse: %s\n", what);
    abort();
}

void
fake_capacity(size_t bytes)
{
    if (bytes == 0 || bytes > FAKE_STREAM_MAX)
        misuse("a stream holds 1 to 262144 bytes");
    fake.capacity = fake.window = bytes;
    for (int i = 0; i < FAKE_LINKS; i++) {
        for (int j = 0; j < 2; j++) {
            struct fake_stream *stream = &fake.link[i].stream[j];

            if (stream->is_pipe)
                continue;
            stream->capacity = stream->window = bytes;
        }
    }
}

void
fake_limit(int fds)
{
    if (fds < 0 || FAKE_FD_FIRST + fds > FAKE_FDS)
        misuse("there are not so many descriptors");
    fake.fd_limit = fake.fd_hard = FAKE_FD_FIRST + fds;
}

void
fake_advance(int64_t us)
{
    fake.now_us += us;
}

int
fake_listener(void)
{
    for (int fd = 0; fd < FAKE_FDS; fd++) {
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
        misuse("nobody listens at this descriptor");
    if (!fake_has_place(end))
        return -1;
    link = fake_new_link();
    if (link == NULL)
        return -1;
    fake_queue_link(end, link);
    peer = (int)(link - fake.link);
    fake_join(&fake.peer[peer], link, FAKE_TO_PEER, FAKE_TO_LEAT);
    fake.peer[peer].is_inline = true;
    return peer;
}

struct fake_end *
fake_peer_of(int peer)
{
    if (peer < 0 || peer >= FAKE_LINKS || fake.peer[peer].kind == FAKE_FREE)
        misuse("there is no such peer, or it was closed");
    return &fake.peer[peer];
}

int
fake_write(int peer, const void *bytes, size_t len)
{
    ssize_t count = fake_put(fake_peer_of(peer), bytes, len);

    return count < 0 && errno == EAGAIN ? 0 : (int)count;
}

int
fake_urgent(int peer, unsigned char byte)
{
    int count = fake_write(peer, &byte, 1);

    if (count == 1)
        fake_urge(fake_peer_of(peer)->out);
    return count;
}

int
fake_read(int peer, void *bytes, size_t len)
{
    struct fake_end *end = fake_peer_of(peer);

    return fake_unread(end->in) == 0 ? 0 : (int)fake_take(end, bytes, len);
}

void
fake_shutdown(int peer)
{
    fake_finish(fake_peer_of(peer));
}

void
fake_close(int peer)
{
    fake_leave(fake_peer_of(peer));
}

void
fake_reset(int peer)
{
    fake_peer_of(peer)->lingers_by_reset = true;
    fake_leave(fake_peer_of(peer));
}

bool
fake_ended(int peer)
{
    struct fake_stream *in = fake_peer_of(peer)->in;

    return fake_unread(in) == 0 && (fake_has_end(in) || fake_has_reset(in));
}

bool
fake_was_reset(int peer)
{
    return fake_has_reset(fake_peer_of(peer)->in);
}
