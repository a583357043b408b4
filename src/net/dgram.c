/*
 * dgram.c - the public side of datagrams: opened, drained, closed.
 *
 * On the path: address text -> addr.c -> HERE -> bind.c; then dgram_io.c.
 *
 * Invariants (leat__net_check asserts the first two):
 *  1. between turns nobody is busy, and nothing is current
 *  2. a socket wants to be readable <=> the timer is not started; else the
 *     kernel has no memory, or only errors for us
 *  3. a dgram that is being served is freed by dgram_io.c when that is done,
 *     otherwise where it is closed
 *
 * Each has bytes of its own: unlike a chunk of net->chunk, a datagram may be
 * received from inside another callback (leat_dgram_drain).
 */
#include <leat/dgram.h>

#include <errno.h>
#include <string.h>

#include "socket.h"
#include "sys/sys.h"

#define DEFAULT_BATCH 64

/* --- opened and closed ---------------------------------------------------- */

void
leat__dgram_want(struct leat_dgram *dgram, unsigned events)
{
    for (size_t i = 0; i < dgram->count; i++)
        if (!dgram->socket[i].is_lost)
            leat__fdset_want(&dgram->loop->fds, &dgram->socket[i].io, events);
}

static void
end_pause(struct leat_timer *timer, void *user)
{
    (void)timer;
    leat__dgram_want(user, LEAT_READABLE);
}

static void
note_refused(const struct leat_dgram *dgram, int fd, int error)
{
    leat__loop_note(dgram->loop, &(struct leat_note){.level = LEAT_NOTE_INFO,
                                     .key = "option-refused",
                                     .error = error,
                                     .fd = fd});
}

static void
set_option(const struct leat_dgram *dgram, int fd, int name, size_t size)
{
    if (size == 0 || size == LEAT_OFF)
        return;
    int value = size < INT32_MAX ? (int)size : INT32_MAX;
    int error = leat__sys_option(fd, SOL_SOCKET, name, value);
    if (error != 0)
        note_refused(dgram, fd, error);
}

void
leat__dgram_options(
    const struct leat_dgram *dgram, const struct leat__socket *socket)
{
    int fd = socket->io.fd;
    set_option(dgram, fd, SO_SNDBUF, dgram->config.sndbuf);
    set_option(dgram, fd, SO_RCVBUF, dgram->config.rcvbuf);
    /* Without it answers leave from where the kernel likes. */
    int error = leat__sys_tell_way(fd, socket->addr.storage.ss_family);
    if (error != 0)
        note_refused(dgram, fd, error);
}

static void
close_sockets(struct leat_dgram *dgram)
{
    for (size_t i = 0; i < dgram->count; i++)
        if (!dgram->socket[i].is_lost)
            (void)leat__sys_close(dgram->socket[i].io.fd); /* free anyway */
}

/* Put the bound sockets on the loop. */
static int
join(struct leat_dgram *dgram)
{
    struct leat_loop *loop = dgram->loop;
    for (size_t i = 0; i < dgram->count; i++) {
        struct leat__io *io = &dgram->socket[i].io;
        io->on_ready = leat__dgram_ready;
        int error = leat__fdset_add(&loop->fds, leat__loop_alloc(loop), io);
        if (error != 0) {
            while (i-- > 0)
                leat__fdset_remove(&loop->fds, &dgram->socket[i].io);
            return error;
        }
    }
    leat__dgram_want(dgram, LEAT_READABLE);
    leat__list_append(&loop->net->dgrams, &dgram->node);
    return 0;
}

static void
init(struct leat_dgram *dgram, struct leat_loop *loop,
    const struct leat_dgram_config *config, size_t places)
{
    memset(dgram, 0, sizeof *dgram);
    dgram->loop = loop;
    dgram->config = *config;
    dgram->bytes = (unsigned char *)&dgram->socket[places];
    leat__list_init(&dgram->node);
    leat_timer_init(&dgram->timer, loop, end_pause, dgram);
    dgram->timer.is_internal = true;
}

