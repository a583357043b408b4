/*
 * test_park.c - who waits in the sets and who in the kernel's queue, what each
 * move costs, and that nobody else can tell.
 */
#include "park_crowd.h"

#include <leat/sets.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool
is_parked(int i)
{
    return peers.side[i].conn->io.parked != 0;
}

/* --- who is parked -------------------------------------------------------- */

START_TEST(nobody_is_parked_among_few)
{
    use(LEAT_PARK_AUTO);
    meet(FEW);
    be_quiet();
    ck_assert_uint_eq(parked(), 0);
    ck_assert_uint_eq(kernel_calls("epoll_create1"), 0);
}
END_TEST

START_TEST(nobody_is_parked_where_it_is_off)
{
    use(LEAT_PARK_OFF);
    meet(CROWD);
    be_quiet();
    ck_assert_uint_eq(parked(), 0);
    ck_assert_uint_eq(kernel_calls("epoll_create1"), 0);
}
END_TEST

START_TEST(the_quiet_leave_the_sets)
{
    meet_crowd();
    ck_assert_uint_eq(rig.loop->fds.awake.bits_set, 0);
    ck_assert_uint_eq(kernel_calls("epoll_ctl"), CROWD);
}
END_TEST

START_TEST(whoever_goes_on_stays_awake)
{
    use(LEAT_PARK_AUTO);
    meet(CROWD);
    for (int n = 0; n < 3 * QUIET_TURNS; n++)
        ask(7);
    ck_assert_uint_eq(parked(), CROWD - 1);
    ck_assert(!is_parked(7));
}
END_TEST

START_TEST(whoever_moves_before_the_quiet_turns_are_over_stays_awake)
{
    use(LEAT_PARK_AUTO);
    meet(CROWD);
    for (int n = 0; n < 3 * QUIET_TURNS; n++)
        ask(7);
    for (int n = 0; n < 3 * QUIET_TURNS; n++) {
        ask(7);
        peers_turns(QUIET_TURNS / 4);
        ck_assert(!is_parked(7));
    }
    ck_assert_uint_eq(parked(), CROWD - 1);
}
END_TEST

START_TEST(the_eager_park_everybody_at_once)
{
    use(LEAT_PARK_EAGER);
    meet(3);
    peers_turn();
    ck_assert_uint_eq(parked(), 3);
    for (int n = 0; n < 2 * WAKE_AFTER; n++)
        ask(1);
    ck_assert_uint_eq(parked(), 3);
}
END_TEST

START_TEST(a_turn_parks_256_at_most)
{
    enum { MANY = 400 };
    rig_open(&(struct leat_loop_config){.park = LEAT_PARK_EAGER});
    int fds[2];
    rig_pipe(fds);
    static struct leat__io io[MANY];
    for (int i = 0; i < MANY; i++) {
        /* A duplicate is a descriptor of its own to the kernel. */
        io[i] = (struct leat__io){
            .fd = rig_dup(fds[0], 400 + i), .is_parkable = true};
        ck_assert_int_eq(
            leat__fdset_add(&rig.loop->fds, leat__loop_alloc(rig.loop), &io[i]),
            0);
        leat__park_want(rig.loop, &io[i], LEAT_READABLE);
    }
    rig_turn();
    ck_assert_uint_ge(parked(), 256);
    ck_assert_uint_lt(parked(), MANY);
    rig_turn();
    ck_assert_uint_eq(parked(), MANY);
    for (int i = 0; i < MANY; i++) {
        leat__park_want(rig.loop, &io[i], 0);
        leat__fdset_remove(&rig.loop->fds, &io[i]);
    }
    ck_assert_uint_eq(parked(), 0);
}
END_TEST

static bool is_gone;

static void
leave_loop(struct leat__io *io, unsigned ready)
{
    (void)ready;
    leat__park_want(rig.loop, io, 0);
    leat__fdset_remove(&rig.loop->fds, io);
    is_gone = true;
}

static void
expect_not_gone(void)
{
    ck_assert(!is_gone);
}

/* The pipe and the queue, which the loop has opened for itself. */
START_TEST(run_goes_on_for_a_parked_one_and_returns_where_the_queue_is_left)
{
    int fds[2], input = -1;
    rig_open(&(struct leat_loop_config){.park = LEAT_PARK_EAGER});
    rig_pipe(fds);
    if (_i == 1) { /* the queue gets the number 0 */
        input = fcntl(0, F_DUPFD_CLOEXEC, 3);
        (void)close(0);
    }
    struct leat__io io = {
        .fd = fds[0], .on_ready = leave_loop, .is_parkable = true};
    const struct leat_alloc *alloc = leat__loop_alloc(rig.loop);
    ck_assert_int_eq(leat__fdset_add(&rig.loop->fds, alloc, &io), 0);
    leat__park_want(rig.loop, &io, LEAT_READABLE);
    rig_turn();
    ck_assert_uint_eq(parked(), 1);
    ck_assert_int_eq(rig.loop->park.io.fd == 0, _i == 1);

    ck_assert_int_eq((int)write(fds[1], "x", 1), 1);
    is_gone = false;
    rig.on_wait = expect_not_gone;
    ck_assert_int_eq(leat_loop_run(rig.loop), 0);
    ck_assert(is_gone);
    ck_assert_int_ge(rig.loop->park.io.fd, 0);
    rig_close();
    if (input >= 0)
        ck_assert_int_eq(dup2(input, 0), 0);
}
END_TEST

