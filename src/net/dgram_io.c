/*
 * dgram_io.c - datagrams, one batch per socket and turn.
 *
 * On the path: select() -> loop (phase 3) -> HERE: recvmsg -> program;
 *              program -> HERE: sendmsg.
 *
 * A failure is one datagram's, whichever it was: this file ends a socket only
 * when its number is no socket any more. It never frees a dgram that is being
 * served before that is done.
 */
#include <leat/dgram.h>

#include <errno.h>
#include <string.h>

#include "socket.h"
#include "sys/sys.h"

#define PAUSE_US 10000

/* --- what a failed recvmsg means ------------------------------------------ */

enum meaning { NOTHING_LEFT, TRY_NEXT, NO_MEMORY, SOCKET_BROKEN };

static const struct {
    int error;
    enum meaning meaning;
} meanings[] = {
    {-EAGAIN, NOTHING_LEFT},
    {-EWOULDBLOCK, NOTHING_LEFT},
    {-EINTR, NOTHING_LEFT},
    {-ENOBUFS, NO_MEMORY},
    {-ENOMEM, NO_MEMORY},
    {-EBADF, SOCKET_BROKEN},
    {-ENOTSOCK, SOCKET_BROKEN},
};

/* What is not in the table is about one datagram: an ICMP error, say. */
static enum meaning
meaning_of(int error)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (meanings[i].error == error)
            return meanings[i].meaning;
    return TRY_NEXT;
}

static void
note(struct leat_loop *loop, const char *key, int error, int fd)
{
    leat__loop_note(loop,
        &(struct leat_note){
            .level = LEAT_NOTE_WARN, .key = key, .error = error, .fd = fd});
}

/* --- reading, or not for a while ------------------------------------------ */

/* Readiness stays, so to ask again at once would only burn the processor. */
static void
pause_reading(struct leat__socket *socket, int error)
{
    struct leat_dgram *dgram = socket->dgram;
    if (dgram->is_closed)
        return;
    note(dgram->loop, "datagram-paused", error, socket->io.fd);
    leat__dgram_want(dgram, 0);
    leat_timer_start(&dgram->timer, PAUSE_US, 0);
}

static void
break_socket(struct leat__socket *socket, int error)
{
    struct leat_loop *loop = socket->dgram->loop;
    note(loop, "listener-failed", error, socket->io.fd);
    leat__fdset_remove(&loop->fds, &socket->io);
    socket->is_lost = true;
    if (error != -EBADF)
        (void)leat__sys_close(socket->io.fd); /* the number is free anyway */
}

/* --- one datagram --------------------------------------------------------- */

/* Whether another may be asked for. */
static bool
receive_failed(struct leat__socket *socket, int error)
{
    struct leat_dgram *dgram = socket->dgram;
    struct leat_loop *loop = dgram->loop;
    enum meaning meaning = meaning_of(error);
    if (meaning == NOTHING_LEFT)
        return false;
    dgram->stats.errors++;
    loop->progress++;
    if (meaning == TRY_NEXT) {
        note(loop, "datagram-error", error, socket->io.fd);
        return true;
    }
    if (meaning == NO_MEMORY)
        pause_reading(socket, error);
    else
        break_socket(socket, error);
    return false;
}

/* Half of one is worth nothing, and what was for everybody must not be
 * answered by everybody. */
static bool
is_for_us(struct leat_dgram *dgram)
{
    if (dgram->way.is_cut)
        dgram->stats.too_long++;
    else if (dgram->way.is_cast)
        dgram->stats.cast++;
    else
        return true;
    dgram->loop->stats.datagrams_dropped++;
    return false;
}

static void
deliver(struct leat__socket *socket, size_t len)
{
    struct leat_dgram *dgram = socket->dgram;
    struct leat_loop *loop = dgram->loop;
    struct leat_addr peer = {
        .storage = dgram->way.peer, .len = dgram->way.peer_len};

    dgram->stats.in++;
    dgram->stats.bytes_in += len;
    loop->stats.datagrams_in++;
    loop->stats.bytes_in += len;
    dgram->current = socket;
    leat__loop_calls(loop);
    dgram->config.on_datagram(
        dgram, dgram->bytes, len, &peer, dgram->config.user);
    dgram->current = NULL;
}

