/*
 * test_queue_policy.c - a queue that is full: what each policy does, and that
 * an error changes nothing.
 */
#include "support/queue_box.h"

#include <errno.h>
#include <string.h>

#include "support/run.h"

static struct queue_box box;

static void
setup_refuse(void)
{
    box_init_small(&box, LEAT_REFUSE);
}

static void
setup_drop_new(void)
{
    box_init_small(&box, LEAT_DROP_NEW);
}

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

static struct leat_message *
make(const char *text)
{
    size_t len = strlen(text);
    struct leat_message *message =
        leat__message_make(&box.pool, text, len, len);

    ck_assert_ptr_nonnull(message);
    return message;
}

/* Push a message of this text, of which nobody else has a reference. */
static int
push(const char *text)
{
    struct leat_message *message = make(text);
    int result = box_push(&box, message);

    leat_message_unref(message);
    return result;
}

static void
assert_drops(size_t msgs, size_t bytes)
{
    ck_assert_uint_eq(box.drops.msgs, msgs);
    ck_assert_uint_eq(box.drops.bytes, bytes);
}

/* --- any policy ----------------------------------------------------------- */

static const enum leat_policy policies[] = {
    LEAT_REFUSE, LEAT_DROP_NEW, LEAT_DROP_OLD, LEAT_CLOSE};

START_TEST(queue_takes_exactly_its_limit_under_any_policy)
{
    box_init_small(&box, policies[_i]);

    ck_assert_int_eq(push("0123456789"), 0);
    box_assert_text(&box, "0123456789");
    box_consume(&box, 9);
    ck_assert_int_eq(push("abcdefghi"), 0);

    box_assert_text(&box, "9abcdefghi");
    assert_drops(0, 0);
}
END_TEST

START_TEST(queue_refuses_what_is_over_its_limit_under_any_policy)
{
    box_init_small(&box, policies[_i]);
    ck_assert_int_eq(push("ab"), 0);
    struct leat__queue before = box.queue;

    ck_assert_int_eq(push("0123456789x"), -EMSGSIZE);
    ck_assert_int_eq(box_copy(&box, "0123456789x", 11), -EMSGSIZE);

    ck_assert_mem_eq(&box.queue, &before, sizeof before);
    assert_drops(0, 0);
}
END_TEST

START_TEST(queue_merges_copies_only_where_nothing_is_dropped)
{
    bool is_merging = policies[_i] == LEAT_REFUSE || policies[_i] == LEAT_CLOSE;
    box_init_small(&box, policies[_i]);

    ck_assert_int_eq(box_copy(&box, "ab", 2), 0);
    ck_assert_int_eq(box_copy(&box, "cd", 2), 0);

    ck_assert_uint_eq(box.queue.count, is_merging ? 1 : 2);
    box_assert_text(&box, "abcd");
}
END_TEST

START_TEST(queue_gives_spare_room_only_where_it_merges)
{
    bool is_merging = policies[_i] == LEAT_REFUSE || policies[_i] == LEAT_CLOSE;
    box_init_small(&box, policies[_i]);
    ck_assert_int_eq(box_copy(&box, "ab", 2), 0);
    box.queue.at.own[0]->capacity = 2; /* as though it were full */

    ck_assert_int_eq(box_copy(&box, "cd", 2), 0);

    size_t capacity = box.queue.at.own[1]->capacity;
    ck_assert_int_eq(capacity >= 2048, is_merging);
}
END_TEST

START_TEST(queue_gives_no_spare_room_behind_a_shared_message)
{
    box_init_small(&box, policies[_i]);
    struct leat_message *message = make("ab");
    ck_assert_int_eq(box_push(&box, message), 0);

    ck_assert_int_eq(box_copy(&box, "cd", 2), 0);

    ck_assert_uint_lt(box.queue.at.own[1]->capacity, 128);
    leat_message_unref(message);
}
END_TEST

/* --- refuse and close ----------------------------------------------------- */

START_TEST(queue_push_when_full_refuses_and_keeps_order)
{
    ck_assert_int_eq(push("abcd"), 0);
    ck_assert_int_eq(push("efgh"), 0);

    ck_assert_int_eq(push("ijk"), -ENOBUFS);
    ck_assert_int_eq(push("ij"), 0);

    box_assert_text(&box, "abcdefghij");
    assert_drops(1, 3);
}
END_TEST

START_TEST(queue_push_when_full_of_messages_refuses_and_keeps_order)
{
    box_push_many(&box, 4);

    ck_assert_int_eq(push("x"), -ENOBUFS);

    box_assert_text(&box, "abcd");
    assert_drops(1, 1);
}
END_TEST

