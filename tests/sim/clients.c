/*
 * clients.c - who talks to leatd: each client does its steps, and reads what
 * comes, and every byte of it is known in advance.
 */
#include "parts.h"

#include <errno.h>
#include <string.h>

/* --- meetings ------------------------------------------------------------- */

/* The descriptor that listens for this one; -1 when leatd has closed it. */
static int
find_listener(const struct sim_listener *listener)
{
    int index = (int)(listener - sim.scenario->listener);

    for (int fd = 0; fd < FAKE_FDS; fd++) {
        if (fake.end[fd].kind != FAKE_LISTENER)
            continue;
        if (index-- == 0)
            return fd;
    }
    return -1;
}

/* What leatd receives may have other room than what it sends. */
static void
widen(int peer)
{
    struct fake_stream *stream = &fake.link[peer].stream[FAKE_TO_LEAT];

    if (sim.scenario->inward == 0)
        return;
    stream->capacity = sim.scenario->inward;
    stream->window = sim.scenario->inward_window;
}

/* Listeners are opened in their order, at the lowest numbers there are. */
static struct meeting *
meet(struct player *player)
{
    const struct sim_listener *listener =
        &sim.scenario->listener[player->plan->listener];
    int fd = find_listener(listener);
    int peer = fd < 0 || sim.meetings == MEETINGS ? -1 : fake_connect(fd);
    struct meeting *meeting;

    if (peer < 0)
        return NULL;
    meeting = &sim.meeting[sim.meetings];
    *meeting = (struct meeting){.client = player->index,
        .number = sim.meetings++,
        .listener = listener,
        .peer = peer,
        .fd = -1,
        .port = fake.link[peer].peer_port,
        .key = (uint32_t)(player->index * 7919 + player->life * 104729 + 1),
        .is_reading = true,
        .is_unix = listener->is_unix,
        .active_us = fake.now_us};
    sim.of_link[peer] = meeting;
    widen(peer);
    hub_meet(meeting);
    sim_note("connect", meeting->number, peer, 0);
    return meeting;
}

/* The client's side is over; leatd's may go on. */
static void
part(struct player *player)
{
    struct meeting *meeting = player->meeting;

    meeting->has_left = true;
    meeting->peer = -1;
    player->meeting = NULL;
}

static void
next_life(struct player *player)
{
    player->life++;
    player->step = 0;
    player->unsent = 0;
    player->is_done = player->life >= player->plan->lives;
    player->next_us = fake.now_us + player->plan->step[0].delay_us + 1000;
}

/* --- reading -------------------------------------------------------------- */

static void
check_bytes(struct meeting *meeting, const unsigned char *bytes, size_t len)
{
    size_t right = len;

    if (meeting->got + len > owed_most(meeting, meeting->in))
        sim_fail(ORACLE_BYTES,
            "meeting %u got %llu bytes for the %llu that leatd had received",
            meeting->number, (unsigned long long)(meeting->got + len),
            (unsigned long long)meeting->in);
    if (meeting->listener->kind == KIND_HUB)
        hub_hear(meeting, bytes, len);
    else
        right = owed_bytes(meeting, meeting->got, bytes, len);
    if (right < len)
        sim_fail(ORACLE_BYTES, "meeting %u: byte %llu is wrong",
            meeting->number, (unsigned long long)(meeting->got + right));
    meeting->got += len;
}

/* leatd has ended the stream, or has reset it. */
static void
see_end(struct player *player, bool is_reset)
{
    struct meeting *meeting = player->meeting;

    meeting->saw_end = !is_reset;
    meeting->saw_reset = is_reset;
    sim_note("end", meeting->number, is_reset, (int64_t)meeting->got);
    fake_close(meeting->peer);
    part(player);
    next_life(player);
}

static bool
read_some(struct player *player)
{
    static unsigned char bytes[65536];
    struct meeting *meeting = player->meeting;
    struct fake_end *end = fake_peer_of(meeting->peer);
    ssize_t count;

    if (!meeting->is_reading || fake.now_us < player->read_us)
        return false;
    count = fake_take(end, bytes, player->plan->bite);
    if (count < 0 && errno == EAGAIN)
        return false;
    if (count <= 0) {
        see_end(player, count < 0);
        return true;
    }
    sim_note("got", meeting->number, count, 0);
    check_bytes(meeting, bytes, (size_t)count);
    player->read_us = fake.now_us + player->plan->pause_us;
    return true;
}

/* --- steps ---------------------------------------------------------------- */

