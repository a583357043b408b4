/*
 * test_net_seam.c - the echo service through all seven phases on the kernel in
 * memory: no descriptor is real, so whatever leat does goes through the seam.
 */
#include <leat/flow.h>
#include <leat/listener.h>
#include <leat/timer.h>

#include <errno.h>
#include <string.h>

#include "fake.h"
#include "kernel.h"
#include "loop_rig.h"
#include "net/net.h"
#include "run.h"

static char story[64];
static struct leat_listener *listener;

static void
tell(char letter)
{
    size_t len = strlen(story);
    if (len + 1 < sizeof story)
        story[len] = letter;
}

static void
on_open(struct leat_conn *conn, void *user)
{
    (void)conn, (void)user;
    tell('o');
}

static void
on_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    (void)user;
    tell('d');
    ck_assert_int_eq(leat_conn_send(conn, bytes, len), 0);
}

static void
on_drain(struct leat_conn *conn, void *user)
{
    (void)conn, (void)user;
    tell('r');
}

static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    (void)conn, (void)reason, (void)user;
    tell('c');
}

static const struct leat_conn_ops echo = {.on_open = on_open,
    .on_data = on_data,
    .on_drain = on_drain,
    .on_close = on_close};

static void
setup(void)
{
    rig_setup_fake();
    memset(story, 0, sizeof story);
    const struct leat_listener_config config = {
        .conn = {.ops = &echo, .queue = {.high = 4096}}};
    ck_assert_int_eq(
        leat_listener_open(&listener, rig.loop, "127.0.0.1:7000", &config), 0);
}

static void
turn(void)
{
    rig_turn();
    leat__net_check(rig.loop);
}

static int
meet(void)
{
    int peer = fake_connect(fake_listener());
    turn();
    return peer;
}

/* Speak and be answered, however little the streams hold. */
static void
exchange(int peer, const char *bytes, size_t len)
{
    char back[8192];
    size_t out = 0, in = 0;
    for (unsigned turns = 0; in < len; turns++) {
        ck_assert_uint_lt(turns, 10 * len + 100);
        if (out < len)
            out += (size_t)fake_write(peer, bytes + out, len - out);
        turn();
        in += (size_t)fake_read(peer, back + in, sizeof back - in);
    }
    ck_assert_uint_eq(in, len);
    ck_assert_mem_eq(back, bytes, len);
}

START_TEST(echo_needs_no_real_descriptor)
{
    int peer = meet();
    exchange(peer, "hello", 5);
    fake_shutdown(peer);
    turn();
    ck_assert(fake_ended(peer));
    turn();
    ck_assert_str_eq(story, "odc");
    fake_close(peer);
}
END_TEST

static void
end_in_time(struct leat_timer *timer, void *user)
{
    (void)timer, (void)user;
    tell('t');
}

static void
posted(struct leat_loop *loop, void *arg)
{
    (void)loop, (void)arg;
    tell('p');
}

/* Phases 3 (a post, then data), 5 (a timer), 6 (on_drain) and 7 (on_close),
 * in one turn and in this order. */
START_TEST(seven_phases_in_one_turn)
{
    char much[5000];
    struct leat_timer timer;
    int peer = meet(), other = meet();
    struct leat_conn *second = rig.loop->net->slot[1].conn;
    memset(story, 0, sizeof story);
    memset(much, 'x', sizeof much);
    ck_assert_int_eq(fake_write(peer, much, sizeof much), 5000);
    leat_timer_init(&timer, rig.loop, end_in_time, NULL);
    leat_timer_start(&timer, 0, 0);
    ck_assert_int_eq(leat_loop_post(rig.loop, posted, NULL), 0);
    leat_conn_close(second);
    unsigned long selects = kernel_calls("select");
    turn();
    ck_assert_str_eq(story, "pdtrc");
    ck_assert_uint_eq(kernel_calls("select"), selects + 1);
    ck_assert_int_eq(fake_read(peer, much, sizeof much), 5000);
    fake_close(peer);
    fake_close(other);
    turn();
}
END_TEST

/* Every stream capacity from 1 on: every length of a short send. */
START_TEST(echo_over_streams_of_every_capacity)
{
    char bytes[300];
    int peer = meet();
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7);
    for (size_t capacity = 1; capacity <= 64; capacity++) {
        fake_capacity(capacity);
        exchange(peer, bytes, sizeof bytes);
    }
    fake_close(peer);
    turn();
    turn();
    ck_assert_uint_eq(rig_stats().conns, 0);
}
END_TEST

START_TEST(descriptors_that_run_out_pause_the_listener)
{
    fake_limit((int)ledger_fds() + 2);
    int peer[4];
    for (int i = 0; i < 4; i++)
        peer[i] = fake_connect(fake_listener());
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_uint_eq(rig_stats().accepted, 2);
    ck_assert_uint_eq(rig_stats().accept_errors, 1);
    ck_assert_int_eq(rig.note.error, -EMFILE);
    exchange(peer[0], "served", 6);
    fake_close(peer[1]);
    for (int i = 0; i < 4; i++)
        turn();
    ck_assert_uint_eq(rig_stats().accepted, 3);
    for (int i = 0; i < 4; i++)
        if (i != 1)
            fake_close(peer[i]);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("net_seam");
    TCase *tcase = tcase_create("net_seam");
    tcase_add_checked_fixture(tcase, setup, rig_teardown);
    tcase_add_test(tcase, echo_needs_no_real_descriptor);
    tcase_add_test(tcase, seven_phases_in_one_turn);
    tcase_add_test(tcase, echo_over_streams_of_every_capacity);
    tcase_add_test(tcase, descriptors_that_run_out_pause_the_listener);
    suite_add_tcase(suite, tcase);
    return suite;
}
