/*
 * test_group_walk.c - walks over a group whose members come and go meanwhile,
 * by example; by chance in test_group_model.c.
 */
#include <leat/group.h>

#include <string.h>

#include "net/net.h"
#include "support/crowd.h"
#include "support/quick.h"
#include "support/run.h"

static char visited[64]; /* a letter for each member visited: a is crowd[0] */
static void (*act)(size_t i);

static size_t
index_of(const struct leat_conn *conn)
{
    size_t i = 0;
    while (crowd[i].near != conn)
        quick_assert(++i < CROWD);
    return i;
}

static void
visit(struct leat_conn *conn, void *user)
{
    size_t i = index_of(conn);
    size_t at = strlen(visited);
    quick_assert(user == visited && at + 1 < sizeof visited);
    visited[at] = (char)('a' + i);
    if (act != NULL)
        act(i);
}

static void
walk(void (*what)(size_t i))
{
    act = what;
    memset(visited, 0, sizeof visited);
    leat_group_each(group, visit, visited);
}

static void
drop(size_t i)
{
    leat_group_remove(group, crowd[i].near);
}

/* --- by example ----------------------------------------------------------- */

START_TEST(walk_goes_in_the_order_in_which_they_were_added)
{
    crowd_meet(4);
    crowd_add(2);
    crowd_add(0);
    crowd_add(3);
    crowd_add(1);
    drop(0);
    walk(NULL);
    ck_assert_str_eq(visited, "cdb");
    crowd_add(0); /* once more: last now */
    crowd_add(2); /* is there already */
    walk(NULL);
    ck_assert_str_eq(visited, "cdba");
}
END_TEST

START_TEST(walk_over_nobody_calls_nobody)
{
    walk(NULL);
    ck_assert_str_eq(visited, "");
}
END_TEST

/* At c, one after the other: before it, itself, right after it, at the end. */
static size_t victim;

static void
drop_victim(size_t i)
{
    if (i == 2)
        drop(victim);
}

static void
close_victim(size_t i)
{
    if (i == 2)
        leat_conn_close(crowd[victim].near);
}

START_TEST(who_leaves_before_its_turn_is_not_visited)
{
    static const char *const left[] = {
        "abcde", "abcde", "abcde", "abce", "abcd"};
    crowd_meet_members(5);
    victim = (size_t)_i % 5;
    walk(_i < 5 ? drop_victim : close_victim);
    ck_assert_str_eq(visited, left[victim]);
    ck_assert_uint_eq(leat_group_count(group), 4);
    leat__net_check(rig.loop);
}
END_TEST

static void
drop_all(size_t i)
{
    (void)i;
    for (size_t k = 0; k < 4; k++)
        drop(k);
}

START_TEST(all_may_leave_at_the_first_visit)
{
    crowd_meet_members(4);
    walk(drop_all);
    ck_assert_str_eq(visited, "a");
    ck_assert_uint_eq(leat_group_count(group), 0);
    crowd_add(3);
    walk(NULL);
    ck_assert_str_eq(visited, "d");
}
END_TEST

static void
add_another(size_t i)
{
    if (i < 3)
        crowd_add(i + 3);
}

START_TEST(who_comes_during_a_walk_is_visited_by_the_next)
{
    crowd_meet(6);
    for (size_t i = 0; i < 3; i++)
        crowd_add(i);
    walk(add_another);
    ck_assert_str_eq(visited, "abc");
    walk(NULL);
    ck_assert_str_eq(visited, "abcdef");
}
END_TEST

static void
come_again(size_t i)
{
    drop(i);
    crowd_add(i);
}

START_TEST(walk_ends_though_all_leave_and_come_again)
{
    crowd_meet_members(3);
    walk(come_again);
    ck_assert_str_eq(visited, "abc");
    walk(NULL);
    ck_assert_str_eq(visited, "abc");
}
END_TEST

static void
send_from_inside(size_t i)
{
    static const char *const text[] = {"0", "1", "2"};
    ck_assert_int_eq(crowd_say(text[i], crowd[i].near), 2);
}

START_TEST(sending_inside_a_walk_reaches_all)
{
    crowd_meet_members(3);
    walk(send_from_inside);
    ck_assert_str_eq(visited, "abc");
    crowd_turns(2);
    crowd_heard(0, "12");
    crowd_heard(1, "02");
    crowd_heard(2, "01");
}
END_TEST

