/*
 * test_queue_kept.c - messages that no drop policy drops, in a queue that is
 * full.
 */
#include "support/queue_box.h"

#include <errno.h>
#include <string.h>

#include "support/run.h"

static struct queue_box box;

static void
setup_drop_old(void)
{
    box_init_small(&box, LEAT_DROP_OLD);
}

static void
teardown(void)
{
    box_fini(&box);
}

/* Push a message of this text; one in capitals is kept. */
static int
push(const char *text)
{
    size_t len = strlen(text);
    struct leat_message *message =
        leat__message_make(&box.pool, text, len, len);
    ck_assert_ptr_nonnull(message);
    if (text[0] < 'a')
        leat_message_keep(message);
    int result = box_push(&box, message);
    leat_message_unref(message);
    return result;
}

static void
push_all(const char *const *texts)
{
    for (; *texts != NULL; texts++)
        ck_assert_int_eq(push(*texts), 0);
}

/* --- drop old ------------------------------------------------------------- */

static const struct {
    const char *before[5]; /* these are there, and so many bytes have left; */
    size_t sent;
    const char *next; /* this one comes: */
    int result;
    const char *after;
    size_t drops;
} cases[] = {
    /* passed by wherever it stands */
    {{"ABC", "de", "fgh"}, 0, "ijkl", 0, "ABCfghijkl", 1},
    {{"abc", "DE", "fgh"}, 0, "ijkl", 0, "DEfghijkl", 1},
    {{"abc", "de", "FGH"}, 0, "ijkl", 0, "deFGHijkl", 1},
    {{"a", "B", "c", "D"}, 0, "qrstuvw", 0, "BcDqrstuvw", 1},
    {{"a", "B", "c", "D"}, 0, "qrstuvwx", 0, "BDqrstuvwx", 2},
    {{"A", "b", "C", "d"}, 0, "e", 0, "ACde", 1},
    {{"A", "B", "C", "d"}, 0, "e", 0, "ABCe", 1},
    /* a kept one that comes makes others go, but none of its kind */
    {{"A", "b", "C", "d"}, 0, "EFGHIJK", 0, "ACdEFGHIJK", 1},
    {{"A", "b", "C", "d"}, 0, "EFGHIJKL", 0, "ACEFGHIJKL", 2},
    {{"A", "b", "C", "d"}, 0, "EFGHIJKLM", LEAT__DROPPED, "AbCd", 1},
    /* not enough may go: nothing does */
    {{"A", "B", "C", "D"}, 0, "e", LEAT__DROPPED, "ABCD", 1},
    {{"A", "B", "C", "D"}, 0, "E", LEAT__DROPPED, "ABCD", 1},
    {{"ABCDEF", "gh"}, 0, "ijklm", LEAT__DROPPED, "ABCDEFgh", 1},
    {{"ABCDEF", "gh"}, 0, "ijkl", 0, "ABCDEFijkl", 1},
    {{"0123456789"}, 0, "a", LEAT__DROPPED, "0123456789", 1},
    /* behind a half-sent head, and as one */
    {{"abc", "DE", "f", "g"}, 1, "hijk", 0, "bcDEghijk", 1},
    {{"abc", "DE", "f", "g"}, 1, "hijkl", 0, "bcDEghijkl", 1},
    {{"abc", "DE", "f", "g"}, 1, "hijklm", 0, "bcDEhijklm", 2},
    {{"abc", "DE", "f", "g"}, 1, "hijklmn", LEAT__DROPPED, "bcDEfg", 1},
    {{"ABC", "de", "f", "G"}, 2, "h", 0, "CfGh", 1},
    {{"ABC", "D", "E", "F"}, 2, "g", LEAT__DROPPED, "CDEF", 1},
};

