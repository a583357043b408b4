/*
 * limits.c - how much a queue may hold: defaults, and what must hold of them.
 *
 * On the path: configuration -> HERE -> queue; not on a byte's way.
 *
 * What is true of every struct leat__limits that comes from here:
 *  1. 1 <= low < high, and high + the larger of chunk and frame + slack <=
 * limit
 *  2. 1 <= low_msgs < high_msgs < limit_msgs < 2^31
 *
 * 1 is the room rule: what is read while the queue is below high always fits,
 * so a service that answers a byte with at most a byte is never refused.
 */
#include "queue.h"

#include <errno.h>

#include "num.h"

#define LIMIT_DEFAULT ((size_t)1024 * 1024)
#define HIGH_DEFAULT_MOST ((size_t)256 * 1024)
#define LIMIT_MSGS_DEFAULT ((size_t)4096)
#define LIMIT_MSGS_MOST (((size_t)1 << 31) - 1)

/* Where a rule and a default pull apart, what was asked for wins and the
 * default gives way; only what was asked for can be wrong. */

static size_t
least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A mark of its own choice, or its default; never 0, which nothing is below. */
static size_t
mark_or(size_t mark, size_t otherwise)
{
    if (mark != 0)
        return mark;
    return otherwise > 0 ? otherwise : 1;
}

/* The default of high bends to what was asked for: it lies above low, and
 * above it there is all the room that the limit must leave. */
static size_t
default_high(const struct leat_queue_config *config, size_t room)
{
    size_t limit = mark_or(config->limit, LIMIT_DEFAULT);
    size_t high = least_of(limit / 4, HIGH_DEFAULT_MOST);

    /* Four times low is the inverse of low's own default. */
    if (config->low >= high && !leat__mul_size(config->low, 4, &high))
        high = config->low;
    if (config->limit != 0)
        high = least_of(high, limit > room ? limit - room : 0);
    return mark_or(high, 1);
}

static bool
set_bytes(struct leat__limits *limits, const struct leat_queue_config *config,
    size_t frame_max)
{
    size_t chunk = frame_max > LEAT__CHUNK ? frame_max : LEAT__CHUNK;
    size_t room;
    size_t needed;

    /* frame_max is already bounded, but not by us: sums are checked. */
    if (!leat__add_size(chunk, LEAT__SLACK, &room))
        return false;
    limits->high = mark_or(config->high, default_high(config, room));
    limits->low = mark_or(config->low, limits->high / 4);
    if (!leat__add_size(limits->high, room, &needed))
        return false;
    /* Only now is it known how much high needs above it. */
    limits->limit = config->limit;
    if (limits->limit == 0)
        limits->limit = needed > LIMIT_DEFAULT ? needed : LIMIT_DEFAULT;
    return limits->low < limits->high && limits->limit >= needed;
}

/* Messages have no room rule, only an order of their marks: one that comes in
 * takes one place, however large it is. */
static bool
set_msgs(struct leat__limits *limits, const struct leat_queue_config *config)
{
    size_t limit = mark_or(config->limit_msgs, LIMIT_MSGS_DEFAULT);
    /* Ring capacities are powers of two in 32 bits. */
    if (limit > LIMIT_MSGS_MOST)
        return false;
    size_t high = mark_or(config->high_msgs, limit - (limit + 3) / 4);
    /* A quarter of the limit is a third of the default of high. */
    size_t low = mark_or(config->low_msgs, least_of(limit / 4, high / 3));
    if (low >= high || high >= limit)
        return false;

    limits->limit_msgs = (uint32_t)limit;
    limits->high_msgs = (uint32_t)high;
    limits->low_msgs = (uint32_t)low;
    return true;
}

int
leat__limits_of(struct leat__limits *limits,
    const struct leat_queue_config *config, size_t frame_max)
{
    /* A program may have put any number there; whether an enum is signed is the
     * compiler's choice. */
    unsigned policy = (unsigned)config->policy;

    if (policy > (unsigned)LEAT_CLOSE)
        return -EINVAL;
    limits->policy = config->policy;
    if (!set_bytes(limits, config, frame_max) || !set_msgs(limits, config))
        return -EINVAL;
    return 0;
}
