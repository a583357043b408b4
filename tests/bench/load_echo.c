/*
 * load_echo.c - load for an echo server, every byte of it verified.
 *
 *   load_echo PORT [-c CLIENTS] [-i IDLE] [-n NEVER] [-s SIZE] [-d DEPTH]
 *             [-r IN_FLIGHT] [-b 1] [-p PID]
 *
 *   -c   clients that send messages of SIZE bytes, DEPTH of them at once, each
 *        by a call of its own, and the next when one has come back
 *   -r   instead, each message goes to one client at random; IN_FLIGHT at once
 *   -i   clients that exchange one message and are quiet for ever
 *   -n   clients that send until nothing more is taken, and never read
 *   -b   never sleeps: no time of its own is in the time of an answer
 *   -p   the server, for its CPU time per message
 *
 * What a client sends is a place in one long block of random bytes, so that
 * nothing is made anew and what comes is compared where it lies.
 */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PERIOD 1048573u  /* of the block; a prime */
#define CHUNK (1u << 18) /* most that is sent or received by one call */
#define PER_SOURCE 4000  /* clients of one address */
#define TICKS 1000000    /* of the histogram, each a tenth of a microsecond */

#define MEETING 64 /* bytes of the first message of each */
#define AT_ONCE 256
#define CLOG_S 60         /* until all are full */
#define NEVER_BUFFER 8192 /* in the kernel, of those who never read */

struct client {
    int fd;
    bool blocked;
    size_t asked, sent, got; /* bytes of the stream */
    size_t begins;           /* where it is in the block */
    double since;            /* when the last message was sent */
};

static struct {
    int epoll, port, pid;
    size_t clients, idle, never, size, depth, in_flight, busy;
    struct client *client;
    bool stopping;
    struct load_run run;
} load = {.size = 64, .depth = 1, .clients = 1};

static unsigned char block[PERIOD + CHUNK], came[CHUNK];
static uint32_t ticks[TICKS];

