/*
 * small.c - every choice of two clients of an echo, over streams of 4 bytes and
 * a queue that is full at 4.
 *
 * At each step one of them does one thing, or the kernel is unkind for a turn;
 * then the loop makes a turn. Whoever has not been reset gets, in the end, all
 * that it is owed.
 */
#include "small.h"

#include <leat/listener.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[ACTS_ALL] = {"A comes", "A sends", "A reads",
    "A ends", "A resets", "A leaves", "B comes", "B sends", "B reads", "B ends",
    "B resets", "B leaves", "nobody"};

static const char *const weathers[WEATHERS] = {
    "", " (no room)", " (short)", " (no memory)", " (EINTR)"};

struct small world;

/* --- what is wrong -------------------------------------------------------- */

static void
complain(const char *what)
{
    printf("%s, after:", what);
    for (unsigned i = 0; i < world.len; i++)
        printf(" %s%s%s", names[world.path.choice[i] / WEATHERS],
            weathers[world.path.choice[i] % WEATHERS],
            i + 1 < world.len ? "," : "\n");
    fflush(stdout);
    abort();
}

static void
must(bool is_so, const char *what)
{
    if (!is_so)
        complain(what);
}

/* --- the echo ------------------------------------------------------------- */

static void
on_open(struct leat_conn *conn, void *user)
{
    (void)user;
    leat_conn_set_user(conn, &world.guest[world.opened++]);
}

static void
on_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    struct guest *guest = user;
    int error = leat_conn_send(conn, bytes, len);

    must(guest->closed == 0, "data after close");
    if (error == -ENOMEM && world.now == BROKE) {
        guest->is_poor = true;
        leat_conn_close(conn);
        return;
    }
    must(error == 0 || guest->has_gone, "a send is refused");
}

static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    struct guest *guest = user;

    (void)conn, (void)reason;
    must(guest->closed++ == 0, "closed twice");
}

static const struct leat_conn_ops ops = {
    .on_open = on_open, .on_data = on_data, .on_close = on_close};

/* --- the kernel ----------------------------------------------------------- */

static struct leat_sys table;

static ssize_t
small_send(int fd, const void *bytes, size_t len, int flags)
{
    if (world.now == FULL)
        return fake_fails(EAGAIN);
    return fake_send(fd, bytes, world.now == SHORT ? 1 : len, flags);
}

static ssize_t
small_sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (world.now == FULL)
        return fake_fails(EAGAIN);
    return fake_sendmsg(fd, message, flags);
}

static ssize_t
small_recv(int fd, void *bytes, size_t len, int flags)
{
    return fake_recv(fd, bytes, world.now == SHORT ? 1 : len, flags);
}

static void *
small_realloc(void *block, size_t size)
{
    if (world.now != BROKE)
        return realloc(block, size);
    errno = ENOMEM;
    return NULL;
}

static int
small_select(
    int nfds, fd_set *in, fd_set *out, fd_set *urgent, struct timeval *timeout)
{
    if (world.now == DULL)
        return fake_fails(EINTR);
    return fake_select(nfds, in, out, urgent, timeout);
}

static enum fake_pass
small_pass(int64_t deadline_us)
{
    must(deadline_us != FAKE_NEVER, "a wait for ever");
    fake.now_us = deadline_us;
    return FAKE_PASSED;
}

/* --- choices -------------------------------------------------------------- */

static unsigned char
byte_at(const struct guest *guest, unsigned at)
{
    return (unsigned char)(at * 7 + (guest == &world.guest[1] ? 100 : 0));
}

/* Only who connects first is opened first: A's connection is A's. */
static bool
come(struct guest *guest)
{
    if (guest->has_come || (guest == &world.guest[1] && world.opened == 0))
        return false;
    guest->peer = fake_connect(fake_listener());
    guest->has_come = true;
    return guest->peer >= 0;
}

static bool
send_three(struct guest *guest)
{
    unsigned char bytes[3];
    int count;

    if (guest->peer < 0 || guest->has_fin)
        return false;
    for (unsigned i = 0; i < 3; i++)
        bytes[i] = byte_at(guest, guest->sent + i);
    count = fake_write(guest->peer, bytes, 3);
    guest->sent += count > 0 ? (unsigned)count : 0;
    return count > 0;
}

static bool
read_two(struct guest *guest)
{
    unsigned char bytes[2];
    int count;

    if (guest->peer < 0)
        return false;
    count = fake_read(guest->peer, bytes, 2);
    for (int i = 0; i < count; i++)
        must(bytes[i] == byte_at(guest, guest->got + (unsigned)i),
            "a wrong byte");
    guest->got += count > 0 ? (unsigned)count : 0;
    must(guest->got <= guest->sent, "more than was sent");
    return count > 0;
}

