/*
 * load_churn.c - clients that come, say one message, get it back and go.
 *
 *   load_churn PORT [CLIENTS [SIZE [PID]]]
 *
 * CLIENTS at once (32), each with a message of SIZE bytes (64). Each comes from
 * another address of 127/8, so no port waits for the end of TIME_WAIT.
 */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 1024
#define SIZE_MAX_ 65536

static struct {
    int epoll, port, pid, fd[CLIENTS_MAX];
    size_t clients, size, got[CLIENTS_MAX], under_way;
    uint32_t source;
    bool stopping;
    struct load_run run;
} load = {.clients = 32, .size = 64};

static unsigned char sent[SIZE_MAX_], came[SIZE_MAX_];

static void
come(uint32_t i)
{
    load.source = (load.source + 1) % 60000;
    load.fd[i] = load_connect(load.port, load.source, 0);
    load.got[i] = 0;
    load.under_way++;
    load_send(load.fd[i], sent, load.size);
    load_want(load.epoll, EPOLL_CTL_ADD, load.fd[i], EPOLLIN, i);
}

static void
receive(uint32_t i)
{
    ssize_t n = recv(load.fd[i], came, load.size - load.got[i], MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        load_die("recv");
    if (memcmp(came, sent + load.got[i], (size_t)n) != 0)
        load_fail("what came back differs");
    load.got[i] += (size_t)n;
    if (load.got[i] < load.size)
        return;
    close(load.fd[i]);
    load.under_way--;
    if (load.stopping)
        return;
    load.run.messages++;
    come(i);
}

static void
turn(void)
{
    static struct epoll_event events[LOAD_EVENTS];
    int n = epoll_wait(load.epoll, events, LOAD_EVENTS, 1000);
    for (int i = 0; i < n; i++)
        receive(events[i].data.u32);
}

static void
obey(void)
{
    load.stopping = false;
    load_begin(&load.run, load.pid);
    for (uint32_t i = 0; i < load.clients; i++)
        come(i);
    while (!load_is_over(&load.run))
        turn();
    load_finish(&load.run, load.pid);
    load.stopping = true;
    while (load.under_way > 0)
        turn();
    load_report(&load.run, "");
}

int
main(int argc, char **argv)
{
    load.epoll = load_open();
    if (argc < 2)
        load_fail("usage: load_churn PORT [CLIENTS [SIZE [PID]]]");
    load.port = (int)load_number(argv[1]);
    if (argc > 2)
        load.clients = load_number(argv[2]);
    if (argc > 3)
        load.size = load_number(argv[3]);
    if (argc > 4)
        load.pid = (int)load_number(argv[4]);
    if (load.clients > CLIENTS_MAX || load.size > SIZE_MAX_)
        load_fail("too many, or too long");
    for (size_t i = 0; i < load.size; i++)
        sent[i] = (unsigned char)(i * 37 + 11);
    load.source = (uint32_t)getpid() * 7919u % 60000;
    puts("{\"ready\":1}");
    fflush(stdout);
    while (load_order(&load.run))
        obey();
    return 0;
}
