/*
 * echo_load.c - load for an echo server, every byte of it verified.
 *
 *   echo_load PORT CLIENTS SIZE SECONDS
 *
 * CLIENTS connections each send a message of SIZE bytes, wait for the whole of
 * it to come back, compare, and send the next. Prints messages per second.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 1024

struct client {
    int fd;
    size_t got;
    uint64_t round;
    unsigned char *sent, *received;
};

static double
now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
die(const char *what)
{
    perror(what);
    exit(1);
}

static int
connect_to(int port)
{
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in in = {.sin_family = AF_INET,
        .sin_port = htons((unsigned short)port),
        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (fd < 0 || connect(fd, (struct sockaddr *)&in, sizeof in) != 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* Bytes that differ from round to round and from client to client. */
static void
send_next(struct client *client, size_t size)
{
    uint64_t key = ++client->round * 0x9e3779b97f4a7c15u + (uint64_t)client->fd;
    for (size_t i = 0; i < size; i += 8) {
        size_t n = size - i < 8 ? size - i : 8;
        memcpy(client->sent + i, &key, n);
        key += 0x2545f4914f6cdd1du;
    }
    client->got = 0;
    for (size_t at = 0; at < size;) {
        ssize_t n = send(client->fd, client->sent + at, size - at, 0);
        if (n <= 0)
            die("send");
        at += (size_t)n;
    }
}

/* Whether a whole answer has come. */
static int
receive(struct client *client, size_t size)
{
    ssize_t n = recv(client->fd, client->received + client->got,
        size - client->got, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0)
        die("recv");
    client->got += (size_t)n;
    if (client->got < size)
        return 0;
    if (memcmp(client->sent, client->received, size) != 0) {
        fprintf(stderr, "echo_load: the answer differs\n");
        exit(1);
    }
    return 1;
}

int
main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: echo_load PORT CLIENTS SIZE SECONDS\n");
        return 2;
    }
    size_t count = (size_t)atoi(argv[2]), size = (size_t)atoi(argv[3]);
    struct client *clients = calloc(count, sizeof *clients);
    int epoll = epoll_create1(0);
    if (clients == NULL || epoll < 0)
        die("start");
    for (size_t i = 0; i < count; i++) {
        struct client *client = &clients[i];
        client->fd = connect_to(atoi(argv[1]));
        client->sent = malloc(size);
        client->received = malloc(size);
        struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = client}};
        if (client->sent == NULL || client->received == NULL ||
            epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event) != 0)
            die("start");
    }
    for (size_t i = 0; i < count; i++)
        send_next(&clients[i], size);

    uint64_t answers = 0;
    double start = now(), end = start + atof(argv[4]), at = start;
    while (at < end) {
        static struct epoll_event events[EVENTS];
        int n = epoll_wait(epoll, events, EVENTS, 1000);
        for (int i = 0; i < n; i++) {
            struct client *client = events[i].data.ptr;
            if (!receive(client, size))
                continue;
            answers++;
            send_next(client, size);
        }
        at = now();
    }
    printf("%.0f\n", (double)answers / (at - start));
    return 0;
}
