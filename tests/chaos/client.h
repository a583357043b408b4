/*
 * client.h - one client after another of the same place: lives, and the world
 * they are lived in.
 */
#ifndef CHAOS_CLIENT_H
#define CHAOS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "plan.h"
#include "tally.h"
#include "wheel.h"

/* A server's address. */
struct target {
    struct sockaddr_storage addr;
    socklen_t len;
};

struct world {
    struct plan_config config;
    struct tally tally;
    struct wheel wheel;
    const struct target *targets;
    int epoll;
    int64_t now_us;
    int64_t start_us;      /* the next life starts no sooner */
    int64_t interval_us;   /* between the starts of two lives */
    int64_t pace_us;       /* between the answer of a ping and the next */
    int64_t impatience_us; /* a life that is older gives up; 0: none does */
    int64_t patience_us;   /* without progress a life is stuck */
    uint64_t lives;        /* of each client; 0: as many as there is time */
    bool is_over;          /* no more lives */
    bool may_end;          /* the server may end at any time */
    size_t alive;          /* clients that are not done */
    FILE *ledger;          /* a line for each life, or NULL */
};

enum state { CLIENT_BETWEEN, CLIENT_CONNECTING, CLIENT_OPEN, CLIENT_DONE };

struct client {
    struct wheel_node node; /* the first member */
    struct world *world;
    struct plan plan;
    enum state state;
    size_t index;
    uint64_t life;
    int fd;
    int error;       /* of a send, told when everything is read */
    unsigned events; /* that it waits for */
    bool is_waiting; /* its time is not over yet */
    bool is_resting; /* a slow reader, or a ping before the next */
    bool has_fin;    /* its half is closed */
    uint64_t sent, received;
    int64_t opened_us, progress_us, asked_us;
};

/* Arrange for the first life. */
void client_init(struct client *client, struct world *world, size_t index);

/* What epoll says. */
void client_ready(struct client *client, unsigned events);

/* What the wheel says. */
void client_due(struct client *client);

/* The world is over: send no more, read what is still to come, end. */
void client_hurry(struct client *client);

/* What output.c does for client.c: how many bytes may be sent now, and a few
 * sends of them. */
uint64_t output_room(const struct client *client);
void output_send(struct client *client);

/* Look whether it makes progress. */
void client_inspect(struct client *client);

#endif
