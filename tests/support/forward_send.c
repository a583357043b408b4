/*
 * forward_send.c - sends that are booked: what became of each, and whether it
 * may.
 *
 * On the path: test -> HERE -> leat_conn_send, leat_conn_send_message.
 */
#include "forward.h"

#include <errno.h>

#include "net/net.h"
#include "quick.h"

struct attempt {
    struct node *to;
    struct leat_conn_stats before, after;
    size_t len;
    bool is_kept, fits;
    int result;
};

static void
begin(struct attempt *attempt, struct node *to, size_t len)
{
    *attempt = (struct attempt){.to = to, .len = len};
    leat_conn_stats(to->conn, &attempt->before);
    const struct leat__limits *limits = &to->conn->shared->limits;
    attempt->fits = len + attempt->before.queued_bytes <= limits->limit &&
                    attempt->before.queued_msgs < limits->limit_msgs;
}

/* Nothing was queued; there must be a reason. */
static void
judge_refusal(const struct attempt *attempt)
{
    const struct node *to = attempt->to;
    const struct leat_conn *conn = to->conn;
    enum leat_policy policy = to->config.queue.policy;
    bool is_strict = policy == LEAT_REFUSE || policy == LEAT_CLOSE;
    bool may_not = conn->is_dying || conn->is_ending || conn->is_half ||
                   forward.is_destroyed;
    quick_eq(attempt->after.msgs_out, attempt->before.msgs_out);
    if (attempt->result == -ENOBUFS && is_strict && !attempt->fits) {
        quick_eq(attempt->after.drops, attempt->before.drops + 1);
        quick_assert(conn->is_dying == (policy == LEAT_CLOSE));
        forward_see(SEEN_REFUSED);
        return;
    }
    quick_eq(attempt->after.drops, attempt->before.drops);
    if (attempt->result == -ENOMEM && forward.kind == FORWARD_UNKIND)
        forward_see(SEEN_NO_MEMORY);
    else if (attempt->result != -ESHUTDOWN || !may_not)
        quick_assert(conn->error != 0 && attempt->result == conn->error);
}

static void
look_at_newest(const struct attempt *attempt)
{
    const struct leat__queue *queue = &attempt->to->conn->queue;
    const struct leat_message *newest = leat__queue_at(queue, queue->count - 1);
    if (newest == rig.loop->net->chunk)
        forward_see(newest->queued > 1 ? SEEN_SHARED_TWICE : SEEN_SHARED);
}

/* 0: it was queued, or dropped; others may have been dropped for it. */
static void
judge_acceptance(const struct attempt *attempt, const void *bytes)
{
    struct node *to = attempt->to;
    size_t drops = attempt->after.drops - attempt->before.drops;
    size_t queued = attempt->after.msgs_out - attempt->before.msgs_out;
    size_t dropped = 0;
    enum leat_policy policy = to->config.queue.policy;

    if (queued == 0) {
        quick_assert(drops == 1 && !attempt->fits);
        quick_assert(policy == LEAT_DROP_NEW || policy == LEAT_DROP_OLD);
        quick_eq(attempt->after.queued_bytes, attempt->before.queued_bytes);
        forward_see(SEEN_DROPPED_NEW);
        return;
    }
    if (drops == 0 && attempt->after.queued_msgs == attempt->before.queued_msgs)
        forward_see(SEEN_MERGED);
    if (drops > 0) {
        quick_assert(policy == LEAT_DROP_OLD && !attempt->fits);
        dropped = book_drop(&to->book, attempt->before.bytes_out, drops);
        forward_see(SEEN_DROPPED_OLD);
    }
    book_add(&to->book, bytes, attempt->len, attempt->is_kept);
    quick_eq(attempt->after.queued_bytes + dropped,
        attempt->before.queued_bytes + attempt->len);
    look_at_newest(attempt);
}

static void
finish(struct attempt *attempt, const void *bytes)
{
    leat_conn_stats(attempt->to->conn, &attempt->after);
    if (attempt->result == 0)
        judge_acceptance(attempt, bytes);
    else
        judge_refusal(attempt);
}

void
forward_send(struct node *to, const void *bytes, size_t len)
{
    struct attempt attempt;
    if (to->conn == NULL || len == 0)
        return;
    begin(&attempt, to, len);
    attempt.result = leat_conn_send(to->conn, bytes, len);
    finish(&attempt, bytes);
}

void
forward_message(struct node *to, struct leat_message *message)
{
    struct attempt attempt;
    if (to->conn == NULL)
        return;
    begin(&attempt, to, leat_message_size(message));
    attempt.is_kept = message->is_kept;
    attempt.result = leat_conn_send_message(to->conn, message);
    finish(&attempt, leat_message_bytes(message));
}
