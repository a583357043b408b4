/*
 * load_fan.c - one publisher, many subscribers, every byte of it verified.
 *
 *   load_fan PROTOCOL PORT [SUBSCRIBERS [WINDOW [SIZE [PID]]]]
 *
 * PROTOCOL is lines (a chat: who is there gets "NAME> text"), redis (Pub/Sub
 * of RESP 2) or mqtt (3.1.1, QoS 0). WINDOW messages are on their way at once:
 * the next one is published when the oldest has come to all SUBSCRIBERS. A
 * message of the answer is a delivery to one of them.
 *
 * What a subscriber gets is FRAMES frames of one length, over and over.
 */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAMES 64
#define FRAME_MAX 4096
#define CHUNK 65536
#define PER_SOURCE 4000
#define AT_ONCE 256
#define PUBLISHER UINT32_MAX

struct frames {
    size_t len;
    char bytes[2 * FRAMES * FRAME_MAX];
};

struct protocol {
    const char *name;
    const char *subscribe, *subscribed; /* said and heard; NULL: one line */
    size_t subscribe_len, subscribed_len;
    void (*introduce)(int fd); /* the publisher */
    size_t (*publish)(char *out, const char *text, size_t len);
    size_t (*deliver)(char *out, const char *text, size_t len);
};

static struct {
    const struct protocol *protocol;
    int epoll, port, pid, publisher;
    size_t subscribers, window, size;
    int *fd;
    uint64_t *got; /* bytes that each has */
    uint64_t published, complete;
    size_t have[FRAMES]; /* subscribers that have a message on its way */
    bool stopping;
    struct load_run run;
} load = {.subscribers = 100, .window = 1, .size = 64};

static struct frames publish, deliver;
static char came[CHUNK];

static void
skip_line(int fd)
{
    char byte;
    do
        load_receive(fd, &byte, 1);
    while (byte != '\n');
}

static void
introduce_lines(int fd)
{
    skip_line(fd);
    load_send(fd, "/nick pub\n", 10);
    skip_line(fd);
}

static size_t
publish_lines(char *out, const char *text, size_t len)
{
    return (size_t)sprintf(out, "%.*s\n", (int)len, text);
}

static size_t
deliver_lines(char *out, const char *text, size_t len)
{
    return (size_t)sprintf(out, "pub> %.*s\n", (int)len, text);
}

static void
introduce_redis(int fd)
{
    (void)fd;
}

static size_t
publish_redis(char *out, const char *text, size_t len)
{
    return (size_t)sprintf(out,
        "*3\r\n$7\r\nPUBLISH\r\n$1\r\nt\r\n$%zu\r\n%.*s\r\n", len, (int)len,
        text);
}

static size_t
deliver_redis(char *out, const char *text, size_t len)
{
    return (size_t)sprintf(out,
        "*3\r\n$7\r\nmessage\r\n$1\r\nt\r\n$%zu\r\n%.*s\r\n", len, (int)len,
        text);
}

/* A clean session, no keep-alive, a name that the server makes. */
#define MQTT_CONNECT "\x10\x0c\0\4MQTT\4\2\0\0\0\0"
#define MQTT_CONNACK "\x20\2\0\0"

static void
introduce_mqtt(int fd)
{
    char answer[sizeof MQTT_CONNACK - 1];
    load_send(fd, MQTT_CONNECT, sizeof MQTT_CONNECT - 1);
    load_receive(fd, answer, sizeof answer);
}

/* It goes out as it came in. */
static size_t
frame_mqtt(char *out, const char *text, size_t len)
{
    size_t left = len + 3, at = 0;
    out[at++] = 0x30;
    for (; left > 127; left >>= 7)
        out[at++] = (char)((left & 127) | 128);
    out[at++] = (char)left;
    memcpy(out + at, "\0\1t", 3);
    memcpy(out + at + 3, text, len);
    return at + 3 + len;
}

#define SAID(text) .subscribe = text, .subscribe_len = sizeof text - 1
#define HEARD(text) .subscribed = text, .subscribed_len = sizeof text - 1

static const struct protocol protocols[] = {
    {.name = "lines",
        .introduce = introduce_lines,
        .publish = publish_lines,
        .deliver = deliver_lines},
    {.name = "redis",
        SAID("*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nt\r\n"),
        HEARD("*3\r\n$9\r\nsubscribe\r\n$1\r\nt\r\n:1\r\n"),
        .introduce = introduce_redis,
        .publish = publish_redis,
        .deliver = deliver_redis},
    {.name = "mqtt",
        SAID(MQTT_CONNECT "\x82\6\0\1\0\1t\0"),
        HEARD(MQTT_CONNACK "\x90\3\0\1\0"),
        .introduce = introduce_mqtt,
        .publish = frame_mqtt,
        .deliver = frame_mqtt},
};

/* What the server says to a subscriber first. */
static void
await_subscribed(int fd)
{
    char got[256];
    const struct protocol *protocol = load.protocol;
    if (protocol->subscribed == NULL) {
        skip_line(fd);
        return;
    }
    load_receive(fd, got, protocol->subscribed_len);
    if (memcmp(got, protocol->subscribed, protocol->subscribed_len) != 0)
        load_fail("that is not the answer to a subscription");
}

