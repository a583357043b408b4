/*
 * leat/queue.h - how much a client's message queue may hold, and what happens
 * when it is full.
 *
 *   0 ........ low ........ high ........ limit
 *
 * At high the connections that feed the queue are no longer read; when it has
 * fallen below low they are read again and on_drain is called. limit is never
 * exceeded. Bytes and messages have marks of their own; whichever is reached
 * first counts.
 */
#ifndef LEAT_QUEUE_H
#define LEAT_QUEUE_H

#include <leat/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a send does when the message does not fit. Every drop is counted. */
enum leat_policy {
    LEAT_REFUSE,   /* -ENOBUFS, nothing is queued */
    LEAT_DROP_NEW, /* the new message is dropped, send returns 0 */
    LEAT_DROP_OLD, /* the oldest whole messages make room, never one that is
                    * partly sent or kept, see leat_message_keep; where that
                    * is not enough, as DROP_NEW */
    LEAT_CLOSE     /* the connection is closed with reason -ENOBUFS */
};

/*
 * Limits of one queue; a field of 0 means its default. Required, else
 * -EINVAL: low < high, limit >= high + max(64 KiB, largest frame) + 4 KiB, and
 * low_msgs < high_msgs < limit_msgs. Under LEAT_REFUSE and LEAT_CLOSE small
 * sends may be stored as one message; under the drop policies never.
 */
struct leat_queue_config {
    size_t limit;      /* bytes; default 1 MiB, more where high needs it;
                        * a message of 2 GiB is over any limit */
    size_t high;       /* bytes; default a quarter of limit, <= 256 KiB */
    size_t low;        /* bytes; default a quarter of high */
    size_t limit_msgs; /* default 4096; below 2^31 */
    size_t high_msgs;  /* default three quarters of limit_msgs */
    size_t low_msgs;   /* default a quarter of limit_msgs, at most a third of
                        * high_msgs */
    enum leat_policy policy;
};

#ifdef __cplusplus
}
#endif

#endif
