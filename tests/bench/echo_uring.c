/*
 * echo_uring.c - the same echo on io_uring, by liburing: accepts and receives
 * of the multishot kind, buffers that the kernel picks from a shared ring, one
 * io_uring_enter for all that a turn has to submit and to wait for.
 *
 * What a client sent is a chain of such buffers and is sent from there, with
 * MSG_DONTWAIT. A client that does not read must not keep shared buffers: what
 * it owes is copied, its receive is cancelled, and begins anew when it has
 * taken all. A descriptor is closed only when nothing is under way for it.
 */
#include "peer.h"

#include <errno.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define BUFFERS 1024u /* a power of two */
#define ENTRIES 4096u
#define NONE (-1)

/* Buffers do not all begin in the same line of the cache. */
#define STRIDE (PEER_CHUNK + 64)

enum op { ACCEPT, RECV, SEND, OTHER };

struct client {
    int head, tail; /* chain of buffers, or NONE */
    size_t at;      /* bytes of the head that are sent already */
    struct peer_rest rest;
    bool receiving, sending, over;
};

static struct io_uring ring;
static struct io_uring_buf_ring *shared;
static char *memory;
static struct client client_of[PEER_FDS];
static size_t len_of[BUFFERS];
static int next_of[BUFFERS];

static char *
bytes_of(int buffer)
{
    return memory + (size_t)buffer * STRIDE;
}

/* A free place for a request; submits what there is when all are taken. */
static struct io_uring_sqe *
request(void)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    if (sqe == NULL) {
        io_uring_submit(&ring);
        sqe = io_uring_get_sqe(&ring);
    }
    if (sqe == NULL)
        peer_die("io_uring_get_sqe");
    return sqe;
}

static uint64_t
mark(enum op op, int fd)
{
    return (uint64_t)fd << 2 | op;
}

static void
accept_all(int listener)
{
    struct io_uring_sqe *sqe = request();
    io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, 0);
    io_uring_sqe_set_data64(sqe, mark(ACCEPT, listener));
}

static void
receive(int fd)
{
    struct io_uring_sqe *sqe = request();
    io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = 0;
    io_uring_sqe_set_data64(sqe, mark(RECV, fd));
    client_of[fd].receiving = true;
}

static void
stop_receiving(int fd)
{
    if (!client_of[fd].receiving)
        return;
    struct io_uring_sqe *sqe = request();
    io_uring_prep_cancel64(sqe, mark(RECV, fd), 0);
    io_uring_sqe_set_data64(sqe, mark(OTHER, fd));
}

static void
send_bytes(int fd, const char *bytes, size_t len, int flags)
{
    struct io_uring_sqe *sqe = request();
    io_uring_prep_send(sqe, fd, bytes, len, flags | MSG_NOSIGNAL);
    io_uring_sqe_set_data64(sqe, mark(SEND, fd));
    client_of[fd].sending = true;
}

static void
give_back(int buffer)
{
    io_uring_buf_ring_add(shared, bytes_of(buffer), PEER_CHUNK,
        (unsigned short)buffer, io_uring_buf_ring_mask(BUFFERS), 0);
    io_uring_buf_ring_advance(shared, 1);
}

static void
push(struct client *client, int buffer, size_t len)
{
    len_of[buffer] = len;
    next_of[buffer] = NONE;
    if (client->head == NONE)
        client->head = buffer;
    else
        next_of[client->tail] = buffer;
    client->tail = buffer;
}

static void
pop(struct client *client)
{
    int buffer = client->head;
    client->head = next_of[buffer];
    client->at = 0;
    give_back(buffer);
}

/* Its own memory instead of shared buffers; not while a send is under way. */
static void
keep_chain(struct client *client)
{
    struct peer_rest *rest = &client->rest;
    while (client->head != NONE) {
        size_t len = len_of[client->head] - client->at;
        char *more = realloc(rest->bytes, rest->end + len);
        if (more == NULL)
            peer_die("realloc");
        memcpy(more + rest->end, bytes_of(client->head) + client->at, len);
        rest->bytes = more;
        rest->end += len;
        pop(client);
    }
}

/* It went away: nothing is owed, and the end of its receive is awaited. */
static void
give_up(int fd)
{
    struct client *client = &client_of[fd];
    while (client->head != NONE)
        pop(client);
    peer_forget(&client->rest);
    client->over = true;
    shutdown(fd, SHUT_RDWR);
}

