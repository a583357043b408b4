/*
 * test_defer.c - lists of work put off to a place in the turn.
 */
#include "loop/defer.h"

#include "support/run.h"

#define NODES 4

static struct leat__defer list;
static struct leat__node node[NODES];
static struct leat__node late;
static int ran[16];
static int runs;
static int allowed; /* how often go_on says yes */
static void (*inside)(void);

static void
run(struct leat__node *which)
{
    ck_assert(!leat__list_is_linked(which));
    ran[runs++] = which == &late ? NODES : (int)(which - node);
    if (inside != NULL)
        inside();
}

static bool
go_on(void *user)
{
    ck_assert_ptr_eq(user, &allowed);
    return allowed-- > 0;
}

static void
setup(void)
{
    leat__defer_init(&list);
    list.run = run;
    runs = 0;
    inside = NULL;
    leat__list_init(&late);
    for (int i = 0; i < NODES; i++) {
        leat__list_init(&node[i]);
        leat__defer_add(&list, &node[i]);
    }
}

START_TEST(defer_runs_all_in_the_order_they_were_put_off)
{
    leat__defer_run(&list, NULL, NULL);
    ck_assert_int_eq(runs, NODES);
    for (int i = 0; i < NODES; i++)
        ck_assert_int_eq(ran[i], i);
    ck_assert(leat__defer_is_empty(&list));
}
END_TEST

START_TEST(defer_runs_a_node_once_however_often_it_was_put_off)
{
    leat__defer_add(&list, &node[0]);
    leat__defer_add(&list, &node[2]);
    leat__defer_run(&list, NULL, NULL);
    ck_assert_int_eq(runs, NODES);
    ck_assert_int_eq(ran[0], 0);
}
END_TEST

static void
put_off_again(void)
{
    leat__defer_add(&list, &node[0]);
    leat__defer_add(&list, &late);
}

START_TEST(defer_keeps_what_is_put_off_in_a_run_for_the_next)
{
    inside = put_off_again; /* by each of the four */
    leat__defer_run(&list, NULL, NULL);
    ck_assert_int_eq(runs, NODES);

    inside = NULL;
    leat__defer_run(&list, NULL, NULL);
    ck_assert_int_eq(runs, NODES + 2);
    ck_assert_int_eq(ran[NODES], 0);
    ck_assert_int_eq(ran[NODES + 1], NODES);
}
END_TEST

static void
unlink_another(void)
{
    leat__list_unlink(&node[1]);
    leat__list_unlink(&node[3]);
}

START_TEST(defer_leaves_out_what_is_unlinked_during_the_run)
{
    inside = unlink_another;
    leat__defer_run(&list, NULL, NULL);
    ck_assert_int_eq(runs, 2);
    ck_assert_int_eq(ran[0], 0);
    ck_assert_int_eq(ran[1], 2);
}
END_TEST

static void
put_late_off(void)
{
    leat__defer_add(&list, &late);
}

START_TEST(defer_cut_short_keeps_the_rest_first_in_line)
{
    inside = put_late_off;
    allowed = 1;
    leat__defer_run(&list, go_on, &allowed);
    ck_assert_int_eq(runs, 1);

    inside = NULL;
    leat__defer_run(&list, NULL, NULL);
    for (int i = 0; i <= NODES; i++)
        ck_assert_int_eq(ran[i], i);
    ck_assert_int_eq(runs, NODES + 1);
}
END_TEST

START_TEST(defer_not_allowed_to_begin_runs_nothing)
{
    allowed = 0;
    leat__defer_run(&list, go_on, &allowed);
    ck_assert_int_eq(runs, 0);
    ck_assert(!leat__defer_is_empty(&list));
}
END_TEST

START_TEST(defer_of_an_empty_list_asks_nobody)
{
    struct leat__defer empty;
    leat__defer_init(&empty);
    allowed = 1;
    leat__defer_run(&empty, go_on, &allowed);
    ck_assert_int_eq(allowed, 1);
    ck_assert(leat__defer_is_empty(&empty));
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("defer");
    TCase *tcase = tcase_create("defer");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, defer_runs_all_in_the_order_they_were_put_off);
    tcase_add_test(tcase, defer_runs_a_node_once_however_often_it_was_put_off);
    tcase_add_test(tcase, defer_keeps_what_is_put_off_in_a_run_for_the_next);
    tcase_add_test(tcase, defer_leaves_out_what_is_unlinked_during_the_run);
    tcase_add_test(tcase, defer_cut_short_keeps_the_rest_first_in_line);
    tcase_add_test(tcase, defer_not_allowed_to_begin_runs_nothing);
    tcase_add_test(tcase, defer_of_an_empty_list_asks_nobody);
    suite_add_tcase(suite, tcase);
    return suite;
}
