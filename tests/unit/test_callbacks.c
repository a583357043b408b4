/*
 * test_callbacks.c - every action inside every callback: no callback after
 * on_close, on_close once, nothing left behind, nobody else harmed.
 *
 * A scenario makes all seven callbacks happen to the first of four
 * connections; at the first one of the kind in question it does the action in
 * question. Half of them over TCP, half over unix sockets.
 */
#include "peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/net.h"

static struct peer *peer[4];
static enum moment moment;
static act_fn action;
static bool is_done, is_destroyed;

/* --- actions -------------------------------------------------------------- */

static void
send_some(struct side *side)
{
    int error = leat_conn_send(side->conn, "some", 4);
    ck_assert(error == 0 || error == -ESHUTDOWN || error == -EPIPE);
}

static void
send_shared(struct side *side)
{
    struct leat_message *message;
    ck_assert_int_eq(leat_message_create(&message, rig.loop, "all", 3), 0);
    for (size_t i = 0; i < peers.sides; i++)
        if (peers.side[i].conn != NULL)
            (void)!leat_conn_send_message(peers.side[i].conn, message);
    leat_message_unref(message);
    (void)side;
}

static void
send_and_end(struct side *side)
{
    send_some(side);
    leat_conn_end(side->conn);
}

static void
drain_it(struct side *side)
{
    leat_conn_drain(side->conn);
}

static void
resume_it(struct side *side)
{
    leat_conn_resume(side->conn);
}

static void
pause_and_resume(struct side *side)
{
    leat_conn_pause(side->conn);
    leat_conn_resume(side->conn);
}

static struct leat_conn *
another(const struct side *side)
{
    return side + 1 < peers.side + peers.sides ? side[1].conn : NULL;
}

static void
couple_both_ways(struct side *side)
{
    if (another(side) == NULL)
        return;
    (void)!leat_conn_couple(side->conn, another(side));
    (void)!leat_conn_couple(another(side), side->conn);
    (void)!leat_conn_couple(side->conn, side->conn);
}

static void
uncouple(struct side *side)
{
    couple_both_ways(side);
    if (another(side) == NULL)
        return;
    leat_conn_uncouple(side->conn, another(side));
    leat_conn_uncouple(another(side), side->conn);
}

static void
close_another(struct side *side)
{
    if (another(side) != NULL)
        leat_conn_close(another(side));
}

static void
abort_all(struct side *side)
{
    (void)side;
    for (size_t i = 0; i < peers.sides; i++)
        if (peers.side[i].conn != NULL)
            leat_conn_abort(peers.side[i].conn);
}

static void
close_listener(struct side *side)
{
    (void)side;
    leat_listener_close(peers.listener);
    peers.listener = NULL;
}

static void
drain_listener(struct side *side)
{
    (void)side;
    ck_assert_int_ge(leat_listener_drain(peers.listener), 0);
}

static void
adopt_another(struct side *side)
{
    struct peer *far;
    (void)side;
    peers_adopt_pair(&far);
    peer_half_close(far);
}

static void
destroy_loop(struct side *side)
{
    (void)side;
    is_destroyed = true;
    leat_loop_destroy(rig.loop);
}

static void
close_and_destroy(struct side *side)
{
    leat_conn_close(side->conn);
    destroy_loop(side);
}

/* What harms others may end them; the rest must not. */
static const struct {
    act_fn act;
    bool harms_others;
} actions[] = {
    {send_some, false},
    {send_shared, false},
    {act_end, false},
    {send_and_end, false},
    {act_close, false},
    {act_abort, false},
    {drain_it, false},
    {act_pause, false},
    {resume_it, false},
    {pause_and_resume, false},
    {couple_both_ways, false},
    {uncouple, false},
    {close_another, true},
    {abort_all, true},
    {close_listener, false},
    {drain_listener, false},
    {adopt_another, false},
    {destroy_loop, true},
    {close_and_destroy, true},
};
#define ACTIONS ((int)(sizeof actions / sizeof actions[0]))

/* --- callbacks ------------------------------------------------------------ */