static uint64_t
dice(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void
fill_block(void)
{
    for (size_t i = 0; i < PERIOD; i++)
        block[i] = (unsigned char)(dice() >> 32);
    memcpy(block + PERIOD, block, CHUNK);
}

static const unsigned char *
stream(const struct client *client, size_t at)
{
    return block + (client->begins + at) % PERIOD;
}

static void
set_blocked(struct client *client, bool blocked)
{
    if (client->blocked == blocked)
        return;
    client->blocked = blocked;
    load_want(load.epoll, EPOLL_CTL_MOD, client->fd,
        EPOLLIN | (blocked ? EPOLLOUT : 0), (uint32_t)(client - load.client));
}

/* All that was asked for, message by message. */
static void
send_asked(struct client *client)
{
    while (client->sent < client->asked) {
        size_t len = load.size - client->sent % load.size;
        if (len > CHUNK)
            len = CHUNK;
        ssize_t n = send(client->fd, stream(client, client->sent), len,
            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            load_die("send");
        if (n < (ssize_t)len) {
            client->sent += n > 0 ? (size_t)n : 0;
            set_blocked(client, true);
            return;
        }
        client->sent += len;
    }
    set_blocked(client, false);
}

static void
ask(struct client *client, size_t messages)
{
    client->asked += messages * load.size;
    if (load.depth == 1)
        client->since = load_now();
    send_asked(client);
}

/* One that waits for nothing; at random. */
static struct client *
anybody(void)
{
    struct client *client;
    do
        client = &load.client[dice() % load.clients];
    while (client->got < client->asked);
    return client;
}

static void
note_time(const struct client *client)
{
    double tick = (load_now() - client->since) * 1e7;
    ticks[tick < TICKS ? (size_t)tick : TICKS - 1]++;
}

/* So many messages more have come back. */
static void
answered(struct client *client, size_t messages)
{
    if (load.stopping)
        return;
    load.run.messages += messages;
    if (load.depth == 1)
        note_time(client);
    if (load.in_flight > 0)
        ask(anybody(), 1);
    else
        ask(client, messages);
}

static void
receive(struct client *client)
{
    size_t owed = client->asked - client->got;
    if (owed > CHUNK)
        owed = CHUNK;
    /* One byte more than is owed: nothing may come that was not sent. */
    ssize_t n =
        recv(client->fd, came, owed < CHUNK ? owed + 1 : CHUNK, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        load_die("recv");
    if ((size_t)n > owed ||
        memcmp(came, stream(client, client->got), (size_t)n) != 0)
        load_fail("what came back differs");
    size_t before = client->got / load.size;
    client->got += (size_t)n;
    size_t messages = client->got / load.size - before;
    if (messages > 0)
        answered(client, messages);
}

static void
turn(void)
{
    static struct epoll_event events[LOAD_EVENTS];
    int n =
        epoll_wait(load.epoll, events, LOAD_EVENTS, load.busy > 0 ? 0 : 1000);
    for (int i = 0; i < n; i++) {
        struct client *client = &load.client[events[i].data.u32];
        if (events[i].events & EPOLLOUT)
            send_asked(client);
        if (events[i].events & ~(unsigned)EPOLLOUT)
            receive(client);
    }
}

static bool
all_answered(void)
{
    for (size_t i = 0; i < load.clients; i++)
        if (load.client[i].got < load.client[i].asked)
            return false;
    return true;
}

/* In tenths of a microsecond. */
static double
percentile(double share)
{
    uint64_t all = 0, sum = 0;
    for (size_t i = 0; i < TICKS; i++)
        all += ticks[i];
    for (size_t i = 0; i < TICKS; i++) {
        sum += ticks[i];
        if ((double)sum >= share * (double)all)
            return (double)i / 10;
    }
    return 0;
}

static void
obey(void)
{
    char more[80] = "";
    memset(ticks, 0, sizeof ticks);
    load.stopping = false;
    load_begin(&load.run, load.pid);
    if (load.in_flight > 0)
        for (size_t i = 0; i < load.in_flight; i++)
            ask(anybody(), 1);
    else
        for (size_t i = 0; i < load.clients; i++)
            ask(&load.client[i], load.depth);
    while (!load_is_over(&load.run))
        turn();
    load_finish(&load.run, load.pid);
    load.stopping = true;
    while (!all_answered())
        turn();
    if (load.depth == 1)
        snprintf(more, sizeof more, ",\"p50_us\":%.1f,\"p99_us\":%.1f",
            percentile(0.5), percentile(0.99));
    load_report(&load.run, more);
}

/* Connect so many, and each says one message, so the server knows it well. */
static void
meet(int *fds, size_t count, size_t first)
{
    unsigned char back[MEETING];
    for (size_t i = 0; i < count; i++) {
        fds[i] =
            load_connect(load.port, (uint32_t)((first + i) / PER_SOURCE), 0);
        load_send(fds[i], block, sizeof back);
    }
    for (size_t i = 0; i < count; i++) {
        load_receive(fds[i], back, sizeof back);
        if (memcmp(block, back, sizeof back) != 0)
            load_fail("what came back differs");
    }
}

/* Many at once, or a slow server would take as many turns as there are. */
static void
meet_many(int *fds, size_t count, size_t first)
{
    for (size_t at = 0; at < count; at += AT_ONCE)
        meet(fds + at, count - at < AT_ONCE ? count - at : AT_ONCE, first + at);
}

/* Send until the server has taken nothing more for a second. */
static void
clog_up(const int *fds)
{
    double deadline = load_now() + CLOG_S;
    for (int quiet = 0; quiet < 20; quiet++) {
        for (size_t i = 0; i < load.never; i++)
            while (send(fds[i], block, CHUNK, MSG_DONTWAIT) > 0)
                quiet = 0;
        if (load_now() > deadline)
            load_fail("the server keeps without bounds what nobody reads");
        usleep(50000);
    }
}

/* As many idle ones as there may be descriptors. */
static void
fit(void)
{
    size_t most = load_most_files(), others = load.clients + load.never + 16;
    if (others > most)
        load_fail("too few open files are allowed");
    if (load.idle > most - others)
        load.idle = most - others;
}

static void
meet_all(void)
{
    fit();
    size_t all = load.idle + load.never + load.clients;
    int *fds = calloc(all, sizeof *fds);
    load.client = calloc(load.clients, sizeof *load.client);
    if (fds == NULL || load.client == NULL)
        load_die("calloc");

    int *never = fds + load.idle, *active = never + load.never;
    meet_many(fds, load.idle, 0);
    for (size_t i = 0; i < load.never; i++)
        never[i] = load_connect(
            load.port, (uint32_t)((load.idle + i) / PER_SOURCE), NEVER_BUFFER);
    if (load.never > 0)
        clog_up(never);
    meet_many(active, load.clients, load.idle + load.never);
    for (size_t i = 0; i < load.clients; i++) {
        struct client *client = &load.client[i];
        client->fd = active[i];
        client->begins = i * 7919 % PERIOD;
        load_want(load.epoll, EPOLL_CTL_ADD, client->fd, EPOLLIN, (uint32_t)i);
    }
    free(fds);
    printf("{\"ready\":1,\"clients\":%zu,\"idle\":%zu,\"never\":%zu}\n",
        load.clients, load.idle, load.never);
    fflush(stdout);
}

static void
read_options(int argc, char **argv)
{
    size_t pid = 0;
    const struct {
        char letter;
        size_t *number;
    } options[] = {{'c', &load.clients}, {'i', &load.idle}, {'n', &load.never},
        {'s', &load.size}, {'d', &load.depth}, {'r', &load.in_flight},
        {'b', &load.busy}, {'p', &pid}};
    const size_t count = sizeof options / sizeof options[0];
    for (int letter; (letter = getopt(argc, argv, "b:c:i:n:s:d:r:p:")) != -1;)
        for (size_t i = 0; i < count; i++)
            if (options[i].letter == letter)
                *options[i].number = load_number(optarg);
    if (optind != argc - 1)
        load_fail("usage: load_echo PORT [OPTIONS]; see load_echo.c");
    if (load.clients == 0 || load.size == 0 || load.depth == 0 ||
        load.in_flight > load.clients / 2)
        load_fail("these numbers do not go together");
    load.port = (int)load_number(argv[optind]);
    load.pid = (int)pid;
}

int
main(int argc, char **argv)
{
    load.epoll = load_open();
    read_options(argc, argv);
    fill_block();
    meet_all();
    while (load_order(&load.run))
        obey();
    return 0;
}
