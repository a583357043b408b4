/*
 * queue_world.c - queues and their models, step by step.
 */
#include "queue_world.h"

#include <errno.h>

#include "quick.h"

static void
fill(struct queue_world *world, unsigned char *bytes, size_t len)
{
    /* No period, so that bytes at the wrong place do not look right. */
    for (size_t i = 0; i < len; i++) {
        uint32_t x = world->stream++ * 2654435761u;
        bytes[i] = (unsigned char)(x >> 15 ^ x >> 24);
    }
}

static struct world_message
make(struct queue_world *world, size_t size)
{
    struct leat_message *message =
        leat__message_make(&world->pool, NULL, size, size);

    quick_assert(message != NULL);
    fill(world, leat_message_bytes(message), size);
    return (struct world_message){message, ++world->last_number, false};
}

void
world_init(struct queue_world *world, const struct leat__limits *limits,
    size_t shared_size)
{
    alloc_init(&world->ledger);
    leat__pool_init(&world->pool, &world->ledger.alloc);
    world->limits = *limits;
    for (int q = 0; q < WORLD_QUEUES; q++) {
        leat__queue_init(&world->queue[q]);
        /* Not the arrays: short sequences begin often. */
        model_clear(&world->model[q]);
        world->model[q].drops = (struct leat__drops){0, 0};
        world->drops[q] = (struct leat__drops){0, 0};
    }
    world->last_number = 0;
    world->stream = 0;
    world->now_us = 0;
    world->is_starved = false;
    for (int i = 0; i < WORLD_SHARED; i++)
        world->shared[i] = make(world, shared_size);
}

void
world_fini(struct queue_world *world)
{
    for (int q = 0; q < WORLD_QUEUES; q++)
        leat__queue_clear(&world->queue[q], &world->pool);
    for (int i = 0; i < WORLD_SHARED; i++)
        leat_message_unref(world->shared[i].message);
    quick_eq(world->pool.queued, 0);
    quick_eq(world->pool.stored, 0);
    quick_eq(world->pool.rings, 0);
    leat__pool_fini(&world->pool);
    alloc_fini(&world->ledger);
}

/* --- who holds a message -------------------------------------------------- */

static size_t
slots_of(const struct queue_world *world, unsigned number)
{
    size_t slots = 0;

    for (int q = 0; q < WORLD_QUEUES; q++)
        slots += model_slots(&world->model[q], number);
    return slots;
}

static bool
is_held(const struct queue_world *world, unsigned number)
{
    for (int i = 0; i < WORLD_SHARED; i++)
        if (world->shared[i].number == number)
            return true;
    return false;
}

/* Whether this slot is the first one, of all queues, with its message. */
static bool
is_first_slot(const struct queue_world *world, int queue, size_t slot)
{
    unsigned number = world->model[queue].messages[slot].number;

    for (int q = 0; q <= queue; q++)
        for (size_t i = 0; i < world->model[q].count; i++)
            if (world->model[q].messages[i].number == number)
                return q == queue && i == slot;
    return false;
}

/* --- in ------------------------------------------------------------------- */

static void
begin(struct queue_world *world)
{
    if (world->is_starved)
        alloc_fail_from(&world->ledger, 1);
}

/* What the queue answered is what the model answers; -ENOMEM only where memory
 * was wanting and nothing else, and then the model does not change. */
static void
settle(struct queue_world *world, int q, int result, const void *bytes,
    struct model_message message)
{
    size_t failed = alloc_heal(&world->ledger);

    quick_eq(failed > 0, result == -ENOMEM);
    if (result != -ENOMEM) {
        int expected =
            model_push(&world->model[q], &world->limits, bytes, message);
        quick_eq(result, expected);
        return;
    }
    struct queue_model copy = world->model[q];
    int expected = model_push(&copy, &world->limits, bytes, message);
    quick_eq(expected, 0);
}

/* All as in the contract; only how much room the newest message has is asked
 * of the queue itself. */
static bool
will_merge(const struct queue_world *world, int q, size_t len)
{
    const struct queue_model *model = &world->model[q];
    const struct leat__queue *queue = &world->queue[q];
    enum leat_policy policy = world->limits.policy;

    if (policy == LEAT_DROP_NEW || policy == LEAT_DROP_OLD || model->count == 0)
        return false;
    unsigned number = model->messages[model->count - 1].number;
    if (is_held(world, number) || slots_of(world, number) != 1)
        return false;
    const struct leat_message *newest = leat__queue_at(queue, queue->count - 1);
    return len <= newest->capacity - newest->size &&
           model->len + len <= world->limits.limit;
}

/* What the queue says beforehand of a copy. */
struct forecast {
    bool may_take;
    size_t cost;
    size_t stored, dropped; /* when it said so */
};

static struct forecast
foretell(const struct queue_world *world, int q, size_t n)
{
    const struct leat__queue *queue = &world->queue[q];
    const struct leat__limits *limits = &world->limits;

    return (struct forecast){leat__queue_may_take(queue, limits, n),
        leat__queue_cost(queue, limits, n), world->pool.stored,
        world->drops[q].msgs};
}

