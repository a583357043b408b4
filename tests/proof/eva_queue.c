/*
 * eva_queue.c - base/queue.c for Eva: one call of each kind, from queues in
 * their own two slots and in a ring, at each place in it, under each policy,
 * with memory that may run out at any time.
 *
 * Numbers are tried one by one, bytes are any. So Eva proves the assertions of
 * the queue too, leat__queue_check among them, which a call leaves true as it
 * found it. A block lies at the end of its array: one byte more than was asked
 * for is beyond it.
 */
#include "eva.h"

#include "base/queue.h"

#define BLOCK 2304 /* larger than the spare room of a packed message */
#define CAPACITY 8 /* of the messages that are queued at the start */
#define HEADER offsetof(struct leat_message, bytes)
#define FULL 8

static unsigned char stored[FULL][HEADER + CAPACITY], other[HEADER + CAPACITY];
static unsigned char fresh[2][BLOCK], source[BLOCK], packed[FULL * CAPACITY];
static struct leat_message *slots[FULL];
static struct leat__pool pool;
static unsigned taken;

void *
leat__pool_take(struct leat__pool *from, size_t size, size_t *capacity)
{
    (void)from;
    //@ assert 0 < size <= BLOCK && taken < 2;
    *capacity = size;
    return any_bool() ? &fresh[taken++][BLOCK - size] : NULL;
}

size_t
leat__pool_capacity(size_t size)
{
    return size;
}

void
leat__pool_give(struct leat__pool *to, void *block, size_t capacity)
{
    (void)to;
    (void)capacity;
    //@ assert block != \null;
}

static struct leat_message *
make_message(unsigned char *block, size_t size, unsigned refs)
{
    struct leat_message *message = (struct leat_message *)block;

    message->pool = &pool;
    message->size = size;
    message->capacity = CAPACITY;
    message->block = HEADER + CAPACITY;
    message->refs = refs;
    message->queued = 0;
    message->is_kept = false;
    return message;
}

/* --- states --------------------------------------------------------------- */

struct start {
    uint32_t capacity, head, count;
    size_t sent, size; /* of the oldest; of each */
    bool oldest_stays; /* it is kept */
};

static void
put(struct leat__queue *queue, uint32_t i, struct leat_message *message)
{
    if (!queue->is_ring)
        queue->at.own[i] = message;
    else
        queue->at.ring
            .slot[(queue->at.ring.head + i) & (queue->at.ring.capacity - 1)] =
            message;
    message->queued = 1;
    queue->bytes += message->size;
    pool.queued += message->size;
    pool.stored += message->block;
}

static void
begin(struct leat__queue *queue, const struct leat__limits *limits,
    const struct start *start)
{
    taken = 0;
    pool.queued = pool.stored = pool.rings = 0;
    leat__queue_init(queue);
    queue->count = start->count & INT32_MAX;
    if (start->capacity > LEAT__OWN_SLOTS) {
        queue->is_ring = true;
        queue->at.ring.slot = slots;
        queue->at.ring.capacity = start->capacity;
        queue->at.ring.head = start->head;
        pool.rings = leat__queue_ring_block(queue);
    }
    //@ loop unroll 8;
    for (uint32_t i = 0; i < start->count; i++)
        put(queue, i, make_message(stored[i], start->size, 1));
    if (start->count > 0 && start->oldest_stays)
        leat__queue_at(queue, 0)->is_kept = true;
    queue->sent = (uint32_t)start->sent & INT32_MAX;
    queue->bytes -= start->sent;
    queue->is_full = !leat__queue_has_room(queue, limits);
}

/* --- calls ---------------------------------------------------------------- */

enum call { PUSH, COPY, GATHER, PACK, CONSUME, CLEAR, CALLS };

static void
gather(const struct leat__queue *queue, size_t max)
{
    struct iovec iov[FULL];
    size_t bytes;
    size_t pieces = leat__queue_gather(queue, iov, max, &bytes);

    //@ assert pieces <= max && bytes <= queue->bytes;
    //@ loop unroll 8;
    for (size_t i = 0; i < pieces; i++)
        memcpy(source, iov[i].iov_base, iov[i].iov_len);
}

/* The room ends where the queue's bytes do. */
static void
pack(const struct leat__queue *queue)
{
    size_t bytes =
        leat__queue_pack(queue, packed + sizeof packed - queue->bytes);

    //@ assert bytes == queue->bytes;
}

static void
do_call(struct leat__queue *queue, const struct leat__limits *limits,
    enum call call, size_t number)
{
    struct leat__drops drops = {0, 0};

    (void)leat__queue_may_take(queue, limits, number + 1);
    (void)leat__queue_cost(queue, limits, number + 1);
    (void)leat__queue_weight(queue);
    if (call == PUSH && number < CAPACITY)
        (void)leat__queue_push(
            queue, &pool, limits, make_message(other, number + 1, 1), &drops);
    else if (call == COPY)
        (void)leat__queue_copy(
            queue, &pool, limits, source, number + 1, &drops);
    else if (call == GATHER)
        gather(queue, number);
    else if (call == PACK)
        pack(queue);
    else if (call == CONSUME && number <= queue->bytes)
        leat__queue_consume(queue, &pool, number);
    else if (call == CLEAR)
        leat__queue_clear(queue, &pool);
    leat__queue_check(queue, limits);
    (void)leat__queue_drained(queue, limits);
}

static void
try_calls(const struct leat__limits *limits, const struct start *start)
{
    static const size_t numbers[] = {0, 3, 8};
    struct leat__queue queue;

    //@ loop unroll 5;
    for (int call = 0; call < CALLS; call++)
        //@ loop unroll 5;
        for (int i = 0; i < (call == CLEAR ? 1 : 3); i++) {
            begin(&queue, limits, start);
            do_call(&queue, limits, (enum call)call, numbers[i]);
        }
}

/* --- all of them ---------------------------------------------------------- */

static void
try_counts(const struct leat__limits *limits, uint32_t capacity, uint32_t head)
{
    uint32_t least = capacity == LEAT__OWN_SLOTS ? 0 : 2;
    uint32_t step = capacity == LEAT__OWN_SLOTS ? 1 : 3;

    //@ loop unroll 8;
    for (uint32_t count = least; count <= capacity; count += step)
        //@ loop unroll 2;
        for (size_t sent = 0; sent <= (count > 0 ? 1 : 0); sent++)
            //@ loop unroll 2;
            for (int stays = 0; stays < 2; stays++) {
                struct start start = {capacity, head, count, sent, 2, stays};
                if (count * 2 <= limits->limit && count <= limits->limit_msgs)
                    try_calls(limits, &start);
            }
}

int
main(void)
{
    //@ loop unroll 4;
    for (int policy = 0; policy <= LEAT_CLOSE; policy++) {
        /* Full by its bytes at five, by its messages at nine. */
        struct leat__limits limits = {
            10, 6, 2, 9, 4, 2, (enum leat_policy)policy};
        try_counts(&limits, 2, 0);
        try_counts(&limits, 2, 1);
        limits.limit = 20;
        try_counts(&limits, FULL, 7);
    }
    return 0;
}