START_TEST(queue_copy_when_full_refuses_and_keeps_order)
{
    ck_assert_int_eq(box_copy(&box, "01234567", 8), 0);

    ck_assert_int_eq(box_copy(&box, "abc", 3), -ENOBUFS);

    box_assert_text(&box, "01234567");
    assert_drops(1, 3);
}
END_TEST

START_TEST(queue_refused_message_keeps_the_references_it_had)
{
    struct leat_message *message = make("abc");
    ck_assert_int_eq(push("0123456789"), 0);

    ck_assert_int_eq(box_push(&box, message), -ENOBUFS);

    ck_assert_uint_eq(message->refs, 1);
    ck_assert_uint_eq(box.pool.queued, 10);
    leat_message_unref(message);
}
END_TEST

/* A copy that joins the newest message is no message more. */
START_TEST(queue_copy_that_merges_needs_no_place_among_the_messages)
{
    box_push_many(&box, 4);

    ck_assert_int_eq(box_copy(&box, "xyz", 3), 0);

    ck_assert_uint_eq(box.queue.count, 4);
    box_assert_text(&box, "abcdxyz");
}
END_TEST

START_TEST(queue_close_policy_tells_that_it_is_full)
{
    box_init_small(&box, LEAT_CLOSE);
    ck_assert_int_eq(push("0123456789"), 0);

    ck_assert_int_eq(push("a"), -ENOBUFS);
    ck_assert_int_eq(box_copy(&box, "a", 1), -ENOBUFS);

    box_assert_text(&box, "0123456789");
    assert_drops(2, 2);
}
END_TEST

/* --- drop new ------------------------------------------------------------- */

START_TEST(queue_drop_new_drops_what_does_not_fit_and_nothing_else)
{
    ck_assert_int_eq(push("abcd"), 0);
    ck_assert_int_eq(push("efgh"), 0);

    ck_assert_int_eq(push("ijk"), LEAT__DROPPED);
    ck_assert_int_eq(box_copy(&box, "lmno", 4), LEAT__DROPPED);
    ck_assert_int_eq(push("ij"), 0);

    box_assert_text(&box, "abcdefghij");
    assert_drops(2, 7);
}
END_TEST

/* --- drop old ------------------------------------------------------------- */

START_TEST(queue_drop_old_drops_the_oldest_until_the_new_one_fits)
{
    ck_assert_int_eq(push("abc"), 0);
    ck_assert_int_eq(push("de"), 0);
    ck_assert_int_eq(push("fgh"), 0);

    ck_assert_int_eq(push("ijklmn"), 0);

    box_assert_text(&box, "fghijklmn");
    assert_drops(2, 5);
    ck_assert_uint_eq(box.pool.queued, 9);
}
END_TEST

START_TEST(queue_drop_old_drops_one_for_a_place_among_the_messages)
{
    box_push_many(&box, 4);

    ck_assert_int_eq(box_copy(&box, "x", 1), 0);

    box_assert_text(&box, "bcdx");
    assert_drops(1, 1);
}
END_TEST

START_TEST(queue_drop_old_never_drops_the_half_sent_head)
{
    ck_assert_int_eq(push("abc"), 0);
    ck_assert_int_eq(push("def"), 0);
    ck_assert_int_eq(push("gh"), 0);
    box_consume(&box, 1);

    ck_assert_int_eq(push("ijkl"), 0);

    box_assert_text(&box, "bcghijkl");
    assert_drops(1, 3);
    ck_assert_uint_eq(box.queue.sent, 1);
    box_consume(&box, 2);
    box_assert_text(&box, "ghijkl");
}
END_TEST

START_TEST(queue_drop_old_may_drop_all_behind_a_half_sent_head)
{
    ck_assert_int_eq(push("abc"), 0);
    ck_assert_int_eq(push("def"), 0);
    ck_assert_int_eq(push("gh"), 0);
    box_consume(&box, 1);

    ck_assert_int_eq(push("ijklmnop"), 0);

    box_assert_text(&box, "bcijklmnop");
    assert_drops(2, 5);
}
END_TEST

START_TEST(queue_drop_old_drops_the_new_one_when_the_head_leaves_no_room)
{
    ck_assert_int_eq(push("abcdef"), 0);
    ck_assert_int_eq(push("gh"), 0);
    box_consume(&box, 1);

    ck_assert_int_eq(push("ijklmn"), LEAT__DROPPED);

    box_assert_text(&box, "bcdefgh");
    assert_drops(1, 6);
}
END_TEST

START_TEST(queue_drop_old_drops_the_new_one_when_the_head_has_the_only_place)
{
    box.limits.limit_msgs = 1;
    ck_assert_int_eq(push("ab"), 0);
    box_consume(&box, 1);

    ck_assert_int_eq(push("c"), LEAT__DROPPED);

    box_assert_text(&box, "b");
    assert_drops(1, 1);
}
END_TEST

