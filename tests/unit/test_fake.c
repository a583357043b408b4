/*
 * test_fake.c - the fake kernel behaves like the real one where it matters:
 * numbers, streams, ends, resets, the wait.
 */
#include "fake.h"
#include "kernel.h"
#include "run.h"

#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

enum { WORD_BITS = sizeof(unsigned long) * CHAR_BIT, WORDS = 4 };

static int listener, conn, peer;

static int
make_listener(in_port_t port)
{
    const struct sockaddr_in addr = {.sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const void *name = &addr;
    int fd = leat__sys_socket(AF_INET, SOCK_STREAM);

    ck_assert_int_eq(leat__sys_bind(fd, name, sizeof addr), 0);
    ck_assert_int_eq(leat__sys_listen(fd, 4), 0);
    return fd;
}

/* A listener, and a connection of which the test is the peer. */
static void
setup(void)
{
    fake_setup();
    listener = make_listener(0);
    peer = fake_connect(listener);
    conn = leat__sys_accept(listener, NULL, NULL);
    ck_assert_int_ge(conn, 0);
}

static void
teardown(void)
{
    if (ledger_has_fd(conn))
        ck_assert_int_eq(leat__sys_close(conn), 0);
    ck_assert_int_eq(leat__sys_close(listener), 0);
    kernel_teardown();
}

static int
wait_for(unsigned long *in, unsigned long *out, int64_t timeout_us)
{
    return leat__sys_select(WORDS * WORD_BITS, in, out, NULL, timeout_us);
}

static void
add(unsigned long *words, int fd)
{
    words[fd / WORD_BITS] |= 1ul << fd % WORD_BITS;
}

/* Whether select() with timeout 0 says so. */
static bool
is_ready(int fd, bool to_read)
{
    unsigned long words[WORDS] = {0};

    add(words, fd);
    return wait_for(to_read ? words : NULL, to_read ? NULL : words, 0) == 1;
}

/* --- descriptors --------------------------------------------------------- */

START_TEST(numbers_are_the_lowest_free_ones)
{
    int first = leat__sys_socket(AF_INET, SOCK_STREAM);
    int second = leat__sys_socket(AF_INET, SOCK_STREAM);

    ck_assert_int_eq(second, first + 1);
    ck_assert_int_eq(leat__sys_close(first), 0);
    ck_assert_int_eq(leat__sys_socket(AF_INET, SOCK_STREAM), first);
    ck_assert_int_eq(leat__sys_close(first), 0);
    ck_assert_int_eq(leat__sys_close(second), 0);
}
END_TEST

START_TEST(the_limit_is_emfile_and_who_waits_goes_on_waiting)
{
    int next;

    fake_limit(2);
    ck_assert_int_eq(leat__sys_socket(AF_INET, SOCK_STREAM), -EMFILE);
    ck_assert_int_ge(fake_connect(listener), 0);
    ck_assert_int_eq(leat__sys_accept(listener, NULL, NULL), -EMFILE);
    ck_assert(is_ready(listener, true));
    fake_limit(3);
    next = leat__sys_accept(listener, NULL, NULL);
    ck_assert_int_ge(next, 0);
    ck_assert_int_eq(leat__sys_close(next), 0);
}
END_TEST

START_TEST(what_is_born_is_non_blocking_and_close_on_exec)
{
    ck_assert_int_ne(LEAT_SYS(fcntl, conn, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(LEAT_SYS(fcntl, conn, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(leat__sys_probe(conn), 0);
    ck_assert_int_eq(leat__sys_probe(100), -EBADF);
}
END_TEST

START_TEST(pipes_carry_bytes_and_their_end)
{
    int fds[2];
    char bytes[4];

    ck_assert_int_eq(leat__sys_pipe(fds), 0);
    ck_assert_int_eq((int)leat__sys_read(fds[0], bytes, 4), -EAGAIN);
    ck_assert_int_eq((int)leat__sys_write(fds[1], "abc", 3), 3);
    ck_assert(is_ready(fds[0], true));
    ck_assert_int_eq((int)leat__sys_read(fds[0], bytes, 4), 3);
    ck_assert_mem_eq(bytes, "abc", 3);
    ck_assert_int_eq(leat__sys_close(fds[1]), 0);
    ck_assert_int_eq((int)leat__sys_read(fds[0], bytes, 4), 0);
    ck_assert_int_eq(leat__sys_close(fds[0]), 0);
}
END_TEST

/* --- addresses ----------------------------------------------------------- */

START_TEST(port_0_becomes_a_port_that_is_told)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof addr;
    void *name = &addr;

    ck_assert_int_eq(leat__sys_sockname(listener, name, &len), 0);
    ck_assert_uint_ne(ntohs(addr.sin_port), 0);
    ck_assert_int_eq(leat__sys_peername(conn, name, &len), 0);
    ck_assert_uint_ge(ntohs(addr.sin_port), 50000);
    ck_assert_int_eq(leat__sys_peername(listener, name, &len), -ENOTCONN);
}
END_TEST

START_TEST(a_path_is_bound_once_until_it_is_unlinked)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "/x"};
    const void *name = &addr;
    int first = leat__sys_socket(AF_UNIX, SOCK_STREAM);
    int second = leat__sys_socket(AF_UNIX, SOCK_STREAM);

    ck_assert_int_eq(leat__sys_bind(first, name, sizeof addr), 0);
    ck_assert_int_eq(leat__sys_bind(second, name, sizeof addr), -EADDRINUSE);
    ck_assert_int_eq(leat__sys_close(first), 0);
    ck_assert_int_eq(leat__sys_bind(second, name, sizeof addr), -EADDRINUSE);
    ck_assert_int_eq(leat__sys_unlink("/x"), 0);
    ck_assert_int_eq(leat__sys_bind(second, name, sizeof addr), 0);
    ck_assert_int_eq(leat__sys_close(second), 0);
}
END_TEST

START_TEST(leat_can_connect_to_itself)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof addr;
    void *name = &addr;
    int fd = leat__sys_socket(AF_INET, SOCK_STREAM), other, error = -1;
    char byte;

    ck_assert_int_eq(leat__sys_sockname(listener, name, &len), 0);
    ck_assert_int_eq(leat__sys_connect(fd, name, len), -EINPROGRESS);
    ck_assert(is_ready(fd, false));
    ck_assert_int_eq(leat__sys_get_option(fd, SOL_SOCKET, SO_ERROR, &error), 0);
    ck_assert_int_eq(error, 0);
    other = leat__sys_accept(listener, NULL, NULL);
    ck_assert_int_eq((int)leat__sys_send(fd, "x", 1), 1);
    ck_assert_int_eq((int)leat__sys_recv(other, &byte, 1), 1);
    ck_assert_int_eq(leat__sys_close(fd), 0);
    ck_assert_int_eq(leat__sys_close(other), 0);
}
END_TEST

START_TEST(nobody_listening_is_refused)
{
    const struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = 9};
    const void *name = &addr;
    int fd = leat__sys_socket(AF_INET, SOCK_STREAM);

    ck_assert_int_eq(leat__sys_connect(fd, name, sizeof addr), -ECONNREFUSED);
    ck_assert_int_eq(leat__sys_close(fd), 0);
}
END_TEST

