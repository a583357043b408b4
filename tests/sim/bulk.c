/*
 * bulk.c - much at once: streams as wide as chunks and wider, clients that fill
 * them, and some that read late.
 *
 * Where a service sends on what it was given and that is most of a chunk, the
 * chunk is queued itself (src/net/chunk.c), and while it waits there recv has
 * another one. All that is seen of it from here is where recv and send have
 * their bytes: that is counted, so that a test can say that it happens.
 *
 * Few seeds are so. Which, and their numbers, are drawn from the scenario's
 * seed alone: all others go on meaning what they did.
 */
#include "parts.h"

/* --- drawn ---------------------------------------------------------------- */

static uint32_t
draw_width(struct choices *choices)
{
    if (chance(choices, 512))
        return 65536 + choose(choices, 16384);
    return 65536 + choose(choices, FAKE_STREAM_MAX - 65536 + 1);
}

/* Both ways apart: where answers find less room they wait. Half of the readers'
 * kernels have less room than a chunk. */
static void
draw_streams(struct scenario *all, struct choices *choices)
{
    all->capacity = all->window = draw_width(choices);
    if (chance(choices, 512))
        all->window = all->capacity / 8 + choose(choices, all->capacity / 2);
    all->inward = all->inward_window = draw_width(choices);
    if (chance(choices, 512))
        all->inward_window = 33000 + choose(choices, 32000);
}

static unsigned
find_echo(struct scenario *all)
{
    for (unsigned i = 0; i < all->listeners; i++)
        if (all->listener[i].kind == KIND_ECHO)
            return i;
    all->listener[0].kind = KIND_ECHO;
    return 0;
}

/* At the end of them: none. */
static unsigned
find_hub(const struct scenario *all)
{
    unsigned i = 0;

    while (i < all->listeners && all->listener[i].kind != KIND_HUB)
        i++;
    return i;
}

/* Mostly an echo; else one whose work for so many bytes is not much. */
static unsigned
draw_place(const struct scenario *all, struct choices *choices, unsigned echo)
{
    unsigned place = choose(choices, all->listeners);
    enum kind kind = all->listener[place].kind;
    bool is_light = kind == KIND_LINES || kind == KIND_DISCARD;

    return is_light && chance(choices, 256) ? place : echo;
}

static int64_t
draw_moment(struct choices *choices)
{
    static const uint32_t most_us[] = {1, 1, 2000, 50000, 400000};

    return (int64_t)choose(choices, most_us[choose(choices, 5)]);
}

static void
draw_script(struct sim_client *client, struct choices *choices)
{
    static const enum act lasts[] = {ACT_FIN, ACT_FIN, ACT_FIN, ACT_FIN,
        ACT_FIN, ACT_CLOSE, ACT_RESET, ACT_WAIT};
    unsigned sends = 2 + choose(choices, 4);

    for (unsigned i = 0; i < sends; i++)
        client->step[i] = (struct sim_step){.act = ACT_SEND,
            .delay_us = draw_moment(choices),
            .amount = 32768 + choose(choices, 150 * 1024 - 32768 + 1)};
    if (chance(choices, 100))
        client->step[1] = (struct sim_step){.act = ACT_URGENT};
    client->step[sends] = (struct sim_step){
        .act = lasts[choose(choices, sizeof lasts / sizeof lasts[0])],
        .delay_us = draw_moment(choices)};
    client->steps = sends + 1;
}

/* Some read at once, some slowly, and half of them not at all for a while. */
static void
draw_client(
    struct sim_client *client, struct choices *choices, unsigned listener)
{
    unsigned habit = choose(choices, 4);