/* It came true. Only drop-old leaves open what it will do. */
static void
check_forecast(const struct queue_world *world, int q, int result,
    bool is_merge, struct forecast said)
{
    size_t stored = world->pool.stored;

    if (result == -ENOMEM)
        return;
    if (world->limits.policy != LEAT_DROP_OLD) {
        quick_eq(stored, said.stored + said.cost);
        quick_eq(result == 0, said.may_take || is_merge);
    } else if (result != 0) {
        quick_eq(stored, said.stored);
    } else {
        quick_assert(said.may_take);
        quick_assert(stored <= said.stored + said.cost);
        if (world->drops[q].msgs == said.dropped)
            quick_eq(stored, said.stored + said.cost);
    }
}

void
world_copy(struct queue_world *world, int q, size_t n)
{
    unsigned char bytes[MODEL_BYTES];
    bool is_merge = will_merge(world, q, n);
    struct forecast said = foretell(world, q, n);

    quick_assert(n <= sizeof bytes);
    fill(world, bytes, n);
    begin(world);
    int result = leat__queue_copy(&world->queue[q], &world->pool,
        &world->limits, bytes, n, &world->drops[q]);
    check_forecast(world, q, result, is_merge, said);
    if (!is_merge) {
        struct model_message message = {n, ++world->last_number, false};
        settle(world, q, result, bytes, message);
        return;
    }
    quick_eq(alloc_heal(&world->ledger), 0);
    quick_eq(result, 0);
    model_merge(&world->model[q], &world->limits, bytes, n);
}

static void
push(struct queue_world *world, int q, struct world_message shared)
{
    struct model_message message = {
        leat_message_size(shared.message), shared.number, shared.is_kept};

    begin(world);
    int result = leat__queue_push(&world->queue[q], &world->pool,
        &world->limits, shared.message, &world->drops[q]);
    settle(world, q, result, leat_message_bytes(shared.message), message);
}

void
world_push(struct queue_world *world, int q, size_t n)
{
    push(world, q, world->shared[n % WORLD_SHARED]);
}

void
world_push_new(struct queue_world *world, int q, size_t n)
{
    struct world_message fresh = make(world, n);

    push(world, q, fresh);
    leat_message_unref(fresh.message);
}

void
world_push_kept(struct queue_world *world, int q, size_t n)
{
    struct world_message fresh = make(world, n);

    leat_message_keep(fresh.message);
    fresh.is_kept = true;
    push(world, q, fresh);
    leat_message_unref(fresh.message);
}

/* --- out ------------------------------------------------------------------ */

static void
send_pieces(struct queue_world *world, int q, size_t pieces, size_t n)
{
    struct iovec iov[LEAT__GATHER_MAX];
    size_t bytes;
    size_t count = leat__queue_gather(&world->queue[q], iov, pieces, &bytes);

    quick_assert(count <= pieces);
    if (n > bytes)
        n = bytes;
    leat__queue_consume(&world->queue[q], &world->pool, n);
    model_consume(&world->model[q], n);
}

void
world_send(struct queue_world *world, int q, size_t n)
{
    send_pieces(world, q, 1 + n % 5, n);
}

void
world_send_all(struct queue_world *world, int q, size_t n)
{
    (void)n;
    send_pieces(world, q, LEAT__GATHER_MAX, SIZE_MAX);
}

void
world_ask_drained(struct queue_world *world, int q, size_t n)
{
    bool expected = model_drained(&world->model[q], &world->limits);

    (void)n;
    quick_eq(leat__queue_drained(&world->queue[q], &world->limits), expected);
}

void
world_clear(struct queue_world *world, int q, size_t n)
{
    (void)n;
    leat__queue_clear(&world->queue[q], &world->pool);
    model_clear(&world->model[q]);
}

void
world_renew(struct queue_world *world, int q, size_t n)
{
    struct world_message *shared = &world->shared[n % WORLD_SHARED];

    (void)q;
    leat_message_unref(shared->message);
    *shared = make(world, n);
    shared->is_kept = n % 4 == 0;
    if (shared->is_kept)
        leat_message_keep(shared->message);
}

void
world_trim(struct queue_world *world, int q, size_t n)
{
    (void)q, (void)n;
    world->now_us += 100000000;
    (void)leat__pool_trim(&world->pool, world->now_us); /* for its effect */
}

/* --- do they agree? ------------------------------------------------------- */

static void
check_pool_sum(const struct queue_world *world)
{
    size_t sum = 0, blocks = 0;

    for (int q = 0; q < WORLD_QUEUES; q++)
        for (size_t i = 0; i < world->model[q].count; i++)
            if (is_first_slot(world, q, i)) {
                sum += world->model[q].messages[i].size;
                blocks += leat__queue_at(&world->queue[q], (uint32_t)i)->block;
            }
    quick_eq(world->pool.queued, sum);
    quick_eq(world->pool.stored, blocks);
}

void
world_check(const struct queue_world *world)
{
    for (int q = 0; q < WORLD_QUEUES; q++) {
        leat__queue_check(&world->queue[q], &world->limits);
        model_compare(&world->model[q], &world->queue[q]);
        quick_eq(world->drops[q].msgs, world->model[q].drops.msgs);
        quick_eq(world->drops[q].bytes, world->model[q].drops.bytes);
    }
    for (int i = 0; i < WORLD_SHARED; i++) {
        const struct leat_message *message = world->shared[i].message;
        quick_eq(message->queued, slots_of(world, world->shared[i].number));
        quick_eq(message->refs, message->queued + 1);
    }
    check_pool_sum(world);
    leat__pool_check(&world->pool);
    quick_eq(world->pool.source.bytes, world->ledger.bytes);
}