static void
close_soon(int fd)
{
    struct io_uring_sqe *sqe = request();
    io_uring_prep_close(sqe, fd);
    io_uring_sqe_set_data64(sqe, mark(OTHER, fd));
}

/* What a client needs next. */
static void
settle(int fd)
{
    struct client *client = &client_of[fd];
    struct peer_rest *rest = &client->rest;
    if (client->sending)
        return;
    if (rest->bytes != NULL) {
        keep_chain(client);
        send_bytes(fd, rest->bytes + rest->at, rest->end - rest->at, 0);
    } else if (client->head != NONE)
        send_bytes(fd, bytes_of(client->head) + client->at,
            len_of[client->head] - client->at, MSG_DONTWAIT);
    else if (client->over && !client->receiving)
        close_soon(fd);
    else if (!client->receiving)
        receive(fd);
}

static void
on_accept(int listener, int fd, unsigned flags)
{
    if (!(flags & IORING_CQE_F_MORE))
        accept_all(listener);
    if (fd < 0)
        return;
    client_of[fd] = (struct client){.head = NONE, .tail = NONE};
    receive(fd);
}

static void
on_recv(int fd, int n, unsigned flags)
{
    struct client *client = &client_of[fd];
    if (!(flags & IORING_CQE_F_MORE))
        client->receiving = false;
    if (n > 0)
        push(client, (int)(flags >> IORING_CQE_BUFFER_SHIFT), (size_t)n);
    else if (n != -ENOBUFS && n != -ECANCELED)
        client->over = true;
    settle(fd);
}

static void
on_send(int fd, int n)
{
    struct client *client = &client_of[fd];
    struct peer_rest *rest = &client->rest;
    client->sending = false;
    if (n < 0 && n != -EAGAIN)
        give_up(fd);
    else if (rest->bytes != NULL) {
        rest->at += n > 0 ? (size_t)n : 0;
        if (rest->at == rest->end)
            peer_forget(rest);
    } else {
        client->at += n > 0 ? (size_t)n : 0;
        if (client->at == len_of[client->head])
            pop(client);
        else {
            keep_chain(client);
            stop_receiving(fd);
        }
    }
    settle(fd);
}

static void
dispatch(const struct io_uring_cqe *cqe)
{
    int fd = (int)(cqe->user_data >> 2);
    switch ((enum op)(cqe->user_data & 3)) {
    case ACCEPT:
        on_accept(fd, cqe->res, cqe->flags);
        break;
    case RECV:
        on_recv(fd, cqe->res, cqe->flags);
        break;
    case SEND:
        on_send(fd, cqe->res);
        break;
    case OTHER:
        break;
    }
}

static void *
pages(size_t size)
{
    void *at = mmap(
        NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        peer_die("mmap");
    (void)madvise(at, size, MADV_HUGEPAGE);
    return at;
}

/* The newest way first: completions only when we wait for them (6.1). */
static void
open_ring(void)
{
    struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                              IORING_SETUP_DEFER_TASKRUN |
                                              IORING_SETUP_CQSIZE,
        .cq_entries = 4 * ENTRIES};
    int rc = io_uring_queue_init_params(ENTRIES, &ring, &params);
    if (rc == -EINVAL) {
        params = (struct io_uring_params){
            .flags = IORING_SETUP_CQSIZE, .cq_entries = 4 * ENTRIES};
        rc = io_uring_queue_init_params(ENTRIES, &ring, &params);
    }
    errno = -rc;
    if (rc < 0)
        peer_die("io_uring_queue_init");

    shared = pages(BUFFERS * sizeof(struct io_uring_buf));
    memory = pages((size_t)BUFFERS * STRIDE);
    struct io_uring_buf_reg reg = {
        .ring_addr = (uint64_t)(uintptr_t)shared, .ring_entries = BUFFERS};
    rc = io_uring_register_buf_ring(&ring, &reg, 0);
    errno = -rc;
    if (rc < 0)
        peer_die("io_uring_register_buf_ring");
    for (unsigned i = 0; i < BUFFERS; i++)
        give_back((int)i);
}

int
main(int argc, char **argv)
{
    open_ring();
    accept_all(peer_listen(argc, argv, 0));
    for (;;) {
        struct io_uring_cqe *cqe;
        unsigned head, seen = 0;
        io_uring_submit_and_wait(&ring, 1);
        io_uring_for_each_cqe(&ring, head, cqe)
        {
            dispatch(cqe);
            seen++;
        }
        io_uring_cq_advance(&ring, seen);
    }
}
