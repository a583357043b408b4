/*
 * queue.c - one client's messages between the service and the socket.
 *
 * On the path: leat_conn_send -> HERE -> gather and consume (phase 6).
 *
 * Invariants (leat__queue_check asserts them):
 *  1. capacity is 2 and there is no ring, or a larger power of two and there
 *     is one; an empty queue has none
 *  2. a ring's head < capacity, count <= capacity; without a ring the oldest is
 *     in the first slot
 *  3. bytes is the sum of the sizes of all messages, less sent
 *  4. sent is less than the size of the oldest message, 0 in an empty queue
 *  5. bytes <= limit, count <= limit_msgs
 *  6. at high, in bytes or in messages => is_full
 *  7. each slot holds one reference of its message and counts once in its
 *     queued; a message with queued > 0 counts once in pool->queued, and its
 *     block in pool->stored
 *  8. a ring's block counts in pool->rings
 *
 * What can fail comes before what changes anything: admission, then memory,
 * then drops, then the new message. So an error leaves the queue as it was.
 */
#include "queue.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "num.h"

/* References in the first ring. */
#define FIRST_RING 8u

/* Room of a message that was queued behind others, so that small ones can
 * follow it into the same block. */
#define PACK_CAPACITY ((size_t)2048)

void
leat__queue_init(struct leat__queue *queue)
{
    memset(queue, 0, sizeof *queue);
}

/* --- slots --------------------------------------------------------------- */

/* The slot of the i-th oldest message; i == count is the first free one. */
static struct leat_message **
slot_at(struct leat__queue *queue, uint32_t i)
{
    if (!queue->is_ring)
        return &queue->at.own[i];
    uint32_t mask = queue->at.ring.capacity - 1;
    return &queue->at.ring.slot[(queue->at.ring.head + i) & mask];
}

/* A message leaves its slot: the inverse of append. */
static void
release(struct leat__pool *pool, struct leat_message *message)
{
    /* Uncounted before the reference goes, with which it may be freed. */
    assert(message->queued > 0);
    if (--message->queued == 0) {
        pool->queued -= message->size;
        pool->stored -= message->block;
    }
    leat_message_unref(message);
}

/* is_full is set wherever bytes or messages come in, and cleared nowhere but in
 * leat__queue_drained, which is how high and low make a hysteresis. */
static void
mark_if_full(struct leat__queue *queue, const struct leat__limits *limits)
{
    if (!leat__queue_has_room(queue, limits))
        queue->is_full = true;
}

/* --- admission ---------------------------------------------------------- */

/* What has to go for a new message: doomed of the oldest reach ones. */
struct plan {
    uint32_t reach, doomed;
};

/* No drop policy drops it. Of the half-sent head the peer has the beginning. */
static bool
must_stay(const struct leat__queue *queue, uint32_t i)
{
    return (i == 0 && queue->sent > 0) || leat__queue_at(queue, i)->is_kept;
}

/*
 * Which of the oldest messages must go so that size more bytes fit. Whether
 * that can be enough is settled first and without a walk, so each step of the
 * walk is paid for by a message that really goes. Only where there are kept
 * ones it also pays for these, and may find that it was not enough.
 */
static int
plan_drops(const struct leat__queue *queue, const struct leat__limits *limits,
    size_t size, struct plan *plan)
{
    uint32_t first = queue->sent > 0 ? 1 : 0;
    size_t rest = first ? leat__queue_at(queue, 0)->size - queue->sent : 0;
    if (size > limits->limit - rest || first >= limits->limit_msgs)
        return LEAT__DROPPED;

    /* Now count how many are enough. Nothing is dropped yet. */
    size_t bytes = queue->bytes;
    uint32_t count = queue->count;
    uint32_t i = first;
    for (; size > limits->limit - bytes || count >= limits->limit_msgs; i++) {
        if (i == queue->count)
            return LEAT__DROPPED; /* all that is left must stay */
        if (must_stay(queue, i))
            continue;
        bytes -= leat__queue_at(queue, i)->size;
        count--;
        plan->doomed++;
    }
    plan->reach = i;
    return 0;
}

/* There is no room for a message of this size. */
static int
apply_policy(const struct leat__queue *queue, const struct leat__limits *limits,
    size_t size, struct plan *plan, struct leat__drops *drops)
{
    /* The sender's mistake and not the queue's state: no drop, no policy. */
    if (size > limits->limit || size > LEAT__MESSAGE_MAX)
        return -EMSGSIZE;

    /* What REFUSE and CLOSE say is the same; who called closes or does not. */
    int result = -ENOBUFS;
    if (limits->policy == LEAT_DROP_NEW)
        result = LEAT__DROPPED;
    else if (limits->policy == LEAT_DROP_OLD)
        result = plan_drops(queue, limits, size, plan);
    if (result != 0) {
        drops->msgs++;
        drops->bytes += size;
    }
    return result;
}

