/*
 * client.c - one life after another.
 *
 *   between -> connecting -> open -> between -> ... -> done
 *
 * Invariants:
 *  1. received <= sent, and every received byte is the one that was sent there
 *  2. in the epoll set <=> connecting or open
 *  3. one timer: the start of a life; then the end of a waiting one's time, a
 *     slow reader's rest, a ping's pause, or the end of patience
 */
#include "client.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "keyed.h"
#include "place.h"

#define CHUNK 16384
#define BURST 4 /* receives at a time */

/* --- from life to life --- */

static void
arm(struct client *client, int64_t delay_us)
{
    struct world *world = client->world;
    wheel_arm(&world->wheel, &client->node, (world->now_us + delay_us) / 1000);
}

static void
retire(struct client *client)
{
    client->state = CLIENT_DONE;
    client->world->alive--;
}

/* Starts are apart by an interval, each later than the one before. */
static void
arrange(struct client *client, int64_t gap_us)
{
    struct world *world = client->world;
    int64_t at_us = world->now_us + gap_us;
    if (at_us < world->start_us)
        at_us = world->start_us;
    world->start_us += world->interval_us;
    if (world->start_us < world->now_us)
        world->start_us = world->now_us;
    client->state = CLIENT_BETWEEN;
    arm(client, at_us - world->now_us);
}

/* The life is over; how is for the ledger. */
static void
finish(struct client *client, const char *how)
{
    struct world *world = client->world;
    if (world->ledger != NULL && client->state == CLIENT_OPEN) {
        char name[PLACE_TEXT];
        place_name(client->fd, name);
        fprintf(world->ledger, "%s %" PRIu64 " %" PRIu64 " %s\n", name,
            client->sent, client->received, how);
    }
    wheel_disarm(&world->wheel, &client->node);
    (void)close(client->fd); /* the number is free either way */
    client->fd = -1;
    client->life++;
    bool is_last = world->is_over || client->life == world->lives;
    if (is_last || (world->may_end && strcmp(how, "refused") == 0))
        retire(client);
    else
        arrange(client, client->plan.gap_us);
}

static void
finish_by_reset(struct client *client, enum count count)
{
    client->world->tally.count[count]++;
    place_reset(client->fd);
    finish(client, "we-reset");
}

/* --- troubles --- */

static void
trouble(struct client *client, enum trouble what, int error)
{
    tally_trouble(&client->world->tally, what, client->index,
        "life %" PRIu64 ": %" PRIu64 " of %" PRIu64 " bytes back%s%s%s",
        client->life, client->received, client->sent,
        client->has_fin ? ", half-closed" : "", error != 0 ? ", " : "",
        error != 0 ? strerror(error) : "");
}

static enum trouble
trouble_of(int error)
{
    if (error == ECONNRESET || error == EPIPE)
        return TROUBLE_RESET;
    if (error == ETIMEDOUT)
        return TROUBLE_TIMEOUT;
    return error == ECONNREFUSED ? TROUBLE_REFUSED : TROUBLE_OTHER;
}

static void
connect_failed(struct client *client, int error)
{
    /* EAGAIN: a unix socket's backlog is full, which is no failure. */
    if (!client->world->may_end && error != EAGAIN)
        trouble(client, trouble_of(error), error);
    client->world->tally.count[COUNT_GAVE_UP]++;
    finish(client, "refused");
}

/* The stream is at its end, by an end of file or by an error. */
static void
stream_ended(struct client *client, int error)
{
    struct tally *tally = &client->world->tally;
    bool is_whole =
        error == 0 && client->has_fin && client->received == client->sent;
    if (is_whole) {
        tally->count[COUNT_WHOLE]++;
        tally->count[COUNT_HALVES]++;
    } else {
        tally_ended(tally, client->world->now_us - client->opened_us);
        if (!client->world->may_end)
            trouble(
                client, error == 0 ? TROUBLE_EARLY : trouble_of(error), error);
    }
    finish(client, error == 0 ? "end" : "reset");
}

