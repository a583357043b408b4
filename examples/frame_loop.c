/*
 * frame_loop.c - a game's frame loop with a server in it.
 *
 *   frame_loop [ADDRESS [FRAMES]]     default 7000, for ever
 *
 * Sixty times a second the program moves its world and then lets leat do what
 * is ready, without waiting and for at most two milliseconds: the network may
 * be busy, the frame is not late. Clients send lines: "left", "right" or
 * "where"; each gets the position back.
 */
#include <leat/leat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FRAME_NS (1000000000 / 60)
#define BUDGET_US 2000

struct world {
    int position, speed;
};

static void
on_message(struct leat_conn *conn, const struct leat_frame *line, void *user)
{
    struct world *world = user;
    if (line->body_len == 4 && memcmp(line->body, "left", 4) == 0)
        world->speed = -1;
    else if (line->body_len == 5 && memcmp(line->body, "right", 5) == 0)
        world->speed = 1;

    char answer[32];
    int len = snprintf(answer, sizeof answer, "at %d\n", world->position);
    if (leat_conn_send(conn, answer, (size_t)len) != 0)
        leat_conn_close(conn);
}

static void
move(struct world *world)
{
    world->position += world->speed;
}

/* Sleep until the next frame is due; frames missed are not made up for. */
static void
wait_for_frame(struct timespec *next)
{
    next->tv_nsec += FRAME_NS;
    if (next->tv_nsec >= 1000000000) {
        next->tv_nsec -= 1000000000;
        next->tv_sec++;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL);
}

static int
play(struct leat_loop *loop, struct world *world, long frames)
{
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (long frame = 0; frames == 0 || frame < frames; frame++) {
        move(world);
        int called = leat_loop_step(loop, 0);
        if (called < 0)
            return called;
        wait_for_frame(&next);
    }
    return 0;
}

int
main(int argc, char **argv)
{
    static const struct leat_conn_ops ops = {.on_message = on_message};
    const char *address = argc > 1 ? argv[1] : "7000";
    struct world world = {0, 0};
    const struct leat_listener_config config = {
        .conn = {.ops = &ops, .frame = {.kind = LEAT_LINE}}, .user = &world};
    struct leat_listener *listener;
    struct leat_loop *loop;

    int error = leat_loop_create(&loop, NULL);
    if (error == 0)
        error = leat_listener_open(&listener, loop, address, &config);
    if (error == 0) {
        leat_loop_set_budget(loop, BUDGET_US);
        error = play(loop, &world, argc > 2 ? atol(argv[2]) : 0);
        leat_loop_destroy(loop);
    }
    if (error != 0)
        fprintf(
            stderr, "frame_loop: %s: %s\n", address, leat_error_text(error));
    return error != 0;
}