static void
happened(struct side *side, enum moment what)
{
    ck_assert(!is_destroyed || what == CLOSE);
    if (what != moment || side != &peers.side[0] || is_done)
        return;
    is_done = true;
    action(side);
}

static void
at_open(struct side *side)
{
    happened(side, OPEN);
}

static void
at_data(struct side *side)
{
    happened(side, DATA);
}

static void
at_message(struct side *side)
{
    happened(side, MESSAGE);
}

static void
at_eof(struct side *side)
{
    happened(side, ENDED);
}

static void
at_drain(struct side *side)
{
    happened(side, DRAIN);
}

static void
at_urgent(struct side *side)
{
    happened(side, URGENT);
}

static void
at_close(struct side *side)
{
    happened(side, CLOSE);
}

static const act_fn hooks[MOMENTS] = {
    at_open, at_data, at_message, at_eof, at_drain, at_urgent, at_close};

/* --- the scenario --------------------------------------------------------- */

/* Whatever has become of the loop. */
static void
turns(unsigned n)
{
    while (n-- > 0 && rig.loop != NULL) {
        int result = leat_loop_step(rig.loop, 0);
        if (is_destroyed) {
            ck_assert_int_eq(result, -ECANCELED);
            rig.loop = NULL;
            return;
        }
        ck_assert_int_ge(result, 0);
        rig_check();
        leat__net_check(rig.loop);
    }
}

/* Whatever has become of the connection. */
static void
say(struct peer *to, const char *text, int flags)
{
    (void)!send(to->fd, text, strlen(text), MSG_NOSIGNAL | flags);
    turns(3);
}

static void
play(void)
{
    struct side *side = &peers.side[0];
    for (int i = 0; i < 3; i++)
        peer[i] = peer_connect(0);
    turns(3);
    if (peers.listener != NULL && rig.loop != NULL)
        peer[3] = peer_connect(0); /* waits in the backlog for now */
    for (int i = 0; i < 3; i++)
        (void)!send(peer[i]->fd, "hello\nyou\n", 10, MSG_NOSIGNAL);
    turns(3);
    say(peer[0], "!", MSG_OOB);
    if (rig.loop != NULL && side->conn != NULL)
        (void)side_send_keyed(side, 1, 0, 5000); /* beyond high */
    turns(3);
    (void)shutdown(peer[0]->fd, SHUT_WR);
    turns(3);
    if (rig.loop != NULL && side->conn != NULL)
        leat_conn_close(side->conn);
    turns(5);
}

/* Each of the others still hears its peer. */
static void
assert_others_unharmed(void)
{
    for (int i = 1; i < 3; i++) {
        size_t before = peers.side[i].len;
        peer_text(peer[i], "again\n");
        turn_until(peers.side[i].len > before);
        ck_assert_uint_eq(peers.side[i].count[CLOSE], 0);
    }
}

/* The others are still in the backlog then: without a listener they stay
 * there, and with another connection they are not the second and third. */
static bool
is_first_open(void)
{
    return moment == OPEN &&
           (action == close_listener || action == adopt_another);
}

START_TEST(any_action_in_any_callback)
{
    moment = (enum moment)(_i % MOMENTS);
    action = actions[_i / MOMENTS % ACTIONS].act;
    is_done = is_destroyed = false;
    if (moment == MESSAGE)
        peers.config.conn.frame.kind = LEAT_LINE;
    peers.config.conn.queue.high = 4096;
    memcpy(peers.act, hooks, sizeof hooks);
    peers_listen(_i < MOMENTS * ACTIONS ? OVER_TCP4 : OVER_UNIX);
    play();
    ck_assert(is_done);
    if (rig.loop != NULL) {
        if (!actions[_i / MOMENTS % ACTIONS].harms_others && !is_first_open())
            assert_others_unharmed();
        clock_advance(6 * SEC); /* nothing lingers longer */
        turns(3);
        ck_assert_uint_eq(peers.side[0].count[CLOSE], 1);
    }
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("callbacks");
    TCase *tcase = tcase_create("callbacks");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_loop_test(
        tcase, any_action_in_any_callback, 0, 2 * MOMENTS * ACTIONS);
    suite_add_tcase(suite, tcase);
    return suite;
}
