/*
 * foreign_select.c - leat inside a program that has a select() of its own.
 *
 *   foreign_select [ADDRESS]          default 7000
 *
 * The host waits for its standard input and for whatever leat asks for, in one
 * call. A line typed at the terminal goes to every client; what clients send
 * comes back to them. The host ends at the end of its input.
 */
#include <leat/leat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#define CLIENTS_MAX 64

struct room {
    uint64_t
        id[CLIENTS_MAX]; /* 0: free. An id, unlike a pointer, may be kept */
};

static void
on_open(struct leat_conn *conn, void *user)
{
    struct room *room = user;
    for (int i = 0; i < CLIENTS_MAX; i++)
        if (room->id[i] == 0) {
            room->id[i] = leat_conn_id(conn);
            return;
        }
    leat_conn_close(conn);
}

static void
on_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    (void)user;
    if (leat_conn_send(conn, bytes, len) != 0)
        leat_conn_close(conn);
}

static void
on_close(struct leat_conn *conn, int reason, void *user)
{
    (void)reason;
    struct room *room = user;
    for (int i = 0; i < CLIENTS_MAX; i++)
        if (room->id[i] == leat_conn_id(conn))
            room->id[i] = 0;
}

/* One message, stored once, for all. */
static void
tell_all(struct leat_loop *loop, const struct room *room, const void *bytes,
    size_t len)
{
    struct leat_message *message;
    if (leat_message_create(&message, loop, bytes, len) != 0)
        return;
    for (int i = 0; i < CLIENTS_MAX; i++) {
        struct leat_conn *conn = leat_conn_find(loop, room->id[i]);
        if (conn != NULL && leat_conn_send_message(conn, message) != 0)
            leat_conn_close(conn);
    }
    leat_message_unref(message);
}

static struct timeval *
timeval_of(int64_t timeout_us, struct timeval *tv)
{
    if (timeout_us < 0)
        return NULL;
    tv->tv_sec = (time_t)(timeout_us / 1000000);
    tv->tv_usec = (suseconds_t)(timeout_us % 1000000);
    return tv;
}

/* One turn of the host. 1 to go on, 0 at the end of its input, or -errno. */
static int
turn(struct leat_loop *loop, const struct room *room)
{
    fd_set r, w, e;
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_ZERO(&e);
    FD_SET(STDIN_FILENO, &r);

    struct leat_sets sets;
    int error = leat_loop_prepare(loop, &sets);
    int nfds = error != 0 ? error : leat_sets_to_fdset(&sets, &r, &w, &e);
    if (nfds < 0)
        return nfds;
    struct timeval tv;
    int found = select(nfds, &r, &w, &e, timeval_of(sets.timeout_us, &tv));
    if (found < 0 && errno != EINTR)
        return -errno;

    int go_on = 1;
    if (found > 0 && FD_ISSET(STDIN_FILENO, &r)) {
        char line[512];
        ssize_t n = read(STDIN_FILENO, line, sizeof line);
        if (n > 0)
            tell_all(loop, room, line, (size_t)n);
        else
            go_on = 0;
    }
    /* Its input is the host's own; leat looks only at what it asked for. */
    leat_sets_from_fdset(&sets, nfds, &r, &w, &e);
    int called = leat_loop_dispatch(loop, found > 0 ? &sets : NULL);
    return called < 0 ? called : go_on;
}

int
main(int argc, char **argv)
{
    static const struct leat_conn_ops ops = {
        .on_open = on_open, .on_data = on_data, .on_close = on_close};
    const char *address = argc > 1 ? argv[1] : "7000";
    struct room room;
    memset(&room, 0, sizeof room);
    const struct leat_listener_config config = {
        .conn = {.ops = &ops}, .user = &room};
    struct leat_listener *listener;
    struct leat_loop *loop;

    int result = leat_loop_create(&loop, NULL);
    if (result == 0) {
        result = leat_listener_open(&listener, loop, address, &config);
        while (result >= 0)
            if ((result = turn(loop, &room)) == 0)
                break;
        leat_loop_destroy(loop);
    }
    if (result < 0)
        fprintf(stderr, "foreign_select: %s: %s\n", address,
            leat_error_text(result));
    return result < 0;
}
