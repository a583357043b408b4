/*
 * test_queue.c - a queue that has room: order, the ring, merging, sending,
 * marks, and every allocation failing. What a full one does is in
 * test_queue_policy.c.
 */
#include "support/queue_box.h"

#include <errno.h>
#include <string.h>

#include "support/run.h"

static const struct leat__limits limits = {.limit = 1 << 20,
    .high = 1000,
    .low = 250,
    .limit_msgs = 100,
    .high_msgs = 50,
    .low_msgs = 10,
    .policy = LEAT_REFUSE};

static struct queue_box box;

static void
setup(void)
{
    box_init(&box, &limits);
}

static void
teardown(void)
{
    box_fini(&box);
}

/* --- order and the ring --------------------------------------------------- */

START_TEST(queue_that_was_just_made_is_empty_and_has_no_memory)
{
    ck_assert_uint_eq(box.queue.count, 0);
    ck_assert_uint_eq(box.queue.bytes, 0);
    ck_assert(leat__queue_has_room(&box.queue, &box.limits));
    ck_assert_uint_eq(box.ledger.calls, 0);
    box_assert_text(&box, "");
}
END_TEST

START_TEST(queue_keeps_the_order_of_messages_however_many)
{
    char text[53] = {0};
    for (int i = 0; i < _i; i++)
        text[i] = (char)('a' + i % 26);
    box_push_many(&box, _i);

    for (int i = 0; i < _i; i++) {
        ck_assert_uint_eq(box.queue.count, (size_t)(_i - i));
        box_assert_text(&box, &text[i]);
        box_consume(&box, 1);
    }

    box_assert_text(&box, "");
}
END_TEST

START_TEST(queue_takes_a_ring_at_the_third_message_and_gives_it_back_empty)
{
    box_push_many(&box, 2);
    ck_assert_uint_eq(leat__queue_ring_block(&box.queue), 0);

    box_push_many(&box, 1);
    ck_assert_uint_gt(leat__queue_ring_block(&box.queue), 0);
    box_consume(&box, 2);
    ck_assert_uint_gt(leat__queue_ring_block(&box.queue), 0);
    box_consume(&box, 1);

    ck_assert_uint_eq(leat__queue_ring_block(&box.queue), 0);
    ck_assert_uint_eq(leat__queue_capacity(&box.queue), 2);
}
END_TEST

/* The head is first moved on, so that the messages lie across the ring's end
 * when it is doubled. */
START_TEST(queue_ring_that_wraps_is_doubled_in_order)
{
    box_push_many(&box, 8); /* a..h */
    box_consume(&box, (size_t)_i);
    for (int i = 0; i < 10; i++)
        box_push_new(&box, '0' + i, 1);

    ck_assert_uint_ge(leat__queue_capacity(&box.queue), 16);
    box_assert_text(&box, &"abcdefgh0123456789"[_i]);
}
END_TEST

/* --- sharing -------------------------------------------------------------- */

START_TEST(queue_counts_a_shared_message_once_in_the_pool)
{
    struct leat__queue other;
    leat__queue_init(&other);
    struct leat_message *message = leat__message_make(&box.pool, "abc", 3, 3);

    ck_assert_int_eq(box_push(&box, message), 0);
    ck_assert_int_eq(box_push(&box, message), 0);
    ck_assert_int_eq(
        leat__queue_push(&other, &box.pool, &box.limits, message, &box.drops),
        0);
    leat_message_unref(message);
    ck_assert_uint_eq(box.pool.queued, 3);
    box_assert_text(&box, "abcabc");
    box_consume(&box, 4);
    leat__queue_clear(&other, &box.pool);

    ck_assert_uint_eq(box.pool.queued, 3);
    ck_assert_uint_eq(message->queued, 1);
    ck_assert_uint_eq(message->refs, 1);
    box_consume(&box, 2);
    ck_assert_uint_eq(box.pool.queued, 0);
}
END_TEST

START_TEST(queue_clear_drops_all_uncounted_and_is_like_new)
{
    box_push_many(&box, 60);
    box_push_new(&box, 'x', 500);

    leat__queue_clear(&box.queue, &box.pool);

    struct leat__queue fresh;
    leat__queue_init(&fresh);
    ck_assert_mem_eq(&box.queue, &fresh, sizeof fresh);
    ck_assert_uint_eq(box.pool.queued, 0);
    ck_assert_uint_eq(box.drops.msgs, 0);
}
END_TEST

/* --- merging -------------------------------------------------------------- */

START_TEST(queue_copy_is_appended_to_a_newest_message_with_room)
{
    ck_assert_int_eq(box_copy(&box, "abc", 3), 0);
    ck_assert_int_eq(box_copy(&box, "de", 2), 0);

    ck_assert_uint_eq(box.queue.count, 1);
    ck_assert_uint_eq(box.pool.queued, 5);
    box_assert_text(&box, "abcde");
}
END_TEST

