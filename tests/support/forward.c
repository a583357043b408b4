/*
 * forward.c - connections on the fake kernel, and the accounts of each.
 *
 * On the path: leat -> the operations HERE -> on_piece of the test ->
 * forward_send HERE -> leat; and the peers, by fake.h.
 */
#include "forward.h"

#include <leat/dial.h>
#include <leat/error.h>
#include <leat/flow.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "fake.h"
#include "fake_parts.h"
#include "kernel.h"
#include "net/net.h"
#include "quick.h"

/* The lines that a peer says. */
#define LONG_LINE ((size_t)39900)
#define SHORT_LINE ((size_t)100)
#define LINES (LONG_LINE + SHORT_LINE)

#define MOST_AT_ONCE ((size_t)70000)
#define TIGHT ((size_t)400000)

struct forward forward;
struct node nodes[NODES];

static int listener; /* the test's own, for sockets that leat adopts */

void
forward_see(enum seen seen)
{
    forward.seen[seen]++;
}

/* --- input ---------------------------------------------------------------- */

/* Bytes without LF, that stand nowhere twice as far as anybody can see. */
static unsigned char pattern[2 * MOST_AT_ONCE];

static void
make_pattern(void)
{
    struct dice dice;
    dice_set(&dice, 1);
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (unsigned char)('\n' + 1 + dice_roll(&dice, 245));
}

/* So the next bytes are cut into lines, short and long ones by turns. */
static void
place_ends(const struct node *node, unsigned char *bytes, size_t len)
{
    size_t at = node->said.len - node->said.len % LINES;
    size_t first = node->said.len;
    for (; at < first + len; at += LINES) {
        size_t ends[] = {at + SHORT_LINE - 1, at + LINES - 1};
        for (int i = 0; i < 2; i++)
            if (ends[i] >= first && ends[i] < first + len)
                bytes[ends[i] - first] = '\n';
    }
}

void
node_say(struct node *node, size_t len)
{
    static unsigned char bytes[MOST_AT_ONCE];
    quick_assert(len <= sizeof bytes);
    memcpy(bytes, pattern + dice_roll(&forward.dice, MOST_AT_ONCE), len);
    if (node->config.frame.kind == LEAT_LINE)
        place_ends(node, bytes, len);
    int taken = fake_write(node->peer, bytes, len);
    if (taken > 0)
        book_add(&node->said, bytes, (size_t)taken, false);
}

/* What its reader hears: of a pair that is what the other one sends. */
static struct book *
input_of(struct node *node)
{
    return node->twin != NULL ? &node->twin->book : &node->said;
}

/* leat says that these have come. */
static void
told(struct node *node, const unsigned char *bytes, size_t len)
{
    struct book *input = input_of(node);
    book_hear(input, bytes, len);
    node->told += len;
    if (forward.on_piece != NULL)
        forward.on_piece(node, bytes, len);
    /* Whatever was done with them: they are the same until it returns. */
    size_t at = input->heard - len;
    quick_assert(memcmp(bytes, input->bytes + at, len) == 0);
}

/* How much of n bytes of input makes whole frames. */
static size_t
in_frames(const struct node *node, size_t n)
{
    const struct leat_frame_config *frame = &node->config.frame;
    if (frame->kind == LEAT_FIXED)
        return n - n % frame->size;
    if (frame->kind == LEAT_LINE)
        return n - n % LINES + (n % LINES < SHORT_LINE ? 0 : SHORT_LINE);
    return n;
}

/* --- the operations ------------------------------------------------------- */

static void
on_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    struct node *node = user;
    quick_assert(node->conn == conn);
    told(node, bytes, len);
}

static void
on_message(struct leat_conn *conn, const struct leat_frame *frame, void *user)
{
    struct node *node = user;
    quick_assert(node->conn == conn);
    told(node, frame->whole, frame->whole_len);
}

static void
on_drain(struct leat_conn *conn, void *user)
{
    struct node *node = user;
    quick_assert(node->conn == conn);
    forward_see(SEEN_DRAINED);
    if (forward.on_drain != NULL)
        forward.on_drain(node);
}

