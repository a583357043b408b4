/*
 * queue_model.c - a queue as plain arrays.
 */
#include "queue_model.h"

#include <errno.h>
#include <string.h>

#include "quick.h"

static bool
fits(const struct queue_model *model, const struct leat__limits *limits,
    size_t size)
{
    return model->len + size <= limits->limit &&
           model->count + 1 <= limits->limit_msgs;
}

static void
note_marks(struct queue_model *model, const struct leat__limits *limits)
{
    if (model->len >= limits->high || model->count >= limits->high_msgs)
        model->is_full = true;
}

static void
append_bytes(struct queue_model *model, const void *bytes, size_t len)
{
    quick_assert(model->len + len <= MODEL_BYTES);
    memcpy(model->bytes + model->len, bytes, len);
    model->len += len;
}

/* Take the message at index i away, of which nothing has left. */
static void
drop(struct queue_model *model, size_t i)
{
    size_t size = model->messages[i].size;
    size_t at = 0;

    for (size_t k = 0; k < i; k++)
        at += model->messages[k].size;
    at -= model->sent;
    memmove(
        model->bytes + at, model->bytes + at + size, model->len - at - size);
    memmove(&model->messages[i], &model->messages[i + 1],
        (model->count - i - 1) * sizeof model->messages[0]);
    model->len -= size;
    model->count--;
    model->drops.msgs++;
    model->drops.bytes += size;
}

/* The oldest message that may be dropped; count where there is none. */
static size_t
find_loose(const struct queue_model *model)
{
    size_t i = model->sent > 0 ? 1 : 0;

    while (i < model->count && model->messages[i].is_kept)
        i++;
    return i;
}

/* Drop what may be dropped until there is room; when it never comes, nothing
 * was dropped. */
static bool
make_room(
    struct queue_model *model, const struct leat__limits *limits, size_t size)
{
    struct queue_model before = *model;

    while (!fits(model, limits, size)) {
        size_t loose = find_loose(model);
        if (loose == model->count) {
            *model = before;
            return false;
        }
        drop(model, loose);
    }
    return true;
}

int
model_push(struct queue_model *model, const struct leat__limits *limits,
    const void *bytes, struct model_message message)
{
    bool has_room = fits(model, limits, message.size);

    if (message.size > limits->limit)
        return -EMSGSIZE;
    if (!has_room && limits->policy == LEAT_DROP_OLD)
        has_room = make_room(model, limits, message.size);
    if (!has_room) {
        bool is_drop =
            limits->policy == LEAT_DROP_NEW || limits->policy == LEAT_DROP_OLD;
        model->drops.msgs++;
        model->drops.bytes += message.size;
        return is_drop ? LEAT__DROPPED : -ENOBUFS;
    }
    quick_assert(model->count < MODEL_MSGS);
    append_bytes(model, bytes, message.size);
    model->messages[model->count++] = message;
    note_marks(model, limits);
    return 0;
}

void
model_merge(struct queue_model *model, const struct leat__limits *limits,
    const void *bytes, size_t len)
{
    append_bytes(model, bytes, len);
    model->messages[model->count - 1].size += len;
    note_marks(model, limits);
}

void
model_consume(struct queue_model *model, size_t n)
{
    quick_assert(n <= model->len);
    memmove(model->bytes, model->bytes + n, model->len - n);
    model->len -= n;
    for (; n > 0; n--) {
        if (++model->sent < model->messages[0].size)
            continue;
        model->count--;
        memmove(&model->messages[0], &model->messages[1],
            model->count * sizeof model->messages[0]);
        model->sent = 0;
    }
}

void
model_clear(struct queue_model *model)
{
    model->len = 0;
    model->count = 0;
    model->sent = 0;
    model->is_full = false;
}

bool
model_drained(struct queue_model *model, const struct leat__limits *limits)
{
    if (!model->is_full)
        return false;
    model->is_full =
        model->len >= limits->low || model->count >= limits->low_msgs;
    return !model->is_full;
}

size_t
model_slots(const struct queue_model *model, unsigned number)
{
    size_t slots = 0;

    for (size_t i = 0; i < model->count; i++)
        slots += model->messages[i].number == number;
    return slots;
}

/* One piece of a gathered send after the other, over the model's bytes. */
static void
compare_bytes(const struct queue_model *model, const struct leat__queue *queue)
{
    struct iovec iov[MODEL_MSGS];
    size_t bytes;
    size_t pieces = leat__queue_gather(queue, iov, MODEL_MSGS, &bytes);
    size_t at = 0;

    quick_eq(pieces, model->count);
    quick_eq(bytes, model->len);
    for (size_t i = 0; i < pieces; i++) {
        size_t left = model->messages[i].size - (i == 0 ? model->sent : 0);
        if (iov[i].iov_len != left ||
            memcmp(iov[i].iov_base, model->bytes + at, left) != 0)
            ck_abort_msg("message %zu differs", i);
        at += left;
    }
    quick_eq(at, model->len);
}

/* The oldest messages in one block. */
static void
compare_packed(const struct queue_model *model, const struct leat__queue *queue)
{
    unsigned char packed[MODEL_BYTES];
    size_t bytes = leat__queue_pack(queue, packed);
    size_t expected = 0;

    for (size_t i = 0; i < model->count && i < LEAT__GATHER_MAX; i++)
        expected += model->messages[i].size - (i == 0 ? model->sent : 0);
    quick_eq(bytes, expected);
    quick_eq(memcmp(packed, model->bytes, bytes), 0);
}

void
model_compare(const struct queue_model *model, const struct leat__queue *queue)
{
    quick_eq(queue->count, model->count);
    quick_eq(queue->bytes, model->len);
    quick_eq(queue->sent, model->sent);
    quick_eq(queue->is_full, model->is_full);
    compare_bytes(model, queue);
    compare_packed(model, queue);
}
