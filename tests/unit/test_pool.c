/*
 * test_pool.c - slabs and size classes: what is kept, and when it is given up.
 */
#include "base/pool.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "support/alloc.h"
#include "support/dice.h"
#include "support/quick.h"
#include "support/run.h"

#define SECOND ((int64_t)1000000)
#define MINUTE (60 * SECOND)
#define LARGEST (65536u + LEAT__CLASS_EXTRA)

static struct alloc_ledger ledger;
static struct leat__pool pool;
static struct leat__slab slab;

static void
setup(void)
{
    alloc_init(&ledger);
    leat__pool_init(&pool, &ledger.alloc);
    leat__slab_init(&slab, &pool.source, 100);
}

/* What the source counted is what the allocator counted, always. */
static void
check(void)
{
    leat__slab_check(&slab);
    leat__pool_check(&pool);
    quick_eq(pool.source.bytes, ledger.bytes);
}

static void
teardown(void)
{
    check();
    leat__slab_fini(&slab);
    leat__pool_fini(&pool);
    ck_assert_uint_eq(pool.source.bytes, 0);
    alloc_fini(&ledger);
}

static void
take_many(void **blocks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        blocks[i] = leat__slab_take(&slab);
        quick_assert(blocks[i] != NULL);
        memset(blocks[i], (int)i, slab.size);
    }
    check();
}

static void
give_many(void **blocks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        leat__slab_give(&slab, blocks[i]);
    check();
}

/* --- source --------------------------------------------------------------- */

START_TEST(source_counts_bytes_and_successful_allocations)
{
    struct leat__source *source = &pool.source;

    void *block = leat__source_resize(source, NULL, 0, 10);
    ck_assert_uint_eq(source->bytes, 10);
    block = leat__source_resize(source, block, 10, 30);
    ck_assert_uint_eq(source->bytes, 30);
    ck_assert_uint_eq(source->allocs, 2);

    ck_assert_ptr_null(leat__source_resize(source, block, 30, 0));
    ck_assert_uint_eq(source->bytes, 0);
    ck_assert_uint_eq(source->allocs, 2);
}
END_TEST

START_TEST(source_without_memory_leaves_block_and_counts_as_they_were)
{
    struct leat__source *source = &pool.source;
    char *block = leat__source_resize(source, NULL, 0, 10);
    ck_assert_ptr_nonnull(block);
    memcpy(block, "unchanged", 10);
    alloc_fail_from(&ledger, 1);

    ck_assert_ptr_null(leat__source_resize(source, block, 10, 30));
    ck_assert_ptr_null(leat__source_resize(source, NULL, 0, 30));

    ck_assert_uint_eq(alloc_heal(&ledger), 2);
    ck_assert_uint_eq(source->bytes, 10);
    ck_assert_uint_eq(source->allocs, 1);
    ck_assert_str_eq(block, "unchanged");
    leat__source_resize(source, block, 10, 0);
}
END_TEST

START_TEST(source_frees_nothing_without_asking_the_allocator)
{
    ck_assert_ptr_null(leat__source_resize(&pool.source, NULL, 0, 0));
    ck_assert_uint_eq(ledger.calls, 0);
    ck_assert_uint_eq(ledger.frees, 0);
}
END_TEST

/* --- slab ----------------------------------------------------------------- */

START_TEST(slab_gives_the_same_block_again_without_an_allocation)
{
    void *block = leat__slab_take(&slab);

    leat__slab_give(&slab, block);
    ck_assert_ptr_eq(leat__slab_take(&slab), block);

    ck_assert_uint_eq(ledger.calls, 1);
    ck_assert_uint_eq(pool.source.allocs, 1);
    leat__slab_give(&slab, block);
}
END_TEST

START_TEST(slab_that_is_warm_makes_no_allocation_for_the_same_pattern)
{
    void *blocks[40];
    take_many(blocks, 40);
    give_many(blocks, 40);
    size_t calls = ledger.calls;

    for (int64_t turn = 0; turn < 1000; turn++) {
        take_many(blocks, 40);
        give_many(blocks, 40);
        (void)leat__slab_trim(&slab, turn * SECOND); /* there is a free one */
    }

    ck_assert_uint_eq(ledger.calls, calls);
    ck_assert_uint_eq(slab.peak, 40);
}
END_TEST

START_TEST(slab_without_memory_gives_null_and_is_as_it_was)
{
    void *block = leat__slab_take(&slab);
    struct leat__slab before = slab;
    alloc_fail_once(&ledger, 1);

    ck_assert_ptr_null(leat__slab_take(&slab));

    ck_assert_mem_eq(&slab, &before, sizeof slab);
    ck_assert_uint_eq(alloc_heal(&ledger), 1);
    leat__slab_give(&slab, block);
}
END_TEST

START_TEST(slab_of_tiny_blocks_has_room_for_its_chain)
{
    struct leat__slab tiny;
    leat__slab_init(&tiny, &pool.source, 1);
    void *a = leat__slab_take(&tiny);
    void *b = leat__slab_take(&tiny);

    leat__slab_give(&tiny, a);
    leat__slab_give(&tiny, b);

    ck_assert_uint_eq(tiny.size, sizeof(void *));
    leat__slab_check(&tiny);
    leat__slab_fini(&tiny);
}
END_TEST

