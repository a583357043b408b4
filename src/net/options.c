/*
 * options.c - a connection's configuration: defaults, checks, socket options.
 *
 * Options are set on the listening TCP socket, whose connections inherit them
 * without a system call; a unix socket's are set after accept.
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
set_options(
    struct leat_loop *loop, int fd, const struct option *option, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (option[i].value < 0)
            continue;
        int error = leat__sys_option(
            fd, option[i].level, option[i].name, (int)option[i].value);
        if (error != 0)
            leat__loop_note(loop, &(struct leat_note){.level = LEAT_NOTE_INFO,
                                      .key = "option-refused",
                                      .error = error,
                                      .fd = fd,
                                      .value = (uint64_t)option[i].name});
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
