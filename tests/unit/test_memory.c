/*
 * test_memory.c - messages from a loop's pool, and when the pool is looked at
 * for what it can give back.
 */
#include <leat/message.h>

#include <errno.h>
#include <stdint.h>

#include "loop/loop.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/run.h"

/* What no message is. */
static char nothing;

static const size_t sizes[] = {0, SIZE_MAX / 2 + 1, SIZE_MAX};

START_TEST(message_of_no_size_or_one_beyond_all_is_refused)
{
    struct leat_message *message = (void *)&nothing;

    ck_assert_int_eq(
        leat_message_create(&message, rig.loop, NULL, sizes[_i]), -EINVAL);
    ck_assert_ptr_null(message);
}
END_TEST

START_TEST(message_that_there_is_no_memory_for_is_told_as_such)
{
    struct leat_message *message = (void *)&nothing;

    fault_once("realloc", 1, ENOMEM);
    ck_assert_int_eq(
        leat_message_create(&message, rig.loop, NULL, SIZE_MAX / 2), -ENOMEM);
    ck_assert_ptr_null(message);
}
END_TEST

START_TEST(message_of_one_byte_holds_it)
{
    struct leat_message *message;

    ck_assert_int_eq(leat_message_create(&message, rig.loop, "x", 1), 0);
    ck_assert_uint_eq(leat_message_size(message), 1);
    ck_assert_mem_eq(leat_message_bytes(message), "x", 1);
    leat_message_unref(message);
}
END_TEST

START_TEST(surplus_is_looked_at_once_a_second)
{
    struct leat_message *message;

    ck_assert_int_eq(leat_message_create(&message, rig.loop, "x", 1), 0);
    rig_turn();
    ck_assert_int_eq(leat__timers_wait(rig.loop), -1);
    leat_message_unref(message);
    rig_turn();
    ck_assert_int_eq(leat__timers_wait(rig.loop), SEC);
    clock_advance(SEC - 1);
    rig_turn();
    ck_assert_int_eq(leat__timers_wait(rig.loop), 1);
    clock_advance(1);
    ck_assert_int_eq(rig_turn(), 0); /* it is no callback of the program */
    ck_assert_int_eq(leat__timers_wait(rig.loop), SEC);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("memory");
    TCase *tcase = tcase_create("memory");

    tcase_add_checked_fixture(tcase, rig_setup, rig_teardown);
    tcase_add_loop_test(
        tcase, message_of_no_size_or_one_beyond_all_is_refused, 0, 3);
    tcase_add_test(tcase, message_that_there_is_no_memory_for_is_told_as_such);
    tcase_add_test(tcase, message_of_one_byte_holds_it);
    tcase_add_test(tcase, surplus_is_looked_at_once_a_second);
    suite_add_tcase(suite, tcase);
    return suite;
}
