/*
 * test_heap.c - the pairing heap, also against a plain array.
 */
#include "base/heap.h"

#include <stdlib.h>
#include <string.h>

#include "support/dice.h"
#include "support/quick.h"
#include "support/run.h"

#define MANY 100000

static struct leat__heap heap;

static void
setup(void)
{
    leat__heap_init(&heap);
}

static void
insert(struct leat_heap_node *node, int64_t deadline_us, uint64_t sequence)
{
    node->deadline_us = deadline_us;
    node->sequence = sequence;
    leat__heap_insert(&heap, node);
}

/* Take the least out; NULL when there is none. */
static struct leat_heap_node *
take(void)
{
    struct leat_heap_node *node = leat__heap_least(&heap);

    if (node != NULL)
        leat__heap_remove(&heap, node);
    return node;
}

static int
compare(const void *a, const void *b)
{
    const struct leat_heap_node *left = *(struct leat_heap_node *const *)a;
    const struct leat_heap_node *right = *(struct leat_heap_node *const *)b;

    if (left->deadline_us != right->deadline_us)
        return left->deadline_us < right->deadline_us ? -1 : 1;
    return left->sequence < right->sequence ? -1 : 1;
}

START_TEST(heap_that_was_just_made_has_no_least)
{
    ck_assert_ptr_null(leat__heap_least(&heap));
    ck_assert_uint_eq(heap.count, 0);
    leat__heap_check(&heap);
}
END_TEST

START_TEST(heap_gives_the_earliest_deadline_first)
{
    static const int64_t deadlines[] = {30, INT64_MAX, -7, 0, 10, INT64_MIN};
    struct leat_heap_node nodes[6];
    for (size_t i = 0; i < 6; i++)
        insert(&nodes[i], deadlines[i], i);

    ck_assert_ptr_eq(take(), &nodes[5]);
    ck_assert_ptr_eq(take(), &nodes[2]);
    ck_assert_ptr_eq(take(), &nodes[3]);
    ck_assert_ptr_eq(take(), &nodes[4]);
    ck_assert_ptr_eq(take(), &nodes[0]);
    ck_assert_ptr_eq(take(), &nodes[1]);
    ck_assert_ptr_null(take());
}
END_TEST

START_TEST(heap_gives_equal_deadlines_in_order_of_sequence)
{
    struct leat_heap_node nodes[20];
    for (size_t i = 0; i < 20; i++) /* 7 is prime to 20: all, out of order */
        insert(&nodes[i * 7 % 20], 5, i * 7 % 20);

    for (size_t i = 0; i < 20; i++)
        ck_assert_ptr_eq(take(), &nodes[i]);
}
END_TEST

START_TEST(heap_least_leaves_the_node_where_it_is)
{
    struct leat_heap_node node;
    insert(&node, 1, 1);

    ck_assert_ptr_eq(leat__heap_least(&heap), &node);
    ck_assert_ptr_eq(leat__heap_least(&heap), &node);
    ck_assert_uint_eq(heap.count, 1);
}
END_TEST

/* Each node in turn, from a heap that has been melded once already, so that
 * first, middle and last children and inner nodes are all among them. */
START_TEST(heap_remove_takes_any_node_out_and_keeps_the_order)
{
    struct leat_heap_node nodes[17];
    for (size_t i = 0; i < 17; i++)
        insert(&nodes[i], (int64_t)(i * 5 % 17), i);
    ck_assert_ptr_eq(take(), &nodes[0]);

    leat__heap_remove(&heap, &nodes[_i]);

    leat__heap_check(&heap);
    ck_assert_uint_eq(heap.count, 15);
    int64_t last = 0;
    for (struct leat_heap_node *node = take(); node != NULL; node = take()) {
        ck_assert_ptr_ne(node, &nodes[_i]);
        ck_assert_int_gt(node->deadline_us, last);
        last = node->deadline_us;
        leat__heap_check(&heap);
    }
}
END_TEST

START_TEST(heap_removed_node_has_no_links_and_can_come_back)
{
    struct leat_heap_node nodes[3];
    for (size_t i = 0; i < 3; i++)
        insert(&nodes[i], (int64_t)i, i);

    leat__heap_remove(&heap, &nodes[_i]);

    ck_assert_ptr_null(nodes[_i].child);
    ck_assert_ptr_null(nodes[_i].next);
    ck_assert_ptr_null(nodes[_i].prev);
    insert(&nodes[_i], 9, 9);
    leat__heap_check(&heap);
    ck_assert_ptr_eq(take(), &nodes[_i == 0 ? 1 : 0]);
    ck_assert_ptr_eq(take(), &nodes[_i == 2 ? 1 : 2]);
    ck_assert_ptr_eq(take(), &nodes[_i]);
}
END_TEST

