/*
 * leatd_server.h - a leatd inside a test: its command line, its log in a pipe,
 * its clients on real sockets. Each program that includes it has its own.
 */
#ifndef TESTS_LEATD_SERVER_H
#define TESTS_LEATD_SERVER_H

#include "leatd/server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "support/kernel.h"
#include "support/run.h"

#define ARGS_MAX 8
#define TURNS 2000

static struct options options;
static struct server server;
static struct complaint wrong;
static bool is_open;
static int ends[2]; /* a pipe in place of standard error */
static char got[65536];
static size_t got_len;
static int client;

static inline void
setup(void)
{
    kernel_setup();
    ck_assert_int_eq(pipe(ends), 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    is_open = false;
    got_len = 0;
    client = -1;
    memset(&options, 0, sizeof options);
}

static inline void
teardown(void)
{
    if (client >= 0)
        close(client);
    if (is_open)
        server_close(&server);
    options_fini(&options);
    close(ends[0]);
    close(ends[1]);
    kernel_teardown();
}

/* Words of the command line, separated by spaces. */
static inline void
parse(const char *line)
{
    static char copy[512];
    char *argv[ARGS_MAX + 2] = {copy};
    int argc = 1;

    strcpy(copy, "leatd");
    strcpy(copy + 6, line);
    for (char *at = strtok(copy + 6, " "); at != NULL; at = strtok(NULL, " "))
        argv[argc++] = at;
    ck_assert_int_eq(options_parse(&options, argc, argv, &wrong), 0);
}

static inline enum exit_code
start(const char *line)
{
    parse(line);
    return server_open(&server, &options, 100, &wrong);
}

/* The log goes to the pipe instead. */
static inline void
serve(const char *line)
{
    ck_assert_int_eq(start(line), CODE_OK);
    is_open = true;
    log_detach(&server.log);
    server.log.fd = ends[1];
    ck_assert_int_eq(log_attach(&server.log, server.loop), 0);
}

static inline const char *
read_log(void)
{
    ssize_t count;

    log_flush(&server.log, 0);
    while ((count = read(ends[0], got + got_len, 4096)) > 0)
        got_len += (size_t)count;
    got[got_len] = '\0';
    return got;
}

static inline void
assert_logged(const char *words)
{
    ck_assert_msg(
        strstr(read_log(), words) != NULL, "no \"%s\" in:\n%s", words, got);
}

static inline int
come(size_t port)
{
    struct leat_addr addr;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(
        leat_listener_addr(server.ports[port].listener, 0, &addr), 0);
    ck_assert_int_eq(
        connect(fd, (struct sockaddr *)&addr.storage, addr.len), 0);
    return fd;
}

static inline void
turn(void)
{
    ck_assert_int_ge(leat_loop_step(server.loop, 1000000), 0);
}

static inline void
turn_until_clients(size_t count)
{
    for (int i = 0; i < TURNS && server.client_count != count; i++)
        turn();
    ck_assert_uint_eq(server.client_count, count);
}

/* A recv asks for so much at most: valgrind looks at all that is asked for. */
#define RECV_MOST ((size_t)16384)

static inline ssize_t
recv_some(int fd, char *bytes, size_t want)
{
    return recv(fd, bytes, want < RECV_MOST ? want : RECV_MOST, MSG_DONTWAIT);
}

/* Turn until the peer has so many bytes, or an end (which is then told). */
static inline ssize_t
receive(int fd, char *bytes, size_t want)
{
    size_t len = 0;
    for (int i = 0; i < TURNS && len < want; i++) {
        ssize_t count = recv_some(fd, bytes + len, want - len);
        if (count == 0)
            break;
        if (count > 0)
            len += (size_t)count;
        else if (errno != EAGAIN)
            return -errno;
        else
            turn();
    }
    return (ssize_t)len;
}

static inline void
echo_once(int fd)
{
    char bytes[8];

    ck_assert_int_eq(send(fd, "hello", 5, 0), 5);
    ck_assert_int_eq(receive(fd, bytes, 5), 5);
    ck_assert_int_eq(memcmp(bytes, "hello", 5), 0);
}

/* Send without ever reading, until leatd's queue is at its mark. */
static inline void
flood(int fd)
{
    static char bytes[65536];
    struct leat_loop_stats stats;
    int quiet = 0;

    while (quiet < 20) {
        uint64_t before = 0;
        leat_loop_stats(server.loop, &stats);
        before = stats.bytes_in + stats.bytes_out;
        if (send(fd, bytes, sizeof bytes, MSG_DONTWAIT) < 0)
            ck_assert_int_eq(errno, EAGAIN);
        ck_assert_int_ge(leat_loop_step(server.loop, 1000), 0);
        leat_loop_stats(server.loop, &stats);
        quiet = stats.bytes_in + stats.bytes_out == before ? quiet + 1 : 0;
    }
    ck_assert_uint_gt(stats.memory, 0);
}

#endif
