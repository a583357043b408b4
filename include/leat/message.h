/*
 * leat/message.h - bytes that many queues can share.
 *
 * A message is stored once and counted by reference: each queue that holds it
 * keeps one reference, and so does whoever created it. Its bytes never change
 * once it is queued. Memory comes from the loop's pool in size classes from
 * 64 bytes to 64 KiB; a larger message is one allocation of its own.
 */
#ifndef LEAT_MESSAGE_H
#define LEAT_MESSAGE_H

#include <leat/api.h>

#ifdef __cplusplus
extern "C" {
#endif

struct leat_loop;
struct leat_message;

/*
 * Make a message from bytes.
 *
 * out      set to the message; returned owned: one reference is the caller's,
 *          to be given back with leat_message_unref before the loop is
 *          destroyed
 * loop     whose connections it is for; borrowed
 * bytes    copied; NULL leaves the content for the caller to write through
 *          leat_message_bytes before the first send
 * len      1..SIZE_MAX/2
 *
 * Returns  0; -EINVAL len is 0 or too large; -ENOMEM.
 * On error *out is NULL.
 * Calls back never.
 */
LEAT_API LEAT_CHECKED int leat_message_create(struct leat_message **out,
    struct leat_loop *loop, const void *bytes, size_t len);

/*
 * Take one more reference.
 *
 * message  borrowed
 *
 * Returns  message.
 */
LEAT_API struct leat_message *leat_message_ref(struct leat_message *message);

/*
 * Give one reference back; the last one frees the message.
 *
 * message  one reference is taken; NULL is harmless
 */
LEAT_API void leat_message_unref(struct leat_message *message);

/*
 * Have LEAT_DROP_OLD pass a message by: where it is queued, no later message
 * pushes it out. A queue that has no room for it drops or refuses it as ever,
 * and room is not made beyond any limit. For the few that must not be lost,
 * such as how many others were: each drop takes a step for each message that it
 * passes by.
 *
 * message  borrowed; kept in every queue that it comes into, best called before
 *          its first send
 */
LEAT_API void leat_message_keep(struct leat_message *message);

/*
 * The content of a message.
 *
 * Returns  its first byte; valid while a reference is held. Writable only
 *          before the first send.
 */
LEAT_API void *leat_message_bytes(struct leat_message *message);

/*
 * The length of a message in bytes, 1 or more.
 */
LEAT_API size_t leat_message_size(const struct leat_message *message);

#ifdef __cplusplus
}
#endif

#endif
