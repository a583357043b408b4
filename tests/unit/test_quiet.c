/*
 * test_quiet.c - what a connection costs that has said something and says no
 * more: docs/architecture.md reckons it up, and here it is counted.
 */
#include <leat/listener.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dice.h"
#include "kernel.h"
#include "leatd/client.h"
#include "loop_rig.h"
#include "net/net.h"
#include "run.h"

#define MOST 4000

static struct leat_listener *listener;
static struct leat_addr where;
static int peer[MOST];

static void
on_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    (void)user;
    ck_assert_int_eq(leat_conn_send(conn, bytes, len), 0);
}

static void
on_message(struct leat_conn *conn, const struct leat_frame *frame, void *user)
{
    on_data(conn, frame->whole, frame->whole_len, user);
}

static void
serve(enum leat_framing kind)
{
    static const struct leat_conn_ops ops = {
        .on_data = on_data, .on_message = on_message};
    const struct leat_listener_config config = {
        .conn = {.ops = &ops, .frame = {.kind = kind}, .idle_us = 3600 * SEC}};
    ck_assert_int_eq(
        leat_listener_open(&listener, rig.loop, "127.0.0.1:0", &config), 0);
    ck_assert_int_eq(leat_listener_addr(listener, 0, &where), 0);
}

/* The next line of this peer comes back; it came in two pieces. */
static void
exchange(int fd)
{
    char back[2];
    uint64_t end = rig_stats().bytes_out + 2;
    ck_assert_int_eq(write(fd, "x", 1), 1);
    ck_assert_int_ge(leat_loop_step(rig.loop, 0), 0);
    ck_assert_int_eq(write(fd, "\n", 1), 1);
    for (int turns = 0; rig_stats().bytes_out < end; turns++) {
        ck_assert_int_lt(turns, 100000);
        ck_assert_int_ge(leat_loop_step(rig.loop, 0), 0);
    }
    ck_assert_int_eq(recv(fd, back, 2, MSG_WAITALL), 2);
}

static int
meet(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(
        connect(fd, (struct sockaddr *)&where.storage, where.len), 0);
    exchange(fd);
    return fd;
}

static size_t
count_of_peers(void)
{
    size_t most = dice_env("LEAT_OPS", MOST);
    size_t places = ((size_t)rig_nofile() - 100) / 2;
    if (most > MOST)
        most = MOST;
    return most < places ? most : places;
}

/* Raw and in lines: not a byte for each of them but these. */
START_TEST(quiet_connections_have_their_struct_and_a_slot)
{
    serve(_i == 0 ? LEAT_RAW : LEAT_LINE);
    size_t count = count_of_peers();
    ck_assert_uint_ge(count, 10);
    for (size_t i = 0; i < 2; i++)
        peer[i] = meet();
    const struct leat__net *net = rig.loop->net;
    size_t slots = net->slots, pool = rig_stats().pool;
    for (size_t i = 2; i < count; i++)
        peer[i] = meet();

    size_t grown = rig_stats().pool - pool;
    size_t of_slots =
        (net->slots - slots) * (sizeof(struct leat__slot) + sizeof *net->due);
    ck_assert_uint_eq(rig_stats().conns, count);
    ck_assert_uint_eq(grown, (count - 2) * sizeof(struct leat_conn) + of_slots);
    ck_assert_uint_le(net->slots, count + count / 4 + 32);
    rig_check();
    for (size_t i = 0; i < count; i++)
        close(peer[i]);
    while (rig_stats().conns > 0)
        ck_assert_int_ge(leat_loop_step(rig.loop, 0), 0);
}
END_TEST

/* What malloc(3) of glibc takes for a block. */
static size_t
chunk(size_t size)
{
    size_t all = (size + sizeof(size_t) + 15) / 16 * 16;
    return all < 32 ? 32 : all;
}

/* The formula of docs/architecture.md, and its figures. */
START_TEST(a_quiet_client_of_leatd_costs_256_bytes_at_most)
{
    size_t conn = chunk(sizeof(struct leat_conn));
    size_t client = chunk(sizeof(struct client));
    size_t slot = sizeof(struct leat__slot) + sizeof(uint32_t);
    size_t owner = sizeof(struct leat__io *);
    size_t bits = 1;
    ck_assert_uint_le(conn, 176);
    ck_assert_uint_le(client, 32);
    ck_assert_uint_le(conn + client + slot + owner + bits, 256 - 16);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("quiet");
    TCase *tcase = tcase_create("quiet");
    tcase_add_checked_fixture(tcase, rig_setup, rig_teardown);
    tcase_add_loop_test(
        tcase, quiet_connections_have_their_struct_and_a_slot, 0, 2);
    tcase_add_test(tcase, a_quiet_client_of_leatd_costs_256_bytes_at_most);
    suite_add_tcase(suite, tcase);
    return suite;
}
