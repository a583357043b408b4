/*
 * life.c - a loop's first and last moments.
 */
#include <errno.h>
#include <string.h>

#include "loop.h"
#include "sys/sys.h"

#define DEFAULT_MEMORY ((size_t)256 * 1024 * 1024)
/* Descriptors left for the program: files, pipes, the listeners. */
#define RESERVED_FDS 32u

static int
default_conns(size_t *max_conns)
{
    struct leat__rlimit limit;
    int error = leat__sys_nofile(&limit);
    if (error != 0)
        return error;
    *max_conns = limit.soft > RESERVED_FDS ? limit.soft - RESERVED_FDS : 1;
    return 0;
}

static int
fill_in(struct leat_loop_config *config)
{
    if (config->max_memory == 0)
        config->max_memory = DEFAULT_MEMORY;
    if (config->max_conns != 0)
        return 0;
    return default_conns(&config->max_conns);
}

static void
init(struct leat_loop *loop, const struct leat_loop_config *config,
    const struct leat_alloc *alloc)
{
    memset(loop, 0, sizeof *loop);
    loop->config = *config;
    leat__pool_init(&loop->pool, alloc);
    leat__fdset_init(&loop->fds);
    leat__park_init(&loop->park);
    leat__heap_init(&loop->timers);
    leat__posts_init(&loop->posts);
    leat__list_init(&loop->watches);
    leat__defer_init(&loop->held);
    leat__defer_init(&loop->dirty);
    leat__defer_init(&loop->dying);
    leat__memory_init(loop);
}

int
leat_loop_create(struct leat_loop **out, const struct leat_loop_config *config)
{
    *out = NULL;
    struct leat_loop_config filled = {0};
    if (config != NULL)
        filled = *config;
    int error = fill_in(&filled);
    if (error != 0)
        return error;

    const struct leat_alloc standard = {.resize = leat__sys_resize};
    const struct leat_alloc *alloc =
        filled.alloc != NULL ? filled.alloc : &standard;
    struct leat_loop *loop = alloc->resize(alloc->user, NULL, sizeof *loop);
    if (loop == NULL)
        return -ENOMEM;
    init(loop, &filled, alloc);

    error = leat__sys_monotonic(&loop->now_us);
    if (error == 0)
        error = leat__wake_open(loop);
    if (error != 0) {
        leat__fdset_fini(&loop->fds, alloc);
        alloc->resize(alloc->user, loop, 0);
        return error;
    }
    *out = loop;
    return 0;
}

/* The queue of those who are parked goes before them, as a whole: a forked
 * child that destroys its copy of a loop shares the queue with its parent, and
 * who left it there would be gone here. Then connections: their on_close may
 * still use everything else. */
void
leat__loop_free(struct leat_loop *loop)
{
    loop->is_doomed = true;
    loop->is_running = true; /* no turns from inside the last callbacks */
    leat__park_close(loop);
    if (loop->net != NULL)
        loop->end_net(loop);
    leat__watches_end(loop);
    leat__signals_end(loop);
    leat__posts_end(loop);
    leat__timers_end(loop);
    leat__wake_close(loop);
    leat__pool_fini(&loop->pool);

    const struct leat_alloc alloc = *leat__loop_alloc(loop);
    leat__fdset_fini(&loop->fds, &alloc);
    alloc.resize(alloc.user, loop, 0);
}

void
leat_loop_destroy(struct leat_loop *loop)
{
    if (loop == NULL || loop->is_doomed)
        return;
    loop->is_doomed = true;
    atomic_store(&loop->posts.is_closed, true);
    if (!loop->is_running)
        leat__loop_free(loop);
}

void
leat_loop_stats(const struct leat_loop *loop, struct leat_loop_stats *stats)
{
    *stats = loop->stats;
    stats->allocs = loop->pool.source.allocs;
    stats->conns = loop->net != NULL ? loop->count_net(loop) : 0;
    stats->memory = loop->pool.queued + loop->pool.held;
    stats->stored = loop->pool.stored;
    stats->pool = loop->pool.source.bytes;
    stats->timers = loop->timers.count;
    stats->parked = loop->park.count;
}