static int
open_dgram(struct leat_dgram **out, struct leat_loop *loop,
    const struct leat_dgram_config *config, const struct leat__found *found)
{
    struct leat__source *source = &loop->pool.source;
    size_t size =
        sizeof **out + found->count * sizeof(*out)->socket[0] + config->max + 1;
    struct leat_dgram *dgram = leat__source_resize(source, NULL, 0, size);
    if (dgram == NULL)
        return -ENOMEM;
    init(dgram, loop, config, found->count);
    dgram->size = size;

    int error = leat__bind_dgram(dgram, found);
    if (error == 0) {
        error = join(dgram);
        if (error != 0)
            close_sockets(dgram);
    }
    if (error != 0) {
        leat__source_resize(source, dgram, size, 0);
        return error;
    }
    *out = dgram;
    return 0;
}

static int
fill_in(struct leat_dgram_config *config)
{
    if (config->batch == 0)
        config->batch = DEFAULT_BATCH;
    if (config->max == 0)
        config->max = LEAT__DATAGRAM_MAX;
    return config->on_datagram == NULL || config->max > LEAT__DATAGRAM_MAX
               ? -EINVAL
               : 0;
}

int
leat_dgram_open(struct leat_dgram **out, struct leat_loop *loop,
    const char *address, const struct leat_dgram_config *config)
{
    *out = NULL;
    struct leat_dgram_config filled = *config;
    int error = fill_in(&filled);
    if (error != 0)
        return error;
    if (loop->is_doomed)
        return -ESHUTDOWN;
    if (leat__net_of(loop) == NULL)
        return -ENOMEM;
    struct leat__found found;
    error = leat__addr_find(&found, address, 0);
    if (error == 0 && found.addr[0].storage.ss_family == AF_UNIX)
        error = -EINVAL;
    return error != 0 ? error : open_dgram(out, loop, &filled, &found);
}

/* Off the loop, and its numbers free. */
static void
shut(struct leat_dgram *dgram)
{
    if (dgram->is_closed)
        return;
    dgram->is_closed = true;
    for (size_t i = 0; i < dgram->count; i++)
        if (!dgram->socket[i].is_lost)
            leat__fdset_remove(&dgram->loop->fds, &dgram->socket[i].io);
    close_sockets(dgram);
    leat_timer_stop(&dgram->timer);
    leat__list_unlink(&dgram->node);
}

void
leat__dgram_free(struct leat_dgram *dgram)
{
    shut(dgram);
    leat__source_resize(&dgram->loop->pool.source, dgram, dgram->size, 0);
}

void
leat_dgram_close(struct leat_dgram *dgram)
{
    if (dgram == NULL)
        return;
    if (dgram->is_busy)
        shut(dgram);
    else
        leat__dgram_free(dgram);
}

int
leat_dgram_drain(struct leat_dgram *dgram)
{
    struct leat_loop *loop = dgram->loop;
    uint64_t before = dgram->stats.in;
    bool was_running = loop->is_running;
    if (dgram->is_busy)
        return -EBUSY;
    loop->is_running = dgram->is_busy = true;
    for (size_t i = 0; i < dgram->count; i++)
        if (!dgram->is_closed && !dgram->socket[i].is_lost)
            leat__dgram_receive(&dgram->socket[i], false);
    int delivered = (int)(dgram->stats.in - before);

    dgram->is_busy = false;
    loop->is_running = was_running;
    if (dgram->is_closed)
        leat__dgram_free(dgram);
    if (!loop->is_doomed || was_running)
        return delivered;
    leat__loop_free(loop);
    return -ECANCELED;
}

size_t
leat_dgram_count(const struct leat_dgram *dgram)
{
    return dgram->count;
}

int
leat_dgram_addr(
    const struct leat_dgram *dgram, size_t index, struct leat_addr *addr)
{
    if (index >= dgram->count)
        return -EINVAL;
    *addr = dgram->socket[index].addr;
    return 0;
}

void
leat_dgram_stats(const struct leat_dgram *dgram, struct leat_dgram_stats *stats)
{
    *stats = dgram->stats;
}
