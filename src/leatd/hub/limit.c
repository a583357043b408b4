/*
 * limit.c - floods: connections per address and lines per second.
 *
 * On the path: hub -> HERE.
 *
 * A second's worth of lines may come at once; after that one for each line's
 * share of a second. due_ns is when a client that sent at exactly its rate
 * would send the next one: at most a second ahead of now.
 */
#include "hub.h"

#include <errno.h>
#include <string.h>

#define SECOND_US 1000000
#define SECOND_NS INT64_C(1000000000)

/* --- connections -----------------------------------------------------------
 */

/* IPv4 as the IPv6 address that stands for it. False: a unix socket. */
static bool
read_address(const struct leat_addr *peer, unsigned char address[16])
{
    if (peer->storage.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &peer->storage, sizeof in);
        memset(address, 0, 10);
        memset(address + 10, 0xff, 2);
        memcpy(address + 12, &in.sin_addr, 4);
        return true;
    }
    if (peer->storage.ss_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, &peer->storage, sizeof in);
        memcpy(address, &in.sin6_addr, 16);
        return true;
    }
    return false;
}

void
limit_address(const struct member *member, unsigned char address[16])
{
    struct leat_addr peer;

    memset(address, 0, 16);
    if (leat_conn_peer(member->conn, &peer) == 0)
        (void)read_address(&peer, address); /* zeros it is */
}

static int
add_visitor(struct hub *hub, const struct visitor *like, struct visitor **out)
{
    struct visitor *visitor = mem_take(sizeof *visitor);

    if (visitor == NULL)
        return -ENOMEM;
    visitor->key = like->key;
    int error = table_add_visitor(hub, visitor);
    if (error != 0)
        mem_give(visitor);
    else
        *out = visitor;
    return error;
}

int
limit_enter(struct member *member)
{
    struct hub *hub = member->hub;
    struct leat_addr peer;
    struct visitor like = {.conns = 0};

    /* Who has gone again by now has no address, and is no flood. */
    if (hub->settings->per_ip == 0 ||
        leat_conn_peer(member->conn, &peer) != 0 ||
        !read_address(&peer, like.key.address))
        return 0;
    memcpy(like.key.seed, hub->seed, sizeof like.key.seed);
    struct visitor *visitor = table_visitor(hub, &like);
    if (visitor == NULL) {
        int error = add_visitor(hub, &like, &visitor);
        if (error != 0)
            return error;
    }
    if (visitor->conns >= hub->settings->per_ip)
        return -EMFILE;
    visitor->conns++;
    member->visitor = visitor;
    return 0;
}

void
limit_leave(struct member *member)
{
    struct visitor *visitor = member->visitor;

    if (visitor == NULL || --visitor->conns > 0)
        return;
    table_remove_visitor(member->hub, visitor);
    mem_give(visitor);
}

/* --- lines -----------------------------------------------------------------
 */

/* The answer to a flood must not be one. */
static void
scold(struct member *member, int64_t now_us)
{
    if (member->scolded_us != 0 && now_us - member->scolded_us < SECOND_US)
        return;
    member->scolded_us = now_us;
    say_error(member, "RATE", "too many lines a second, some were left out");
}

bool
limit_line(struct member *member)
{
    struct hub *hub = member->hub;
    int64_t now_us = leat_loop_now(hub->loop);

    if (hub->settings->rate == 0)
        return true;
    int64_t now_ns = now_us * 1000;
    int64_t share_ns = SECOND_NS / (int64_t)hub->settings->rate;
    if (member->due_ns < now_ns)
        member->due_ns = now_ns;
    if (member->due_ns - now_ns > SECOND_NS - share_ns) {
        hub->counters.refused++;
        scold(member, now_us);
        return false;
    }
    member->due_ns += share_ns;
    return true;
}
