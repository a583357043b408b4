/*
 * test_group.c - who is in a group, and until when.
 */
#include <leat/group.h>

#include <errno.h>

#include "net/net.h"
#include "support/crowd.h"
#include "support/kernel.h"
#include "support/run.h"

/* --- who is in it --------------------------------------------------------- */

START_TEST(member_is_in_the_group_until_it_is_removed)
{
    crowd_meet(2);
    ck_assert_uint_eq(leat_group_count(group), 0);
    ck_assert(!leat_group_has(group, crowd[0].near));
    crowd_add(0);
    crowd_add(1);
    ck_assert(leat_group_has(group, crowd[0].near));
    ck_assert_uint_eq(leat_group_count(group), 2);
    leat_group_remove(group, crowd[0].near);
    ck_assert(!leat_group_has(group, crowd[0].near));
    ck_assert(leat_group_has(group, crowd[1].near));
    ck_assert_uint_eq(leat_group_count(group), 1);
    leat__net_check(rig.loop);
}
END_TEST

START_TEST(adding_and_removing_twice_is_harmless)
{
    crowd_meet(1);
    crowd_add(0);
    crowd_add(0);
    ck_assert_uint_eq(leat_group_count(group), 1);
    ck_assert_int_eq(crowd_say("once", NULL), 1);
    leat_group_remove(group, crowd[0].near);
    leat_group_remove(group, crowd[0].near);
    ck_assert_uint_eq(leat_group_count(group), 0);
    crowd_turns(2);
    crowd_heard(0, "once"); /* was sent while it was a member */
}
END_TEST

START_TEST(connection_may_be_in_many_groups)
{
    struct leat_group *each[5];
    crowd_meet(2);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(leat_group_create(&each[i], rig.loop), 0);
        ck_assert_int_eq(leat_group_add(each[i], crowd[0].near), 0);
        ck_assert_int_eq(leat_group_add(each[i], crowd[1].near), 0);
    }
    leat_group_remove(each[2], crowd[0].near);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(leat_group_has(each[i], crowd[0].near), i != 2);
        ck_assert(leat_group_has(each[i], crowd[1].near));
    }
    leat__net_check(rig.loop);
    leat_conn_close(crowd[0].near);
    for (int i = 0; i < 5; i++)
        ck_assert_uint_eq(leat_group_count(each[i]), 1);
}
END_TEST

START_TEST(connection_of_another_loop_is_einval)
{
    struct leat_loop *loop;
    struct leat_group *foreign;
    crowd_meet(1);
    ck_assert_int_eq(leat_loop_create(&loop, NULL), 0);
    ck_assert_int_eq(leat_group_create(&foreign, loop), 0);
    ck_assert_int_eq(leat_group_add(foreign, crowd[0].near), -EINVAL);
    ck_assert(!leat_group_has(foreign, crowd[0].near));
    leat_group_remove(foreign, crowd[0].near); /* was none */
    leat_loop_destroy(loop);
}
END_TEST

static void (*const end_fn[])(struct leat_conn *) = {
    leat_conn_end, leat_conn_close, leat_conn_abort};

START_TEST(one_that_ends_leaves_at_once_and_cannot_be_added)
{
    crowd_meet_members(2);
    end_fn[_i](crowd[0].near);
    ck_assert(!leat_group_has(group, crowd[0].near));
    ck_assert_uint_eq(leat_group_count(group), 1);
    ck_assert_int_eq(leat_group_add(group, crowd[0].near), -ESHUTDOWN);
    ck_assert_int_eq(crowd_say("still here?", NULL), 1);
    crowd_sent(1, 0, 0);
    crowd_turns(3);
    ck_assert_uint_eq(crowd[0].closes, 1);
}
END_TEST

static unsigned left;

static void
is_no_member(struct crowd_one *one)
{
    ck_assert(!leat_group_has(group, one->near));
    ck_assert_int_eq(leat_group_add(group, one->near), -ESHUTDOWN);
    left++;
}

/* It ended because of its peer, or of time. */
START_TEST(one_that_dies_has_left_before_on_close)
{
    left = 0;
    crowd_config.idle_us = 10 * SEC;
    crowd_on_close = is_no_member;
    crowd_meet_members(2);
    if (_i == 0)
        leat_conn_end(crowd[0].far);
    else if (_i == 1)
        leat_conn_abort(crowd[0].far);
    else
        clock_advance(20 * SEC);
    crowd_turns(5);
    ck_assert_uint_eq(left, _i == 2 ? 2 : 1);
    ck_assert_uint_eq(leat_group_count(group), 2 - left);
}
END_TEST