/* --- reading --- */

static void
answered(struct client *client)
{
    struct world *world = client->world;
    if (client->plan.sending != TOXIC_PING || client->received != client->sent)
        return;
    world->tally.count[COUNT_ANSWERS]++;
    tally_latency(&world->tally, place_now_us() - client->asked_us);
    if (world->pace_us == 0 || world->is_over)
        return;
    client->is_resting = true;
    arm(client, world->pace_us);
}

/* Whether life goes on. */
static bool
took(struct client *client, const unsigned char *bytes, size_t len)
{
    struct tally *tally = &client->world->tally;
    uint64_t owed = client->sent - client->received;
    size_t right = keyed_check(client->plan.key, client->received, bytes,
        len < owed ? len : (size_t)owed);
    client->progress_us = client->world->now_us;
    client->received += right;
    tally->count[COUNT_VERIFIED] += right;
    if (right == len) {
        answered(client);
        return true;
    }
    trouble(client, right == owed ? TROUBLE_SURPLUS : TROUBLE_WRONG, 0);
    place_reset(client->fd);
    finish(client, "wrong");
    return false;
}

/* One recv. Whether there may be more now. */
static bool
receive(struct client *client, size_t most)
{
    unsigned char bytes[CHUNK];
    ssize_t n = recv(client->fd, bytes, most, 0);
    if (n > 0)
        return took(client, bytes, (size_t)n);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n < 0 && client->error == 0)
        client->error = errno;
    stream_ended(client, client->error);
    return false;
}

static void
receive_slowly(struct client *client)
{
    uint64_t *series = &client->plan.series;
    size_t most = 1 + (size_t)keyed_draw(series, 512);
    int64_t rest_us = 5000 + (int64_t)keyed_draw(series, 45000);
    if (!receive(client, most))
        return;
    client->is_resting = true;
    arm(client, rest_us);
}

static void
read_some(struct client *client, bool has_failed)
{
    /* Who is told of an end reads up to it, or would be told for ever. */
    if (client->plan.reading == TOXIC_SLOW && !has_failed) {
        receive_slowly(client);
        return;
    }
    for (int i = 0; i < BURST || has_failed; i++)
        if (!receive(client, CHUNK))
            return;
}

/* --- what comes next --- */

static void
update(struct client *client)
{
    bool is_deaf = client->plan.reading == TOXIC_NEVER && client->is_waiting;
    bool is_slow = client->plan.reading == TOXIC_SLOW && client->is_resting;
    unsigned events = 0;
    if ((!is_deaf && !is_slow) || client->error != 0)
        events |= EPOLLIN;
    if (output_room(client) > 0)
        events |= EPOLLOUT;
    if (events == client->events)
        return;
    client->events = events;
    place_watch(client->world->epoll, client->fd, events, client);
}

/* Has it come to the end that was planned? Then it is over, or half over. */
static void
move_on(struct client *client)
{
    const struct plan *plan = &client->plan;
    if (plan->sending == TOXIC_SILENT && client->is_waiting) {
        update(client);
        return;
    }
    if (client->sent >= plan->cut && plan->ending == TOXIC_RESET) {
        finish_by_reset(client, COUNT_RESETS);
        return;
    }
    if (client->sent >= plan->cut && plan->ending == TOXIC_ABRUPT) {
        client->world->tally.count[COUNT_ABRUPT]++;
        finish(client, "we-close");
        return;
    }
    bool is_all = client->sent == plan->total && client->error == 0;
    if (is_all && plan->ending == TOXIC_HALF && !client->has_fin) {
        client->has_fin = true;
        (void)shutdown(client->fd, SHUT_WR); /* recv tells what is wrong */
    }
    if (is_all && plan->ending != TOXIC_HALF &&
        client->received == client->sent) {
        client->world->tally.count[COUNT_WHOLE]++;
        finish(client, "we-close");
        return;
    }
    update(client);
}