/* --- what a message costs ------------------------------------------------- */

struct cost {
    unsigned long select, take, move, recv, send;
};

/* Of so many messages to all of first..first+count-1, in step, with so many
 * quiet turns after each. */
static struct cost
cost_of(int messages, int first, int count, unsigned pause)
{
    kernel_reset_calls();
    for (int n = 0; n < messages; n++) {
        for (int i = first; i < first + count; i++)
            peer_text(peer[i], "hello");
        unsigned long before = kernel_calls("recv");
        turn_until(kernel_calls("recv") >= before + (unsigned)count);
        peers_turns(pause);
    }
    return (struct cost){kernel_calls("select"), kernel_calls("epoll_wait"),
        kernel_calls("epoll_ctl"), kernel_calls("recv"), kernel_calls("send")};
}

START_TEST(a_message_among_few_costs_no_more_than_select_recv_send)
{
    use(LEAT_PARK_AUTO);
    meet(FEW);
    struct cost cost = cost_of(100, 0, 1, 0);
    ck_assert_uint_eq(cost.recv, 100);
    ck_assert_uint_eq(cost.send, 100);
    ck_assert_uint_eq(cost.take + cost.move, 0);
}
END_TEST

START_TEST(where_all_are_busy_nothing_is_moved)
{
    use(LEAT_PARK_AUTO);
    meet(CROWD);
    (void)cost_of(WAKE_AFTER, 0, CROWD, 0); /* until all are awake */
    struct cost cost = cost_of(100, 0, CROWD, 0);
    ck_assert_uint_eq(cost.recv, 100 * CROWD);
    ck_assert_uint_eq(cost.send, 100 * CROWD);
    ck_assert_uint_eq(cost.take + cost.move, 0);
}
END_TEST

START_TEST(few_busy_ones_among_the_quiet_are_moved_once)
{
    meet_crowd();
    struct cost cost = cost_of(100, 5, 3, 0);
    ck_assert_uint_eq(cost.recv, 300);
    ck_assert_uint_eq(cost.send, 300);
    ck_assert_uint_eq(cost.move, 3);
    ck_assert_uint_le(cost.take, 3 * WAKE_AFTER);
    ck_assert_uint_eq(parked(), CROWD - 3);
}
END_TEST

START_TEST(now_and_then_one_is_served_in_place)
{
    meet_crowd();
    struct cost cost = cost_of(50, 9, 1, WAKE_GAP);
    ck_assert_uint_eq(cost.recv, 50);
    ck_assert_uint_eq(cost.send, 50);
    ck_assert_uint_eq(cost.take, 50);
    ck_assert_uint_eq(cost.move, 0);
    ck_assert_uint_eq(parked(), CROWD);
}
END_TEST

START_TEST(those_who_do_not_read_are_parked_too)
{
    use(LEAT_PARK_AUTO);
    meet(CROWD);
    struct side *side = &peers.side[3];
    while (side_send_keyed(side, 3, 0, 200000) == 0)
        peers_turn();
    be_quiet();
    ck_assert_uint_eq(parked(), CROWD);
    ck_assert_uint_eq(side->conn->io.parked, LEAT_WRITABLE); /* it is full */
    ck_assert_uint_gt(side->conn->queue.bytes, 0);
    turn_until((peer_hear(peer[3]), side->conn->queue.bytes == 0));
}
END_TEST

/* --- what it waits for changes -------------------------------------------- */

START_TEST(paused_it_is_no_member_and_resumed_it_is_awake)
{
    meet_crowd();
    struct leat_conn *conn = peers.side[2].conn;
    kernel_reset_calls();
    leat_conn_pause(conn);
    ck_assert_uint_eq(kernel_calls("epoll_ctl"), 1);
    ck_assert_uint_eq(parked(), CROWD - 1);
    peer_text(peer[2], "wait");
    peers_turns(5);
    ck_assert_uint_eq(peers.side[2].len, 0);
    leat_conn_resume(conn);
    turn_until(peer_has(peer[2], 4));
    ck_assert_uint_eq(kernel_calls("epoll_ctl"), 1);
}
END_TEST

START_TEST(pausing_in_the_same_turn_takes_back_what_the_queue_told)
{
    use(LEAT_PARK_EAGER);
    meet(2);
    peers.act[DATA] = act_pause;
    peers_turn();
    peer_text(peer[0], "a");
    turn_until(peers.side[0].len == 1);
    peer_text(peer[0], "b");
    peers_turns(3);
    ck_assert_uint_eq(peers.side[0].len, 1);
}
END_TEST

static void
close_the_other(struct side *side)
{
    struct side *other = &peers.side[side == &peers.side[0] ? 1 : 0];
    if (other->conn != NULL)
        leat_conn_close(other->conn);
}

