/*
 * test_group_send.c - what a message to a group does.
 */
#include <leat/flow.h>
#include <leat/group.h>

#include <errno.h>

#include "support/crowd.h"
#include "support/dice.h"
#include "support/kernel.h"
#include "support/run.h"

#define KIB ((size_t)1024)
#define LIMIT (128 * KIB)

/* --- a message for all of them -------------------------------------------- */

START_TEST(message_reaches_members_and_nobody_else)
{
    crowd_meet(4);
    crowd_add(0);
    crowd_add(2);
    ck_assert_int_eq(crowd_say("hello", NULL), 2);
    crowd_sent(2, 0, 0);
    crowd_turns(2);
    crowd_heard(0, "hello");
    crowd_heard(1, "");
    crowd_heard(2, "hello");
    crowd_heard(3, "");
}
END_TEST

START_TEST(sender_is_left_out_whether_a_member_or_not)
{
    crowd_meet(3);
    crowd_add(0);
    crowd_add(1);
    ck_assert_int_eq(crowd_say("a", crowd[0].near), 1);
    ck_assert_int_eq(crowd_say("b", crowd[2].near), 2);
    struct leat_message *message = crowd_message("c");
    ck_assert_int_eq(leat_group_send(group, message, NULL, NULL), 2);
    leat_message_unref(message);
    crowd_turns(2);
    crowd_heard(0, "bc");
    crowd_heard(1, "abc");
    crowd_heard(2, "");
}
END_TEST

START_TEST(empty_group_takes_nothing)
{
    ck_assert_int_eq(crowd_say("anybody?", NULL), 0);
    crowd_sent(0, 0, 0);
    ck_assert_uint_eq(rig_stats().memory, 0);
}
END_TEST

START_TEST(message_for_a_group_is_stored_once)
{
    crowd_meet_members(CROWD);
    struct leat_message *message = crowd_bytes(60 * KIB);
    size_t pool = rig_stats().pool;
    ck_assert_int_eq(leat_group_send(group, message, NULL, &sent), CROWD);
    ck_assert_uint_eq(rig_stats().memory, 60 * KIB);
    ck_assert_uint_eq(rig_stats().pool, pool);
    leat_message_unref(message);
    crowd_turns(2);
    for (size_t i = 0; i < CROWD; i++)
        ck_assert_uint_eq(crowd[i].len, 60 * KIB);
    ck_assert_uint_eq(rig_stats().memory, 0);
}
END_TEST

/* --- a member that cannot take it ----------------------------------------- */

/* The first member has one queue for 128 KiB, which is full. */
static void
meet_full(enum leat_policy policy)
{
    crowd_config.queue = (struct leat_queue_config){
        .limit = LIMIT, .high = 32 * KIB, .policy = policy};
    crowd_meet_members(3);
    struct leat_message *filler = crowd_bytes(LIMIT / 2);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(leat_conn_send_message(crowd[0].near, filler), 0);
    leat_message_unref(filler);
}

START_TEST(full_member_touches_no_other_under_any_policy)
{
    static const struct leat_group_sent expected[] = {
        [LEAT_REFUSE] = {2, 0, 1},
        [LEAT_DROP_NEW] = {2, 1, 0},
        [LEAT_DROP_OLD] = {3, 0, 0},
        [LEAT_CLOSE] = {2, 0, 1},
    };
    meet_full((enum leat_policy)_i);
    crowd_say("news", NULL);
    crowd_sent(expected[_i].queued, expected[_i].dropped, expected[_i].failed);
    ck_assert_uint_eq(rig_stats().drops, 1);
    ck_assert_uint_eq(leat_group_count(group), _i == LEAT_CLOSE ? 2 : 3);
    crowd_turns(6);
    crowd_heard(1, "news");
    crowd_heard(2, "news");
    static const size_t first[] = {[LEAT_REFUSE] = LIMIT,
        [LEAT_DROP_NEW] = LIMIT,
        [LEAT_DROP_OLD] = LIMIT / 2 + 4,
        [LEAT_CLOSE] = 0};
    ck_assert_uint_eq(crowd[0].len, first[_i]);
    ck_assert_int_eq(crowd[0].reason, _i == LEAT_CLOSE ? -ENOBUFS : 0);
}
END_TEST

START_TEST(message_over_the_limit_of_one_reaches_the_others)
{
    crowd_meet_members(1);
    crowd_config.queue = (struct leat_queue_config){
        .limit = LIMIT, .high = 32 * KIB, .policy = (enum leat_policy)_i};
    crowd_meet(1);
    crowd_add(1);
    struct leat_message *message = crowd_bytes(LIMIT + 1);
    ck_assert_int_eq(leat_group_send(group, message, NULL, &sent), 1);
    leat_message_unref(message);
    crowd_sent(1, 0, 1);
    crowd_turns(6);
    ck_assert_uint_eq(crowd[0].len, LIMIT + 1);
    ck_assert_uint_eq(crowd[1].len + crowd[1].closes, 0);
}
END_TEST

START_TEST(half_closed_member_counts_as_failed)
{
    crowd_meet_members(2);
    leat_conn_half_close(crowd[0].near);
    ck_assert(leat_group_has(group, crowd[0].near));
    ck_assert_int_eq(crowd_say("x", NULL), 1);
    crowd_sent(1, 0, 1);
}
END_TEST

