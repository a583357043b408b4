/*
 * peer.c - the test's end of a connection: a plain socket, never waited for.
 */
#include "peers.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peers_parts.h"
#include "quick.h"

#define PEERS 1100

static struct peer list[PEERS];
static size_t count;

void
begin_peers(void)
{
    memset(list, 0, sizeof list);
    count = 0;
}

void
end_peers(void)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].fd >= 0)
            peer_close(&list[i]);
        free(list[i].bytes);
    }
}

struct peer *
peer_of(int fd)
{
    quick_assert(fd >= 0 && count < PEERS);
    quick_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    struct peer *peer = &list[count++];
    peer->fd = fd;
    return peer;
}

/* A loopback accepts into the backlog within connect(), so this does not wait.
 */
struct peer *
peer_connect(size_t index)
{
    struct leat_addr addr;
    ck_assert_int_eq(leat_listener_addr(peers.listener, index, &addr), 0);
    int fd = socket(addr.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr *to = (const struct sockaddr *)&addr.storage;
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, to, addr.len), 0);
    return peer_of(fd);
}

struct side *
peers_adopt_pair(struct peer **peer)
{
    int fds[2];
    ck_assert_int_eq(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    *peer = peer_of(fds[1]);
    return peers_adopt(fds[0], &peers.config.conn);
}

/* --- speaking ------------------------------------------------------------- */

void
peer_say(struct peer *peer, const void *bytes, size_t len)
{
    const unsigned char *from = bytes;
    size_t at = 0;
    for (unsigned tries = 0; at < len;) {
        ssize_t n =
            send(peer->fd, from + at, len - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            at += (size_t)n;
            tries = 0;
            continue;
        }
        quick_assert(n < 0 && errno == EAGAIN);
        peer_hear(peer);
        peers_try(tries++, "a peer's bytes are taken");
    }
}

void
peer_text(struct peer *peer, const char *text)
{
    peer_say(peer, text, strlen(text));
}

void
peer_say_keyed(struct peer *peer, unsigned key, size_t len)
{
    unsigned char *bytes = malloc(len);
    ck_assert_ptr_nonnull(bytes);
    key_fill(bytes, key, 0, len);
    peer_say(peer, bytes, len);
    free(bytes);
}

void
peer_say_in_pieces(struct peer *peer, const void *bytes, size_t len, size_t n)
{
    const char *from = bytes;
    uint64_t read = rig_stats().bytes_in;
    for (size_t at = 0, piece; at < len; at += piece) {
        piece = n == 0 || n > len - at ? len - at : n;
        peer_say(peer, from + at, piece);
        turn_until(rig_stats().bytes_in == read + at + piece);
    }
}

void
peer_urgent(struct peer *peer, char byte)
{
    ck_assert_int_eq(send(peer->fd, &byte, 1, MSG_OOB | MSG_NOSIGNAL), 1);
}

/* --- listening ------------------------------------------------------------ */

void
peer_hear(struct peer *peer)
{
    while (peer->fd >= 0 && !peer->is_ended && peer->error == 0) {
        /* Not all the room: valgrind looks at all that is asked for. */
        const size_t most = 65536;
        grow_bytes(&peer->bytes, &peer->room, peer->len + most);
        ssize_t n = recv(peer->fd, peer->bytes + peer->len, most, 0);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n > 0)
            peer->len += (size_t)n;
        peer->is_ended = n == 0;
        peer->error = n < 0 ? errno : 0;
    }
}

bool
peer_has(struct peer *peer, size_t len)
{
    peer_hear(peer);
    return peer->len >= len;
}

bool
peer_heard(struct peer *peer, const char *text)
{
    size_t len = strlen(text);
    peer_hear(peer);
    return peer->len == len && memcmp(peer->bytes, text, len) == 0;
}

bool
peer_is_over(struct peer *peer)
{
    peer_hear(peer);
    return peer->is_ended || peer->error != 0;
}

/* --- ending --------------------------------------------------------------- */

void
peer_half_close(struct peer *peer)
{
    ck_assert_int_eq(shutdown(peer->fd, SHUT_WR), 0);
}

void
peer_reset(struct peer *peer)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    ck_assert_int_eq(
        setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    peer_close(peer);
}

void
peer_close(struct peer *peer)
{
    ck_assert_int_eq(close(peer->fd), 0);
    peer->fd = -1;
}

/* --- bytes that know their place ------------------------------------------ */

/* Eight bytes at a time, the lowest first. */
static uint64_t
key_word(unsigned key, size_t index)
{
    uint64_t x = ((uint64_t)key << 40) + index + 1;
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Bytes of the word that at is in; how many. */
static size_t
fill_some(unsigned char *to, unsigned key, size_t at, size_t len)
{
    size_t skip = at % 8;
    size_t some = 8 - skip < len ? 8 - skip : len;
    uint64_t word = htole64(key_word(key, at / 8) >> skip * 8);
    memcpy(to, &word, some);
    return some;
}

/* Whole words at once where it can: megabytes are filled, also in valgrind. */
void
key_fill(void *bytes, unsigned key, size_t at, size_t len)
{
    unsigned char *to = bytes;
    size_t done = at % 8 == 0 ? 0 : fill_some(to, key, at, len);
    size_t index = (at + done) / 8;
    for (; len - done >= 8; done += 8) {
        uint64_t word = htole64(key_word(key, index++));
        memcpy(to + done, &word, sizeof word);
    }
    if (done < len)
        (void)fill_some(to + done, key, at + done, len - done);
}

bool
key_is(const void *bytes, unsigned key, size_t at, size_t len)
{
    unsigned char *wanted = malloc(len);
    ck_assert_ptr_nonnull(wanted);
    key_fill(wanted, key, at, len);
    bool is_same = memcmp(bytes, wanted, len) == 0;
    free(wanted);
    return is_same;
}