START_TEST(slab_give_notes_that_there_is_something_to_trim)
{
    void *block = leat__slab_take(&slab);
    ck_assert(!pool.source.has_surplus);

    leat__slab_give(&slab, block);

    ck_assert(pool.source.has_surplus);
}
END_TEST

START_TEST(slab_trim_keeps_the_peak_of_the_last_minute_and_more)
{
    void *blocks[10];
    take_many(blocks, 10);
    give_many(blocks, 10);

    for (int64_t now = 1000 * MINUTE; now <= 1001 * MINUTE - SECOND;
         now += SECOND)
        ck_assert(leat__slab_trim(&slab, now));

    ck_assert_uint_eq(slab.free_count, 10);
}
END_TEST

START_TEST(slab_trim_gives_all_up_after_two_idle_minutes)
{
    void *blocks[10];
    take_many(blocks, 10);
    give_many(blocks, 10);

    ck_assert(leat__slab_trim(&slab, 5 * MINUTE));
    ck_assert(leat__slab_trim(&slab, 5 * MINUTE + 59 * SECOND));
    ck_assert(!leat__slab_trim(&slab, 6 * MINUTE));

    ck_assert_uint_eq(slab.free_count, 0);
    ck_assert_uint_eq(ledger.blocks, 0);
}
END_TEST

START_TEST(slab_trim_never_gives_up_what_was_in_use_a_minute_ago)
{
    void *blocks[10];
    take_many(blocks, 10);
    give_many(blocks + 6, 4);
    (void)leat__slab_trim(&slab, 5 * MINUTE); /* a free one is left */
    give_many(blocks, 6);

    (void)leat__slab_trim(&slab, 6 * MINUTE);
    ck_assert_uint_eq(slab.free_count, 6);
    ck_assert(!leat__slab_trim(&slab, 7 * MINUTE));
    ck_assert_uint_eq(slab.free_count, 0);
}
END_TEST

START_TEST(slab_trim_leaves_blocks_in_use_alone)
{
    void *blocks[10];
    take_many(blocks, 10);
    give_many(blocks + 3, 7);

    for (int64_t now = MINUTE; now < 5 * MINUTE; now += SECOND)
        (void)leat__slab_trim(&slab, now); /* looked at below */

    ck_assert_uint_eq(slab.used_count, 3);
    ck_assert_uint_eq(slab.free_count, 0);
    ck_assert_uint_eq(ledger.blocks, 3);
    give_many(blocks, 3);
}
END_TEST

START_TEST(slab_trim_gives_up_only_so_many_blocks_a_call)
{
    static void *blocks[LEAT__SLAB_TRIM_MAX + 5];
    take_many(blocks, LEAT__SLAB_TRIM_MAX + 5);
    give_many(blocks, LEAT__SLAB_TRIM_MAX + 5);
    ck_assert(leat__slab_trim(&slab, 1 * MINUTE));

    ck_assert(leat__slab_trim(&slab, 2 * MINUTE));
    ck_assert_uint_eq(slab.free_count, 5);
    ck_assert(!leat__slab_trim(&slab, 2 * MINUTE + SECOND));
    ck_assert_uint_eq(slab.free_count, 0);
}
END_TEST

/* --- size classes --------------------------------------------------------- */

START_TEST(pool_block_has_room_and_is_in_the_least_class_that_has)
{
    size_t capacity = 0;
    size_t below = LEAT__CLASS_EXTRA + (_i == 0 ? 0 : (32u << _i));
    size_t most = LEAT__CLASS_EXTRA + (64u << _i);

    void *least = leat__pool_take(&pool, below + 1, &capacity);
    ck_assert_uint_eq(capacity, most);
    leat__pool_give(&pool, least, capacity);
    void *largest = leat__pool_take(&pool, most, &capacity);
    ck_assert_uint_eq(capacity, most);

    ck_assert_ptr_eq(least, largest);
    memset(largest, 1, capacity);
    leat__pool_give(&pool, largest, capacity);
    ck_assert_uint_eq(ledger.calls, 1);
}
END_TEST

START_TEST(pool_take_of_nothing_is_null)
{
    size_t capacity;

    ck_assert_ptr_null(leat__pool_take(&pool, 0, &capacity));
    leat__pool_give(&pool, NULL, 0);
    ck_assert_uint_eq(ledger.calls, 0);
}
END_TEST

START_TEST(pool_block_beyond_the_largest_class_is_not_kept)
{
    size_t capacity;

    void *block = leat__pool_take(&pool, LARGEST + 1, &capacity);
    ck_assert_ptr_nonnull(block);
    ck_assert_uint_eq(capacity, LARGEST + 1);
    check();
    leat__pool_give(&pool, block, capacity);

    ck_assert_uint_eq(ledger.blocks, 0);
}
END_TEST

