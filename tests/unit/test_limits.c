/*
 * test_limits.c - defaults of a queue's limits, and what must hold of them.
 */
#include "base/queue.h"

#include <errno.h>
#include <stdint.h>

#include "support/dice.h"
#include "support/run.h"

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define ROOM (LEAT__CHUNK + LEAT__SLACK)

static struct leat__limits limits;

static int
set(struct leat_queue_config config, size_t frame_max)
{
    return leat__limits_of(&limits, &config, frame_max);
}

/* What every configuration that is let through must give. */
static void
assert_room_rule(size_t frame_max)
{
    size_t chunk = frame_max > LEAT__CHUNK ? frame_max : LEAT__CHUNK;

    ck_assert_uint_ge(limits.low, 1);
    ck_assert_uint_lt(limits.low, limits.high);
    ck_assert_uint_ge(limits.limit, limits.high);
    ck_assert_uint_ge(limits.limit - limits.high, chunk + LEAT__SLACK);
    ck_assert_uint_ge(limits.low_msgs, 1);
    ck_assert_uint_lt(limits.low_msgs, limits.high_msgs);
    ck_assert_uint_lt(limits.high_msgs, limits.limit_msgs);
}

START_TEST(limits_of_nothing_are_the_defaults)
{
    ck_assert_int_eq(set((struct leat_queue_config){0}, 0), 0);

    ck_assert_uint_eq(limits.limit, MIB);
    ck_assert_uint_eq(limits.high, 256 * KIB);
    ck_assert_uint_eq(limits.low, 64 * KIB);
    ck_assert_uint_eq(limits.limit_msgs, 4096);
    ck_assert_uint_eq(limits.high_msgs, 3072);
    ck_assert_uint_eq(limits.low_msgs, 1024);
    ck_assert_int_eq(limits.policy, LEAT_REFUSE);
}
END_TEST

START_TEST(limits_that_are_given_are_taken_as_they_are)
{
    struct leat_queue_config config = {.limit = 10 * MIB,
        .high = 5 * MIB,
        .low = 1,
        .limit_msgs = 3,
        .high_msgs = 2,
        .low_msgs = 1,
        .policy = LEAT_DROP_OLD};

    ck_assert_int_eq(set(config, 0), 0);

    ck_assert_uint_eq(limits.limit, 10 * MIB);
    ck_assert_uint_eq(limits.high, 5 * MIB);
    ck_assert_uint_eq(limits.low, 1);
    ck_assert_uint_eq(limits.limit_msgs, 3);
    ck_assert_uint_eq(limits.high_msgs, 2);
    ck_assert_uint_eq(limits.low_msgs, 1);
    ck_assert_int_eq(limits.policy, LEAT_DROP_OLD);
}
END_TEST

START_TEST(limits_limit_rises_with_high_and_with_frames)
{
    ck_assert_int_eq(set((struct leat_queue_config){.high = 2 * MIB}, 0), 0);
    ck_assert_uint_eq(limits.limit, 2 * MIB + ROOM);

    ck_assert_int_eq(set((struct leat_queue_config){0}, 5 * MIB), 0);
    ck_assert_uint_eq(limits.high, 256 * KIB);
    ck_assert_uint_eq(limits.limit, 256 * KIB + 5 * MIB + LEAT__SLACK);
}
END_TEST

START_TEST(limits_high_bends_to_a_small_limit)
{
    ck_assert_int_eq(set((struct leat_queue_config){.limit = 80 * KIB}, 0), 0);

    ck_assert_uint_eq(limits.high, 80 * KIB - ROOM);
    ck_assert_uint_eq(limits.low, (80 * KIB - ROOM) / 4);
}
END_TEST

START_TEST(limits_high_is_a_quarter_of_a_limit_that_leaves_room)
{
    ck_assert_int_eq(set((struct leat_queue_config){.limit = 400 * KIB}, 0), 0);
    ck_assert_uint_eq(limits.high, 100 * KIB);

    ck_assert_int_eq(set((struct leat_queue_config){.limit = 9 * MIB}, 0), 0);
    ck_assert_uint_eq(limits.high, 256 * KIB);
}
END_TEST

START_TEST(limits_high_lies_above_a_low_that_is_given)
{
    ck_assert_int_eq(set((struct leat_queue_config){.low = MIB}, 0), 0);
    ck_assert_uint_eq(limits.high, 4 * MIB);
    ck_assert_int_eq(set((struct leat_queue_config){.low = 256 * KIB}, 0), 0);
    ck_assert_uint_eq(limits.high, MIB);
    ck_assert_int_eq(set((struct leat_queue_config){.low = MIB}, 0), 0);
    ck_assert_uint_eq(limits.limit, 4 * MIB + ROOM);

    struct leat_queue_config tight = {.limit = MIB, .low = MIB - ROOM - 1};
    ck_assert_int_eq(set(tight, 0), 0);
    ck_assert_uint_eq(limits.high, MIB - ROOM);
}
END_TEST

START_TEST(limits_least_limit_is_the_room_and_two_bytes)
{
    struct leat_queue_config config = {.limit = ROOM + 2};

    ck_assert_int_eq(set(config, 0), 0);
    ck_assert_uint_eq(limits.high, 2);
    ck_assert_uint_eq(limits.low, 1);

    config.limit = ROOM + 1;
    ck_assert_int_eq(set(config, 0), -EINVAL);
}
END_TEST

