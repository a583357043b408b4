/*
 * test_pair_model.c - pairs under random use: every byte that arrives is the
 * right one, none is made or lost uncounted, nobody waits for ever and the loop
 * never turns for nothing.
 *
 * Ends of a few pairs send, pause, resume, couple, end, drain, close and abort
 * at random, in callbacks too. What an end sends is keyed by its id, so that
 * each byte that another receives is known from its place.
 */
#include <leat/dial.h>
#include <leat/error.h>
#include <leat/flow.h>
#include <leat/sets.h>
#include <leat/stats.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"
#include "support/dice.h"
#include "support/kernel.h"
#include "support/loop_rig.h"
#include "support/peers.h"
#include "support/quick.h"

#define ENDS 6 /* at once: three pairs */
#define STEPS 150
#define LONGEST 20000

struct end {
    struct leat_conn *conn; /* NULL after on_close */
    struct end *twin;
    unsigned key;
    size_t sent, got;
    bool has_ended; /* on_eof was called */
    bool is_cut;    /* it asked for its own end: input is discarded */
    int reason;
    struct leat_conn_stats stats; /* the final ones */
};

static struct end ends[ENDS];
static struct dice dice;
static bool is_calm; /* no more random actions */
/* Turns without a wait in a row that brought nothing, and nothing was done. */
static unsigned idle_turns;

/* --- callbacks ------------------------------------------------------------ */

static void act_at_random(void);

static void
maybe_act(void)
{
    if (!is_calm && dice_roll(&dice, 4) == 0)
        act_at_random();
}

static void
take(struct end *end, const void *bytes, size_t len)
{
    quick_assert(end->conn != NULL && !end->has_ended && !end->is_cut);
    quick_assert(key_is(bytes, end->twin->key, end->got, len));
    end->got += len;
    quick_assert(end->got <= end->twin->sent);
    maybe_act();
}

static void
on_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    (void)conn;
    take(user, bytes, len);
}

static void
on_message(struct leat_conn *conn, const struct leat_frame *frame, void *user)
{
    (void)conn;
    take(user, frame->whole, frame->whole_len);
}

static void
on_eof(struct leat_conn *conn, void *user)
{
    struct end *end = user;
    (void)conn;
    quick_assert(!end->has_ended && !end->is_cut);
    end->has_ended = true;
    maybe_act();
}

static void
on_drain(struct leat_conn *conn, void *user)
{
    (void)conn;
    (void)user;
    maybe_act();
}

static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    struct end *end = user;
    quick_assert(end->conn == conn);
    end->conn = NULL;
    end->reason = reason;
    leat_conn_stats(conn, &end->stats);
    quick_eq(end->stats.bytes_out + end->stats.bytes_lost, end->sent);
    quick_eq(end->stats.queued_bytes, 0);
}

static const struct leat_conn_ops ops = {.on_data = on_data,
    .on_message = on_message,
    .on_eof = on_eof,
    .on_drain = on_drain,
    .on_close = on_close};

/* --- actions -------------------------------------------------------------- */

static void
do_send(struct end *end)
{
    static unsigned char bytes[LONGEST];
    size_t len = 1 + dice_roll(&dice, dice_roll(&dice, 8) ? 300 : LONGEST);
    key_fill(bytes, end->key, end->sent, len);
    int error = leat_conn_send(end->conn, bytes, len);
    if (error == 0)
        end->sent += len;
}

static void
do_pause(struct end *end)
{
    leat_conn_pause(end->conn);
}

static void
do_resume(struct end *end)
{
    leat_conn_resume(end->conn);
}

static void
do_couple(struct end *end)
{
    struct end *target = &ends[dice_roll(&dice, ENDS)];
    if (target->conn == NULL)
        return;
    int error = leat_conn_couple(end->conn, target->conn);
    quick_assert(error == 0 || error == -ESHUTDOWN);
}

static void
do_uncouple(struct end *end)
{
    struct end *target = &ends[dice_roll(&dice, ENDS)];
    if (target->conn != NULL)
        leat_conn_uncouple(end->conn, target->conn);
}

static void
do_end(struct end *end)
{
    end->is_cut = true;
    leat_conn_end(end->conn);
}

static void
do_half_close(struct end *end)
{
    leat_conn_half_close(end->conn);
}

static void
do_drain(struct end *end)
{
    leat_conn_drain(end->conn);
}

static void
do_close(struct end *end)
{
    end->is_cut = true;
    leat_conn_close(end->conn);
}

static void
do_abort(struct end *end)
{
    end->is_cut = true;
    leat_conn_abort(end->conn);
}

