/*
 * test_message.c - bytes counted by reference.
 */
#include "base/message.h"

#include <stdint.h>
#include <string.h>

#include "support/alloc.h"
#include "support/run.h"

static struct alloc_ledger ledger;
static struct leat__pool pool;

static void
setup(void)
{
    alloc_init(&ledger);
    leat__pool_init(&pool, &ledger.alloc);
}

static void
teardown(void)
{
    leat__pool_check(&pool);
    leat__pool_fini(&pool);
    alloc_fini(&ledger);
}

static struct leat_message *
make(const void *bytes, size_t len, size_t capacity)
{
    struct leat_message *message =
        leat__message_make(&pool, bytes, len, capacity);

    ck_assert_ptr_nonnull(message);
    return message;
}

START_TEST(message_holds_a_copy_of_its_bytes)
{
    char bytes[] = "water";
    struct leat_message *message = make(bytes, 5, 5);

    bytes[0] = 'l';

    ck_assert_uint_eq(leat_message_size(message), 5);
    ck_assert_mem_eq(leat_message_bytes(message), "water", 5);
    leat_message_unref(message);
}
END_TEST

START_TEST(message_made_of_null_can_be_written)
{
    struct leat_message *message = make(NULL, 100, 100);

    memset(leat_message_bytes(message), 'x', 100);

    ck_assert_int_eq(((char *)leat_message_bytes(message))[99], 'x');
    leat_message_unref(message);
}
END_TEST

START_TEST(message_begins_with_one_reference_and_in_no_queue)
{
    struct leat_message *message = make("a", 1, 1);

    ck_assert_uint_eq(message->refs, 1);
    ck_assert_uint_eq(message->queued, 0);
    ck_assert_uint_eq(pool.queued, 0);
    leat_message_unref(message);
}
END_TEST

START_TEST(message_lives_until_the_last_reference_is_given_back)
{
    struct leat_message *message = make("abc", 3, 3);
    ck_assert_ptr_eq(leat_message_ref(message), message);
    ck_assert_ptr_eq(leat_message_ref(message), message);

    leat_message_unref(message);
    leat_message_unref(message);

    ck_assert_uint_eq(message->refs, 1);
    ck_assert_mem_eq(leat_message_bytes(message), "abc", 3);
    ck_assert(!pool.source.has_surplus);
    leat_message_unref(message);
    ck_assert(pool.source.has_surplus);
}
END_TEST

START_TEST(message_unref_of_null_is_harmless)
{
    leat_message_unref(NULL);
    ck_assert_uint_eq(ledger.calls, 0);
}
END_TEST

START_TEST(message_whose_length_is_a_power_of_two_wastes_no_class)
{
    size_t len = (size_t)64 << _i;
    struct leat_message *message = make(NULL, len, len);

    memset(leat_message_bytes(message), 1, len);

    ck_assert_uint_eq(message->block, len + LEAT__CLASS_EXTRA);
    ck_assert_uint_lt(message->capacity, len + LEAT__CLASS_EXTRA);
    leat_message_unref(message);
}
END_TEST

START_TEST(message_has_all_the_room_of_its_block)
{
    struct leat_message *message = make("a", 1, 2048);

    ck_assert_uint_eq(leat_message_size(message), 1);
    ck_assert_uint_ge(message->capacity, 2048);
    memset(leat_message_bytes(message), 1, message->capacity);
    leat_message_unref(message);
}
END_TEST

START_TEST(message_beyond_the_largest_class_is_freed_at_once)
{
    struct leat_message *message = make(NULL, 1000000, 1000000);
    memset(leat_message_bytes(message), 1, 1000000);

    leat_message_unref(message);

    ck_assert_uint_eq(ledger.blocks, 0);
}
END_TEST

START_TEST(message_of_an_impossible_length_is_not_made)
{
    static const size_t lengths[] = {
        0, SIZE_MAX, SIZE_MAX / 2 + 1, SIZE_MAX / 2};

    for (size_t i = 0; i < 4; i++)
        ck_assert_ptr_null(
            leat__message_make(&pool, NULL, lengths[i], lengths[i]));
    ck_assert_ptr_null(leat__message_make(&pool, NULL, 1, SIZE_MAX));

    ck_assert_uint_eq(ledger.blocks, 0);
    ck_assert_uint_eq(pool.source.bytes, 0);
}
END_TEST

START_TEST(message_without_memory_is_null_and_the_next_one_is_made)
{
    alloc_fail_once(&ledger, 1);

    ck_assert_ptr_null(leat__message_make(&pool, "a", 1, 1));

    ck_assert_uint_eq(alloc_heal(&ledger), 1);
    leat_message_unref(make("a", 1, 1));
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("message");
    TCase *tcase = tcase_create("message");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, message_holds_a_copy_of_its_bytes);
    tcase_add_test(tcase, message_made_of_null_can_be_written);
    tcase_add_test(tcase, message_begins_with_one_reference_and_in_no_queue);
    tcase_add_test(tcase, message_lives_until_the_last_reference_is_given_back);
    tcase_add_test(tcase, message_unref_of_null_is_harmless);
    tcase_add_loop_test(tcase,
        message_whose_length_is_a_power_of_two_wastes_no_class, 0,
        (int)LEAT__CLASS_COUNT);
    tcase_add_test(tcase, message_has_all_the_room_of_its_block);
    tcase_add_test(tcase, message_beyond_the_largest_class_is_freed_at_once);
    tcase_add_test(tcase, message_of_an_impossible_length_is_not_made);
    tcase_add_test(
        tcase, message_without_memory_is_null_and_the_next_one_is_made);
    suite_add_tcase(suite, tcase);
    return suite;
}