static void
opened(struct client *client)
{
    struct world *world = client->world;
    client->state = CLIENT_OPEN;
    client->opened_us = client->progress_us = world->now_us;
    world->tally.count[COUNT_CONNS]++;
    client->is_waiting = client->plan.sending == TOXIC_SILENT ||
                         client->plan.reading == TOXIC_NEVER;
    if (client->is_waiting)
        arm(client, client->plan.wait_us);
    if (world->is_over)
        client_hurry(client);
    else
        move_on(client);
}

static void
live(struct client *client)
{
    struct world *world = client->world;
    plan_draw(&client->plan, &world->config, client->index, client->life);
    client->sent = client->received = 0;
    client->error = 0;
    client->is_waiting = client->is_resting = client->has_fin = false;
    client->progress_us = world->now_us;
    client->state = CLIENT_CONNECTING;
    client->events = EPOLLOUT;

    const struct target *target = &world->targets[client->plan.target];
    int error = place_connect(
        &client->fd, target, client->index, client->plan.reading != TOXIC_NONE);
    if (error == 0)
        error = place_add(world->epoll, client->fd, EPOLLOUT, client);
    if (error != 0) {
        connect_failed(client, error);
        return;
    }
    if (world->impatience_us > 0)
        arm(client, world->impatience_us);
}

void
client_init(struct client *client, struct world *world, size_t index)
{
    *client = (struct client){.world = world, .index = index, .fd = -1};
    arrange(client, 0);
}

void
client_ready(struct client *client, unsigned events)
{
    if (client->state == CLIENT_CONNECTING) {
        int error = place_error(client->fd);
        if (error != 0)
            connect_failed(client, error);
        else
            opened(client);
        return;
    }
    uint64_t life = client->life;
    bool has_failed = events & (EPOLLHUP | EPOLLERR);
    if (has_failed || events & client->events & EPOLLIN)
        read_some(client, has_failed);
    if (client->life != life)
        return;
    if (events & EPOLLOUT)
        output_send(client);
    move_on(client);
}

/* Its time is over: it goes as planned, or begins to read. */
static void
stop_waiting(struct client *client)
{
    client->is_waiting = false;
    if (client->plan.reading == TOXIC_NEVER)
        client->plan.reading = TOXIC_NONE;
    if (client->plan.cut > client->sent)
        client->plan.cut = client->sent;
    move_on(client);
}

void
client_due(struct client *client)
{
    if (client->state == CLIENT_BETWEEN && client->world->is_over) {
        retire(client);
    } else if (client->state == CLIENT_BETWEEN) {
        live(client);
    } else if (client->is_waiting) {
        stop_waiting(client);
    } else if (client->is_resting) {
        client->is_resting = false;
        move_on(client);
    } else {
        finish_by_reset(client, COUNT_GAVE_UP);
    }
}

void
client_hurry(struct client *client)
{
    if (client->state == CLIENT_BETWEEN) {
        wheel_disarm(&client->world->wheel, &client->node);
        retire(client);
        return;
    }
    if (client->state != CLIENT_OPEN)
        return;
    client->progress_us = client->world->now_us;
    client->plan.total = client->sent;
    client->is_resting = false;
    if (client->plan.reading == TOXIC_SLOW)
        client->plan.reading = TOXIC_NONE;
    wheel_disarm(&client->world->wheel, &client->node);
    stop_waiting(client);
}

void
client_inspect(struct client *client)
{
    struct world *world = client->world;
    if (client->state != CLIENT_CONNECTING && client->state != CLIENT_OPEN)
        return;
    if (client->is_waiting || client->is_resting ||
        world->now_us - client->progress_us < world->patience_us)
        return;
    trouble(client, TROUBLE_STUCK, 0);
    place_reset(client->fd);
    finish(client, "stuck");
}