/* All frames twice: what comes can be compared wherever it begins. */
static void
fill(struct frames *frames, size_t (*frame)(char *, const char *, size_t))
{
    char text[FRAME_MAX]; /* letters: they mean nothing to anybody */
    for (size_t i = 0; i < FRAMES; i++) {
        for (size_t at = 0; at < load.size; at++)
            text[at] = (char)('A' + (at * 7 + i) % 26);
        frames->len = frame(frames->bytes + i * frames->len, text, load.size);
    }
    memcpy(frames->bytes + FRAMES * frames->len, frames->bytes,
        FRAMES * frames->len);
}

/* As many as the window has room for, by one call. */
static void
publish_more(void)
{
    size_t room = load.window - (size_t)(load.published - load.complete);
    if (room == 0)
        return;
    for (size_t i = 0; i < room; i++)
        load.have[(load.published + i) % FRAMES] = 0;
    load_send(load.publisher,
        publish.bytes + load.published % FRAMES * publish.len,
        room * publish.len);
    load.published += room;
}

/* Its next message has come. */
static void
delivered(uint64_t number)
{
    if (!load.stopping)
        load.run.messages++;
    load.have[number % FRAMES]++;
    while (load.complete < load.published &&
           load.have[load.complete % FRAMES] == load.subscribers)
        load.complete++;
}

static void
receive(uint32_t i)
{
    const size_t period = FRAMES * deliver.len;
    size_t at = load.got[i] % period;
    size_t room = period < sizeof came ? period : sizeof came;
    ssize_t n = recv(load.fd[i], came, room, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        load_die("recv");
    if (memcmp(came, deliver.bytes + at, (size_t)n) != 0)
        load_fail("what was delivered differs");
    uint64_t before = load.got[i] / deliver.len;
    load.got[i] += (size_t)n;
    uint64_t after = load.got[i] / deliver.len;
    if (after > load.published)
        load_fail("more was delivered than published");
    for (; before < after; before++)
        delivered(before);
}

static void
turn(void)
{
    static struct epoll_event events[LOAD_EVENTS];
    int n = epoll_wait(load.epoll, events, LOAD_EVENTS, 1000);
    for (int i = 0; i < n; i++) {
        if (events[i].data.u32 != PUBLISHER)
            receive(events[i].data.u32);
        else if (recv(load.publisher, came, sizeof came, MSG_DONTWAIT) <= 0)
            load_die("publisher");
    }
}

static void
obey(void)
{
    load.stopping = false;
    load_begin(&load.run, load.pid);
    while (!load_is_over(&load.run)) {
        publish_more();
        turn();
    }
    load_finish(&load.run, load.pid);
    load.stopping = true;
    while (load.complete < load.published)
        turn();
    load_report(&load.run, "");
}

/* Many at once, or a slow server would take as many turns as there are. */
static void
subscribe(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        load.fd[i] = load_connect(load.port, (uint32_t)(i / PER_SOURCE), 0);
        load_send(
            load.fd[i], load.protocol->subscribe, load.protocol->subscribe_len);
    }
    for (size_t i = from; i < to; i++) {
        await_subscribed(load.fd[i]);
        load_want(load.epoll, EPOLL_CTL_ADD, load.fd[i], EPOLLIN, (uint32_t)i);
    }
}

static void
meet_all(void)
{
    load.fd = calloc(load.subscribers, sizeof *load.fd);
    load.got = calloc(load.subscribers, sizeof *load.got);
    if (load.fd == NULL || load.got == NULL)
        load_die("calloc");
    for (size_t at = 0; at < load.subscribers; at += AT_ONCE)
        subscribe(at,
            load.subscribers - at < AT_ONCE ? load.subscribers : at + AT_ONCE);
    load.publisher = load_connect(load.port, 1000, 0);
    load.protocol->introduce(load.publisher);
    load_want(load.epoll, EPOLL_CTL_ADD, load.publisher, EPOLLIN, PUBLISHER);
    puts("{\"ready\":1}");
    fflush(stdout);
}

static void
read_options(int argc, char **argv)
{
    size_t pid = 0;
    size_t *const numbers[] = {
        &load.subscribers, &load.window, &load.size, &pid};
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
        if (argc >= 3 && strcmp(argv[1], protocols[i].name) == 0)
            load.protocol = &protocols[i];
    if (load.protocol == NULL || argc > 7)
        load_fail("usage: load_fan lines|redis|mqtt PORT [NUMBER...]");
    load.port = (int)load_number(argv[2]);
    for (int i = 3; i < argc; i++)
        *numbers[i - 3] = load_number(argv[i]);
    load.pid = (int)pid;
    if (load.subscribers == 0 || load.window == 0 || load.window > FRAMES / 2 ||
        load.size > FRAME_MAX - 64)
        load_fail("these numbers do not go together");
}

int
main(int argc, char **argv)
{
    load.epoll = load_open();
    read_options(argc, argv);
    fill(&publish, load.protocol->publish);
    fill(&deliver, load.protocol->deliver);
    meet_all();
    while (load_order(&load.run))
        obey();
    return 0;
}
