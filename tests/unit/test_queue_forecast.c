/*
 * test_queue_forecast.c - what a queue says beforehand of a message: whether
 * it may come in, and what memory that costs. That it then comes true, whatever
 * was done before, is in test_queue_model.c.
 */
#include "support/queue_box.h"

#include <errno.h>

#include "support/run.h"

static struct queue_box box;

static void
setup(void)
{
    box_init_small(&box, LEAT_REFUSE);
}

static void
teardown(void)
{
    box_fini(&box);
}

static bool
may_take(size_t len)
{
    return leat__queue_may_take(&box.queue, &box.limits, len);
}

static size_t
cost(size_t len)
{
    return leat__queue_cost(&box.queue, &box.limits, len);
}

START_TEST(queue_may_take_says_no_where_bytes_or_messages_are_at_their_limit)
{
    ck_assert(may_take(10));
    ck_assert(!may_take(11));
    box_push_many(&box, 3);
    ck_assert(may_take(7));
    ck_assert(!may_take(8));
    box_push_many(&box, 1);
    ck_assert(!may_take(1));
    box_consume(&box, 1);
    ck_assert(may_take(1));
}
END_TEST

START_TEST(queue_may_take_anything_where_older_messages_may_go)
{
    box.limits.policy = LEAT_DROP_OLD;
    box_push_many(&box, 4);
    ck_assert(may_take(1));
    ck_assert(may_take(10));
}
END_TEST

START_TEST(queue_copy_costs_a_block_nothing_in_one_and_nothing_when_refused)
{
    ck_assert_uint_eq(cost(4), leat__message_block(4));
    ck_assert_uint_eq(cost(11), 0);
    ck_assert_int_eq(box_copy(&box, "abcd", 4), 0);
    ck_assert_uint_eq(box.pool.stored, leat__message_block(4));

    ck_assert_uint_eq(cost(6), 0); /* merged */
    ck_assert_uint_eq(cost(7), 0); /* refused */
    box.limits.policy = LEAT_DROP_NEW;
    ck_assert_uint_eq(cost(6), leat__message_block(6));
}
END_TEST

/* None has so many bytes: it only says so. */
START_TEST(queue_takes_messages_of_2_gib_less_a_byte_and_none_longer)
{
    struct leat_message *message = leat__message_make(&box.pool, "a", 1, 1);
    ck_assert_ptr_nonnull(message);
    box.limits.limit = SIZE_MAX / 2;
    message->size = LEAT__MESSAGE_MAX + 1;
    ck_assert_int_eq(leat__queue_push(&box.queue, &box.pool, &box.limits,
                         message, &box.drops),
        -EMSGSIZE);
    message->size = LEAT__MESSAGE_MAX;
    ck_assert_int_eq(leat__queue_push(&box.queue, &box.pool, &box.limits,
                         message, &box.drops),
        0);
    ck_assert_uint_eq(box.queue.bytes, INT32_MAX);
    leat__queue_clear(&box.queue, &box.pool);
    message->size = 1;
    leat_message_unref(message);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("queue_forecast");
    TCase *tcase = tcase_create("queue_forecast");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase,
        queue_may_take_says_no_where_bytes_or_messages_are_at_their_limit);
    tcase_add_test(tcase, queue_may_take_anything_where_older_messages_may_go);
    tcase_add_test(tcase,
        queue_copy_costs_a_block_nothing_in_one_and_nothing_when_refused);
    tcase_add_test(
        tcase, queue_takes_messages_of_2_gib_less_a_byte_and_none_longer);
    suite_add_tcase(suite, tcase);
    return suite;
}
