/*
 * test_sys_datagram.c - what the kernel tells beside a datagram, and what is
 * told to it. Real datagrams are in test_dgram.c; here the kernel is played, to
 * say what it says to nobody on this machine.
 */
#include "sys/sys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "support/kernel.h"
#include "support/run.h"

/* What the played kernel says beside the next datagram, and was told last. */
static struct {
    int level, type;
    unsigned char bytes[sizeof(struct in6_pktinfo)];
    size_t len;
} note, told_note;

static ssize_t
played_recvmsg(int fd, struct msghdr *message, int flags)
{
    struct cmsghdr *first = CMSG_FIRSTHDR(message);

    (void)fd;
    (void)flags;
    ck_assert_uint_ge(message->msg_controllen, CMSG_SPACE(note.len));
    first->cmsg_level = note.level;
    first->cmsg_type = note.type;
    first->cmsg_len = CMSG_LEN(note.len);
    memcpy(CMSG_DATA(first), note.bytes, note.len);
    message->msg_controllen = CMSG_SPACE(note.len);
    message->msg_flags = 0;
    return 1;
}

static ssize_t
played_sendmsg(int fd, const struct msghdr *message, int flags)
{
    (void)fd;
    (void)flags;
    memset(&told_note, 0, sizeof told_note);
    if (message->msg_control == NULL)
        return 1;
    const struct cmsghdr *first = CMSG_FIRSTHDR(message);
    told_note.level = first->cmsg_level;
    told_note.type = first->cmsg_type;
    told_note.len = first->cmsg_len - CMSG_LEN(0);
    ck_assert_uint_le(told_note.len, sizeof told_note.bytes);
    memcpy(told_note.bytes, CMSG_DATA(first), told_note.len);
    return 1;
}

static struct leat_sys played;

static void
setup(void)
{
    kernel_setup();
    played = *kernel_real();
    played.recvmsg = played_recvmsg;
    played.sendmsg = played_sendmsg;
    kernel_use(&played);
    memset(&note, 0, sizeof note);
}

static void
kernel_says(int level, int type, const void *bytes, size_t len)
{
    note.level = level;
    note.type = type;
    note.len = len;
    memcpy(note.bytes, bytes, len);
}

static struct leat__way
receive(void)
{
    char byte;
    struct leat__way way;

    memset(&way, 0xa5, sizeof way);
    ck_assert_int_eq(leat__sys_receive(0, &byte, 1, &way), 1);
    return way;
}

static struct in6_pktinfo
to_v6(const char *text, unsigned interface)
{
    struct in6_pktinfo info = {.ipi6_ifindex = interface};

    ck_assert_int_eq(inet_pton(AF_INET6, text, &info.ipi6_addr), 1);
    return info;
}

static struct leat__way
receive_v6(const char *text, unsigned interface)
{
    struct in6_pktinfo info = to_v6(text, interface);

    kernel_says(IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    return receive();
}

START_TEST(datagram_to_one_of_our_addresses_is_told_with_it)
{
    struct in6_pktinfo info = to_v6("2001:db8::1", 7);
    struct leat__way way = receive_v6("2001:db8::1", 7);

    ck_assert(!way.is_cast);
    ck_assert_uint_eq(way.own_len, sizeof info.ipi6_addr);
    ck_assert_mem_eq(way.own, &info.ipi6_addr, sizeof info.ipi6_addr);
}
END_TEST

START_TEST(datagram_to_a_group_is_no_address_of_ours)
{
    struct leat__way way = receive_v6("ff02::1", 7);

    ck_assert(way.is_cast);
    ck_assert_uint_eq(way.own_len, 0);
}
END_TEST

static const struct {
    int level, type;
} strange[] = {
    {IPPROTO_IP, IP_TTL},
    {IPPROTO_IPV6, IPV6_HOPLIMIT},
    {SOL_SOCKET, IP_PKTINFO},
    {SOL_SOCKET, IPV6_PKTINFO},
};

START_TEST(datagram_with_a_note_that_nobody_asked_for_has_no_address_of_ours)
{
    const int value = 64;
    kernel_says(strange[_i].level, strange[_i].type, &value, sizeof value);

    struct leat__way way = receive();

    ck_assert_uint_eq(way.own_len, 0);
    ck_assert(!way.is_cast);
}
END_TEST

/* From a link's own address by the interface the question came by; else the
 * routes decide. */
START_TEST(datagram_answer_names_the_interface_only_for_a_link_local_address)
{
    const char *address = _i == 0 ? "fe80::1" : "2001:db8::1";
    struct leat__way way = receive_v6(address, 7);
    struct in6_pktinfo expected = to_v6(address, _i == 0 ? 7 : 0);

    ck_assert_int_eq(leat__sys_answer(0, "x", 1, &way), 1);

    ck_assert_int_eq(told_note.level, IPPROTO_IPV6);
    ck_assert_int_eq(told_note.type, IPV6_PKTINFO);
    ck_assert_uint_eq(told_note.len, sizeof expected);
    ck_assert_mem_eq(told_note.bytes, &expected, sizeof expected);
}
END_TEST

START_TEST(datagram_answer_to_a_group_leaves_the_address_to_the_kernel)
{
    struct leat__way way = receive_v6("ff02::1", 7);

    ck_assert_int_eq(leat__sys_answer(0, "x", 1, &way), 1);

    ck_assert_uint_eq(told_note.len, 0);
}
END_TEST

START_TEST(datagram_calls_are_made_again_after_a_signal)
{
    struct leat__way way = receive_v6("2001:db8::1", 7);
    char byte;

    fault_times("sendmsg", 1, 2, EINTR);
    ck_assert_int_eq(leat__sys_answer(0, "x", 1, &way), 1);
    ck_assert_uint_eq(kernel_calls("sendmsg"), 3);
    fault_times("recvmsg", 1, 2, EINTR);
    ck_assert_int_eq(leat__sys_receive(0, &byte, 1, &way), 1);
    fault_sticky("sendmsg", 1, EINTR);
    ck_assert_int_eq(leat__sys_answer(0, "x", 1, &way), -EINTR);
    ck_assert_uint_eq(kernel_calls("sendmsg"), 3 + 1 + LEAT__SYS_RETRIES);
    fault_clear();
}
END_TEST

START_TEST(datagram_way_is_unknown_to_other_families)
{
    ck_assert_int_eq(leat__sys_tell_way(0, AF_UNIX), -EAFNOSUPPORT);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("sys_datagram");
    TCase *tcase = tcase_create("sys_datagram");

    tcase_add_checked_fixture(tcase, setup, kernel_teardown);
    tcase_add_test(tcase, datagram_to_one_of_our_addresses_is_told_with_it);
    tcase_add_test(tcase, datagram_to_a_group_is_no_address_of_ours);
    tcase_add_loop_test(tcase,
        datagram_with_a_note_that_nobody_asked_for_has_no_address_of_ours, 0,
        (int)(sizeof strange / sizeof strange[0]));
    tcase_add_loop_test(tcase,
        datagram_answer_names_the_interface_only_for_a_link_local_address, 0,
        2);
    tcase_add_test(
        tcase, datagram_answer_to_a_group_leaves_the_address_to_the_kernel);
    tcase_add_test(tcase, datagram_calls_are_made_again_after_a_signal);
    tcase_add_test(tcase, datagram_way_is_unknown_to_other_families);
    suite_add_tcase(suite, tcase);
    return suite;
}
