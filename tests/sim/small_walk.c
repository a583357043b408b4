/*
 * small_walk.c - all that can happen in the small world, level by level.
 *
 * A world is known by the choices that lead to it, and is made anew from the
 * beginning each time. Two that look alike in everything that decides what
 * comes next are one; each new one is brought to its end as well.
 */
#include "small.h"

#include <stdio.h>
#include <stdlib.h>

/* --- what it looks like --------------------------------------------------- */

static uint64_t look;

static void
see(uint64_t number)
{
    look = (look ^ number) * UINT64_C(0x9e3779b97f4a7c15);
    look ^= look >> 29;
}

static void
see_stream(const struct fake_stream *stream)
{
    see(stream->put - stream->taken);
    see((uint64_t)stream->is_ended << 2 | (uint64_t)stream->is_reset << 1 |
        stream->is_refused);
}

static void
see_guest(const struct guest *guest)
{
    see((uint64_t)guest->has_come << 3 | (uint64_t)guest->has_fin << 2 |
        (uint64_t)guest->has_gone << 1 | (guest->closed > 0));
    see(guest->sent - guest->got);
    if (guest->peer < 0)
        return;
    see_stream(fake_peer_of(guest->peer)->in);
    see_stream(fake_peer_of(guest->peer)->out);
}

static void
see_conn(const struct leat_conn *conn)
{
    see(conn->user == &world.guest[1]);
    see(conn->queue.bytes);
    see(conn->queue.count);
    see((uint64_t)(conn->io.fd) << 8 |
        leat__park_wanted(world.loop, &conn->io));
    see((uint64_t)conn->is_blocked << 9 | (uint64_t)conn->is_ending << 8 |
        (uint64_t)conn->has_fin << 7 | (uint64_t)conn->has_eof << 6 |
        (uint64_t)conn->owes_eof << 5 | (uint64_t)conn->is_dying << 4 |
        (uint64_t)conn->queue.is_full << 3 | (uint64_t)(conn->error != 0) << 2);
    see((uint64_t)leat__work_has(conn, LEAT__DIRTY) << 2 |
        (uint64_t)leat__work_has(conn, LEAT__HELD) << 1 |
        leat__work_has(conn, LEAT__DYING));
    see_stream(fake.end[conn->io.fd].in);
    see_stream(fake.end[conn->io.fd].out);
}

static uint64_t
look_at_it(void)
{
    const struct leat__net *net = world.loop->net;

    look = 0;
    see_guest(&world.guest[0]);
    see_guest(&world.guest[1]);
    for (int i = 0; i < LEAT__SCANS; i++)
        see(world.loop->cursor[i]);
    const struct leat_conn *conn;
    for (uint32_t at = 0; (conn = leat__net_next(net, &at)) != NULL;)
        see_conn(conn);
    return look;
}

/* --- all of them ---------------------------------------------------------- */

#define SEEN_MAX ((size_t)1 << 22)

static uint64_t *seen;
static size_t seen_count, runs;
static unsigned storms; /* most unkind turns of a path */

/* Whether it is new. */
static bool
remember(uint64_t number)
{
    size_t at = (size_t)(number >> 20) % SEEN_MAX;

    while (seen[at] != 0 && seen[at] != number)
        at = (at + 1) % SEEN_MAX;
    if (seen[at] == number || seen_count > SEEN_MAX / 2)
        return false;
    seen[at] = number;
    seen_count++;
    return true;
}

static unsigned
storms_of(const struct path *path, unsigned len)
{
    unsigned count = 0;

    for (unsigned i = 0; i < len; i++)
        count += path->choice[i] % WEATHERS != FAIR;
    return count;
}

/* Whether there is such a world, and it is new. */
static bool
visit(const struct path *path, unsigned len)
{
    bool is_new = small_go(path, len);

    is_new =
        is_new && remember((look_at_it() + storms_of(path, len) * 0x1000) | 1);
    small_finish();
    return is_new;
}

/* One level deeper than these count paths; how many new ones there are. */
static size_t
deepen(const struct path *paths, size_t count, unsigned len, struct path **next)
{
    size_t found = 0;

    *next = malloc(count * CHOICES * sizeof **next + 1);
    for (size_t i = 0; *next != NULL && i < count; i++) {
        for (int choice = 0; choice < CHOICES; choice++) {
            struct path path = paths[i];

            path.choice[len] = (uint8_t)choice;
            if (storms_of(&path, len + 1) > storms)
                continue;
            runs++;
            if (visit(&path, len + 1))
                (*next)[found++] = path;
        }
    }
    return found;
}

int
small_world(unsigned depth, unsigned most_storms)
{
    struct path *paths = calloc(1, sizeof *paths), *next;
    size_t count = 1, worlds = 1;

    storms = most_storms;
    seen = calloc(SEEN_MAX, sizeof *seen);
    if (paths == NULL || seen == NULL || depth > DEPTH_MAX)
        return 2;
    small_begin();
    for (unsigned len = 0; len < depth; len++) {
        count = deepen(paths, count, len, &next);
        free(paths);
        paths = next;
        worlds += count;
    }
    printf("depth %u, %u turns of %u unkind: %zu worlds, %zu runs\n", depth,
        storms, depth, worlds, runs);
    free(paths);
    free(seen);
    return 0;
}