static bool
end(struct guest *guest)
{
    if (guest->peer < 0 || guest->has_fin)
        return false;
    guest->has_fin = true;
    fake_shutdown(guest->peer);
    return true;
}

static bool
reset(struct guest *guest)
{
    if (guest->peer < 0)
        return false;
    fake_reset(guest->peer);
    guest->peer = -1;
    guest->has_gone = true;
    return true;
}

/* Whatever it has not read is lost to it, and the other side may hear so. */
static bool
leave(struct guest *guest)
{
    if (guest->peer < 0)
        return false;
    fake_close(guest->peer);
    guest->peer = -1;
    guest->has_gone = true;
    return true;
}

#define ACTS_EACH 6

static bool (*const acts[ACTS_EACH])(struct guest *) = {
    come, send_three, read_two, end, reset, leave};

/* Without memory nobody is let in, and then A's connection may be B's. */
static bool
is_too_poor(void)
{
    unsigned come = (unsigned)world.guest[0].has_come + world.guest[1].has_come;

    return world.now == BROKE && world.opened < come;
}

/* Whether it could be done. */
static bool
take(unsigned choice)
{
    enum deed deed = (enum deed)(choice / WEATHERS);

    world.now = (enum weather)(choice % WEATHERS);
    if (deed == NOBODY)
        return world.now != FAIR && world.opened > 0 && !is_too_poor();
    return acts[deed % ACTS_EACH](&world.guest[deed / ACTS_EACH]) &&
           !is_too_poor();
}

static void
turn(void)
{
    must(leat_loop_step(world.loop, 0) >= 0, "a turn fails");
    leat__net_check(world.loop);
    world.now = FAIR;
}

/* --- one world ------------------------------------------------------------ */

static void
begin(void)
{
    const struct leat_listener_config config = {
        .conn = {.ops = &ops, .queue = {.high = STREAM, .low = 1}}};

    memset(&world.guest, 0, sizeof world.guest);
    world.guest[0].peer = world.guest[1].peer = -1;
    world.opened = 0;
    world.now = FAIR;
    sim.calls = 0;
    fake_reset_all();
    fake.pass = small_pass;
    fake.capacity = fake.window = STREAM;
    for (int fd = 0; fd < 3; fd++)
        fake.end[fd].kind = FAKE_FILE;
    leat_sys = &table;
    must(leat_loop_create(&world.loop, NULL) == 0, "no loop");
    must(leat_listener_open(
             &world.listener, world.loop, "127.0.0.1:7000", &config) == 0,
        "no listener");
}

static bool
is_done(const struct guest *guest)
{
    return guest->peer < 0 || fake_ended(guest->peer);
}

/* Both read on and end: then everything must have come back. */
void
small_finish(void)
{
    for (int turns = 0;; turns++) {
        must(turns < TURNS_MAX, "it does not come to an end");
        /* Who found no room where there should be some tries again then. */
        fake.now_us += 10000;
        turn();
        for (int i = 0; i < 2; i++) {
            while (read_two(&world.guest[i]))
                continue;
            (void)end(&world.guest[i]);
        }
        if (is_done(&world.guest[0]) && is_done(&world.guest[1]) &&
            leat_listener_conns(world.listener) == 0)
            break;
    }
    for (int i = 0; i < 2; i++) {
        const struct guest *guest = &world.guest[i];

        bool is_whole = !guest->has_gone && !guest->is_poor;

        must(!is_whole || guest->got == guest->sent, "bytes are missing");
        must(!is_whole || !guest->has_come || !fake_was_reset(guest->peer),
            "a reset");
        if (guest->peer >= 0)
            fake_close(guest->peer);
    }
    must(world.guest[0].closed + world.guest[1].closed == world.opened,
        "not everybody was told of the end");
    leat_loop_destroy(world.loop);
}

/* --- for who walks through it --------------------------------------------- */

bool
small_go(const struct path *path, unsigned len)
{
    bool is_there = true;

    world.path = *path;
    world.len = len;
    begin();
    for (unsigned i = 0; i < len && is_there; i++) {
        is_there = take(path->choice[i]);
        if (is_there)
            turn();
    }
    world.now = FAIR;
    return is_there;
}

void
small_begin(void)
{
    table = fake_table;
    table.send = small_send;
    table.sendmsg = small_sendmsg;
    table.recv = small_recv;
    table.select = small_select;
    table.realloc = small_realloc;
}