/* bytes <= limit, so the difference does not wrap. */
static inline bool
fits(const struct leat__queue *queue, const struct leat__limits *limits,
    size_t size)
{
    return size <= limits->limit - queue->bytes &&
           queue->count < limits->limit_msgs && size <= LEAT__MESSAGE_MAX;
}

/* Whether a message of this size may come in, and which of the oldest ones must
 * go for it; drops counts it when it may not. */
static inline int
admit(const struct leat__queue *queue, const struct leat__limits *limits,
    size_t size, struct plan *plan, struct leat__drops *drops)
{
    *plan = (struct plan){0, 0};
    if (fits(queue, limits, size))
        return 0;
    return apply_policy(queue, limits, size, plan, drops);
}

/* --- the ring ----------------------------------------------------------- */

/* Back to the slots in the struct; the queue is empty, or its references have
 * been copied. An idle client costs no ring. */
static void
give_ring(struct leat__queue *queue, struct leat__pool *pool)
{
    if (!queue->is_ring)
        return;
    size_t block = leat__queue_ring_block(queue);
    leat__pool_give(pool, queue->at.ring.slot, block);
    pool->rings -= block;
    queue->is_ring = false;
    queue->at.own[0] = queue->at.own[1] = NULL;
}

/* All slots are taken. */
static int
lengthen(struct leat__queue *queue, struct leat__pool *pool)
{
    /* Below 2^32, since count is below limit_msgs, which is below 2^31. */
    uint32_t capacity = leat__queue_capacity(queue) * 2;
    /* The pool's least block holds this many, so a smaller ring saves nothing.
     */
    if (capacity < FIRST_RING)
        capacity = FIRST_RING;
    size_t size;
    if (!leat__mul_size(capacity, sizeof(struct leat_message *), &size))
        return -ENOMEM;
    size_t block;
    struct leat_message **ring = leat__pool_take(pool, size, &block);
    if (ring == NULL)
        return -ENOMEM;

    /* Unrolled on the way, so that the new ring begins at 0. */
    for (uint32_t i = 0; i < queue->count; i++)
        ring[i] = leat__queue_at(queue, i);
    give_ring(queue, pool);
    pool->rings += block;
    queue->is_ring = true;
    queue->at.ring.slot = ring;
    queue->at.ring.capacity = capacity;
    queue->at.ring.head = 0;
    return 0;
}

/* Have a slot for one more message once the doomed ones are gone. */
static inline int
reserve(struct leat__queue *queue, struct leat__pool *pool, uint32_t doomed)
{
    if (queue->count - doomed < leat__queue_capacity(queue))
        return 0;
    return lengthen(queue, pool);
}

/* Advance past the n oldest slots, whose messages are gone. */
static void
advance(struct leat__queue *queue, uint32_t n)
{
    if (queue->is_ring) {
        uint32_t mask = queue->at.ring.capacity - 1;
        queue->at.ring.head = (queue->at.ring.head + n) & mask;
    } else if (n == 1) {
        queue->at.own[0] = queue->at.own[1];
    }
    queue->count = (queue->count - n) & INT32_MAX;
}

/* Carry out what plan_drops has found. Their bytes are counted whole, since
 * nothing of them has left. Back to front: those that stay move up over those
 * that stood behind them. */
static void
drop_oldest(struct leat__queue *queue, struct leat__pool *pool,
    const struct plan *plan, struct leat__drops *drops)
{
    uint32_t to = plan->reach;

    if (plan->doomed == 0)
        return;
    for (uint32_t i = plan->reach; i-- > 0;) {
        struct leat_message *message = leat__queue_at(queue, i);
        if (must_stay(queue, i)) {
            *slot_at(queue, --to) = message;
            continue;
        }
        drops->msgs++;
        drops->bytes += message->size;
        queue->bytes -= message->size;
        release(pool, message);
    }
    assert(to == plan->doomed);
    advance(queue, to);
}

/* The new message; its reference is ours already, the slot is there. */
static void
append(struct leat__queue *queue, struct leat__pool *pool,
    const struct leat__limits *limits, struct leat_message *message)
{
    *slot_at(queue, queue->count) = message;
    queue->count++;
    queue->bytes += message->size;
    if (message->queued++ == 0) {
        pool->queued += message->size;
        pool->stored += message->block;
    }
    mark_if_full(queue, limits);
}

/* --- in ----------------------------------------------------------------- */

/* For messages that are shared: a slot and a reference, no byte is copied. */
int
leat__queue_push(struct leat__queue *queue, struct leat__pool *pool,
    const struct leat__limits *limits, struct leat_message *message,
    struct leat__drops *drops)
{
    struct plan plan;

    assert(message->pool == pool);
    int result = admit(queue, limits, message->size, &plan, drops);
    if (result != 0)
        return result;
    result = reserve(queue, pool, plan.doomed);
    if (result != 0)
        return result;
    /* The reference comes before the drops: message may be among them. */
    leat_message_ref(message);
    drop_oldest(queue, pool, &plan, drops);
    append(queue, pool, limits, message);
    return 0;
}