START_TEST(queue_copy_is_appended_to_a_half_sent_message_too)
{
    ck_assert_int_eq(box_copy(&box, "abc", 3), 0);
    box_consume(&box, 2);

    ck_assert_int_eq(box_copy(&box, "de", 2), 0);

    ck_assert_uint_eq(box.queue.count, 1);
    ck_assert_uint_eq(box.pool.queued, 5);
    box_assert_text(&box, "cde");
}
END_TEST

START_TEST(queue_copy_is_not_appended_to_a_message_that_others_hold)
{
    struct leat_message *message = leat__message_make(&box.pool, "abc", 3, 100);
    ck_assert_int_eq(box_push(&box, message), 0);

    ck_assert_int_eq(box_copy(&box, "de", 2), 0);

    ck_assert_uint_eq(box.queue.count, 2);
    ck_assert_uint_eq(leat_message_size(message), 3);
    box_assert_text(&box, "abcde");
    leat_message_unref(message);
}
END_TEST

START_TEST(queue_copy_is_not_appended_to_a_message_that_is_queued_twice)
{
    struct leat_message *message = leat__message_make(&box.pool, "abc", 3, 100);
    ck_assert_int_eq(box_push(&box, message), 0);
    ck_assert_int_eq(box_push(&box, message), 0);
    leat_message_unref(message);

    ck_assert_int_eq(box_copy(&box, "de", 2), 0);

    ck_assert_uint_eq(box.queue.count, 3);
    box_assert_text(&box, "abcabcde");
}
END_TEST

START_TEST(queue_packs_small_copies_behind_others_into_one_message)
{
    char bytes[64] = {0};
    box_push_new(&box, 'a', 4096);

    for (int i = 0; i < 32; i++)
        ck_assert_int_eq(box_copy(&box, bytes, sizeof bytes), 0);

    ck_assert_uint_eq(box.queue.count, 2);
    ck_assert_uint_eq(box.queue.bytes, 4096 + 32 * 64);
    ck_assert_uint_eq(box.pool.queued, 4096 + 32 * 64);
    ck_assert_uint_eq(
        box.queue.at.own[1]->block, leat__message_block(32 * sizeof bytes));
}
END_TEST

START_TEST(queue_copy_that_is_alone_gets_no_spare_room)
{
    ck_assert_int_eq(box_copy(&box, "a", 1), 0);

    ck_assert_uint_eq(box.queue.at.own[0]->block, 64 + LEAT__CLASS_EXTRA);
}
END_TEST

/* --- sending -------------------------------------------------------------- */

START_TEST(queue_consume_may_stop_at_any_byte)
{
    size_t n = (size_t)_i;
    box_push_new(&box, 'a', 3);
    box_push_new(&box, 'b', 1);
    box_push_new(&box, 'c', 2);
    box_push_new(&box, 'd', 4);

    box_consume(&box, n);
    box_assert_text(&box, &"aaabccdddd"[n]);
    box_consume(&box, 10 - n);

    ck_assert_uint_eq(box.queue.count, 0);
    ck_assert_uint_eq(box.pool.queued, 0);
}
END_TEST

START_TEST(queue_consume_of_nothing_changes_nothing)
{
    box_push_many(&box, 2);
    struct leat__queue before = box.queue;

    box_consume(&box, 0);

    ck_assert_mem_eq(&box.queue, &before, sizeof box.queue);
}
END_TEST

/* --- marks ---------------------------------------------------------------- */

START_TEST(queue_is_full_from_high_in_bytes_until_below_low)
{
    box_push_new(&box, 'a', 999);
    ck_assert(
        leat__queue_has_room(&box.queue, &box.limits) && !box.queue.is_full);
    box_push_new(&box, 'b', 1);
    ck_assert(
        !leat__queue_has_room(&box.queue, &box.limits) && box.queue.is_full);

    box_consume(&box, 1000 - 250);
    ck_assert(leat__queue_has_room(&box.queue, &box.limits));
    ck_assert(
        !leat__queue_drained(&box.queue, &box.limits) && box.queue.is_full);
    box_consume(&box, 1);

    ck_assert(leat__queue_drained(&box.queue, &box.limits));
    ck_assert(!box.queue.is_full);
    ck_assert(!leat__queue_drained(&box.queue, &box.limits));
}
END_TEST

START_TEST(queue_is_full_from_high_in_messages_until_below_low)
{
    box_push_many(&box, 49);
    ck_assert(
        leat__queue_has_room(&box.queue, &box.limits) && !box.queue.is_full);
    box_push_many(&box, 1);
    ck_assert(
        !leat__queue_has_room(&box.queue, &box.limits) && box.queue.is_full);

    box_consume(&box, 40);
    ck_assert(!leat__queue_drained(&box.queue, &box.limits));
    box_consume(&box, 1);

    ck_assert(leat__queue_drained(&box.queue, &box.limits));
}
END_TEST

