/*
 * mailbox.c - a dgram for one test, with peers on real sockets of UDP.
 */
#include "mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "net/net.h"
#include "run.h"

struct mailbox mailbox;

static void
on_datagram(struct leat_dgram *dgram, const void *bytes, size_t len,
    const struct leat_addr *peer, void *user)
{
    struct mailbox *box = user;

    ck_assert_ptr_eq(dgram, box->dgram);
    ck_assert_uint_le(len, sizeof box->bytes);
    memcpy(box->bytes, bytes, len);
    box->len = len;
    box->peer = *peer;
    box->count++;
    if (box->echoes)
        box->sent = leat_dgram_send(dgram, bytes, len, peer);
    if (box->then != NULL)
        box->then();
}

void
mailbox_setup(void)
{
    rig_setup();
    memset(&mailbox, 0, sizeof mailbox);
    mailbox.config.on_datagram = on_datagram;
    mailbox.config.user = &mailbox;
}

void
mailbox_teardown(void)
{
    if (rig.loop != NULL)
        leat_dgram_close(mailbox.dgram);
    rig_teardown();
}

void
mailbox_open(const char *address)
{
    ck_assert_int_eq(
        leat_dgram_open(&mailbox.dgram, rig.loop, address, &mailbox.config), 0);
}

struct leat_dgram_stats
mailbox_stats(void)
{
    struct leat_dgram_stats stats;

    leat_dgram_stats(mailbox.dgram, &stats);
    return stats;
}

int
mailbox_port(void)
{
    struct leat_addr addr;

    ck_assert_int_eq(leat_dgram_addr(mailbox.dgram, 0, &addr), 0);
    return leat_addr_port(&addr);
}

int
mailbox_turn(void)
{
    int ran = rig_turn();

    leat__net_check(rig.loop);
    return ran;
}

int
mailbox_peer(size_t index)
{
    struct leat_addr addr;

    ck_assert_int_eq(leat_dgram_addr(mailbox.dgram, index, &addr), 0);
    int fd =
        rig_keep(socket(addr.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    ck_assert_int_eq(
        connect(fd, (struct sockaddr *)&addr.storage, addr.len), 0);
    return fd;
}

void
mailbox_say(int peer, const char *words)
{
    size_t len = strlen(words);

    ck_assert_int_eq(send(peer, words, len, 0), (ssize_t)len);
}

bool
mailbox_heard(int peer, const char *words)
{
    char bytes[256];
    ssize_t len = recv(peer, bytes, sizeof bytes, 0);

    return len == (ssize_t)strlen(words) &&
           memcmp(bytes, words, (size_t)len) == 0;
}

bool
mailbox_is_silent(int peer)
{
    char byte;

    return recv(peer, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}