START_TEST(group_without_memory_is_enomem_and_as_before)
{
    rig_open(NULL);
    int error = -ENOMEM;
    for (unsigned nth = 1; error != 0; nth++) {
        int armed = fault_once("realloc", nth, ENOMEM);
        error = leat_group_create(&group, rig.loop);
        fault_release(armed);
        ck_assert(error == 0 || (error == -ENOMEM && group == NULL));
    }
    crowd_meet(1);
    int armed = fault_once("realloc", 1, ENOMEM);
    ck_assert_int_eq(leat_group_add(group, crowd[0].near), -ENOMEM);
    ck_assert_uint_eq(fault_fired(armed), 1);
    ck_assert_uint_eq(leat_group_count(group), 0);
    ck_assert(!leat_group_has(group, crowd[0].near));
    crowd_add(0);
}
END_TEST

START_TEST(destroyed_group_leaves_its_members_open)
{
    crowd_meet_members(3);
    ck_assert_int_eq(crowd_say("last", NULL), 3);
    leat_group_destroy(group);
    leat_group_destroy(NULL);
    leat__net_check(rig.loop);
    crowd_turns(2);
    for (size_t i = 0; i < 3; i++)
        crowd_heard(i, "last");
    ck_assert_uint_eq(rig_stats().conns, 6);
}
END_TEST

/* --- the loop's end ------------------------------------------------------- */

static void
use_group(struct crowd_one *one)
{
    ck_assert(!leat_group_has(group, one->near));
    ck_assert_int_eq(leat_group_add(group, one->near), -ESHUTDOWN);
    ck_assert_uint_lt(leat_group_count(group), 3);
    (void)crowd_say("bye", NULL); /* the others may be there still, or not */
    left++;
}

START_TEST(group_outlives_the_last_on_close_of_its_loop)
{
    left = 0;
    crowd_on_close = use_group;
    crowd_meet_members(3);
    rig_close(); /* the group is freed with it */
    ck_assert_uint_eq(left, 3);
}
END_TEST

static void
destroy_and_look(struct leat_loop *loop, void *arg)
{
    struct leat_group *late = group;
    (void)arg;
    leat_loop_destroy(loop);
    ck_assert_int_eq(leat_group_create(&late, loop), -ESHUTDOWN);
    ck_assert_ptr_null(late);
    ck_assert_int_eq(leat_group_add(group, crowd[0].near), -ESHUTDOWN);
    ck_assert_int_eq(crowd_say("too late", NULL), 0);
    crowd_sent(0, 0, 1);
}

START_TEST(loop_that_is_being_destroyed_is_eshutdown)
{
    crowd_meet(2);
    crowd_add(1);
    ck_assert_int_eq(leat_loop_post(rig.loop, destroy_and_look, NULL), 0);
    ck_assert_int_eq(leat_loop_step(rig.loop, 0), -ECANCELED);
    rig.loop = NULL;
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("group");
    TCase *tcase = tcase_create("members");
    tcase_add_checked_fixture(tcase, crowd_setup, rig_teardown);
    tcase_add_test(tcase, member_is_in_the_group_until_it_is_removed);
    tcase_add_test(tcase, adding_and_removing_twice_is_harmless);
    tcase_add_test(tcase, connection_may_be_in_many_groups);
    tcase_add_test(tcase, connection_of_another_loop_is_einval);
    tcase_add_loop_test(
        tcase, one_that_ends_leaves_at_once_and_cannot_be_added, 0, 3);
    tcase_add_loop_test(tcase, one_that_dies_has_left_before_on_close, 0, 3);
    tcase_add_test(tcase, group_without_memory_is_enomem_and_as_before);
    tcase_add_test(tcase, destroyed_group_leaves_its_members_open);
    tcase_add_test(tcase, group_outlives_the_last_on_close_of_its_loop);
    tcase_add_test(tcase, loop_that_is_being_destroyed_is_eshutdown);
    suite_add_tcase(suite, tcase);
    return suite;
}
