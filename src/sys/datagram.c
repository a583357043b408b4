/*
 * datagram.c - datagrams and the way they came.
 *
 * On the path: socket -> HERE -> src/net/dgram.c -> HERE -> socket.
 *
 * A socket that is bound to all addresses would answer from whichever the
 * kernel likes best, and a peer that asked another one takes no such answer.
 * So the address that was asked comes with each datagram, where the system can
 * tell it, and goes back with the answer. It also shows what was not for us
 * alone: an answer to a broadcast is the one that others pay for.
 *
 * As in fd.c nothing waits, nothing raises SIGPIPE and nothing is remembered.
 */
#include "result.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#ifndef IPV6_RECVPKTINFO
#define IPV6_RECVPKTINFO IPV6_PKTINFO
#endif

/* Room for what the kernel tells beside one datagram, aligned for it. */
union notes {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

int
leat__sys_tell_way(int fd, int family)
{
    const int on = 1;

#ifdef IP_PKTINFO
    if (family == AF_INET)
        return told(
            LEAT_SYS(setsockopt, fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on));
#endif
    if (family == AF_INET6)
        return told(LEAT_SYS(
            setsockopt, fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on));
    return -EAFNOSUPPORT;
}

static void
set_own(struct leat__way *way, const void *own, size_t len)
{
    memcpy(way->own, own, len);
    way->own_len = (unsigned char)len;
}

/* What is not ours, though it came to us, is a broadcast or a group's. */
#ifdef IP_PKTINFO
static void
read_v4(struct leat__way *way, const void *bytes)
{
    struct in_pktinfo info;

    memcpy(&info, bytes, sizeof info);
    way->is_cast = info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr;
    if (!way->is_cast)
        set_own(way, &info.ipi_addr, sizeof info.ipi_addr);
}

static size_t
write_v4(struct cmsghdr *note, const struct leat__way *way)
{
    struct in_pktinfo info = {.ipi_ifindex = 0};

    memcpy(&info.ipi_spec_dst, way->own, sizeof info.ipi_spec_dst);
    note->cmsg_level = IPPROTO_IP;
    note->cmsg_type = IP_PKTINFO;
    note->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(note), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
}
#endif

static void
read_v6(struct leat__way *way, const void *bytes)
{
    struct in6_pktinfo info;

    memcpy(&info, bytes, sizeof info);
    way->is_cast = IN6_IS_ADDR_MULTICAST(&info.ipi6_addr);
    way->scope = (unsigned)info.ipi6_ifindex;
    if (!way->is_cast)
        set_own(way, &info.ipi6_addr, sizeof info.ipi6_addr);
}

/* Only a link's own address needs its interface: elsewhere the routes decide,
 * which may lead back by another. */
static size_t
write_v6(struct cmsghdr *note, const struct leat__way *way)
{
    struct in6_pktinfo info = {.ipi6_ifindex = 0};

    memcpy(&info.ipi6_addr, way->own, sizeof info.ipi6_addr);
    if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
        info.ipi6_ifindex = way->scope;
    note->cmsg_level = IPPROTO_IPV6;
    note->cmsg_type = IPV6_PKTINFO;
    note->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(note), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
}

/* The notes that are ours; the kernel may have added others. */
static void
read_notes(struct leat__way *way, struct msghdr *message)
{
    for (struct cmsghdr *note = CMSG_FIRSTHDR(message); note != NULL;
         note = CMSG_NXTHDR(message, note)) {
#ifdef IP_PKTINFO
        if (note->cmsg_level == IPPROTO_IP && note->cmsg_type == IP_PKTINFO)
            read_v4(way, CMSG_DATA(note));
#endif
        if (note->cmsg_level == IPPROTO_IPV6 && note->cmsg_type == IPV6_PKTINFO)
            read_v6(way, CMSG_DATA(note));
    }
}

static size_t
write_note(union notes *notes, const struct leat__way *way)
{
#ifdef IP_PKTINFO
    if (way->own_len == sizeof(struct in_addr))
        return write_v4(&notes->align, way);
#endif
    if (way->own_len == sizeof(struct in6_addr))
        return write_v6(&notes->align, way);
    return 0;
}

ssize_t
leat__sys_receive(int fd, void *bytes, size_t len, struct leat__way *way)
{
    struct iovec piece = {.iov_base = bytes, .iov_len = len};
    union notes notes;
    struct msghdr message;
    int tries = 0;
    ssize_t count;

    assert(len > 0);
    do {
        /* Made anew each time: the call writes the real lengths into it. */
        message = (struct msghdr){
            .msg_name = &way->peer,
            .msg_namelen = sizeof way->peer,
            .msg_iov = &piece,
            .msg_iovlen = 1,
            .msg_control = notes.bytes,
            .msg_controllen = sizeof notes.bytes,
        };
        count = LEAT_SYS(recvmsg, fd, &message, MSG_DONTWAIT);
    } while (must_repeat(count, &tries));
    if (count < 0)
        return -errno;
    way->peer_len = message.msg_namelen;
    way->own_len = 0;
    way->scope = 0;
    way->is_cast = false;
    way->is_cut = message.msg_flags & MSG_TRUNC;
    read_notes(way, &message);
    return count;
}

ssize_t
leat__sys_answer(
    int fd, const void *bytes, size_t len, const struct leat__way *way)
{
    /* sendmsg only reads name and piece, though msghdr does not say const. */
    struct iovec piece = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
    union notes notes = {.bytes = {0}};
    struct msghdr message = {
        .msg_name = (void *)(uintptr_t)&way->peer,
        .msg_namelen = way->peer_len,
        .msg_iov = &piece,
        .msg_iovlen = 1,
        .msg_control = notes.bytes,
        .msg_controllen = write_note(&notes, way),
    };
    int tries = 0;
    ssize_t count;

    if (message.msg_controllen == 0)
        message.msg_control = NULL;
    do
        count = LEAT_SYS(sendmsg, fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (must_repeat(count, &tries));
    return told_count(count);
}
