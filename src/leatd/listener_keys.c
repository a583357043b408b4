/*
 * listener_keys.c - the keys that every LISTENER understands.
 *
 * On the path: listener_spec -> HERE -> struct leat_listener_config.
 *
 * A field that no key has set stays 0, which is the library's default.
 */
#include "listener_spec.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define SPEC(field) offsetof(struct listener_spec, field)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* What is read at once must fit above high, and high above low. */
#define LEAST_LIMIT (72u * 1024)
/* More than anybody has; keeps the library's sums away from overflow. */
#define MOST (SIZE_MAX / 16 + 1)

/* In the order of enum leat_policy. */
static const char *const policies[] = {
    "refuse", "drop-new", "drop-old", "close", NULL};

static const struct key keys[] = {
    {"name", &key_text, SPEC(name), 1, 48, NULL,
        "in log and ready line; default the service's"},
    {"limit", &key_size, SPEC(config.conn.queue.limit), LEAST_LIMIT, MOST, NULL,
        "most bytes queued for a client; default 1m"},
    {"high", &key_size, SPEC(config.conn.queue.high), 8, MOST, NULL,
        "those that stop reading; limit/4, at most 256k"},
    {"low", &key_size, SPEC(config.conn.queue.low), 1, MOST, NULL,
        "those that start it again; default high/4"},
    {"limit-msgs", &key_count, SPEC(config.conn.queue.limit_msgs), 8, INT_MAX,
        NULL, "most messages queued for a client; default 4096"},
    {"policy", &key_word, SPEC(config.conn.queue.policy), 0, 0, policies,
        "what a full queue does; default refuse"},
    {"idle", &key_time_or_off, SPEC(config.conn.idle_us), 1000, 0, NULL,
        "end after T without a byte; default off"},
    {"max", &key_count, SPEC(config.max), 1, 0, NULL,
        "most clients at once, others wait; default any"},
    {"max-frame", &key_size, SPEC(config.conn.frame.max), 1, INT_MAX, NULL,
        "longest message, for services with messages; 64k"},
    {"sndbuf", &key_size, SPEC(config.conn.sndbuf), 1, INT_MAX, NULL,
        "SO_SNDBUF; default 64k for unix, TCP: the kernel"},
    {"rcvbuf", &key_size_or_off, SPEC(config.conn.rcvbuf), 1, INT_MAX, NULL,
        "SO_RCVBUF; default: small until a client reads"},
    {"lowat", &key_size_or_off, SPEC(config.conn.lowat), 1, INT_MAX, NULL,
        "TCP: most unsent bytes in the kernel; default 16k"},
    {"backlog", &key_int, SPEC(config.backlog), 1, INT_MAX, NULL,
        "clients waiting to be accepted; default 4096"},
    {"nagle", &key_flag, SPEC(config.conn.nagle), 0, 0, NULL,
        "leave TCP_NODELAY off; default false"},
    /* The kernel counts whole seconds, in 15 bits. */
    {"keepalive", &key_time_or_off, SPEC(config.conn.keepalive_us), 1000000,
        32767 * UINT64_C(1000000), NULL,
        "TCP: silence before the first probe; default 60s"},
    {"mode", &key_mode, SPEC(config.mode), 0001, 0777, NULL,
        "permissions of a unix socket, octal; default 600"},
    {"open", &key_flag, SPEC(open), 0, 0, NULL,
        "UDP: longer answers to others than this host too"},
};

/* The rest is about connections. */
static const char *const udp_keys[] = {"name", "sndbuf", "rcvbuf", "open"};

static size_t
at_most(size_t number, size_t most)
{
    return number < most ? number : most;
}

const struct key *
listener_keys(size_t *count)
{
    *count = COUNT(keys);
    return keys;
}

static bool
is_for_udp(const struct key *key)
{
    for (size_t i = 0; i < COUNT(udp_keys); i++)
        if (strcmp(udp_keys[i], key->name) == 0)
            return true;
    return false;
}

int
listener_keys_fit(const struct listener_spec *spec, const struct key *key,
    struct complaint *wrong)
{
    if (spec->is_udp && !is_for_udp(key))
        complaint_say(wrong, "key", key->name, " means nothing for udp");
    else if (!spec->is_udp && key->offset == SPEC(open))
        complaint_say(wrong, "key", key->name, " is for udp only");
    else
        return 0;
    return -EINVAL;
}

/* What the library makes of a queue's zeros (leat/queue.h): it refuses what is
 * refused here, but cannot say which word was wrong. room is what must be left
 * between high and limit. */
static void
fill_defaults(struct leat_queue_config *queue, size_t room)
{
    const size_t usual_limit = 1024u * 1024, usual_high = 256u * 1024;
    bool has_limit = queue->limit != 0;

    if (!has_limit)
        queue->limit = usual_limit;
    if (queue->high == 0) {
        queue->high = at_most(queue->limit / 4, usual_high);
        if (queue->low >= queue->high)
            queue->high = queue->low * 4; /* MOST keeps it from wrapping */
        if (has_limit)
            queue->high = at_most(
                queue->high, queue->limit > room ? queue->limit - room : 1);
    }
    if (queue->low == 0)
        queue->low = queue->high / 4;
    if (!has_limit && queue->limit < queue->high + room)
        queue->limit = queue->high + room;
}

/* Tell the bound in bytes, as it may be a sum of things in different units. */
static void
complain(
    struct complaint *wrong, const char *before, const char *key, size_t bound)
{
    char after[128];
    struct text text;

    text_init(&text, after, sizeof after);
    text_add(&text, before);
    text_number(&text, bound, 1);
    text_add(&text, " bytes");
    complaint_say(wrong, "wrong value for", key, text.bytes);
}

/* A service without messages reads chunks, which count like a frame of 64k. */
int
listener_keys_check(const struct listener_spec *spec, struct complaint *wrong)
{
    const size_t chunk = 64u * 1024, slack = 4u * 1024;
    const struct leat_frame_config *frame = &spec->config.conn.frame;
    struct leat_queue_config queue = spec->config.conn.queue;
    size_t room = chunk + slack;
    if (frame->kind != LEAT_RAW && frame->max > chunk)
        room = frame->max + slack;

    fill_defaults(&queue, room);
    if (queue.low >= queue.high) {
        const char *key = spec->config.conn.queue.low != 0 ? "low" : "high";
        complain(wrong, ": low must be below high, which is ", key, queue.high);
        return -EINVAL;
    }
    if (queue.limit < queue.high + room) {
        complain(wrong, ": with this high and max-frame it must be at least ",
            "limit", queue.high + room);
        return -EINVAL;
    }
    return 0;
}
