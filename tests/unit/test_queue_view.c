/*
 * test_queue_view.c - what one send is given of a queue, its pieces or a copy;
 * and what the queue weighs.
 */
#include "support/queue_box.h"

#include "support/run.h"

static struct queue_box box;

static void
setup(void)
{
    const struct leat__limits limits = {.limit = 1 << 20,
        .high = 1 << 20,
        .low = 1,
        .limit_msgs = 100,
        .high_msgs = 100,
        .low_msgs = 1,
        .policy = LEAT_REFUSE};

    box_init(&box, &limits);
}

static void
teardown(void)
{
    box_fini(&box);
}

START_TEST(queue_gather_describes_as_many_pieces_as_asked_for)
{
    struct iovec iov[5];
    size_t bytes;
    box_push_many(&box, 7);

    ck_assert_uint_eq(leat__queue_gather(&box.queue, iov, 5, &bytes), 5);
    ck_assert_uint_eq(bytes, 5);
    ck_assert_uint_eq(leat__queue_gather(&box.queue, iov, 0, &bytes), 0);
    ck_assert_uint_eq(bytes, 0);
}
END_TEST

START_TEST(queue_gather_stops_in_the_middle_of_a_message_at_its_most_bytes)
{
    struct iovec iov[5];
    size_t bytes;
    box_push_new(&box, 'a', 100000);
    box_push_new(&box, 'b', 200000);
    box_push_new(&box, 'c', 1);
    box_consume(&box, 10);

    ck_assert_uint_eq(leat__queue_gather(&box.queue, iov, 5, &bytes), 2);

    ck_assert_uint_eq(bytes, LEAT__GATHER_BYTES);
    ck_assert_uint_eq(iov[0].iov_len, 99990);
    ck_assert_uint_eq(iov[1].iov_len, LEAT__GATHER_BYTES - 99990);
}
END_TEST

START_TEST(queue_gather_fills_its_most_bytes_to_the_last)
{
    struct iovec iov[5];
    size_t bytes;
    box_push_new(&box, 'a', LEAT__GATHER_BYTES - 1);
    box_push_new(&box, 'b', 2);

    ck_assert_uint_eq(leat__queue_gather(&box.queue, iov, 5, &bytes), 2);

    ck_assert_uint_eq(bytes, LEAT__GATHER_BYTES);
    ck_assert_uint_eq(iov[1].iov_len, 1);
}
END_TEST

START_TEST(queue_weighs_what_its_blocks_do_and_of_shared_ones_its_part)
{
    struct leat_message *shared = leat__message_make(&box.pool, "shared", 6, 6);
    ck_assert_ptr_nonnull(shared);
    ck_assert_uint_eq(leat__queue_weight(&box.queue), 0);

    ck_assert_int_eq(box_push(&box, shared), 0);
    box_push_new(&box, 'a', 3);
    ck_assert_uint_eq(
        leat__queue_weight(&box.queue), shared->block + leat__message_block(3));
    ck_assert_int_eq(box_push(&box, shared), 0);
    ck_assert_uint_eq(leat__queue_weight(&box.queue),
        shared->block / 2 * 2 + leat__message_block(3));

    leat_message_unref(shared);
}
END_TEST

START_TEST(queue_pack_copies_what_has_not_left)
{
    unsigned char packed[7];
    box_push_new(&box, 'a', 3);
    box_push_new(&box, 'b', 1);
    box_push_new(&box, 'c', 4);
    box_consume(&box, 2);

    ck_assert_uint_eq(leat__queue_pack(&box.queue, packed), 6);

    ck_assert_mem_eq(packed, "abcccc", 6);
    box_assert_text(&box, "abcccc");
}
END_TEST

START_TEST(queue_pack_stops_after_as_many_messages_as_a_send_has_pieces)
{
    unsigned char packed[70];
    box_push_many(&box, 70);

    ck_assert_uint_eq(leat__queue_pack(&box.queue, packed), LEAT__GATHER_MAX);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("queue_view");
    TCase *tcase = tcase_create("queue_view");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, queue_gather_describes_as_many_pieces_as_asked_for);
    tcase_add_test(
        tcase, queue_gather_stops_in_the_middle_of_a_message_at_its_most_bytes);
    tcase_add_test(tcase, queue_gather_fills_its_most_bytes_to_the_last);
    tcase_add_test(
        tcase, queue_weighs_what_its_blocks_do_and_of_shared_ones_its_part);
    tcase_add_test(tcase, queue_pack_copies_what_has_not_left);
    tcase_add_test(
        tcase, queue_pack_stops_after_as_many_messages_as_a_send_has_pieces);
    suite_add_tcase(suite, tcase);
    return suite;
}