static unsigned depth;

static void
walk_deeper(size_t i)
{
    (void)i;
    if (++depth == 1)
        leat_group_each(group, visit, visited);
}

START_TEST(walk_inside_a_walk_visits_all_of_them)
{
    depth = 0;
    crowd_meet_members(3);
    walk(walk_deeper);
    ck_assert_str_eq(visited, "aabcbc");
}
END_TEST

static void
destroy_at_depth_2(size_t i)
{
    if (++depth == 1)
        leat_group_each(group, visit, visited);
    else if (i == 1)
        leat_group_destroy(group);
}

START_TEST(destroying_the_group_ends_all_walks_over_it)
{
    depth = 0;
    crowd_meet_members(4);
    walk(destroy_at_depth_2);
    ck_assert_str_eq(visited, "aab");
    leat__net_check(rig.loop);
    crowd_turns(1);
    ck_assert_uint_eq(rig_stats().conns, 8);
}
END_TEST

static void
destroy_loop(size_t i)
{
    (void)i;
    leat_loop_destroy(rig.loop);
    rig.loop = NULL;
}

START_TEST(destroying_the_loop_ends_a_walk)
{
    crowd_meet_members(3);
    walk(destroy_loop); /* outside of a turn: at once */
    ck_assert_str_eq(visited, "a");
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(crowd[i].closes, 1);
}
END_TEST

static void
close_others(size_t i)
{
    for (size_t k = 0; k < 4; k++)
        if (k != i && crowd[k].near != NULL)
            leat_conn_close(crowd[k].near);
    ck_assert_int_eq(crowd_say("alone", NULL), 1);
}

static void
walk_in_callback(struct leat_loop *loop, void *arg)
{
    (void)loop, (void)arg;
    walk(close_others);
}

START_TEST(members_closed_in_a_callback_leave_the_walk_and_the_send)
{
    crowd_meet_members(4);
    ck_assert_int_eq(leat_loop_post(rig.loop, walk_in_callback, NULL), 0);
    crowd_turns(3);
    ck_assert_str_eq(visited, "a");
    crowd_heard(0, "alone");
    for (int i = 1; i < 4; i++)
        ck_assert_uint_eq(crowd[i].closes, 1);
}
END_TEST

/* --- everybody on the loop ------------------------------------------------ */

static size_t seen;

static void
close_it(struct leat_conn *conn, void *user)
{
    ck_assert_ptr_eq(user, &seen);
    seen++;
    leat_conn_close(conn);
}

START_TEST(every_connection_is_called_member_or_not)
{
    seen = 0;
    leat_conn_each(rig.loop, close_it, &seen);
    ck_assert_uint_eq(seen, 0);
    crowd_meet(4);
    crowd_add(1);
    size_t conns = rig_stats().conns;
    ck_assert_uint_ge(conns, 4);
    leat_conn_each(rig.loop, close_it, &seen);
    ck_assert_uint_eq(seen, conns);
    crowd_turns(3);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(crowd[i].closes, 1);
    leat_conn_each(rig.loop, close_it, &seen);
    ck_assert_uint_eq(seen, conns);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("group_walk");
    TCase *tcase = tcase_create("group_walk");
    tcase_add_checked_fixture(tcase, crowd_setup, rig_teardown);
    tcase_add_test(tcase, walk_goes_in_the_order_in_which_they_were_added);
    tcase_add_test(tcase, walk_over_nobody_calls_nobody);
    tcase_add_loop_test(
        tcase, who_leaves_before_its_turn_is_not_visited, 0, 10);
    tcase_add_test(tcase, all_may_leave_at_the_first_visit);
    tcase_add_test(tcase, who_comes_during_a_walk_is_visited_by_the_next);
    tcase_add_test(tcase, walk_ends_though_all_leave_and_come_again);
    tcase_add_test(tcase, sending_inside_a_walk_reaches_all);
    tcase_add_test(tcase, walk_inside_a_walk_visits_all_of_them);
    tcase_add_test(tcase, destroying_the_group_ends_all_walks_over_it);
    tcase_add_test(tcase, destroying_the_loop_ends_a_walk);
    tcase_add_test(
        tcase, members_closed_in_a_callback_leave_the_walk_and_the_send);
    tcase_add_test(tcase, every_connection_is_called_member_or_not);
    suite_add_tcase(suite, tcase);
    return suite;
}
