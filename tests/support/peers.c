/*
 * peers.c - leat's side of the connections of a test, written down.
 *
 * On the path: leat -> the operations HERE -> struct side -> test.
 */
#include "peers.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/net.h"
#include "peers_parts.h"
#include "quick.h"

/* So many turns, each waiting so long at most: 10 s, then it hangs. */
#define TRIES 2000
#define TRY_MS 5
#define WATCHED 1024

struct peers peers;

/* --- writing down --------------------------------------------------------- */

void
grow_bytes(unsigned char **bytes, size_t *room, size_t need)
{
    if (need <= *room)
        return;
    size_t size = *room * 2 > need ? *room * 2 : need + 4096;
    *bytes = realloc(*bytes, size);
    ck_assert_ptr_nonnull(*bytes);
    *room = size;
}

void
write_down(struct side *side, enum moment moment)
{
    size_t at = strlen(side->story);
    quick_assert(side->count[CLOSE] == 0); /* nothing after on_close */
    side->count[moment]++;
    if (at + 1 < STORY)
        side->story[at] = "odmeruc"[moment];
    if (peers.act[moment] != NULL)
        peers.act[moment](side);
    if (peers.each != NULL)
        peers.each(side, moment);
}

static void
write_piece(struct side *side, enum moment moment, const void *bytes,
    size_t len, size_t whole)
{
    size_t pieces = side->count[DATA] + side->count[MESSAGE];
    if (pieces < CUTS)
        side->cut[pieces] = len;
    grow_bytes(&side->bytes, &side->room, side->len + len);
    if (len > 0)
        memcpy(side->bytes + side->len, bytes, len);
    side->len += len;
    side->now = bytes;
    side->now_len = len;
    side->now_whole = whole;
    write_down(side, moment);
    side->now = NULL;
}

struct side *
new_side(void)
{
    quick_assert(peers.sides < SIDES);
    return &peers.side[peers.sides++];
}

static void
on_open(struct leat_conn *conn, void *user)
{
    struct side *side = new_side();
    (void)user;
    side->conn = conn;
    side->id = leat_conn_id(conn);
    leat_conn_set_user(conn, side);
    write_down(side, OPEN);
}

static void
on_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    quick_assert(len > 0 && leat_conn_user(conn) == user);
    write_piece(user, DATA, bytes, len, len);
}

static void
on_message(struct leat_conn *conn, const struct leat_frame *frame, void *user)
{
    struct side *side = user;
    quick_assert(leat_conn_user(conn) == user);
    side->longs += frame->is_long;
    write_piece(side, MESSAGE, frame->body, frame->body_len, frame->whole_len);
}

static void
on_eof(struct leat_conn *conn, void *user)
{
    struct side *side = user;
    side->partial = leat_conn_partial(conn);
    write_down(side, ENDED);
}

static void
on_drain(struct leat_conn *conn, void *user)
{
    (void)conn;
    write_down(user, DRAIN);
}

static void
on_urgent(struct leat_conn *conn, void *user)
{
    (void)conn;
    write_down(user, URGENT);
}

static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    struct side *side = user;
    quick_assert(leat_conn_id(conn) == side->id);
    side->reason = reason;
    leat_conn_stats(conn, &side->stats);
    write_down(side, CLOSE);
    side->conn = NULL;
}

const struct leat_conn_ops peers_ops = {.on_open = on_open,
    .on_data = on_data,
    .on_message = on_message,
    .on_eof = on_eof,
    .on_drain = on_drain,
    .on_urgent = on_urgent,
    .on_close = on_close};

const struct leat_conn_ops peers_ops_without_eof = {.on_open = on_open,
    .on_data = on_data,
    .on_message = on_message,
    .on_close = on_close};

/* --- actions -------------------------------------------------------------- */

void
act_echo(struct side *side)
{
    quick_eq(leat_conn_send(side->conn, side->now, side->now_len), 0);
}

void
act_end(struct side *side)
{
    leat_conn_end(side->conn);
}

void
act_close(struct side *side)
{
    leat_conn_close(side->conn);
}

void
act_abort(struct side *side)
{
    leat_conn_abort(side->conn);
}

void
act_pause(struct side *side)
{
    leat_conn_pause(side->conn);
}

void
side_send(struct side *side, const char *text)
{
    quick_eq(leat_conn_send(side->conn, text, strlen(text)), 0);
}

