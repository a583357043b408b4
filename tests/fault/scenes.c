/*
 * scenes.c - scenarios that are a command line of leatd and guests, and the
 * list of all.
 */
#include <string.h>

#include "blame.h"
#include "net/net.h"
#include "scenes.h"
#include "world.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Bytes that know their place: a lost, doubled or moved one is not where it
 * should be. */
static unsigned char stream[32768];

static void
fill_stream(void)
{
    uint32_t state = 12345;

    for (size_t i = 0; i < sizeof stream; i++) {
        state = state * 1664525u + 1013904223u;
        stream[i] = (unsigned char)(state >> 24);
    }
}

/* --- echo, with queues that go round -------------------------------------- */

#define ECHOED(start, len) \
    .out = stream + (start), .out_len = (len), .want = stream + (start), \
    .want_len = (len), .half_closes = true, .waits_for_end = true

static const struct script echo_scripts[] = {
    {ECHOED(0, 3000), .piece = 700},
    {ECHOED(2000, 30000), .piece = 800, .late = 26, .gulp = 2000,
        .rcvbuf = 2304},
    {ECHOED(100, 401), .is_urgent = true},
};

static bool has_wrapped;

/* Looks into the rings on the way. */
static bool
echo_is_over(void)
{
    for (size_t i = 0; i < world.count; i++) {
        const struct leat_conn *conn = world.guest[i].conn;
        if (conn != NULL && conn->queue.is_ring &&
            conn->queue.at.ring.head + conn->queue.count >
                conn->queue.at.ring.capacity)
            has_wrapped = true;
    }
    return world_is_idle();
}

static void
play_echo(void)
{
    world.is_over = echo_is_over;
    world_connect_all(echo_scripts, COUNT(echo_scripts));
    world_drive();
}

static void
check_echo(void)
{
    if (!has_wrapped)
        blame("no queue has gone round");
}

/* --- pipelined frames ----------------------------------------------------- */

#define FRAMES 40u

static unsigned char replies[FRAMES * 16];

static void
fill_replies(void)
{
    fill_stream();
    for (size_t i = 0; i < FRAMES; i++)
        memcpy(replies + i * 16, "Farewell, client", 16);
}

#define ANSWERED(frames) \
    .out = stream, .out_len = (frames)*16, .want = replies, \
    .want_len = (frames)*16, .half_closes = true, .waits_for_end = true

static const struct script frame_scripts[] = {
    {ANSWERED(FRAMES), .piece = 100, .late = 3},
    {ANSWERED(4), .piece = 7},
    {ANSWERED(FRAMES)},
};

/* --- lines, and a slow reader --------------------------------------------- */

#define LINES 24u
#define STAMP "[2026-11-20T14:51:16Z] "

static unsigned char lines[8192], stamped[8192];
static size_t lines_len, stamped_len;
static struct script line_scripts[2];

static void
add(unsigned char *to, size_t *len, const void *bytes, size_t count)
{
    memcpy(to + *len, bytes, count);
    *len += count;
}

static void
add_line(size_t i)
{
    unsigned char line[1600];
    size_t len = i == 11 ? 1500 : 1 + i * 37 % 190; /* one is a long one */

    memset(line, 'a' + (int)i % 26, len);
    line[len++] = '\n';
    add(lines, &lines_len, line, len);
    add(stamped, &stamped_len, STAMP, sizeof STAMP - 1);
    add(stamped, &stamped_len, line, len);
}

static void
fill_lines(void)
{
    lines_len = stamped_len = 0;
    for (size_t i = 0; i < LINES; i++)
        add_line(i);
    for (size_t i = 0; i < COUNT(line_scripts); i++)
        line_scripts[i] = (struct script){.out = lines,
            .out_len = lines_len,
            .want = stamped,
            .want_len = stamped_len,
            .half_closes = true,
            .waits_for_end = true};
    line_scripts[0].late = 8;
    line_scripts[0].gulp = 400;
    line_scripts[0].rcvbuf = 2304;
    line_scripts[1].piece = 333;
}

/* --- an end with unread input, and a storm -------------------------------- */

static const struct script end_scripts[] = {
    {.out = stream,
        .out_len = 20000,
        .want = (const unsigned char *)"TEST",
        .want_len = 4,
        .waits_for_end = true,
        .late = 4},
    {.out = stream,
        .out_len = 3000,
        .piece = 500,
        .want = (const unsigned char *)"TEST",
        .want_len = 4,
        .waits_for_end = true},
};

#define STORM 18u

static struct script storm_scripts[STORM];

static void
fill_storm(void)
{
    fill_stream();
    for (size_t i = 0; i < STORM; i++) {
        storm_scripts[i] = (struct script){ECHOED(i * 10, 10)};
        if (i % 6 == 5)
            storm_scripts[i].resets = true;
    }
}

/* --- all ------------------------------------------------------------------ */

static const struct scenario scenarios[] = {
    {.name = "start",
        .about = "leatd from its main to its end",
        .play = play_start},
    {.name = "echo",
        .about = "queues that go round, an urgent byte",
        .line = "-q --park=eager "
                "echo:TCP,high=12k,low=9k,sndbuf=2k,policy=drop-new",
        .prepare = fill_stream,
        .play = play_echo,
        .check = check_echo},
    {.name = "frames",
        .about = "many frames in one chunk, input that is held",
        .line = "-q fixed:TCP,size=16,repeat,high=256,low=64",
        .scripts = frame_scripts,
        .count = COUNT(frame_scripts),
        .prepare = fill_replies},
    {.name = "lines",
        .about = "lines with the time, to a slow reader",
        .line = "-q stamp:TCP,stamp=rfc3339,high=512,low=128,sndbuf=4k",
        .scripts = line_scripts,
        .count = COUNT(line_scripts),
        .prepare = fill_lines},
    {.name = "end",
        .about = "an end while input is unread",
        .line = "-q greet:TCP",
        .scripts = end_scripts,
        .count = COUNT(end_scripts),
        .prepare = fill_stream},
    {.name = "storm",
        .about = "more clients than places, some of them reset",
        .line = "-q echo:TCP,max=5",
        .scripts = storm_scripts,
        .count = STORM,
        .prepare = fill_storm},
    {.name = "dial",
        .about = "two addresses, the first dead; a pair",
        .line = "-q echo:TCP",
        .prepare = prepare_dial,
        .play = play_dial},
    {.name = "adopt",
        .about = "sockets made elsewhere, coupled",
        .line = "-q discard:TCP",
        .prepare = prepare_adopt,
        .play = play_adopt},
    {.name = "unix",
        .about = "a unix socket over a stale file",
        .prepare = prepare_unix,
        .play = play_unix},
    {.name = "drain",
        .about = "TERM amid traffic, one who never reads",
        .line = "-q --park=eager --drain=1h "
                "echo:TCP,high=4k,low=1k,sndbuf=4k,rcvbuf=8k",
        .prepare = prepare_drain,
        .play = play_drain},
    {.name = "hub",
        .about = "three who talk to each other",
        .line = "-q hub:TCP,history=4,per-ip=9,rate=1000,sndbuf=2k",
        .prepare = prepare_hub,
        .play = play_hub},
};

size_t
scenario_count(void)
{
    return COUNT(scenarios);
}

const struct scenario *
scenario_at(size_t index)
{
    return &scenarios[index];
}

const struct scenario *
scenario_find(const char *name)
{
    for (size_t i = 0; i < COUNT(scenarios); i++)
        if (strcmp(scenarios[i].name, name) == 0)
            return &scenarios[i];
    return NULL;
}
