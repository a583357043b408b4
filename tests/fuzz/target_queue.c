/*
 * target_queue.c - what is done to two queues, against a plain array.
 *
 * The limits, then four bytes per operation: what, on which queue and whether
 * memory is short, and a number of two bytes. After each of them results,
 * counts, marks, the pool's sum and every byte must agree with the model.
 */
#include "fuzz.h"

#include "support/queue_world.h"

#define LIMIT_MOST 2048u
#define OPS_MOST 600

static const world_fn ops[] = {world_copy, world_copy, world_push,
    world_push_new, world_send, world_send, world_send_all, world_ask_drained,
    world_renew, world_trim, world_clear};
#define OPS (sizeof ops / sizeof ops[0])

/* Any that a test may set; those of a listener are narrower. */
static struct leat__limits
take_limits(struct input *input)
{
    struct leat__limits limits;

    limits.limit = 1 + input_pick(input, LIMIT_MOST);
    limits.high = 1 + input_pick(input, limits.limit);
    limits.low = 1 + input_pick(input, limits.high);
    limits.limit_msgs = 1 + (uint32_t)input_pick(input, 200);
    limits.high_msgs = 1 + (uint32_t)input_pick(input, limits.limit_msgs);
    limits.low_msgs = 1 + (uint32_t)input_pick(input, limits.high_msgs);
    limits.policy = (enum leat_policy)input_pick(input, 4);
    return limits;
}

/* What was dropped while a message was half sent is counted wrong. */
static void
mistake(struct queue_world *world, int q, size_t drops)
{
    if (is_mistaken && world->drops[q].msgs > drops && world->queue[q].sent > 0)
        world->drops[q].bytes++;
}

/* Sizes from 1 to one more than the limit. */
static void
do_one(struct queue_world *world, struct input *input)
{
    world_fn run = ops[input_pick(input, OPS)];
    uint8_t flags = input_byte(input);
    size_t n = 1 + input_pick(input, world->limits.limit + 1);
    int q = flags & 1;
    size_t drops = world->drops[q].msgs;

    world->is_starved = (flags & 0xe0) == 0xe0;
    run(world, q, n);
    mistake(world, q, drops);
    world_check(world);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct queue_world world; /* for its size; world_init sets it */
    struct input input = {bytes, len};
    struct leat__limits limits = take_limits(&input);

    world_init(&world, &limits, 1 + input_pick(&input, limits.limit));
    for (int i = 0; i < OPS_MOST && input.left > 0; i++)
        do_one(&world, &input);
    world_fini(&world);
    return 0;
}