static const struct {
    int reason;
    unsigned why; /* one of these is enough */
    enum seen seen;
} reasons[] = {
    {0, WHY_END | WHY_CLOSE, SEEN_END_IN_ORDER},
    {LEAT_EOF, WHY_EOF, SEEN_END_IN_ORDER},
    {-ECONNABORTED, WHY_ABORT, SEEN_ABORTED},
    {-ENOBUFS, WHY_FULL, SEEN_CLOSED_FULL},
    {-ENOBUFS, WHY_UNKIND, SEEN_NO_MEMORY},
    {-EDQUOT, WHY_TIGHT, SEEN_SHED},
    {-ECONNRESET, WHY_RESET, SEEN_RESET},
    {-EPIPE, WHY_RESET, SEEN_RESET},
    {-ENOMEM, WHY_UNKIND, SEEN_NO_MEMORY},
    {-ECANCELED, WHY_DOOMED, SEEN_CANCELLED},
};

static void
judge_reason(const struct node *node)
{
    size_t count = sizeof reasons / sizeof reasons[0];
    size_t i = 0;
    while (i < count && (reasons[i].reason != node->reason ||
                            (reasons[i].why & node->why) == 0))
        i++;
    if (i == count)
        ck_abort_msg("node %d is closed by %d, and there is only %#x",
            (int)(node - nodes), node->reason, node->why);
    forward_see(reasons[i].seen);
}

/* What it was given has left, is still there, or is counted as lost; what has
 * come was told, or is counted too. */
static void
balance(const struct node *node, const struct leat_conn_stats *stats)
{
    quick_eq(stats->bytes_out + stats->queued_bytes + stats->bytes_lost,
        node->book.len);
    quick_eq(stats->bytes_in,
        node->told + stats->held_bytes + stats->bytes_discarded);
}

static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    struct node *node = user;
    quick_assert(node->conn == conn);
    node->conn = NULL;
    node->reason = reason;
    leat_conn_stats(conn, &node->stats);
    judge_reason(node);
    quick_eq(node->stats.queued_bytes, 0);
    balance(node, &node->stats);
    if (node->stats.bytes_lost > 0)
        forward_see(SEEN_LOST);
    if (node->twin != NULL)
        node->twin->why |= WHY_EOF | WHY_RESET;
}

static const struct leat_conn_ops operations = {.on_data = on_data,
    .on_message = on_message,
    .on_drain = on_drain,
    .on_close = on_close};

/* --- a node's life -------------------------------------------------------- */

static void
init(struct node *node)
{
    static const unsigned by_kind[FORWARD_KINDS] = {[FORWARD_TIGHT] = WHY_TIGHT,
        [FORWARD_UNKIND] = WHY_UNKIND,
        [FORWARD_DOOMED] = WHY_DOOMED};
    struct leat_conn_config config = node->config;
    bool is_paired = node - nodes >= PAIRED;
    *node = (struct node){.config = config, .peer = -1, .is_made = true};
    node->config.ops = &operations;
    node->why = by_kind[forward.kind];
    if (config.queue.policy == LEAT_CLOSE)
        node->why |= WHY_FULL;
    if (is_paired)
        node->twin = &nodes[PAIRED + (node == &nodes[PAIRED])];
}

/* Who streams to each other by itself would wait for ever. */
static void
open_pair(void)
{
    struct node *pair = &nodes[PAIRED];
    struct leat_conn *conns[2];
    void *users[2] = {&pair[0], &pair[1]};
    init(&pair[0]);
    init(&pair[1]);
    struct leat_conn_config config[2] = {pair[0].config, pair[1].config};
    quick_eq(leat_conn_pair(conns, rig.loop, config, users), 0);
    for (int i = 0; i < 2; i++) {
        pair[i].conn = conns[i];
        leat_conn_uncouple(conns[i], conns[i]);
    }
}

void
node_open(struct node *node)
{
    if (node - nodes >= PAIRED) {
        open_pair();
        return;
    }
    init(node);
    node->peer = fake_connect(listener);
    int fd = leat_sys->accept4(listener, NULL, NULL, 0);
    quick_assert(node->peer >= 0 && fd >= 0);
    quick_eq(
        leat_conn_adopt(&node->conn, rig.loop, fd, &node->config, node), 0);
}

bool
node_is_over(const struct node *node)
{
    bool has_twin = node->twin != NULL && node->twin->conn != NULL;
    return node->is_made && node->conn == NULL && !has_twin;
}

void
node_may_end(struct node *node, unsigned why)
{
    node->why |= why;
    if (node->twin != NULL)
        node->twin->why |= WHY_EOF | (why & WHY_ABORT ? WHY_RESET : 0);
}