START_TEST(the_backlog_is_bounded_and_in_order)
{
    int waiting[5]; /* one more than the backlog, as Linux has it */

    ck_assert_int_eq(leat__sys_accept(listener, NULL, NULL), -EAGAIN);
    for (int i = 0; i < 5; i++) {
        waiting[i] = fake_connect(listener);
        ck_assert_int_eq(fake_write(waiting[i], &"01234"[i], 1), 1);
    }
    ck_assert_int_eq(fake_connect(listener), -1);
    for (int i = 0; i < 5; i++) {
        int fd = leat__sys_accept(listener, NULL, NULL);
        char byte = 0;

        ck_assert_int_eq((int)leat__sys_recv(fd, &byte, 1), 1);
        ck_assert_int_eq(byte, "01234"[i]);
        ck_assert_int_eq(leat__sys_close(fd), 0);
    }
}
END_TEST

START_TEST(closing_a_listener_resets_who_waits)
{
    int other = make_listener(77), waiting = fake_connect(other);

    ck_assert_int_eq(leat__sys_close(other), 0);
    ck_assert(fake_was_reset(waiting));
    ck_assert_int_eq(fake_write(waiting, "x", 1), -1);
}
END_TEST

/* --- bytes --------------------------------------------------------------- */

START_TEST(bytes_go_both_ways_in_order)
{
    const char text[] = "to and fro";
    const struct iovec pieces[] = {{(char[]){'t', 'o', ' '}, 3},
        {(char[]){'a', 'n', 'd', ' '}, 4}, {(char[]){'f', 'r', 'o', 0}, 4}};
    char got[16];

    ck_assert_int_eq(fake_write(peer, text, sizeof text), sizeof text);
    ck_assert_int_eq(leat__sys_unread(conn), sizeof text);
    ck_assert_int_eq((int)leat__sys_recv(conn, got, 16), sizeof text);
    ck_assert_str_eq(got, text);
    ck_assert_int_eq((int)leat__sys_sendv(conn, pieces, 3), sizeof text);
    /* The peer's kernel has it. */
    ck_assert_int_eq(leat__sys_unsent(conn), 0);
    ck_assert_int_eq(fake_read(peer, got, 16), sizeof text);
    ck_assert_str_eq(got, text);
    ck_assert_int_eq(leat__sys_at_mark(conn), 0);
}
END_TEST