START_TEST(heap_takes_nodes_whatever_their_links_hold)
{
    struct leat_heap_node nodes[3];
    memset(nodes, 0xa5, sizeof nodes);
    for (size_t i = 0; i < 3; i++) {
        insert(&nodes[i], (int64_t)i, i);
        leat__heap_check(&heap);
    }

    for (size_t i = 0; i < 3; i++)
        ck_assert_ptr_eq(take(), &nodes[i]);
}
END_TEST

/* A chain of first children, then one parent with all the others as children:
 * the two shapes that recursion or a quadratic walk would not survive. */
START_TEST(heap_of_any_shape_is_walked_without_recursion)
{
    struct leat_heap_node *nodes = calloc(MANY, sizeof *nodes);
    quick_assert(nodes != NULL);
    for (int64_t i = 0; i < MANY; i++)
        insert(&nodes[i], _i == 0 ? -i : i, (uint64_t)i);

    leat__heap_check(&heap);
    for (int64_t i = 0; i < MANY; i++)
        quick_assert(take() == &nodes[_i == 0 ? MANY - 1 - i : i]);

    quick_eq(heap.count, 0);
    free(nodes);
}
END_TEST

#define MODEL_MAX 64

/* The model: the same nodes in an array, sorted before each look. */
struct model {
    struct leat_heap_node nodes[MODEL_MAX];
    struct leat_heap_node *in[MODEL_MAX], *out[MODEL_MAX];
    size_t in_count, out_count;
};

static void
move_in(struct model *model, size_t deadlines, struct dice *dice, uint64_t seq)
{
    struct leat_heap_node *node = model->out[--model->out_count];

    insert(node, (int64_t)dice_roll(dice, deadlines), seq);
    model->in[model->in_count++] = node;
}

static void
move_out(struct model *model, size_t i)
{
    leat__heap_remove(&heap, model->in[i]);
    model->out[model->out_count++] = model->in[i];
    memmove(&model->in[i], &model->in[i + 1],
        (--model->in_count - i) * sizeof model->in[0]);
}

START_TEST(heap_agrees_with_a_sorted_array_over_random_operations)
{
    struct model model = {.out_count = MODEL_MAX};
    for (size_t i = 0; i < MODEL_MAX; i++)
        model.out[i] = &model.nodes[i];
    struct dice dice;
    dice_init(&dice, "heap model");
    size_t ops = dice_env("LEAT_OPS", 100000);

    for (size_t i = 0; i < ops; i++) {
        size_t what = dice_roll(&dice, 8);
        if (what < 4 && model.out_count > 0)
            move_in(&model, 1 + dice_roll(&dice, 40), &dice, i);
        else if (what < 6 && model.in_count > 0)
            move_out(&model, 0);
        else if (model.in_count > 0)
            move_out(&model, dice_roll(&dice, model.in_count));
        leat__heap_check(&heap);
        qsort(model.in, model.in_count, sizeof model.in[0], compare);
        quick_eq(heap.count, model.in_count);
        quick_assert(leat__heap_least(&heap) ==
                     (model.in_count > 0 ? model.in[0] : NULL));
    }
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("heap");
    TCase *tcase = tcase_create("heap");

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, heap_that_was_just_made_has_no_least);
    tcase_add_test(tcase, heap_gives_the_earliest_deadline_first);
    tcase_add_test(tcase, heap_gives_equal_deadlines_in_order_of_sequence);
    tcase_add_test(tcase, heap_least_leaves_the_node_where_it_is);
    tcase_add_loop_test(
        tcase, heap_remove_takes_any_node_out_and_keeps_the_order, 1, 17);
    tcase_add_loop_test(
        tcase, heap_removed_node_has_no_links_and_can_come_back, 0, 3);
    tcase_add_test(tcase, heap_takes_nodes_whatever_their_links_hold);
    tcase_add_loop_test(
        tcase, heap_of_any_shape_is_walked_without_recursion, 0, 2);
    tcase_add_test(
        tcase, heap_agrees_with_a_sorted_array_over_random_operations);
    suite_add_tcase(suite, tcase);
    return suite;
}
