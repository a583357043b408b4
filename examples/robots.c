/*
 * robots.c - robots that keep out of each other's way, through a hub.
 *
 *   robots [HUB [COUNT [CONTROL]]]    default 7000, 4 and 7001; the hub comes
 *                                     first: leatd hub:7000, or hub_mini
 *
 * Each robot is a connection of its own; all are in one process and one loop.
 * Sixty times a second they move along a ring, not too close to each other, and
 * tell the others where they are. Who hears a line "stop" stops. An urgent byte
 * sent to CONTROL stops them all, whatever else is on its way:
 *
 *   python3 -c 'import socket; socket.create_connection(("127.0.0.1", 7001))
 *       .send(b"!", socket.MSG_OOB)'      on one line
 *
 * When all have stopped the program ends.
 */
#include <leat/leat.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROBOTS_MAX 64
#define RING 3600      /* steps round the ring */
#define FRAME_US 16667 /* sixty frames a second */
#define SAFE 20        /* steps between two robots */

struct world;

struct robot {
    struct world *world;
    struct leat_conn *conn; /* NULL: not there, or gone */
    char name[24];
    int place;
    bool is_stopped;
    /* The others, as they were heard: by the number in their names. */
    int heard[ROBOTS_MAX]; /* -1: not yet */
    unsigned messages;
};

struct world {
    struct leat_loop *loop;
    struct leat_timer frame;
    struct robot robot[ROBOTS_MAX];
    int count, open;
    int reason; /* the first that was not an orderly end */
};

static int
distance(int one, int other)
{
    int way = abs(one - other) % RING;

    return way < RING - way ? way : RING - way;
}

/* A step, unless that would be too close to one of which it knows. */
static void
move(struct robot *robot)
{
    int next = (robot->place + 1) % RING;

    for (int i = 0; i < robot->world->count; i++) {
        int other = robot->heard[i];
        bool comes_closer =
            other >= 0 && distance(next, other) < distance(robot->place, other);
        if (comes_closer && distance(next, other) < SAFE)
            return;
    }
    robot->place = next;
}

static void
stop(struct robot *robot)
{
    if (robot->is_stopped || robot->conn == NULL)
        return;
    robot->is_stopped = true;
    printf("%s stopped at %d after %u messages\n", robot->name, robot->place,
        robot->messages);
    leat_conn_end(robot->conn);
}

static void
on_frame(struct leat_timer *timer, void *user)
{
    struct world *world = user;
    (void)timer;

    for (int i = 0; i < world->count; i++) {
        struct robot *robot = &world->robot[i];
        char line[32];
        if (robot->conn == NULL || robot->is_stopped)
            continue;
        move(robot);
        int len = snprintf(line, sizeof line, "at %d\n", robot->place);
        /* The policy drops the oldest where the hub does not read. */
        if (leat_conn_send(robot->conn, line, (size_t)len) != 0)
            leat_conn_close(robot->conn);
    }
}

/* "robotN> at PLACE", or "somebody> stop" */
static void
on_message(struct leat_conn *conn, const struct leat_frame *frame, void *user)
{
    struct robot *robot = user;
    char line[64] = "";
    int number, place;
    (void)conn;

    if (frame->body_len >= sizeof line)
        return;
    memcpy(line, frame->body, frame->body_len);
    const char *text = strstr(line, "> ");
    if (text != NULL && strcmp(text, "> stop") == 0) {
        stop(robot);
        return;
    }
    if (sscanf(line, "robot%d> at %d", &number, &place) != 2 || number < 0 ||
        number >= robot->world->count || place < 0 || place >= RING)
        return;
    robot->heard[number] = place;
    robot->messages++;
}

/* It is told before the bytes in front of it are read. */
static void
on_urgent(struct leat_conn *conn, void *user)
{
    struct world *world = user;

    for (int i = 0; i < world->count; i++)
        stop(&world->robot[i]);
    leat_conn_end(conn);
}

/* Also where nobody answered. */
static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    struct robot *robot = user;
    struct world *world = robot->world;
    (void)conn;

    robot->conn = NULL;
    if (!robot->is_stopped && world->reason == 0)
        world->reason = reason;
    if (--world->open == 0)
        leat_loop_stop(world->loop);
}

/* The name goes first, and leaves once somebody has answered: hub_mini takes
 * the first line for one, the hub of leatd a command. */
static int
dial(struct robot *robot, const struct leat_addr *addrs, size_t count)
{
    static const struct leat_conn_ops ops = {
        .on_message = on_message, .on_close = on_close};
    const struct leat_dial_config config = {
        .conn = {.ops = &ops,
            .frame = {.kind = LEAT_LINE},
            .queue = {.policy = LEAT_DROP_OLD}}};
    char line[64];

    int error = leat_dial(
        &robot->conn, robot->world->loop, addrs, count, &config, robot);
    if (error != 0)
        return error;
    robot->world->open++;
    int len =
        snprintf(line, sizeof line, "%s\n/nick %s\n", robot->name, robot->name);
    return leat_conn_send(robot->conn, line, (size_t)len);
}

static int
dial_all(struct world *world, const char *address)
{
    struct leat_addr addrs[LEAT_ADDR_MAX];
    int count = leat_addr_parse(addrs, address, 0);
    int error = count < 0 ? count : 0;

    for (int i = 0; i < world->count && error == 0; i++) {
        struct robot *robot = &world->robot[i];
        *robot =
            (struct robot){.world = world, .place = i * (RING / world->count)};
        snprintf(robot->name, sizeof robot->name, "robot%d", i);
        for (int j = 0; j < ROBOTS_MAX; j++)
            robot->heard[j] = -1;
        error = dial(robot, addrs, (size_t)count);
    }
    return error;
}

static int
open_control(struct world *world, const char *address)
{
    static const struct leat_conn_ops ops = {.on_urgent = on_urgent};
    const struct leat_listener_config config = {
        .conn = {.ops = &ops}, .user = world};
    struct leat_listener *listener;
    struct leat_addr addr;

    int error = leat_listener_open(&listener, world->loop, address, &config);
    if (error == 0)
        error = leat_listener_addr(listener, 0, &addr);
    if (error == 0) {
        char text[LEAT_ADDR_TEXT];
        printf("control %s\n", leat_addr_format(&addr, text));
    }
    fflush(stdout);
    return error;
}

int
main(int argc, char **argv)
{
    const char *hub = argc > 1 ? argv[1] : "7000";
    const char *control = argc > 3 ? argv[3] : "7001";
    const char *what = hub;
    static struct world world;

    world.count = argc > 2 ? atoi(argv[2]) : 4;
    if (world.count < 1 || world.count > ROBOTS_MAX) {
        fprintf(stderr, "usage: robots [HUB [1-%d [CONTROL]]]\n", ROBOTS_MAX);
        return 2;
    }
    int error = leat_loop_create(&world.loop, NULL);
    if (error == 0) {
        leat_timer_init(&world.frame, world.loop, on_frame, &world);
        leat_timer_start(&world.frame, FRAME_US, FRAME_US);
        error = dial_all(&world, hub);
        if (error == 0)
            error = open_control(&world, what = control);
        if (error == 0)
            error = leat_loop_run(world.loop);
        leat_timer_stop(&world.frame);
        leat_loop_destroy(world.loop);
    }
    if (error == 0) {
        what = hub;
        error = world.reason;
    }
    if (error != 0)
        fprintf(stderr, "robots: %s: %s\n", what, leat_error_text(error));
    return error != 0;
}