/* Writable is more than a byte of room: a third. */
START_TEST(a_full_stream_takes_a_part_and_then_nothing)
{
    char got[8] = "";

    fake_capacity(4);
    ck_assert_int_eq((int)leat__sys_send(conn, "abcdef", 6), 4);
    ck_assert_int_eq((int)leat__sys_send(conn, "ef", 2), -EAGAIN);
    ck_assert(!is_ready(conn, false));
    ck_assert_int_eq(fake_read(peer, got, 1), 1);
    ck_assert(!is_ready(conn, false));
    ck_assert_int_eq((int)leat__sys_send(conn, "ef", 2), 1);
    ck_assert_int_eq(fake_read(peer, got + 1, 2), 2);
    ck_assert(is_ready(conn, false));
    ck_assert_int_eq(fake_read(peer, got + 3, 5), 2);
    ck_assert_str_eq(got, "abcde");
}
END_TEST

START_TEST(a_half_close_is_an_end_after_the_bytes)
{
    char got[8];

    ck_assert_int_eq(fake_write(peer, "end", 3), 3);
    fake_shutdown(peer);
    ck_assert_int_eq((int)leat__sys_recv(conn, got, 8), 3);
    ck_assert_int_eq((int)leat__sys_recv(conn, got, 8), 0);
    ck_assert(is_ready(conn, true));
    ck_assert_int_eq((int)leat__sys_send(conn, "still", 5), 5);
    ck_assert_int_eq(leat__sys_shutdown(conn, SHUT_WR), 0);
    ck_assert_int_eq((int)leat__sys_send(conn, "x", 1), -EPIPE);
    ck_assert(!fake_ended(peer));
    ck_assert_int_eq(fake_read(peer, got, 8), 5);
    ck_assert(fake_ended(peer));
}
END_TEST

/* The first send finds out: its bytes leave, and a reset comes back. */
START_TEST(a_peer_that_closed_takes_one_send_and_then_nothing)
{
    char byte;

    fake_close(peer);
    ck_assert_int_eq((int)leat__sys_recv(conn, &byte, 1), 0);
    ck_assert_int_eq((int)leat__sys_send(conn, "x", 1), 1);
    ck_assert_int_eq((int)leat__sys_send(conn, "x", 1), -EPIPE);
    ck_assert(is_ready(conn, false));
}
END_TEST

START_TEST(a_reset_is_told_once_and_then_is_an_end)
{
    char byte;

    fake_reset(peer);
    ck_assert(is_ready(conn, true));
    ck_assert_int_eq((int)leat__sys_recv(conn, &byte, 1), -ECONNRESET);
    ck_assert_int_eq((int)leat__sys_recv(conn, &byte, 1), 0);
}
END_TEST

/* Only what the peer's kernel has already can still be read. */
START_TEST(closing_with_unread_bytes_resets_the_peer)
{
    char got[8] = "";

    ck_assert_int_eq((int)leat__sys_send(conn, "reply", 5), 5);
    ck_assert_int_eq(fake_write(peer, "unread", 6), 6);
    ck_assert_int_eq(leat__sys_close(conn), 0);
    ck_assert(fake_was_reset(peer));
    ck_assert_int_eq(fake_read(peer, got, 8), 5);
    ck_assert(fake_ended(peer));
}
END_TEST

START_TEST(linger_reset_resets_the_peer)
{
    ck_assert_int_eq(leat__sys_linger_reset(conn), 0);
    ck_assert_int_eq(leat__sys_close(conn), 0);
    ck_assert(fake_was_reset(peer));
}
END_TEST

START_TEST(a_stream_goes_round_its_buffer_in_order)
{
    unsigned char sent[61], got[64];

    for (int round = 0; round < 3000; round++) {
        for (size_t i = 0; i < sizeof sent; i++)
            sent[i] = (unsigned char)((size_t)round * 7 + i);
        ck_assert_int_eq(fake_write(peer, sent, sizeof sent), sizeof sent);
        ck_assert_int_eq((int)leat__sys_recv(conn, got, 64), sizeof sent);
        ck_assert_mem_eq(got, sent, sizeof sent);
    }
}
END_TEST