/* The third message of a queue needs a ring; there is memory for one. */
START_TEST(member_without_memory_for_its_queue_is_left_out)
{
    crowd_meet_members(3);
    crowd_say("1", NULL);
    crowd_say("2", NULL);
    struct leat_message *third = crowd_message("3");
    int armed = fault_once("realloc", 2, ENOMEM);
    leat_group_send(group, third, NULL, &sent);
    leat_message_unref(third);
    ck_assert_uint_eq(fault_fired(armed), 1);
    crowd_sent(2, 0, 1);
    crowd_turns(2);
    crowd_heard(0, "123");
    crowd_heard(1, "12");
    crowd_heard(2, "123");
}
END_TEST

/* The second member has the most, and is closed for the room that the message
 * needs at the first: right under the walk. */
START_TEST(member_shed_in_the_middle_of_a_send_is_skipped)
{
    crowd_open(&(struct leat_loop_config){.max_memory = 300 * KIB});
    crowd_meet_members(4);
    struct leat_message *much = crowd_bytes(200 * KIB);
    ck_assert_int_eq(leat_conn_send_message(crowd[1 + _i].near, much), 0);
    leat_message_unref(much);
    struct leat_message *message = crowd_bytes(150 * KIB);
    ck_assert_int_eq(leat_group_send(group, message, NULL, &sent), 3);
    leat_message_unref(message);
    crowd_sent(3, 0, 0);
    ck_assert_uint_eq(rig_stats().shed, 1);
    ck_assert_uint_eq(leat_group_count(group), 3);
    crowd_turns(6);
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(crowd[i].len, i == 1 + (size_t)_i ? 0 : 150 * KIB);
    ck_assert_int_eq(crowd[1 + _i].reason, -EDQUOT);
}
END_TEST

/* --- warm ----------------------------------------------------------------- */

/* Bursts that make each queue take a ring, of sizes of several classes. */
static void
burst(unsigned i)
{
    static const size_t size[] = {1, 64, 300, 1000, 5000};
    for (unsigned k = 0; k < 3 + i % 20; k++) {
        struct leat_message *message = crowd_bytes(size[(i + k) % 5]);
        ck_assert_int_eq(leat_group_send(group, message, NULL, NULL), CROWD);
        leat_message_unref(message);
    }
    crowd_turns(3);
    ck_assert_uint_eq(rig_stats().memory, 0);
}

START_TEST(law9_warm_group_of_200_makes_no_allocator_call)
{
    size_t rounds = dice_env("LEAT_OPS", 8000) / 100;
    if (rounds < 21)
        rounds = 21; /* the largest burst comes in each half */
    crowd_meet_members(CROWD);
    for (unsigned i = 0; i < rounds; i++)
        burst(i);
    uint64_t allocs = rig_stats().allocs;
    unsigned long calls = kernel_calls("realloc");
    for (unsigned i = 0; i < rounds; i++)
        burst(i);
    ck_assert_uint_eq(rig_stats().allocs, allocs);
    ck_assert_uint_eq(kernel_calls("realloc"), calls);
}
END_TEST

static void
come_and_go(void)
{
    struct leat_group *fresh;
    ck_assert_int_eq(leat_group_create(&fresh, rig.loop), 0);
    for (size_t i = 0; i < 20; i++)
        ck_assert_int_eq(leat_group_add(fresh, crowd[i].near), 0);
    for (size_t i = 0; i < 10; i++)
        leat_group_remove(fresh, crowd[i].near);
    leat_group_destroy(fresh);
}

START_TEST(law9_warm_coming_and_going_makes_no_allocator_call)
{
    crowd_meet_members(20);
    come_and_go();
    unsigned long calls = kernel_calls("realloc");
    for (int i = 0; i < 50; i++) {
        come_and_go();
        crowd_turns(1);
    }
    ck_assert_uint_eq(kernel_calls("realloc"), calls);
}
END_TEST

START_TEST(law9_memory_of_members_comes_back)
{
    crowd_meet(CROWD);
    crowd_turns(1);
    size_t before = rig_stats().pool;
    for (size_t i = 0; i < CROWD; i++)
        crowd_add(i);
    ck_assert_uint_gt(rig_stats().pool, before + CROWD * 20);
    leat_group_destroy(group);
    for (int i = 0; i < 200; i++) { /* the last minute's peak, and one more */
        clock_advance(1 * SEC);
        crowd_turns(1);
    }
    ck_assert_uint_le(rig_stats().pool, before);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("group_send");
    TCase *tcase = tcase_create("send");
    tcase_add_checked_fixture(tcase, crowd_setup, rig_teardown);
    tcase_add_test(tcase, message_reaches_members_and_nobody_else);
    tcase_add_test(tcase, sender_is_left_out_whether_a_member_or_not);
    tcase_add_test(tcase, empty_group_takes_nothing);
    tcase_add_test(tcase, message_for_a_group_is_stored_once);
    tcase_add_loop_test(
        tcase, full_member_touches_no_other_under_any_policy, 0, 4);
    tcase_add_loop_test(
        tcase, message_over_the_limit_of_one_reaches_the_others, 0, 4);
    tcase_add_test(tcase, half_closed_member_counts_as_failed);
    tcase_add_test(tcase, member_without_memory_for_its_queue_is_left_out);
    tcase_add_loop_test(
        tcase, member_shed_in_the_middle_of_a_send_is_skipped, 0, 3);
    tcase_add_test(tcase, law9_warm_group_of_200_makes_no_allocator_call);
    tcase_add_test(tcase, law9_warm_coming_and_going_makes_no_allocator_call);
    tcase_add_test(tcase, law9_memory_of_members_comes_back);
    suite_add_tcase(suite, tcase);
    return suite;
}