static bool
may_merge(const struct leat__limits *limits)
{
    /* Drops are of whole messages, so what may be dropped stays apart. */
    return limits->policy == LEAT_REFUSE || limits->policy == LEAT_CLOSE;
}

/* The newest message, where that is ours alone: with one reference, that of
 * this slot, queued is 1 too. Else NULL. */
static struct leat_message *
own_newest(const struct leat__queue *queue, const struct leat__limits *limits)
{
    if (!may_merge(limits) || queue->count == 0)
        return NULL;
    struct leat_message *newest = leat__queue_at(queue, queue->count - 1);
    return newest->refs == 1 ? newest : NULL;
}

static bool
fits_newest(const struct leat__queue *queue, const struct leat__limits *limits,
    const struct leat_message *newest, size_t len)
{
    return newest != NULL && len <= limits->limit - queue->bytes &&
           len <= newest->capacity - newest->size;
}

/* Append the bytes to the newest message. It may be half sent: what was
 * gathered from it stays where it is. Its size grows while it is queued, so
 * what the pool counts for it grows along: release will subtract all of it. */
static void
merge(struct leat__queue *queue, struct leat__pool *pool,
    struct leat_message *newest, const void *bytes, size_t len)
{
    memcpy(newest->bytes + newest->size, bytes, len);
    newest->size += len;
    queue->bytes += len;
    pool->queued += len;
}

/* Room for a message of len bytes. A lone one is most often the whole reply,
 * so it gets no spare room; behind another of our own more are likely to
 * follow. Behind a shared one they may be shared again, and nothing fills the
 * room. */
static size_t
room_for(const struct leat_message *newest, size_t len)
{
    return newest != NULL && len < PACK_CAPACITY ? PACK_CAPACITY : len;
}

bool
leat__queue_may_take(const struct leat__queue *queue,
    const struct leat__limits *limits, size_t len)
{
    return fits(queue, limits, len) || limits->policy == LEAT_DROP_OLD;
}

size_t
leat__queue_cost(const struct leat__queue *queue,
    const struct leat__limits *limits, size_t len)
{
    const struct leat_message *newest = own_newest(queue, limits);
    if (fits_newest(queue, limits, newest, len))
        return 0;
    if (!leat__queue_may_take(queue, limits, len))
        return 0;
    return leat__message_block(room_for(newest, len));
}

int
leat__queue_copy(struct leat__queue *queue, struct leat__pool *pool,
    const struct leat__limits *limits, const void *bytes, size_t len,
    struct leat__drops *drops)
{
    struct leat_message *newest = own_newest(queue, limits);
    struct plan plan;

    assert(len > 0);
    if (fits_newest(queue, limits, newest, len)) {
        merge(queue, pool, newest, bytes, len);
        mark_if_full(queue, limits);
        return 0;
    }
    int result = admit(queue, limits, len, &plan, drops);
    if (result != 0)
        return result;

    struct leat_message *message =
        leat__message_make(pool, bytes, len, room_for(newest, len));
    if (message == NULL)
        return -ENOMEM;
    result = reserve(queue, pool, plan.doomed);
    /* The message was never queued; with its only reference it goes. */
    if (result != 0) {
        leat_message_unref(message);
        return result;
    }
    /* The reference that make gave us becomes that of the slot. */
    drop_oldest(queue, pool, &plan, drops);
    append(queue, pool, limits, message);
    return 0;
}

/* --- out ---------------------------------------------------------------- */

void
leat__queue_consume(
    struct leat__queue *queue, struct leat__pool *pool, size_t n)
{
    assert(n <= queue->bytes);
    queue->bytes -= n;
    /* From here on n is counted from the beginning of the oldest message. */
    n += queue->sent;
    /* Messages that have left whole go; one that is half sent stays the oldest
     * and is never looked at by drops again. */
    while (queue->count > 0) {
        struct leat_message *oldest = leat__queue_at(queue, 0);
        if (n < oldest->size)
            break;
        n -= oldest->size;
        release(pool, oldest);
        advance(queue, 1);
    }
    queue->sent = (uint32_t)n & INT32_MAX; /* less than a message is long */
    if (queue->count == 0)
        give_ring(queue, pool);
}

void
leat__queue_clear(struct leat__queue *queue, struct leat__pool *pool)
{
    for (uint32_t i = 0; i < queue->count; i++)
        release(pool, leat__queue_at(queue, i));
    give_ring(queue, pool);
    leat__queue_init(queue);
}

/* --- marks --------------------------------------------------------------- */

/* Asked after each flush. Answers yes once for each time high was reached. */
bool
leat__queue_drained(
    struct leat__queue *queue, const struct leat__limits *limits)
{
    if (!queue->is_full || queue->bytes >= limits->low ||
        queue->count >= limits->low_msgs)
        return false;
    queue->is_full = false;
    return true;
}