/* --- the wait ------------------------------------------------------------ */

START_TEST(a_wait_for_nothing_moves_the_clock_by_its_timeout)
{
    unsigned long in[WORDS] = {0};
    int64_t before, after;

    add(in, conn);
    ck_assert_int_eq(leat__sys_monotonic(&before), 0);
    ck_assert_int_eq(wait_for(in, NULL, 2500000), 0);
    ck_assert_int_eq(leat__sys_monotonic(&after), 0);
    ck_assert_int_eq(after - before, 2500000);
    fake_advance(7);
    ck_assert_int_eq(leat__sys_monotonic(&before), 0);
    ck_assert_int_eq(before - after, 7);
}
END_TEST

START_TEST(a_wait_without_end_for_nothing_is_a_complaint)
{
    kernel_expect();
    ck_assert_int_eq(wait_for(NULL, NULL, -1), -EINTR);
    ck_assert_ptr_nonnull(kernel_complaint());
}
END_TEST

START_TEST(a_wait_with_a_closed_number_leaves_the_sets_alone)
{
    unsigned long in[WORDS] = {0}, before[WORDS];

    add(in, conn);
    add(in, 100);
    memcpy(before, in, sizeof in);
    ck_assert_int_eq(wait_for(in, NULL, 0), -EBADF);
    ck_assert_mem_eq(in, before, sizeof in);
}
END_TEST

START_TEST(faults_and_counters_work_over_the_fake)
{
    char byte;

    ck_assert_int_eq(fake_write(peer, "ab", 2), 2);
    fault_once("recv", 1, ENOBUFS);
    ck_assert_int_eq((int)leat__sys_recv(conn, &byte, 1), -ENOBUFS);
    ck_assert_int_eq((int)leat__sys_recv(conn, &byte, 1), 1);
    ck_assert_uint_eq(kernel_calls("recv"), 2);
    ck_assert_int_eq(leat__sys_open("/nowhere", O_RDONLY, 0), -ENOENT);
}
END_TEST

/* --- the suite ----------------------------------------------------------- */

static TCase *
tcase_of(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);

    tcase_add_checked_fixture(tcase, setup, teardown);
    suite_add_tcase(suite, tcase);
    return tcase;
}

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("fake");
    TCase *fds = tcase_of(suite, "fds"), *names = tcase_of(suite, "names");
    TCase *bytes = tcase_of(suite, "bytes"), *wait = tcase_of(suite, "wait");

    tcase_add_test(fds, numbers_are_the_lowest_free_ones);
    tcase_add_test(fds, the_limit_is_emfile_and_who_waits_goes_on_waiting);
    tcase_add_test(fds, what_is_born_is_non_blocking_and_close_on_exec);
    tcase_add_test(fds, pipes_carry_bytes_and_their_end);
    tcase_add_test(names, port_0_becomes_a_port_that_is_told);
    tcase_add_test(names, a_path_is_bound_once_until_it_is_unlinked);
    tcase_add_test(names, leat_can_connect_to_itself);
    tcase_add_test(names, nobody_listening_is_refused);
    tcase_add_test(names, the_backlog_is_bounded_and_in_order);
    tcase_add_test(names, closing_a_listener_resets_who_waits);
    tcase_add_test(bytes, bytes_go_both_ways_in_order);
    tcase_add_test(bytes, a_full_stream_takes_a_part_and_then_nothing);
    tcase_add_test(bytes, a_half_close_is_an_end_after_the_bytes);
    tcase_add_test(bytes, a_peer_that_closed_takes_one_send_and_then_nothing);
    tcase_add_test(bytes, a_reset_is_told_once_and_then_is_an_end);
    tcase_add_test(bytes, closing_with_unread_bytes_resets_the_peer);
    tcase_add_test(bytes, linger_reset_resets_the_peer);
    tcase_add_test(bytes, a_stream_goes_round_its_buffer_in_order);
    tcase_add_test(wait, a_wait_for_nothing_moves_the_clock_by_its_timeout);
    tcase_add_test(wait, a_wait_without_end_for_nothing_is_a_complaint);
    tcase_add_test(wait, a_wait_with_a_closed_number_leaves_the_sets_alone);
    tcase_add_test(wait, faults_and_counters_work_over_the_fake);
    return suite;
}