START_TEST(queue_drop_old_empties_the_queue_for_one_as_large_as_the_limit)
{
    box_push_many(&box, 4);

    ck_assert_int_eq(push("0123456789"), 0);

    box_assert_text(&box, "0123456789");
    assert_drops(4, 4);
}
END_TEST

START_TEST(queue_drop_old_may_drop_the_very_message_that_is_pushed)
{
    struct leat_message *message = make("abcdef");
    ck_assert_int_eq(box_push(&box, message), 0);

    ck_assert_int_eq(box_push(&box, message), 0);

    box_assert_text(&box, "abcdef");
    assert_drops(1, 6);
    ck_assert_uint_eq(message->refs, 2);
    ck_assert_uint_eq(message->queued, 1);
    ck_assert_uint_eq(box.pool.queued, 6);
    leat_message_unref(message);
}
END_TEST

/* First without memory for the message, then without a third slot. */
START_TEST(queue_drop_old_without_memory_drops_nothing)
{
    ck_assert_int_eq(push("abcdef"), 0);
    ck_assert_int_eq(push("gh"), 0);
    box_consume(&box, 1);
    struct leat_message *message = make("i");
    struct leat__queue before = box.queue;

    alloc_fail_from(&box.ledger, 1);
    ck_assert_int_eq(box_copy(&box, "ijkl", 4), -ENOMEM);
    ck_assert_int_eq(box_push(&box, message), -ENOMEM);
    ck_assert_uint_eq(alloc_heal(&box.ledger), 2);

    ck_assert_mem_eq(&box.queue, &before, sizeof before);
    assert_drops(0, 0);
    ck_assert_int_eq(box_copy(&box, "ijkl", 4), 0);
    box_assert_text(&box, "bcdefijkl");
    /* The dropped one made place for it. */
    ck_assert_uint_eq(leat__queue_ring_block(&box.queue), 0);
    leat_message_unref(message);
}
END_TEST

static TCase *
add_case(Suite *suite, const char *name, void (*setup)(void))
{
    TCase *tcase = tcase_create(name);

    tcase_add_checked_fixture(tcase, setup, teardown);
    suite_add_tcase(suite, tcase);
    return tcase;
}

static void
add_drop_old_tests(TCase *tcase)
{
    tcase_add_test(
        tcase, queue_drop_old_drops_the_oldest_until_the_new_one_fits);
    tcase_add_test(
        tcase, queue_drop_old_drops_one_for_a_place_among_the_messages);
    tcase_add_test(tcase, queue_drop_old_never_drops_the_half_sent_head);
    tcase_add_test(tcase, queue_drop_old_may_drop_all_behind_a_half_sent_head);
    tcase_add_test(
        tcase, queue_drop_old_drops_the_new_one_when_the_head_leaves_no_room);
    tcase_add_test(tcase,
        queue_drop_old_drops_the_new_one_when_the_head_has_the_only_place);
    tcase_add_test(
        tcase, queue_drop_old_empties_the_queue_for_one_as_large_as_the_limit);
    tcase_add_test(
        tcase, queue_drop_old_may_drop_the_very_message_that_is_pushed);
    tcase_add_test(tcase, queue_drop_old_without_memory_drops_nothing);
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("queue_policy");
    TCase *any = add_case(suite, "any", NULL);
    TCase *refuse = add_case(suite, "refuse", setup_refuse);
    TCase *close_full = add_case(suite, "close", NULL);
    TCase *drop_new = add_case(suite, "drop_new", setup_drop_new);

    tcase_add_loop_test(
        any, queue_takes_exactly_its_limit_under_any_policy, 0, 4);
    tcase_add_loop_test(
        any, queue_refuses_what_is_over_its_limit_under_any_policy, 0, 4);
    tcase_add_loop_test(
        any, queue_merges_copies_only_where_nothing_is_dropped, 0, 4);
    tcase_add_loop_test(any, queue_gives_spare_room_only_where_it_merges, 0, 4);
    tcase_add_loop_test(
        any, queue_gives_no_spare_room_behind_a_shared_message, 0, 4);
    tcase_add_test(refuse, queue_push_when_full_refuses_and_keeps_order);
    tcase_add_test(
        refuse, queue_push_when_full_of_messages_refuses_and_keeps_order);
    tcase_add_test(refuse, queue_copy_when_full_refuses_and_keeps_order);
    tcase_add_test(refuse, queue_refused_message_keeps_the_references_it_had);
    tcase_add_test(
        refuse, queue_copy_that_merges_needs_no_place_among_the_messages);
    tcase_add_test(close_full, queue_close_policy_tells_that_it_is_full);
    tcase_add_test(
        drop_new, queue_drop_new_drops_what_does_not_fit_and_nothing_else);
    add_drop_old_tests(add_case(suite, "drop_old", setup_drop_old));
    return suite;
}
