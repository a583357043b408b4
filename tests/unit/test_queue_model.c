/*
 * test_queue_model.c - the queue held against a plain array.
 *
 * After each operation results, counts, marks, the pool's sum and every byte
 * must agree with the model. Once by chance for long (LEAT_OPS, LEAT_SEED),
 * once with all sequences of a few operations up to a length (LEAT_DEPTH).
 */
#include "support/queue_world.h"

#include "support/dice.h"
#include "support/quick.h"
#include "support/run.h"

/* Static for its size only; each test begins with world_init. */
static struct queue_world world;

/* --- by chance ------------------------------------------------------------ */

static const struct chance {
    world_fn run;
    size_t weight;
} chances[] = {
    {world_copy, 32},
    {world_push, 15},
    {world_push_new, 8},
    {world_push_kept, 5},
    {world_send, 25},
    {world_send_all, 5},
    {world_ask_drained, 5},
    {world_renew, 2},
    {world_trim, 2},
    {world_clear, 1},
};
#define WEIGHTS 100

static struct leat__limits
some_limits(struct dice *dice)
{
    struct leat__limits limits;
    size_t most_msgs = dice_roll(dice, 8) == 0 ? 200 : 24;

    limits.limit = 1 + dice_roll(dice, (size_t)4 << dice_roll(dice, 10));
    limits.high = 1 + dice_roll(dice, limits.limit);
    limits.low = 1 + dice_roll(dice, limits.high);
    limits.limit_msgs = 1 + (uint32_t)dice_roll(dice, most_msgs);
    limits.high_msgs = 1 + (uint32_t)dice_roll(dice, limits.limit_msgs);
    limits.low_msgs = 1 + (uint32_t)dice_roll(dice, limits.high_msgs);
    limits.policy = (enum leat_policy)dice_roll(dice, 4);
    return limits;
}

/* Mostly small against the limit, at times over it. */
static size_t
some_size(struct dice *dice)
{
    bool is_large = dice_roll(dice, 4) == 0;
    size_t limit = world.limits.limit;

    return 1 + dice_roll(dice, (is_large ? limit : limit / 8) + 1);
}

static void
do_something(struct dice *dice)
{
    int q = (int)dice_roll(dice, WORLD_QUEUES);
    size_t what = dice_roll(dice, WEIGHTS);
    const struct chance *chance = chances;

    for (; what >= chance->weight; chance++)
        what -= chance->weight;
    world.is_starved = dice_roll(dice, 8) == 0;
    chance->run(&world, q, some_size(dice));
}

START_TEST(queue_agrees_with_an_array_over_random_operations)
{
    struct dice dice;
    dice_init(&dice, "queue model");
    size_t ops = dice_env("LEAT_OPS", 300000);

    while (ops > 0) {
        struct leat__limits limits = some_limits(&dice);
        size_t episode = 1 + dice_roll(&dice, 1000);
        world_init(&world, &limits, 1 + dice_roll(&dice, limits.limit));
        for (; episode > 0 && ops > 0; episode--, ops--) {
            do_something(&dice);
            world_check(&world);
        }
        world_fini(&world);
    }
}
END_TEST

/* --- all sequences -------------------------------------------------------- */

static const struct digit {
    world_fn run;
    int q;
    size_t n;
    bool is_starved;
} digits[] = {
    {world_copy, 0, 1, false},
    {world_copy, 0, 2, false},
    {world_copy, 0, 3, false},
    {world_push, 0, 0, false},
    {world_push, 1, 0, false},
    {world_push, 0, 1, true},
    {world_push_kept, 0, 2, false},
    {world_send, 0, 1, false},
    {world_send, 0, 2, false},
    {world_send_all, 0, 0, false},
    {world_ask_drained, 0, 0, false},
};
#define DIGITS (sizeof digits / sizeof digits[0])
#define DEPTH_MAX 12

/* From where the sequences begin: so many messages of a byte, so many gone. */
static const struct start {
    struct leat__limits limits;
    int pushed;
    size_t sent;
} starts[] = {
    {{4, 3, 2, 3, 2, 1, LEAT_REFUSE}, 0, 0},
    {{6, 6, 1, 9, 8, 2, LEAT_REFUSE}, 2, 0},
    {{12, 9, 4, 9, 8, 3, LEAT_REFUSE}, 8, 3},   /* about to wrap its ring */
    {{12, 11, 5, 10, 9, 8, LEAT_REFUSE}, 8, 1}, /* about to double it */
};
#define STARTS (sizeof starts / sizeof starts[0])

/* What the digits before fresh lead to was looked at with an earlier sequence;
 * it is only gone through again. */
static void
run_sequence(const struct start *start, enum leat_policy policy,
    const size_t *sequence, size_t depth, size_t fresh)
{
    struct leat__limits limits = start->limits;

    limits.policy = policy;
    world_init(&world, &limits, 2);
    for (int i = 0; i < start->pushed; i++)
        world_push_new(&world, 0, 1);
    for (size_t i = 0; i < start->sent; i++)
        world_send(&world, 0, 1);
    for (int i = 0; i < 3; i++)
        world_trim(&world, 0, 0); /* so that a starved digit does starve */
    for (size_t i = 0; i < depth; i++) {
        const struct digit *digit = &digits[sequence[i]];
        world.is_starved = digit->is_starved;
        digit->run(&world, digit->q, digit->n);
        if (i >= fresh)
            world_check(&world);
    }
    world_fini(&world);
}

/* The next sequence; returns the first place that changed, depth after the
 * last sequence. */
static size_t
next_sequence(size_t *sequence, size_t depth)
{
    for (size_t i = depth; i-- > 0;) {
        if (++sequence[i] < DIGITS)
            return i;
        sequence[i] = 0;
    }
    return depth;
}

START_TEST(queue_agrees_with_an_array_over_all_short_sequences)
{
    const struct start *start = &starts[_i / 4];
    enum leat_policy policy = (enum leat_policy)(_i % 4);
    size_t sequence[DEPTH_MAX] = {0};
    size_t depth = dice_env("LEAT_DEPTH", 5);
    quick_assert(depth <= DEPTH_MAX);

    size_t fresh = 0;
    do {
        run_sequence(start, policy, sequence, depth, fresh);
        fresh = next_sequence(sequence, depth);
    } while (fresh < depth);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("queue_model");
    TCase *tcase = tcase_create("queue_model");

    tcase_add_test(tcase, queue_agrees_with_an_array_over_random_operations);
    tcase_add_loop_test(tcase,
        queue_agrees_with_an_array_over_all_short_sequences, 0,
        (int)(4 * STARTS));
    suite_add_tcase(suite, tcase);
    return suite;
}
