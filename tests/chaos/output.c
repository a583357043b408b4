/*
 * output.c - what a client sends, and in which pieces.
 */
#include "client.h"

#include <errno.h>

#include "keyed.h"
#include "place.h"

#define CHUNK 16384
#define PING 64
#define BURST 4 /* sends at a time */

uint64_t
output_room(const struct client *client)
{
    const struct plan *plan = &client->plan;
    uint64_t rest = plan->total - client->sent;
    uint64_t under_way = client->sent - client->received;
    uint64_t open = plan->window > under_way ? plan->window - under_way : 0;
    if (client->has_fin || client->error != 0)
        return 0;
    if (plan->sending == TOXIC_PING)
        return under_way == 0 && !client->is_resting && rest > 0 ? PING : 0;
    return rest < open ? rest : open;
}

static size_t
draw_slice(struct client *client, uint64_t most, int *flags)
{
    uint64_t *series = &client->plan.series;
    uint64_t size = CHUNK;
    if (client->plan.sending == TOXIC_SLICES)
        size = 1 + keyed_draw(series, 7);
    if (client->plan.sending == TOXIC_URGENT && keyed_draw(series, 6) == 0) {
        *flags |= MSG_OOB;
        size = 1;
    } else if (client->plan.sending == TOXIC_URGENT) {
        size = 1 + keyed_draw(series, 2000);
    }
    return (size_t)(size < most ? size : most);
}

/* One send. Whether another may follow. */
static bool
send_once(struct client *client)
{
    struct world *world = client->world;
    unsigned char bytes[CHUNK];
    int flags = MSG_NOSIGNAL;
    uint64_t most = output_room(client);
    if (most == 0)
        return false;

    size_t len = draw_slice(client, most, &flags);
    keyed_fill(client->plan.key, client->sent, bytes, len);
    if (client->plan.sending == TOXIC_PING)
        client->asked_us = place_now_us();
    ssize_t n = send(client->fd, bytes, len, flags);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        client->error = errno; /* what came before it is still to be read */
    if (n <= 0)
        return false;
    client->sent += (uint64_t)n;
    client->progress_us = world->now_us;
    world->tally.count[COUNT_SENT] += (uint64_t)n;
    world->tally.count[COUNT_URGENT] += (flags & MSG_OOB) != 0;
    return true;
}

void
output_send(struct client *client)
{
    for (int i = 0; i < BURST; i++)
        if (!send_once(client))
            return;
}
