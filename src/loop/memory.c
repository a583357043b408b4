/*
 * memory.c - messages from the loop's pool, and what becomes of its surplus.
 *
 * The pool keeps what comes back. A timer gives up, once a second, what the
 * last minute did not need; it is started where blocks have come back and
 * stops by itself when there is nothing left to give, so that a quiet loop
 * does not wake up.
 */
#include <errno.h>
#include <stdint.h>

#include "base/message.h"
#include "loop.h"

#define TRIM_PERIOD_US 1000000

int
leat_message_create(struct leat_message **out, struct leat_loop *loop,
    const void *bytes, size_t len)
{
    *out = NULL;
    if (len == 0 || len > SIZE_MAX / 2)
        return -EINVAL;
    *out = leat__message_make(&loop->pool, bytes, len, len);
    return *out == NULL ? -ENOMEM : 0;
}

static void
trim(struct leat_timer *timer, void *user)
{
    (void)timer;
    struct leat_loop *loop = user;
    bool is_left = leat__pool_trim(&loop->pool, loop->now_us);
    if (loop->net != NULL)
        is_left |= loop->trim_net(loop);
    loop->pool.source.has_surplus = is_left;
}

void
leat__memory_init(struct leat_loop *loop)
{
    leat_timer_init(&loop->trim, loop, trim, loop);
    loop->trim.is_internal = true;
}

void
leat__memory_watch(struct leat_loop *loop)
{
    if (loop->pool.source.has_surplus && !loop->trim.is_started)
        leat_timer_start(&loop->trim, TRIM_PERIOD_US, 0);
}
