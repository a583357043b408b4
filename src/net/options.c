/*
 * options.c - a connection's configuration: defaults, checks, socket options.
 *
 * Options are set on the listening TCP socket, whose connections inherit them
 * without a system call; a unix socket's are set after accept.
 *
 * A receive buffer grows while it is read fast, and so it would for one who
 * floods an echo and never reads: 400 KB that no queue's limit bounds. So one
 * that was accepted begins with a narrow one, which grows from when WIDEN_AT
 * bytes have come and the peer takes what it is sent. Set on the listener it
 * would cost the window its scale, for good.
 */
#include "net.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "sys/sys.h"

#define UNIX_SNDBUF ((size_t)64 * 1024)
#define TCP_LOWAT ((size_t)16 * 1024)
#define KEEPALIVE_US 60000000
#define PROBE_COUNT 3
#define PROBE_SECONDS 10
/* The first window of most systems is 64 KiB: a buffer with room for it drops
 * nothing that was asked for. WIDEN_AT is more than an echo's queue, our kernel
 * and the peer's take together before they are full. */
#define NARROW (56 * 1024)
#define WIDEN_AT ((uint64_t)512 * 1024)
/* Where growing goes on: the kernel grows it beyond the most that it has seen
 * in a round trip, which a narrow one never lets it see. */
#define WIDE (192 * 1024)

static void
fill_in(struct leat_conn_config *config)
{
    if (config->lowat == 0)
        config->lowat = TCP_LOWAT;
    if (config->keepalive_us == 0)
        config->keepalive_us = KEEPALIVE_US;
}

int
leat__shared_create(struct leat__shared **out, struct leat_loop *loop,
    const struct leat_conn_config *config)
{
    *out = NULL;
    struct leat__shared filled = {.loop = loop, .refs = 1, .config = *config};
    if (config->ops == NULL || config->idle_us < 0)
        return -EINVAL;
    int error = leat__frame_config(&filled.config.frame, &config->frame);
    if (error != 0)
        return error;
    const struct leat_frame_config *frame = &filled.config.frame;
    error = leat__limits_of(&filled.limits, &config->queue,
        frame->kind == LEAT_RAW ? 0 : frame->max);
    if (error != 0)
        return error;
    fill_in(&filled.config);

    /* From the pool: each adopted connection has one of its own. */
    struct leat__shared *shared =
        leat__pool_take(&loop->pool, sizeof *shared, &filled.block);
    if (shared == NULL)
        return -ENOMEM;
    *shared = filled;
    *out = shared;
    return 0;
}

void
leat__shared_unref(struct leat_loop *loop, struct leat__shared *shared)
{
    if (--shared->refs == 0)
        leat__pool_give(&loop->pool, shared, shared->block);
}

struct option {
    int level, name;
    int64_t value; /* below 0: leave it alone */
};

static int64_t
size_option(size_t size)
{
    if (size == 0 || size == LEAT_OFF)
        return -1;
    return size < INT32_MAX ? (int64_t)size : INT32_MAX;
}

/* Rounded up. */
static int64_t
seconds_of(int64_t us)
{
    int64_t seconds = us / 1000000 + (us % 1000000 > 0);
    return seconds < INT32_MAX ? seconds : INT32_MAX;
}

static void
note_refused(struct leat_loop *loop, int fd, int error, int name)
{
    leat__loop_note(loop, &(struct leat_note){.level = LEAT_NOTE_INFO,
                              .key = "option-refused",
                              .error = error,
                              .fd = fd,
                              .value = (uint64_t)name});
}

static void
set_options(
    struct leat_loop *loop, int fd, const struct option *option, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (option[i].value < 0)
            continue;
        int error = leat__sys_option(
            fd, option[i].level, option[i].name, (int)option[i].value);
        if (error != 0)
            note_refused(loop, fd, error, option[i].name);
    }
}

void
leat__socket_options(struct leat_loop *loop, int fd, int family,
    const struct leat_conn_config *config)
{
    bool is_unix = family == AF_UNIX;
    size_t sndbuf =
        config->sndbuf == 0 && is_unix ? UNIX_SNDBUF : config->sndbuf;
    const struct option common[] = {
        {SOL_SOCKET, SO_OOBINLINE, 1},
        {SOL_SOCKET, SO_SNDBUF, size_option(sndbuf)},
        {SOL_SOCKET, SO_RCVBUF, size_option(config->rcvbuf)},
    };
    set_options(loop, fd, common, sizeof common / sizeof common[0]);
    if (is_unix)
        return;

    bool is_kept = config->keepalive_us > 0;
    int64_t seconds = seconds_of(config->keepalive_us);
    const struct option tcp[] = {
        {IPPROTO_TCP, TCP_NODELAY, config->nagle ? -1 : 1},
        {IPPROTO_TCP, TCP_NOTSENT_LOWAT, size_option(config->lowat)},
        {SOL_SOCKET, SO_KEEPALIVE, is_kept ? 1 : -1},
        {IPPROTO_TCP, TCP_KEEPIDLE, is_kept ? seconds : -1},
        {IPPROTO_TCP, TCP_KEEPINTVL, is_kept ? PROBE_SECONDS : -1},
        {IPPROTO_TCP, TCP_KEEPCNT, is_kept ? PROBE_COUNT : -1},
    };
    set_options(loop, fd, tcp, sizeof tcp / sizeof tcp[0]);
}

/* --- the receive buffer of an accepted one --- */

/* Those of its buffers that keep what was configured. */
static unsigned
locks_of(const struct leat_conn_config *config)
{
    return size_option(config->sndbuf) < 0 ? 0 : LEAT__SYS_LOCK_SEND;
}

void
leat__narrow_ask(struct leat__shared *shared, int fd)
{
    const struct leat_conn_config *config = &shared->config;
    /* Of the listener it says nothing new. */
    shared->is_narrowing = config->rcvbuf == 0 &&
                           leat__sys_lock_buffers(fd, locks_of(config)) == 0;
}

static int
set_receive(const struct leat_conn *conn, int size)
{
    int fd = conn->io.fd;
    int error = leat__sys_option(fd, SOL_SOCKET, SO_RCVBUF, size);
    if (error != 0)
        note_refused(conn->shared->loop, fd, error, SO_RCVBUF);
    return error;
}

void
leat__conn_narrow(struct leat_conn *conn)
{
    conn->is_narrow = set_receive(conn, NARROW) == 0;
}

void
leat__conn_widen(struct leat_conn *conn)
{
    if (conn->bytes_in < WIDEN_AT || conn->is_blocked)
        return;
    conn->is_narrow = false;
    /* What is refused leaves it as large as it is: slower, not wrong. */
    if (set_receive(conn, WIDE) != 0)
        return;
    int error =
        leat__sys_lock_buffers(conn->io.fd, locks_of(&conn->shared->config));
    if (error != 0)
        note_refused(conn->shared->loop, conn->io.fd, error, SO_RCVBUF);
}