START_TEST(pool_without_memory_gives_null_for_any_size)
{
    static const size_t sizes[] = {
        1, 112, 113, 4096, LARGEST, LARGEST + 1, SIZE_MAX};
    size_t capacity;
    alloc_fail_from(&ledger, 1);

    for (size_t i = 0; i < 7; i++)
        ck_assert_ptr_null(leat__pool_take(&pool, sizes[i], &capacity));

    ck_assert_uint_eq(alloc_heal(&ledger), 7);
    ck_assert_uint_eq(pool.source.bytes, 0);
    check();
}
END_TEST

START_TEST(pool_blocks_are_aligned_for_any_type)
{
    size_t capacity;

    void *block = leat__pool_take(&pool, (size_t)_i, &capacity);

    ck_assert_uint_eq((uintptr_t)block % alignof(max_align_t), 0);
    leat__pool_give(&pool, block, capacity);
}
END_TEST

START_TEST(pool_trim_says_when_no_class_has_a_free_block)
{
    size_t size = (size_t)64 << _i;
    size_t capacity;
    void *used = leat__pool_take(&pool, size, &capacity);
    void *block = leat__pool_take(&pool, size, &capacity);
    ck_assert(!leat__pool_trim(&pool, MINUTE));
    leat__pool_give(&pool, block, capacity);

    ck_assert(leat__pool_trim(&pool, MINUTE));
    ck_assert(leat__pool_trim(&pool, 2 * MINUTE));
    ck_assert(!leat__pool_trim(&pool, 3 * MINUTE));

    ck_assert_uint_eq(ledger.blocks, 1);
    leat__pool_give(&pool, used, capacity);
}
END_TEST

#define HELD 50

START_TEST(pool_keeps_blocks_apart_over_random_operations)
{
    unsigned char *block[HELD] = {NULL};
    size_t capacity[HELD];
    struct dice dice;
    dice_init(&dice, "pool");
    size_t ops = dice_env("LEAT_OPS", 20000);

    for (size_t i = 0; i < ops; i++) {
        size_t k = dice_roll(&dice, HELD);
        if (block[k] != NULL) {
            /* Nobody else wrote into it. */
            quick_eq(block[k][0], k);
            quick_eq(block[k][capacity[k] - 1], k);
            leat__pool_give(&pool, block[k], capacity[k]);
            block[k] = NULL;
        } else {
            size_t size =
                1 + dice_roll(&dice, (size_t)1 << dice_roll(&dice, 18));
            block[k] = leat__pool_take(&pool, size, &capacity[k]);
            quick_assert(capacity[k] >= size);
            memset(block[k], (int)k, capacity[k]);
        }
        (void)leat__pool_trim(&pool, (int64_t)i * SECOND); /* for its effect */
        check();
    }
    for (size_t k = 0; k < HELD; k++)
        leat__pool_give(&pool, block[k], capacity[k]);
}
END_TEST

static void
add_slab_tests(TCase *tcase)
{
    tcase_add_test(tcase, source_counts_bytes_and_successful_allocations);
    tcase_add_test(
        tcase, source_without_memory_leaves_block_and_counts_as_they_were);
    tcase_add_test(tcase, source_frees_nothing_without_asking_the_allocator);
    tcase_add_test(
        tcase, slab_gives_the_same_block_again_without_an_allocation);
    tcase_add_test(
        tcase, slab_that_is_warm_makes_no_allocation_for_the_same_pattern);
    tcase_add_test(tcase, slab_without_memory_gives_null_and_is_as_it_was);
    tcase_add_test(tcase, slab_of_tiny_blocks_has_room_for_its_chain);
    tcase_add_test(tcase, slab_give_notes_that_there_is_something_to_trim);
    tcase_add_test(tcase, slab_trim_keeps_the_peak_of_the_last_minute_and_more);
    tcase_add_test(tcase, slab_trim_gives_all_up_after_two_idle_minutes);
    tcase_add_test(
        tcase, slab_trim_never_gives_up_what_was_in_use_a_minute_ago);
    tcase_add_test(tcase, slab_trim_leaves_blocks_in_use_alone);
    tcase_add_test(tcase, slab_trim_gives_up_only_so_many_blocks_a_call);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("pool");
    TCase *tcase = tcase_create("pool");

    tcase_add_checked_fixture(tcase, setup, teardown);
    add_slab_tests(tcase);
    tcase_add_loop_test(tcase,
        pool_block_has_room_and_is_in_the_least_class_that_has, 0,
        (int)LEAT__CLASS_COUNT);
    tcase_add_test(tcase, pool_take_of_nothing_is_null);
    tcase_add_test(tcase, pool_block_beyond_the_largest_class_is_not_kept);
    tcase_add_test(tcase, pool_without_memory_gives_null_for_any_size);
    tcase_add_loop_test(tcase, pool_blocks_are_aligned_for_any_type, 1, 200);
    tcase_add_loop_test(tcase, pool_trim_says_when_no_class_has_a_free_block, 0,
        (int)LEAT__CLASS_COUNT);
    tcase_add_test(tcase, pool_keeps_blocks_apart_over_random_operations);
    suite_add_tcase(suite, tcase);
    return suite;
}