START_TEST(law3_what_the_queue_told_does_not_reach_whoever_was_closed_since)
{
    use(LEAT_PARK_EAGER);
    meet(2);
    peers_turn();
    peers.act[DATA] = close_the_other;
    peer_text(peer[0], "x");
    peer_text(peer[1], "x");
    turn_until(rig_stats().closed == 1);
    ck_assert_uint_eq(peers.side[0].count[DATA] + peers.side[1].count[DATA], 1);
}
END_TEST

/* A child process that was forked has it open still. */
START_TEST(a_closed_one_that_lives_on_elsewhere_is_not_told_of)
{
    meet_crowd();
    int copy = dup(peers.side[4].conn->io.fd);
    rig_keep(copy);
    leat_conn_close(peers.side[4].conn);
    peers_turns(2);
    peer_text(peer[4], "to whom it may concern");
    uint64_t progress = rig.loop->progress;
    peers_turns(20);
    ck_assert_uint_eq(rig.loop->progress, progress);
    ck_assert_uint_eq(rig_stats().spins, 0);
}
END_TEST

START_TEST(the_end_of_a_parked_one_is_seen_once)
{
    peers.act[ENDED] = act_end;
    meet_crowd();
    peer_half_close(peer[1]);
    peer_reset(peer[2]);
    turn_until(rig_stats().closed == 2);
    ck_assert_int_eq(peers.side[2].reason, -ECONNRESET);
    ck_assert_uint_eq(parked(), CROWD - 2);
}
END_TEST

START_TEST(an_urgent_byte_is_told_before_the_bytes_around_it)
{
    meet_crowd();
    peer_text(peer[6], "ab");
    peer_urgent(peer[6], '!');
    turn_until(peer_has(peer[6], 3));
    ck_assert_uint_eq(peers.side[6].count[URGENT], 1);
    ck_assert(side_has(&peers.side[6], "ab!"));
}
END_TEST

/* --- a host's select() ---------------------------------------------------- */

START_TEST(a_host_sees_the_parked_as_one_descriptor)
{
    use(LEAT_PARK_EAGER);
    meet(3);
    peers_turn();
    struct leat_sets sets;
    ck_assert_int_eq(leat_loop_prepare(rig.loop, &sets), 0);
    ck_assert_int_eq(sets.nfds, rig.loop->park.io.fd + 1);
    peer_text(peer[1], "host");
    bool is_found = false;
    for (int tries = 0; tries < 100 && !is_found; tries++) {
        ck_assert_int_eq(leat_loop_prepare(rig.loop, &sets), 0);
        fd_set r, w, e;
        FD_ZERO(&r);
        FD_ZERO(&w);
        FD_ZERO(&e);
        int nfds = leat_sets_to_fdset(&sets, &r, &w, &e);
        ck_assert_int_ge(nfds, 0);
        struct timeval wait = {.tv_usec = 20000};
        is_found = select(nfds, &r, &w, &e, &wait) > 0;
        leat_sets_from_fdset(&sets, nfds, &r, &w, &e);
        ck_assert_int_ge(leat_loop_dispatch(rig.loop, &sets), 0);
    }
    turn_until(peer_has(peer[1], 4));
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("park");
    TCase *tcase = tcase_create("park");

    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_test(tcase, nobody_is_parked_among_few);
    tcase_add_test(tcase, nobody_is_parked_where_it_is_off);
    tcase_add_test(tcase, the_quiet_leave_the_sets);
    tcase_add_test(tcase, whoever_goes_on_stays_awake);
    tcase_add_test(
        tcase, whoever_moves_before_the_quiet_turns_are_over_stays_awake);
    tcase_add_test(tcase, the_eager_park_everybody_at_once);
    tcase_add_test(tcase, a_turn_parks_256_at_most);
    tcase_add_loop_test(tcase,
        run_goes_on_for_a_parked_one_and_returns_where_the_queue_is_left, 0, 2);
    tcase_add_test(
        tcase, a_message_among_few_costs_no_more_than_select_recv_send);
    tcase_add_test(tcase, where_all_are_busy_nothing_is_moved);
    tcase_add_test(tcase, few_busy_ones_among_the_quiet_are_moved_once);
    tcase_add_test(tcase, now_and_then_one_is_served_in_place);
    tcase_add_test(tcase, those_who_do_not_read_are_parked_too);
    tcase_add_test(tcase, paused_it_is_no_member_and_resumed_it_is_awake);
    tcase_add_test(
        tcase, pausing_in_the_same_turn_takes_back_what_the_queue_told);
    tcase_add_test(tcase,
        law3_what_the_queue_told_does_not_reach_whoever_was_closed_since);
    tcase_add_test(tcase, a_closed_one_that_lives_on_elsewhere_is_not_told_of);
    tcase_add_test(tcase, the_end_of_a_parked_one_is_seen_once);
    tcase_add_test(tcase, an_urgent_byte_is_told_before_the_bytes_around_it);
    tcase_add_test(tcase, a_host_sees_the_parked_as_one_descriptor);
    suite_add_tcase(suite, tcase);
    return suite;
}