START_TEST(queue_drop_old_passes_kept_messages_by)
{
    push_all(cases[_i].before);
    box_consume(&box, cases[_i].sent);
    size_t sent = box.queue.sent;

    ck_assert_int_eq(push(cases[_i].next), cases[_i].result);

    box_assert_text(&box, cases[_i].after);
    ck_assert_uint_eq(box.drops.msgs, cases[_i].drops);
    ck_assert_uint_eq(box.queue.sent, sent);
    ck_assert_uint_eq(box.pool.queued, strlen(cases[_i].after) + sent);
}
END_TEST

/* All that follow find it in their way, round and round a ring of eight. */
START_TEST(queue_kept_message_stays_until_it_is_sent)
{
    box.limits.limit_msgs = 6;
    ck_assert_int_eq(push("K"), 0);
    for (int i = 0; i < 100; i++)
        box_push_new(&box, 'a' + i % 26, 1);
    box_assert_text(&box, "Krstuv");
    ck_assert_uint_eq(box.drops.msgs, 95);
    box_consume(&box, 1);
    box_push_new(&box, 'y', 1);
    box_push_new(&box, 'z', 1);
    box_assert_text(&box, "stuvyz");
}
END_TEST

START_TEST(queue_message_kept_while_it_waits_is_passed_by_from_then_on)
{
    struct leat_message *message = leat__message_make(&box.pool, "ab", 2, 2);
    ck_assert_int_eq(box_push(&box, message), 0);
    ck_assert_int_eq(push("cdef"), 0);
    leat_message_keep(message);
    ck_assert_int_eq(push("ghijkl"), 0);
    box_assert_text(&box, "abghijkl");
    leat_message_unref(message);
}
END_TEST

START_TEST(queue_without_memory_drops_nothing_between_kept_ones)
{
    static const char *const texts[] = {"A", "b", "c", "D", NULL};
    push_all(texts);
    struct leat__queue before = box.queue;

    alloc_fail_from(&box.ledger, 1);
    ck_assert_int_eq(box_copy(&box, "0123456789", 8), -ENOMEM);
    ck_assert_uint_eq(alloc_heal(&box.ledger), 1);

    ck_assert_mem_eq(&box.queue, &before, sizeof before);
    box_assert_text(&box, "AbcD");
    ck_assert_uint_eq(box.drops.msgs, 0);
}
END_TEST

/* --- the other policies --------------------------------------------------- */

START_TEST(queue_other_policies_treat_a_kept_message_as_any)
{
    static const int result[] = {[LEAT_REFUSE] = -ENOBUFS,
        [LEAT_DROP_NEW] = LEAT__DROPPED,
        [LEAT_CLOSE] = -ENOBUFS};
    static const enum leat_policy policies[] = {
        LEAT_REFUSE, LEAT_DROP_NEW, LEAT_CLOSE};
    box_init_small(&box, policies[_i]);

    ck_assert_int_eq(push("ABCDEF"), 0);
    ck_assert_int_eq(push("GHIJK"), result[policies[_i]]);
    ck_assert_int_eq(push("lmnop"), result[policies[_i]]);
    ck_assert_int_eq(push("qrst"), 0);

    box_assert_text(&box, "ABCDEFqrst");
    ck_assert_uint_eq(box.drops.msgs, 2);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("queue_kept");
    TCase *old = tcase_create("drop_old");
    TCase *others = tcase_create("others");

    tcase_add_checked_fixture(old, setup_drop_old, teardown);
    tcase_add_loop_test(old, queue_drop_old_passes_kept_messages_by, 0,
        (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(old, queue_kept_message_stays_until_it_is_sent);
    tcase_add_test(
        old, queue_message_kept_while_it_waits_is_passed_by_from_then_on);
    tcase_add_test(old, queue_without_memory_drops_nothing_between_kept_ones);
    suite_add_tcase(suite, old);
    tcase_add_checked_fixture(others, NULL, teardown);
    tcase_add_loop_test(
        others, queue_other_policies_treat_a_kept_message_as_any, 0, 3);
    suite_add_tcase(suite, others);
    return suite;
}