static const struct {
    void (*act)(struct end *end);
    size_t weight;
} actions[] = {{do_send, 40}, {do_pause, 6}, {do_resume, 9}, {do_couple, 4},
    {do_uncouple, 4}, {do_end, 1}, {do_half_close, 1}, {do_drain, 1},
    {do_close, 1}, {do_abort, 1}};

static void
act_at_random(void)
{
    struct end *end = &ends[dice_roll(&dice, ENDS)];
    size_t at = dice_roll(&dice, 68);
    size_t i = 0;
    while (at >= actions[i].weight)
        at -= actions[i++].weight;
    if (end->conn != NULL)
        actions[i].act(end);
    idle_turns = 0;
}

/* --- the world ------------------------------------------------------------ */

static void
make_pair(struct end *first)
{
    static unsigned keys;
    struct leat_conn_config config[2];
    struct leat_conn *conns[2];
    void *users[2] = {first, first + 1};
    for (int i = 0; i < 2; i++) {
        config[i] = (struct leat_conn_config){.ops = &ops,
            .queue = {.high = 8192, .limit = 8192 + 70 * 1024},
            .frame.kind = dice_roll(&dice, 2) ? LEAT_RAW : LEAT_LINE};
        first[i] = (struct end){.twin = &first[1 - i], .key = ++keys};
    }
    ck_assert_int_eq(leat_conn_pair(conns, rig.loop, config, users), 0);
    first[0].conn = conns[0];
    first[1].conn = conns[1];
}

static void
turn(void)
{
    struct leat_sets sets;
    uint64_t before = rig.loop->progress;
    ck_assert_int_eq(leat_loop_prepare(rig.loop, &sets), 0);
    quick_assert(leat_loop_dispatch(rig.loop, NULL) >= 0);
    leat__net_check(rig.loop);
    bool is_idle = sets.timeout_us == 0 && rig.loop->progress == before;
    idle_turns = is_idle ? idle_turns + 1 : 0;
    quick_assert(idle_turns < 4);
}

static void
pass_time(int64_t us)
{
    clock_advance(us);
    idle_turns = 0;
}

/* What has left one end has arrived at the other: there is nothing between. */
static void
judge(const struct end *end)
{
    const struct end *twin = end->twin;
    quick_eq(end->stats.bytes_in, twin->stats.bytes_out);
    if (!end->is_cut && end->reason != -EMSGSIZE)
        quick_assert(end->got <= end->stats.bytes_in);
    if (end->has_ended && twin->stats.bytes_lost == 0)
        quick_eq(end->got, twin->sent);
}

/* Whoever is left must come to an end by itself. */
static void
calm_down(void)
{
    is_calm = true;
    for (int i = 0; i < ENDS; i++)
        for (int j = 0; j < ENDS && ends[i].conn != NULL; j++)
            if (ends[j].conn != NULL)
                leat_conn_uncouple(ends[i].conn, ends[j].conn);
    for (int i = 0; i < ENDS; i++)
        if (ends[i].conn != NULL)
            leat_conn_resume(ends[i].conn);
    for (int i = 0; i < 200; i++)
        turn();
    for (int i = 0; i < ENDS; i++)
        if (ends[i].conn != NULL)
            do_end(&ends[i]);
    for (int i = 0; i < 200 && rig_stats().conns > 0; i++) {
        turn();
        pass_time(100 * MSEC);
    }
    quick_eq(rig_stats().conns, 0);
    quick_eq(rig_stats().memory, 0);
}

START_TEST(pairs_under_random_use)
{
    size_t worlds = 1 + dice_env("LEAT_OPS", 60000) / STEPS;
    dice_init(&dice, "pairs_under_random_use");
    for (size_t i = 0; i < worlds; i++) {
        is_calm = false;
        idle_turns = 0;
        for (int at = 0; at < ENDS; at += 2)
            make_pair(&ends[at]);
        for (int step = 0; step < STEPS; step++) {
            act_at_random();
            size_t turns = dice_roll(&dice, 3) == 0 ? dice_roll(&dice, 9) : 0;
            while (turns-- > 0)
                turn();
            if (dice_roll(&dice, 50) == 0)
                pass_time(SEC);
        }
        calm_down();
        for (int at = 0; at < ENDS; at++)
            judge(&ends[at]);
    }
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("pair_model");
    TCase *tcase = tcase_create("pair_model");
    tcase_add_checked_fixture(tcase, rig_setup, rig_teardown);
    tcase_add_test(tcase, pairs_under_random_use);
    suite_add_tcase(suite, tcase);
    return suite;
}