START_TEST(limits_of_messages_go_up_to_what_fits_31_bits)
{
    struct leat_queue_config config = {.limit_msgs = INT32_MAX};

    ck_assert_int_eq(set(config, 0), 0);

    ck_assert_uint_eq(limits.limit_msgs, INT32_MAX);
    ck_assert_uint_eq(limits.high_msgs, INT32_MAX - (1u << 29));
}
END_TEST

START_TEST(limits_low_msgs_lies_below_a_small_high_msgs)
{
    struct leat_queue_config config = {.high_msgs = 100};
    ck_assert_int_eq(set(config, 0), 0);
    ck_assert_uint_eq(limits.low_msgs, 33);

    config = (struct leat_queue_config){.limit_msgs = 3};
    ck_assert_int_eq(set(config, 0), 0);
    ck_assert_uint_eq(limits.high_msgs, 2);
    ck_assert_uint_eq(limits.low_msgs, 1);
}
END_TEST

/* One row is one way to break a rule. */
static const struct {
    struct leat_queue_config config;
    size_t frame_max;
} wrong[] = {
    {{.low = 100, .high = 100}, 0},
    {{.low = 101, .high = 100}, 0},
    {{.high = 1}, 0},
    {{.limit = 1}, 0},
    {{.limit = MIB, .high = MIB}, 0},
    {{.limit = MIB, .high = MIB - ROOM + 1}, 0},
    {{.limit = MIB}, MIB},
    {{.limit = MIB, .low = MIB - ROOM}, 0},
    {{.high = SIZE_MAX}, 0},
    {{.high = SIZE_MAX - ROOM + 1}, 0},
    {{.low = SIZE_MAX}, 0},
    {{.low = SIZE_MAX / 4 + 1}, 0},
    {{.limit = 0}, SIZE_MAX},
    {{.limit_msgs = 1}, 0},
    {{.limit_msgs = 2}, 0},
    {{.limit_msgs = (size_t)1 << 31}, 0},
    {{.limit_msgs = SIZE_MAX}, 0},
    {{.high_msgs = 4096}, 0},
    {{.high_msgs = SIZE_MAX}, 0},
    {{.high_msgs = 1}, 0},
    {{.low_msgs = 3072}, 0},
    {{.low_msgs = SIZE_MAX}, 0},
    {{.limit_msgs = 5, .high_msgs = 3, .low_msgs = 3}, 0},
    {{.policy = (enum leat_policy)4}, 0},
};

START_TEST(limits_that_break_a_rule_are_invalid)
{
    ck_assert_int_eq(set(wrong[_i].config, wrong[_i].frame_max), -EINVAL);
}
END_TEST

/* Sizes around the marks that matter, and 0 for the default. */
static size_t
some_size(struct dice *dice)
{
    static const size_t around[] = {2, ROOM, 256 * KIB, MIB, SIZE_MAX - 2};

    if (dice_roll(dice, 3) == 0)
        return 0;
    return around[dice_roll(dice, 5)] - 2 + dice_roll(dice, 5);
}

START_TEST(limits_that_are_let_through_keep_the_room_rule)
{
    struct dice dice;
    dice_init(&dice, "limits");
    size_t ops = dice_env("LEAT_OPS", 100000);
    size_t right = 0;

    for (size_t i = 0; i < ops; i++) {
        size_t frame_max = dice_roll(&dice, 2) ? 0 : some_size(&dice);
        struct leat_queue_config config = {some_size(&dice), some_size(&dice),
            some_size(&dice), dice_roll(&dice, 9), dice_roll(&dice, 9),
            dice_roll(&dice, 9), LEAT_CLOSE};
        if (set(config, frame_max) != 0)
            continue;
        assert_room_rule(frame_max);
        right++;
    }
    /* Else it would look at nothing; a few draws may well be all wrong. */
    if (ops >= 10000)
        ck_assert_uint_gt(right, ops / 50);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("limits");
    TCase *tcase = tcase_create("limits");

    tcase_add_test(tcase, limits_of_nothing_are_the_defaults);
    tcase_add_test(tcase, limits_that_are_given_are_taken_as_they_are);
    tcase_add_test(tcase, limits_limit_rises_with_high_and_with_frames);
    tcase_add_test(tcase, limits_high_bends_to_a_small_limit);
    tcase_add_test(tcase, limits_high_is_a_quarter_of_a_limit_that_leaves_room);
    tcase_add_test(tcase, limits_high_lies_above_a_low_that_is_given);
    tcase_add_test(tcase, limits_least_limit_is_the_room_and_two_bytes);
    tcase_add_test(tcase, limits_of_messages_go_up_to_what_fits_31_bits);
    tcase_add_test(tcase, limits_low_msgs_lies_below_a_small_high_msgs);
    tcase_add_loop_test(tcase, limits_that_break_a_rule_are_invalid, 0,
        (int)(sizeof wrong / sizeof wrong[0]));
    tcase_add_test(tcase, limits_that_are_let_through_keep_the_room_rule);
    suite_add_tcase(suite, tcase);
    return suite;
}