int
side_send_keyed(struct side *side, unsigned key, size_t at, size_t n)
{
    unsigned char *bytes = malloc(n);
    key_fill(bytes, key, at, n);
    int error = leat_conn_send(side->conn, bytes, n);
    free(bytes);
    return error;
}

bool
side_has(const struct side *side, const char *text)
{
    size_t len = strlen(text);
    return side->len == len && memcmp(side->bytes, text, len) == 0;
}

/* --- turns ---------------------------------------------------------------- */

int
peers_turn(void)
{
    int callbacks = rig_turn();
    leat__net_check(rig.loop);
    return callbacks;
}

void
peers_turns(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        peers_turn();
}

/* What a loopback has not delivered yet is on its way: wait for readiness of
 * whatever the loop waits for. */
static void
await_readiness(void)
{
    struct pollfd list[WATCHED];
    nfds_t count = 0;
    const struct leat__fdset *fds = &rig.loop->fds;
    for (int fd = 0; fd < fds->nfds && count < WATCHED; fd++) {
        const struct leat__io *io = fds->owner[fd];
        unsigned wants = io == NULL ? 0 : leat__fdset_wanted(fds, io);
        short events = (short)((wants & LEAT_READABLE ? POLLIN : 0) |
                               (wants & LEAT_WRITABLE ? POLLOUT : 0) |
                               (wants & LEAT_EXCEPTIONAL ? POLLPRI : 0));
        if (events != 0)
            list[count++] = (struct pollfd){.fd = fd, .events = events};
    }
    (void)poll(list, count, TRY_MS);
}

static uint64_t
progress(void)
{
    struct leat_loop_stats stats = rig_stats();
    return stats.callbacks + stats.bytes_in + stats.bytes_out +
           stats.accept_calls + stats.closed;
}

void
peers_try(unsigned tries, const char *what)
{
    uint64_t before = progress();
    if (tries >= TRIES)
        ck_abort_msg("never came true: %s", what);
    peers_turn();
    if (progress() == before && tries > 2)
        await_readiness();
}

/* --- connections ---------------------------------------------------------- */

struct side *
peers_meet(struct peer **peer)
{
    size_t before = peers.sides;
    *peer = peer_connect(0);
    turn_until(peers.sides > before);
    return &peers.side[before];
}

struct side *
peers_adopt(int fd, const struct leat_conn_config *config)
{
    struct side *side = new_side();
    ck_assert_int_eq(
        leat_conn_adopt(&side->conn, rig.loop, fd, config, side), 0);
    ledger_adopt(fd);
    side->id = leat_conn_id(side->conn);
    return side;
}

/* --- the listener --------------------------------------------------------- */

const char *
peers_path(const char *name)
{
    static char path[96];
    if (peers.dir[0] == '\0') {
        strcpy(peers.dir, "/tmp/leat-net-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(peers.dir));
    }
    snprintf(path, sizeof path, "%s/%s", peers.dir, name);
    return path;
}

const char *
peers_unix(const char *name)
{
    static char address[104];
    snprintf(address, sizeof address, "unix:%s", peers_path(name));
    return address;
}

void
peers_listen(enum transport transport)
{
    const char *address[TRANSPORTS] = {"127.0.0.1:0", "[::1]:0", NULL};
    const char *text = address[transport];
    if (text == NULL)
        text = peers_unix("socket");
    int error =
        leat_listener_open(&peers.listener, rig.loop, text, &peers.config);
    if (transport == OVER_TCP6 && error != 0) /* a host without IPv6 */
        error = leat_listener_open(
            &peers.listener, rig.loop, address[OVER_TCP4], &peers.config);
    ck_assert_int_eq(error, 0);
}

/* --- the fixture ---------------------------------------------------------- */

void
peers_setup(void)
{
    rig_setup();
    memset(&peers, 0, sizeof peers);
    peers.config.conn.ops = &peers_ops;
    begin_peers();
}

static void
remove_dir(void)
{
    if (peers.dir[0] == '\0')
        return;
    /* Fails the test where a socket file was left behind. */
    ck_assert_msg(rmdir(peers.dir) == 0, "%s: %s", peers.dir, strerror(errno));
}

void
peers_teardown(void)
{
    if (rig.loop != NULL)
        leat__net_check(rig.loop);
    rig_close();
    for (size_t i = 0; i < peers.sides; i++) {
        ck_assert_uint_eq(peers.side[i].count[CLOSE], 1);
        free(peers.side[i].bytes);
    }
    end_peers();
    rig_teardown();
    remove_dir();
}