/* One more byte is asked for than there may be: not every system says that it
 * has cut. */
static ssize_t
receive(struct leat__socket *socket)
{
    struct leat_dgram *dgram = socket->dgram;
    size_t max = dgram->config.max;
    ssize_t count =
        leat__sys_receive(socket->io.fd, dgram->bytes, max + 1, &dgram->way);
    if (count < 0)
        return count;
    dgram->loop->progress++;
    dgram->way.is_cut |= (size_t)count > max;
    if (is_for_us(dgram))
        deliver(socket, (size_t)count);
    return count;
}

/* Whether the program still wants the next one. */
static bool
may_go_on(const struct leat_dgram *dgram, bool is_bounded)
{
    if (dgram->is_closed || dgram->loop->is_doomed)
        return false;
    return !is_bounded || leat__loop_may_go_on(dgram->loop);
}

void
leat__dgram_receive(struct leat__socket *socket, bool is_bounded)
{
    struct leat_dgram *dgram = socket->dgram;
    int error = 0;
    bool has_any = false;
    for (size_t i = 0; i < dgram->config.batch; i++) {
        if (!may_go_on(dgram, is_bounded))
            return;
        ssize_t count = receive(socket);
        has_any |= count >= 0;
        if (count >= 0)
            continue;
        if (!receive_failed(socket, (int)count))
            return;
        error = (int)count;
    }
    if (!has_any)
        pause_reading(socket, error);
}

void
leat__dgram_ready(struct leat__io *io, unsigned ready)
{
    struct leat__socket *socket = LEAT__CONTAINER(io, struct leat__socket, io);
    struct leat_dgram *dgram = socket->dgram;
    if (ready != LEAT_READABLE) {
        break_socket(socket, -EBADF);
        return;
    }
    dgram->is_busy = true;
    leat__dgram_receive(socket, true);
    dgram->is_busy = false;
    if (dgram->is_closed)
        leat__dgram_free(dgram);
}

/* --- sending -------------------------------------------------------------- */

static bool
is_answer(const struct leat_dgram *dgram, const struct leat_addr *peer)
{
    const struct leat__way *way = &dgram->way;
    return dgram->current != NULL && peer->len == way->peer_len &&
           memcmp(&peer->storage, &way->peer, peer->len) == 0;
}

static const struct leat__socket *
socket_for(const struct leat_dgram *dgram, const struct leat_addr *peer)
{
    for (size_t i = 0; i < dgram->count; i++)
        if (!dgram->socket[i].is_lost &&
            dgram->socket[i].addr.storage.ss_family == peer->storage.ss_family)
            return &dgram->socket[i];
    return NULL;
}

static int
send_now(struct leat_dgram *dgram, const void *bytes, size_t len,
    const struct leat_addr *peer)
{
    if (dgram->is_closed)
        return -ESHUTDOWN;
    if (is_answer(dgram, peer))
        return (int)leat__sys_answer(
            dgram->current->io.fd, bytes, len, &dgram->way);

    const struct leat__socket *socket = socket_for(dgram, peer);
    if (socket == NULL)
        return -EAFNOSUPPORT;
    struct leat__way way = {.peer = peer->storage, .peer_len = peer->len};
    return (int)leat__sys_answer(socket->io.fd, bytes, len, &way);
}

int
leat_dgram_send(struct leat_dgram *dgram, const void *bytes, size_t len,
    const struct leat_addr *peer)
{
    struct leat_loop_stats *total = &dgram->loop->stats;
    int sent = len > LEAT__DATAGRAM_MAX ? -EMSGSIZE
                                        : send_now(dgram, bytes, len, peer);
    if (sent < 0) {
        dgram->stats.unsent++;
        total->datagrams_dropped++;
        return sent;
    }
    dgram->stats.out++;
    dgram->stats.bytes_out += len;
    total->datagrams_out++;
    total->bytes_out += len;
    return 0;
}
