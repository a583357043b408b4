/*
 * queue_box.c - a queue with all it needs, for tests.
 */
#include "queue_box.h"

#include <check.h>
#include <string.h>

void
box_init(struct queue_box *box, const struct leat__limits *limits)
{
    alloc_init(&box->ledger);
    leat__pool_init(&box->pool, &box->ledger.alloc);
    leat__queue_init(&box->queue);
    box->limits = *limits;
    box->drops = (struct leat__drops){0, 0};
}

static void
check(const struct queue_box *box)
{
    leat__queue_check(&box->queue, &box->limits);
    leat__pool_check(&box->pool);
}

void
box_init_small(struct queue_box *box, enum leat_policy policy)
{
    const struct leat__limits limits = {.limit = 10,
        .high = 8,
        .low = 3,
        .limit_msgs = 4,
        .high_msgs = 3,
        .low_msgs = 2,
        .policy = policy};
    box_init(box, &limits);
}

void
box_fini(struct queue_box *box)
{
    check(box);
    leat__queue_clear(&box->queue, &box->pool);
    ck_assert_uint_eq(box->pool.queued, 0);
    ck_assert_uint_eq(box->pool.stored, 0);
    ck_assert_uint_eq(box->pool.rings, 0);
    leat__pool_fini(&box->pool);
    alloc_fini(&box->ledger);
}

int
box_copy(struct queue_box *box, const void *bytes, size_t len)
{
    int result = leat__queue_copy(
        &box->queue, &box->pool, &box->limits, bytes, len, &box->drops);

    check(box);
    return result;
}

int
box_push(struct queue_box *box, struct leat_message *message)
{
    int result = leat__queue_push(
        &box->queue, &box->pool, &box->limits, message, &box->drops);

    check(box);
    return result;
}

void
box_push_new(struct queue_box *box, int value, size_t n)
{
    struct leat_message *message = leat__message_make(&box->pool, NULL, n, n);

    ck_assert_ptr_nonnull(message);
    memset(leat_message_bytes(message), value, n);
    ck_assert_int_eq(box_push(box, message), 0);
    leat_message_unref(message);
}

void
box_push_many(struct queue_box *box, int n)
{
    for (int i = 0; i < n; i++)
        box_push_new(box, 'a' + i % 26, 1);
}

void
box_consume(struct queue_box *box, size_t n)
{
    leat__queue_consume(&box->queue, &box->pool, n);
    check(box);
}

void
box_trim(struct queue_box *box)
{
    /* A window of a minute ends, and the one after it. */
    int64_t later_us = box->pool.slab[0].window_us;

    for (int i = 0; i < 3; i++)
        (void)leat__pool_trim(&box->pool, later_us += 100000000);
}

void
box_assert_text(const struct queue_box *box, const char *text)
{
    struct iovec iov[LEAT__GATHER_MAX];
    size_t bytes;
    size_t count =
        leat__queue_gather(&box->queue, iov, LEAT__GATHER_MAX, &bytes);

    ck_assert_uint_eq(bytes, strlen(text));
    ck_assert_uint_eq(box->queue.bytes, strlen(text));
    for (size_t i = 0; i < count; i++) {
        ck_assert_mem_eq(iov[i].iov_base, text, iov[i].iov_len);
        text += iov[i].iov_len;
    }
}