void
node_hear(struct node *node, size_t len)
{
    static unsigned char bytes[MOST_AT_ONCE];
    if (node->peer < 0)
        return;
    int n =
        fake_read(node->peer, bytes, len < sizeof bytes ? len : sizeof bytes);
    book_hear(&node->book, bytes, n > 0 ? (size_t)n : 0);
}

static bool
has_ended_in_order(const struct node *node)
{
    bool was_cut = node->why & (WHY_CLOSE | WHY_ABORT);
    return !was_cut && (node->reason == 0 || node->reason == LEAT_EOF);
}

/* All that left has come to its reader, unless that is gone, or a reset has
 * destroyed it on the way. */
static void
judge_link(struct node *node)
{
    const struct fake_stream *stream = fake_peer_of(node->peer)->in;
    size_t before;
    do {
        before = node->book.heard;
        node_hear(node, MOST_AT_ONCE);
    } while (node->book.heard > before);
    if (!stream->is_reset) {
        quick_eq(stream->put, node->stats.bytes_out);
        quick_eq(node->book.heard, node->stats.bytes_out);
    }
    fake_close(node->peer);
    node->peer = -1;
}

void
node_close(struct node *node)
{
    quick_assert(node_is_over(node));
    if (node->peer >= 0)
        judge_link(node);
    if (node->twin != NULL)
        quick_eq(node->twin->stats.bytes_in, node->stats.bytes_out);
    if (has_ended_in_order(node))
        quick_eq(node->stats.bytes_lost, 0);
    book_close(&node->book);
    book_close(&node->said);
    node->is_made = false;
}

void
node_settled(const struct node *node)
{
    struct leat_conn_stats stats;
    const unsigned asked =
        WHY_END | WHY_CLOSE | WHY_ABORT | WHY_EOF | WHY_RESET;
    if (node->conn == NULL || (node->why & asked) != 0)
        return;
    leat_conn_stats(node->conn, &stats);
    quick_eq(stats.queued_bytes, 0);
    quick_eq(stats.bytes_out, node->book.len);
    if (node->twin != NULL) {
        quick_eq(node->book.heard, in_frames(node->twin, node->book.len));
        return;
    }
    quick_eq(node->book.heard, node->book.len);
    quick_eq(node->told, in_frames(node, node->said.len));
}

/* --- the world ------------------------------------------------------------ */

static void
look_at(const struct node *node)
{
    struct leat_conn_stats stats;
    if (node->conn == NULL)
        return;
    leat_conn_stats(node->conn, &stats);
    balance(node, &stats);
    if (node->conn->is_holding)
        forward_see(SEEN_HELD);
    if (node->conn->is_starved)
        forward_see(SEEN_STARVED);
}

void
forward_turn(void)
{
    const struct leat__net before = *rig.loop->net;
    int callbacks = leat_loop_step(rig.loop, 0);
    if (forward.is_destroyed) {
        quick_eq(callbacks, -ECANCELED);
        rig.loop = NULL;
        return;
    }
    quick_assert(callbacks >= 0);
    rig_check();
    leat__net_check(rig.loop);
    for (size_t i = 0; i < NODES; i++)
        look_at(&nodes[i]);
    const struct leat__net *net = rig.loop->net;
    if (net->chunk != before.chunk)
        forward_see(SEEN_RENEWED);
    else if (before.spare != NULL && net->spare == NULL)
        forward_see(SEEN_TRIMMED);
}

void
forward_open(enum forward_kind kind)
{
    struct leat_loop_config config = {
        .park = (enum leat_park)dice_roll(&forward.dice, 3),
        .max_memory = kind == FORWARD_TIGHT ? TIGHT : 0};
    rig_open(&config);
    rig.may_spin = kind == FORWARD_UNKIND; /* readiness that is not true */
    forward.kind = kind;
    forward.is_destroyed = false;
    memset(nodes, 0, sizeof nodes);
}

void
forward_setup(void)
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr *any = (const struct sockaddr *)(const void *)&addr;
    rig_setup_fake();
    memset(&forward, 0, sizeof forward);
    make_pattern();
    listener = leat_sys->socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(leat_sys->bind(listener, any, sizeof addr), 0);
    ck_assert_int_eq(leat_sys->listen(listener, NODES), 0);
}

void
forward_teardown(void)
{
    ck_assert_int_eq(leat_sys->close(listener), 0);
    rig_teardown();
}
