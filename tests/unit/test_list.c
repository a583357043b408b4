/*
 * test_list.c - the intrusive list.
 */
#include "base/list.h"

#include "support/run.h"

#define THINGS 5

struct thing {
    int number;
    struct leat__node node;
};

static struct leat__node head;
static struct thing things[THINGS];

static void
setup(void)
{
    leat__list_init(&head);
    for (int i = 0; i < THINGS; i++) {
        things[i].number = i;
        leat__list_init(&things[i].node);
    }
}

static void
append_all(struct leat__node *list)
{
    for (int i = 0; i < THINGS; i++)
        leat__list_append(list, &things[i].node);
}

/* The list holds these numbers, in this order, by both directions. */
static void
assert_list(struct leat__node *list, const int *numbers, int count)
{
    struct leat__node *node = list;

    for (int i = 0; i < count; i++) {
        ck_assert_ptr_eq(node->next->prev, node);
        node = node->next;
        ck_assert_ptr_ne(node, list);
        const struct thing *thing = LEAT__CONTAINER(node, struct thing, node);
        ck_assert_int_eq(thing->number, numbers[i]);
    }
    ck_assert_ptr_eq(node->next, list);
    ck_assert_ptr_eq(list->prev, node);
}

START_TEST(list_that_was_just_made_is_empty)
{
    ck_assert(leat__list_is_empty(&head));
    ck_assert(!leat__list_is_linked(&things[0].node));
    ck_assert_ptr_null(leat__list_take(&head));
}
END_TEST

START_TEST(list_append_keeps_the_order_of_arrival)
{
    append_all(&head);

    ck_assert(!leat__list_is_empty(&head));
    ck_assert(leat__list_is_linked(&things[0].node));
    assert_list(&head, (const int[]){0, 1, 2, 3, 4}, THINGS);
}
END_TEST

START_TEST(list_unlink_takes_any_one_out_and_leaves_the_others)
{
    int others[THINGS - 1];
    for (int i = 0; i < THINGS - 1; i++)
        others[i] = i < _i ? i : i + 1;
    append_all(&head);

    leat__list_unlink(&things[_i].node);

    ck_assert(!leat__list_is_linked(&things[_i].node));
    assert_list(&head, others, THINGS - 1);
}
END_TEST

START_TEST(list_unlink_twice_is_harmless)
{
    append_all(&head);

    leat__list_unlink(&things[2].node);
    leat__list_unlink(&things[2].node);

    assert_list(&head, (const int[]){0, 1, 3, 4}, THINGS - 1);
}
END_TEST

START_TEST(list_unlinked_node_can_be_appended_again)
{
    append_all(&head);

    leat__list_unlink(&things[0].node);
    leat__list_append(&head, &things[0].node);

    assert_list(&head, (const int[]){1, 2, 3, 4, 0}, THINGS);
}
END_TEST

START_TEST(list_take_gives_the_oldest_first_and_then_null)
{
    append_all(&head);

    for (int i = 0; i < THINGS; i++) {
        struct leat__node *node = leat__list_take(&head);
        ck_assert_ptr_eq(node, &things[i].node);
        ck_assert(!leat__list_is_linked(node));
    }

    ck_assert_ptr_null(leat__list_take(&head));
    ck_assert(leat__list_is_empty(&head));
}
END_TEST

START_TEST(list_move_appends_all_and_leaves_the_source_empty)
{
    struct leat__node to;
    leat__list_init(&to);
    leat__list_append(&to, &things[4].node);
    for (int i = 0; i < 4; i++)
        leat__list_append(&head, &things[i].node);

    leat__list_move(&to, &head);

    ck_assert(leat__list_is_empty(&head));
    assert_list(&to, (const int[]){4, 0, 1, 2, 3}, THINGS);
}
END_TEST

START_TEST(list_move_to_an_empty_list_moves_all)
{
    struct leat__node to;
    leat__list_init(&to);
    append_all(&head);

    leat__list_move(&to, &head);

    ck_assert(leat__list_is_empty(&head));
    assert_list(&to, (const int[]){0, 1, 2, 3, 4}, THINGS);
}
END_TEST

START_TEST(list_move_from_an_empty_list_changes_nothing)
{
    struct leat__node from;
    leat__list_init(&from);
    append_all(&head);

    leat__list_move(&head, &from);

    ck_assert(leat__list_is_empty(&from));
    assert_list(&head, (const int[]){0, 1, 2, 3, 4}, THINGS);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("list");
    TCase *tcase = tcase_create("list");

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, list_that_was_just_made_is_empty);
    tcase_add_test(tcase, list_append_keeps_the_order_of_arrival);
    tcase_add_loop_test(
        tcase, list_unlink_takes_any_one_out_and_leaves_the_others, 0, THINGS);
    tcase_add_test(tcase, list_unlink_twice_is_harmless);
    tcase_add_test(tcase, list_unlinked_node_can_be_appended_again);
    tcase_add_test(tcase, list_take_gives_the_oldest_first_and_then_null);
    tcase_add_test(tcase, list_move_appends_all_and_leaves_the_source_empty);
    tcase_add_test(tcase, list_move_to_an_empty_list_moves_all);
    tcase_add_test(tcase, list_move_from_an_empty_list_changes_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