    *client = (struct sim_client){.listener = listener,
        .start_us = draw_moment(choices),
        .lives = 1,
        .slice = FAKE_STREAM_MAX,
        .bite = 65536};
    if (chance(choices, 300))
        client->slice = 20000 + choose(choices, 60000);
    if (habit == 1) {
        client->bite = 4000 + choose(choices, 40000);
        client->pause_us = 1 + choose(choices, 40000);
    }
    if (habit > 1)
        client->deaf_us = 1 + choose(choices, 3000000);
    draw_script(client, choices);
}

/* Lines of a hub, several at once: each receiver has them in one packed send,
 * and what they are packed in must not be queued. */
static void
draw_chatter(struct sim_client *client, struct choices *choices, unsigned hub)
{
    *client = (struct sim_client){.listener = hub,
        .start_us = draw_moment(choices),
        .lives = 1,
        .slice = 4096,
        .bite = 65536,
        .steps = STEPS};
    for (unsigned i = 0; i < STEPS - 1; i++)
        client->step[i] = (struct sim_step){.act = ACT_SEND,
            .delay_us = draw_moment(choices),
            .amount = 74 + choose(choices, 600)};
    client->step[STEPS - 1] =
        (struct sim_step){.act = ACT_FIN, .delay_us = draw_moment(choices)};
}

/* A new client, or one that is given up for it. */
static struct sim_client *
new_client(struct scenario *all, unsigned *given_up)
{
    unsigned at = all->clients < CLIENTS ? all->clients++ : (*given_up)++;

    return &all->client[at];
}

/* Where it is known how much leatd may have, most answers wait. */
static void
draw_memory(struct scenario *all, struct choices *choices)
{
    if (!all->is_portable && chance(choices, 256))
        all->max_memory = 100000 + choose(choices, 200000);
}

void
bulk_draw(struct scenario *all)
{
    struct choices choices;
    unsigned clients, echo, given_up = 0;

    choices_seed(&choices, all->seed ^ UINT64_C(0x62756c6b));
    if (!chance(&choices, 41))
        return;
    draw_streams(all, &choices);
    echo = find_echo(all);
    draw_memory(all, &choices);
    clients = 2 + choose(&choices, 3);
    for (unsigned i = 0; i < clients; i++) {
        unsigned place = draw_place(all, &choices, echo);

        draw_client(new_client(all, &given_up), &choices, place);
    }
    if (chance(&choices, 300) && all->listeners < LISTENERS)
        all->listener[all->listeners++].kind = KIND_HUB;
    clients = find_hub(all) < all->listeners ? 1 + choose(&choices, 4) : 0;
    for (unsigned i = 0; i < clients; i++)
        draw_chatter(new_client(all, &given_up), &choices, find_hub(all));
}

/* --- seen ----------------------------------------------------------------- */

static struct leat_sys under;

/* The chunk before is still queued. */
static void
see_spare(void)
{
    sim.spares++;
    for (size_t i = 0; errs(MISTAKE_REFILL) && i < CHUNK; i++)
        sim.chunk[i] ^= 1;
}

static ssize_t
bulk_recv(int fd, void *bytes, size_t len, int flags)
{
    if (len == CHUNK && sim.chunk != NULL && sim.chunk != bytes)
        see_spare();
    if (len == CHUNK)
        sim.chunk = bytes;
    return under.recv(fd, bytes, len, flags);
}

static void
see_shared(const void *bytes, size_t len)
{
    if (bytes == sim.chunk && len > CHUNK / 2)
        sim.shared++;
}

static ssize_t
bulk_send(int fd, const void *bytes, size_t len, int flags)
{
    see_shared(bytes, len);
    return under.send(fd, bytes, len, flags);
}

static ssize_t
bulk_sendmsg(int fd, const struct msghdr *message, int flags)
{
    for (size_t i = 0; i < (size_t)message->msg_iovlen; i++)
        see_shared(message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
    return under.sendmsg(fd, message, flags);
}

void
bulk_begin(struct leat_sys *table)
{
    under = *table;
    table->recv = bulk_recv;
    table->send = bulk_send;
    table->sendmsg = bulk_sendmsg;
}
