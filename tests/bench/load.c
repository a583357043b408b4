/* load.c - see load.h. */
#include "load.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* No run may hang: so long after its end the program is ended by SIGALRM. */
#define HANG_S 60

void
load_die(const char *what)
{
    perror(what);
    exit(1);
}

void
load_fail(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

double
load_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

size_t
load_number(const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (end == text || *end != '\0')
        load_fail("that is no number");
    return number;
}

size_t
load_most_files(void)
{
    struct rlimit files = {0, 0};
    (void)getrlimit(RLIMIT_NOFILE, &files);
    return files.rlim_cur;
}

int
load_open(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    int epoll = epoll_create1(0);
    if (epoll < 0)
        load_die("epoll_create1");
    return epoll;
}

void
load_want(int epoll, int op, int fd, uint32_t events, uint32_t number)
{
    struct epoll_event event = {.events = events, .data = {.u32 = number}};
    if (epoll_ctl(epoll, op, fd, &event) != 0)
        load_die("epoll_ctl");
}

int
load_connect(int port, uint32_t source, int buffer)
{
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in from = {
        .sin_family = AF_INET, .sin_addr = {htonl(0x7f010001 + source)}};
    struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_port = htons((unsigned short)port),
        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (fd < 0)
        load_die("socket");
    if (buffer > 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    }
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        load_die("connect");
    return fd;
}

void
load_abort(int fd)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
}

void
load_send(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            load_die("send");
        at += n;
        len -= (size_t)n;
    }
}

void
load_receive(int fd, void *bytes, size_t len)
{
    if (len > 0 && recv(fd, bytes, len, MSG_WAITALL) != (ssize_t)len)
        load_die("recv");
}

bool
load_order(struct load_run *run)
{
    char line[64], kind;
    double amount;
    *run = (struct load_run){0};
    alarm(0);
    if (fgets(line, sizeof line, stdin) == NULL)
        return false;
    if (sscanf(line, "%c %lf", &kind, &amount) != 2 || amount <= 0)
        load_fail("an order is t SECONDS or n COUNT");
    if (kind == 't')
        run->seconds = amount;
    else
        run->count = (uint64_t)amount;
    alarm((unsigned)run->seconds + HANG_S);
    return true;
}

/* Seconds of CPU that a process has used, to the nanosecond. */
static double
cpu_of(int pid)
{
    char path[64], text[64] = "";
    if (pid == 0)
        return 0;
    snprintf(path, sizeof path, "/proc/%d/schedstat", pid);
    int fd = open(path, O_RDONLY);
    if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
        load_die(path);
    close(fd);
    return strtod(text, NULL) / 1e9;
}

void
load_begin(struct load_run *run, int pid)
{
    run->cpu = cpu_of(pid);
    run->start = load_now();
}

void
load_finish(struct load_run *run, int pid)
{
    run->end = load_now();
    run->cpu = cpu_of(pid) - run->cpu;
}

bool
load_is_over(const struct load_run *run)
{
    if (run->count > 0)
        return run->messages >= run->count;
    return load_now() - run->start >= run->seconds;
}

void
load_report(const struct load_run *run, const char *more)
{
    double seconds = run->end - run->start;
    double messages = run->messages > 0 ? (double)run->messages : 1;
    printf("{\"messages\":%llu,\"seconds\":%.6f,\"per_s\":%.1f,"
           "\"cpu_ns\":%.1f%s}\n",
        (unsigned long long)run->messages, seconds,
        (double)run->messages / seconds, run->cpu / messages * 1e9, more);
    fflush(stdout);
}
