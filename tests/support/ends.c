/*
 * ends.c - dialed connections and pairs, written down as those of peers.c.
 */
#include "ends.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "peers_parts.h"
#include "quick.h"

#define LONG_MS 10000

struct leat_dial_config dialing;
struct leat_conn_ops own_ops;
struct leat_conn_config ends_config[2];
struct side *one, *other;

static struct leat_conn_ops accepted_ops;
static act_fn acts[2][MOMENTS];
static char socket_path[108];

/* --- operations ----------------------------------------------------------- */

static void
on_open(struct leat_conn *conn, void *user)
{
    struct side *side = user;
    quick_assert(side->conn == conn);
    write_down(side, OPEN);
}

/* --- dialing -------------------------------------------------------------- */

struct side *
dial_all(const struct leat_addr *addrs, size_t count)
{
    struct side *side = new_side();
    ck_assert_int_eq(
        leat_dial(&side->conn, rig.loop, addrs, count, &dialing, side), 0);
    side->id = leat_conn_id(side->conn);
    return side;
}

struct side *
dial_one(const struct leat_addr *addr)
{
    return dial_all(addr, 1);
}

/* A kept socket bound to a port, or path, of its own. */
static int
bind_any(enum transport transport, struct leat_addr *addr)
{
    struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    if (transport == OVER_UNIX) {
        snprintf(socket_path, sizeof socket_path, "%s", peers_path("plain"));
        memcpy(un.sun_path, socket_path, sizeof un.sun_path);
    }
    const struct {
        const void *addr;
        socklen_t len;
        int family;
    } of[TRANSPORTS] = {{&v4, sizeof v4, AF_INET}, {&v6, sizeof v6, AF_INET6},
        {&un, sizeof un, AF_UNIX}};

    int fd =
        rig_keep(socket(of[transport].family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    int result = bind(fd, of[transport].addr, of[transport].len);
    if (result != 0 && transport == OVER_TCP6) { /* a host without IPv6 */
        rig_drop(fd);
        return bind_any(OVER_TCP4, addr);
    }
    ck_assert_int_eq(result, 0);
    addr->len = sizeof addr->storage;
    ck_assert_int_eq(getsockname(fd, (void *)&addr->storage, &addr->len), 0);
    return fd;
}

int
plain_listen(enum transport transport, struct leat_addr *addr)
{
    int fd = bind_any(transport, addr);
    ck_assert_int_eq(listen(fd, 100), 0);
    return fd;
}

/* Bound, so that it stays nobody's, and not listening. */
void
expect_close(const struct side *side, int reason)
{
    turn_until(side->count[CLOSE] == 1);
    ck_assert_int_eq(side->reason, reason);
    ck_assert_str_eq(side->story, "c");
}

struct leat_addr
addr_dead(void)
{
    struct leat_addr addr;
    (void)bind_any(OVER_TCP4, &addr);
    return addr;
}

/* A backlog of one place, which is taken: further ones are not answered. */
struct leat_addr
addr_deaf(void)
{
    struct leat_addr addr;
    int type = SOCK_STREAM | SOCK_CLOEXEC;
    ck_assert_int_eq(listen(bind_any(OVER_TCP4, &addr), 0), 0);
    int first = rig_keep(socket(AF_INET, type, 0));
    int second = rig_keep(socket(AF_INET, type | SOCK_NONBLOCK, 0));
    const struct sockaddr *to = (const struct sockaddr *)&addr.storage;
    ck_assert_int_eq(connect(first, to, addr.len), 0);
    ck_assert_int_eq(connect(second, to, addr.len), -1);
    struct pollfd entry = {.fd = second, .events = POLLOUT};
    ck_assert_int_eq(poll(&entry, 1, 0), 0);
    return addr;
}

struct peer *
plain_accept(int listener)
{
    struct pollfd entry = {.fd = listener, .events = POLLIN};
    ck_assert_int_eq(poll(&entry, 1, LONG_MS), 1);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return peer_of(fd);
}

/* --- both ends ------------------------------------------------------------ */

static void
meet_by_sockets(enum transport transport)
{
    accepted_ops = *ends_config[1].ops;
    accepted_ops.on_open = peers_ops.on_open; /* which finds it a side */
    peers.config.conn = ends_config[1];
    peers.config.conn.ops = &accepted_ops;
    peers_listen(transport);
    struct leat_addr addr;
    ck_assert_int_eq(leat_listener_addr(peers.listener, 0, &addr), 0);
    dialing.conn = ends_config[0];
    one = dial_one(&addr);
    turn_until(peers.sides == 2 && one->count[OPEN] == 1);
    other = &peers.side[1];
    leat_listener_close(peers.listener);
    peers.listener = NULL;
}

static void
meet_by_memory(void)
{
    struct leat_conn *conns[2];
    one = new_side();
    other = new_side();
    void *users[2] = {one, other};
    ck_assert_int_eq(leat_conn_pair(conns, rig.loop, ends_config, users), 0);
    one->conn = conns[0];
    other->conn = conns[1];
    one->id = leat_conn_id(one->conn);
    other->id = leat_conn_id(other->conn);
}

static void
act(struct side *side, enum moment moment)
{
    act_fn does = acts[side == other][moment];
    if ((side == one || side == other) && does != NULL)
        does(side);
}

void
ends_meet(enum wire wire)
{
    if (wire == WIRE_PAIR)
        meet_by_memory();
    else
        meet_by_sockets((enum transport)wire);
    peers.each = act;
    for (int i = 0; i < 2; i++) {
        struct side *side = i == 0 ? one : other;
        side->story[0] = '\0';
        side->count[OPEN] = 0;
    }
}

void
one_acts(enum moment moment, act_fn does)
{
    acts[0][moment] = does;
}

void
other_acts(enum moment moment, act_fn does)
{
    acts[1][moment] = does;
}

bool
is_full(const struct side *side)
{
    return leat_conn_is_full(side->conn);
}

struct leat_conn_stats
stats_of(const struct side *side)
{
    struct leat_conn_stats stats;
    leat_conn_stats(side->conn, &stats);
    return stats;
}

/* --- the fixture ---------------------------------------------------------- */

void
ends_setup(void)
{
    peers_setup();
    own_ops = peers_ops;
    own_ops.on_open = on_open;
    memset(&dialing, 0, sizeof dialing);
    memset(ends_config, 0, sizeof ends_config);
    memset(acts, 0, sizeof acts);
    dialing.conn.ops = ends_config[0].ops = ends_config[1].ops = &own_ops;
    one = other = NULL;
    socket_path[0] = '\0';
}

void
ends_teardown(void)
{
    if (socket_path[0] != '\0')
        (void)unlink(socket_path);
    peers_teardown();
}
