/*
 * poll_client.c - a robot that is steered over the network.
 *
 *   poll_client ADDRESS       try: nc -l 29876, and then: poll_client 29876
 *
 * It dials, and from then on asks once per frame whether something has come,
 * without waiting: the robot moves on time, however silent the other end is.
 * Each line is a command: "speed N", "turn N" (degrees), "where" or "stop". It
 * is obeyed when it is whole, in however many pieces it came.
 */
#include <leat/leat.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FRAME_NS (1000000000 / 60)

struct robot {
    int speed, heading, travelled;
    bool is_stopped; /* asked to end */
    bool is_over;    /* the connection is gone */
    int reason;      /* why: 0, LEAT_EOF or an error */
};

/* Whether it was understood. */
static bool
obey(struct robot *robot, const char *command)
{
    int number;
    if (sscanf(command, "speed %d", &number) == 1)
        robot->speed = number;
    else if (sscanf(command, "turn %d", &number) == 1)
        robot->heading = (robot->heading + number % 360 + 360) % 360;
    else if (strcmp(command, "stop") == 0)
        robot->is_stopped = true;
    else
        return strcmp(command, "where") == 0;
    return true;
}

static void
on_message(struct leat_conn *conn, const struct leat_frame *line, void *user)
{
    struct robot *robot = user;
    char command[32] = "";
    char answer[80] = "what?\n";
    if (line->body_len < sizeof command)
        memcpy(command, line->body, line->body_len);
    if (obey(robot, command))
        snprintf(answer, sizeof answer, "speed %d heading %d travelled %d\n",
            robot->speed, robot->heading, robot->travelled);

    if (leat_conn_send(conn, answer, strlen(answer)) != 0)
        leat_conn_close(conn);
    else if (robot->is_stopped)
        leat_conn_end(conn); /* when the answer has left */
}

/* Also where nobody answered: then there was no on_open. */
static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    (void)conn;
    struct robot *robot = user;
    robot->is_over = true;
    robot->reason = reason;
}

/* Until the connection is over: move, look, sleep until the next frame. */
static int
play(struct leat_loop *loop, struct robot *robot)
{
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (!robot->is_over) {
        robot->travelled += robot->speed;
        int called = leat_loop_step(loop, 0);
        if (called < 0)
            return called;
        next.tv_nsec += FRAME_NS;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    return robot->reason == LEAT_EOF ? 0 : robot->reason;
}

int
main(int argc, char **argv)
{
    static const struct leat_conn_ops ops = {
        .on_message = on_message, .on_close = on_close};
    const struct leat_dial_config config = {
        .conn = {.ops = &ops, .frame = {.kind = LEAT_LINE}}};
    const char *address = argc > 1 ? argv[1] : "29876";
    struct robot robot = {0};
    struct leat_addr addrs[LEAT_ADDR_MAX];
    struct leat_loop *loop;
    struct leat_conn *conn;

    int count = leat_addr_parse(addrs, address, 0);
    int error = count < 0 ? count : leat_loop_create(&loop, NULL);
    if (error == 0) {
        error = leat_dial(&conn, loop, addrs, (size_t)count, &config, &robot);
        if (error == 0)
            error = play(loop, &robot);
        leat_loop_destroy(loop);
    }
    if (error != 0)
        fprintf(
            stderr, "poll_client: %s: %s\n", address, leat_error_text(error));
    return error != 0;
}