START_TEST(queue_that_bytes_are_merged_into_reaches_high_too)
{
    char bytes[999] = {0};
    ck_assert_int_eq(box_copy(&box, bytes, sizeof bytes), 0);

    ck_assert_int_eq(box_copy(&box, bytes, 1), 0);

    ck_assert_uint_eq(box.queue.count, 1);
    ck_assert(box.queue.is_full);
}
END_TEST

START_TEST(queue_that_never_was_at_high_is_not_drained)
{
    box_push_new(&box, 'a', 999);
    box_consume(&box, 999);

    ck_assert(!leat__queue_drained(&box.queue, &box.limits));
}
END_TEST

/* --- no memory ------------------------------------------------------------ */

/* Before the _i-th message the pool is emptied, so that each allocation of the
 * push, whether message or ring, can be made to fail in turn. */
START_TEST(queue_without_memory_is_as_it_was_and_takes_the_next_one)
{
    for (size_t failing = 1;; failing++) {
        leat__queue_clear(&box.queue, &box.pool);
        box_push_many(&box, _i);
        box_trim(&box);
        struct leat__queue before = box.queue;
        size_t queued = box.pool.queued;

        alloc_fail_once(&box.ledger, failing);
        int result = box_copy(&box,
            "0123456789abcdefghijklmnopqrstuvwxyz"
            "0123456789abcdefghijklmnopqrstuvwxyz0",
            73);
        if (alloc_heal(&box.ledger) == 0) {
            ck_assert_int_eq(result, 0);
            ck_assert_uint_eq(box.queue.bytes, (size_t)_i + 73);
            /* One for the message, one more where the slots are used up. */
            ck_assert_uint_eq(failing, _i == 2 || _i == 8 ? 3 : 2);
            return;
        }
        ck_assert_int_eq(result, -ENOMEM);
        ck_assert_mem_eq(&box.queue, &before, sizeof box.queue);
        ck_assert_uint_eq(box.pool.queued, queued);
        ck_assert_uint_eq(box.drops.msgs, 0);
        ck_assert_int_eq(box_copy(&box, "x", 1), 0);
    }
}
END_TEST

START_TEST(queue_push_without_memory_for_a_ring_keeps_no_reference)
{
    box_push_many(&box, 2);
    struct leat_message *message = leat__message_make(&box.pool, "abc", 3, 3);
    struct leat__queue before = box.queue;
    alloc_fail_once(&box.ledger, 1);

    ck_assert_int_eq(box_push(&box, message), -ENOMEM);

    ck_assert_uint_eq(alloc_heal(&box.ledger), 1);
    ck_assert_mem_eq(&box.queue, &before, sizeof box.queue);
    ck_assert_uint_eq(message->refs, 1);
    ck_assert_uint_eq(message->queued, 0);
    ck_assert_int_eq(box_push(&box, message), 0);
    leat_message_unref(message);
}
END_TEST

static void
add_out_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, queue_consume_may_stop_at_any_byte, 0, 11);
    tcase_add_test(tcase, queue_consume_of_nothing_changes_nothing);
    tcase_add_test(tcase, queue_is_full_from_high_in_bytes_until_below_low);
    tcase_add_test(tcase, queue_is_full_from_high_in_messages_until_below_low);
    tcase_add_test(tcase, queue_that_bytes_are_merged_into_reaches_high_too);
    tcase_add_test(tcase, queue_that_never_was_at_high_is_not_drained);
}

static void
add_in_tests(TCase *tcase)
{
    tcase_add_test(tcase, queue_that_was_just_made_is_empty_and_has_no_memory);
    tcase_add_loop_test(
        tcase, queue_keeps_the_order_of_messages_however_many, 0, 53);
    tcase_add_test(
        tcase, queue_takes_a_ring_at_the_third_message_and_gives_it_back_empty);
    tcase_add_loop_test(tcase, queue_ring_that_wraps_is_doubled_in_order, 1, 8);
    tcase_add_test(tcase, queue_counts_a_shared_message_once_in_the_pool);
    tcase_add_test(tcase, queue_clear_drops_all_uncounted_and_is_like_new);
    tcase_add_test(tcase, queue_copy_is_appended_to_a_newest_message_with_room);
    tcase_add_test(tcase, queue_copy_is_appended_to_a_half_sent_message_too);
    tcase_add_test(
        tcase, queue_copy_is_not_appended_to_a_message_that_others_hold);
    tcase_add_test(
        tcase, queue_copy_is_not_appended_to_a_message_that_is_queued_twice);
    tcase_add_test(
        tcase, queue_packs_small_copies_behind_others_into_one_message);
    tcase_add_test(tcase, queue_copy_that_is_alone_gets_no_spare_room);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("queue");
    TCase *tcase = tcase_create("queue");

    tcase_add_checked_fixture(tcase, setup, teardown);
    add_in_tests(tcase);
    add_out_tests(tcase);
    tcase_add_loop_test(
        tcase, queue_without_memory_is_as_it_was_and_takes_the_next_one, 0, 10);
    tcase_add_test(
        tcase, queue_push_without_memory_for_a_ring_keeps_no_reference);
    suite_add_tcase(suite, tcase);
    return suite;
}