/* False: no room. A client that cannot send any more goes on to its end. */
static bool
send_some(struct player *player)
{
    static unsigned char bytes[FAKE_STREAM_MAX];
    struct meeting *meeting = player->meeting;
    size_t len = fake_room(fake_peer_of(meeting->peer)->out);
    int count;

    if (len == 0)
        return false;
    if (len > player->plan->slice)
        len = player->plan->slice;
    if (len > player->unsent)
        len = player->unsent;
    sent_bytes(meeting, meeting->sent, bytes, len);
    count = fake_write(meeting->peer, bytes, len);
    if (count == 0)
        return false;
    if (count < 0) {
        player->unsent = 0;
        return true;
    }
    sim_note("sent", meeting->number, count, 0);
    meeting->sent += (uint64_t)count;
    player->unsent -= (uint32_t)count;
    return true;
}

static void
send_urgent(struct meeting *meeting)
{
    int count = fake_urgent(meeting->peer, sent_byte(meeting, meeting->sent));

    if (count != 1)
        return;
    meeting->sent++;
    meeting->was_urgent = true;
}

static void
leave(struct player *player, enum act act)
{
    struct meeting *meeting = player->meeting;

    meeting->has_reset = act == ACT_RESET;
    if (act == ACT_RESET)
        fake_reset(meeting->peer);
    else
        fake_close(meeting->peer);
    part(player);
    next_life(player);
}

static void
act(struct player *player, const struct sim_step *step)
{
    struct meeting *meeting = player->meeting;

    sim_note("act", meeting->number, step->act, step->amount);
    switch (step->act) {
    case ACT_SEND:
        player->unsent = step->amount;
        break;
    case ACT_URGENT:
        send_urgent(meeting);
        break;
    case ACT_STOP:
    case ACT_READ:
        meeting->is_reading = step->act == ACT_READ;
        break;
    case ACT_FIN:
        /* From here on it only waits for its answers. */
        meeting->has_fin = meeting->is_reading = true;
        fake_shutdown(meeting->peer);
        break;
    case ACT_RESET:
    case ACT_CLOSE:
        leave(player, step->act);
        break;
    case ACT_WAIT:
    case ACTS:
        break;
    }
}

static void
go_on(struct player *player)
{
    const struct sim_client *plan = player->plan;

    player->step++;
    if (player->step < plan->steps)
        player->next_us = fake.now_us + plan->step[player->step].delay_us;
}

/* One thing to do; whether there was one. */
static bool
step_some(struct player *player)
{
    const struct sim_client *plan = player->plan;
    unsigned life = player->life;

    if (player->unsent > 0)
        return send_some(player);
    if (player->step >= plan->steps || fake.now_us < player->next_us)
        return false;
    act(player, &plan->step[player->step]);
    if (player->life == life)
        go_on(player);
    return true;
}

/* Refused while the backlog is full, or for ever where nobody listens. */
static bool
connect_some(struct player *player)
{
    if (player->is_done || fake.now_us < player->next_us)
        return false;
    player->meeting = meet(player);
    if (player->meeting == NULL) {
        next_life(player);
        return true;
    }
    player->read_us = fake.now_us + player->plan->deaf_us;
    player->next_us = fake.now_us + player->plan->step[0].delay_us;
    return true;
}

/* --- all of them ---------------------------------------------------------- */

void
clients_begin(void)
{
    for (unsigned i = 0; i < sim.scenario->clients; i++)
        sim.player[i] = (struct player){.plan = &sim.scenario->client[i],
            .index = i,
            .next_us = fake.now_us + sim.scenario->client[i].start_us};
}

static bool
play(struct player *player)
{
    if (player->meeting == NULL)
        return connect_some(player);
    if (step_some(player))
        return true;
    return player->meeting != NULL && read_some(player);
}

bool
clients_act(void)
{
    bool any = false;

    for (unsigned i = 0; sim.has_begun && i < sim.scenario->clients; i++)
        while (play(&sim.player[i]))
            any = true;
    return any;
}

static int64_t
next_of(const struct player *player)
{
    int64_t next_us = FAKE_NEVER;

    if (player->meeting == NULL)
        return player->is_done ? FAKE_NEVER : player->next_us;
    if (player->unsent == 0 && player->step < player->plan->steps)
        next_us = player->next_us;
    if (player->meeting->is_reading && player->read_us > fake.now_us &&
        player->read_us < next_us)
        next_us = player->read_us;
    return next_us;
}

int64_t
clients_next(void)
{
    int64_t next_us = FAKE_NEVER;

    for (unsigned i = 0; sim.has_begun && i < sim.scenario->clients; i++) {
        int64_t at_us = next_of(&sim.player[i]);

        if (at_us < next_us)
            next_us = at_us;
    }
    return next_us;
}
