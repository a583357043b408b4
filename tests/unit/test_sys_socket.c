/*
 * test_sys_socket.c - the wrappers of src/sys/fd.c on real sockets: what is
 * born, what is told, what never waits, and the wait itself.
 */
#include "kernel.h"
#include "pair.h"
#include "run.h"

#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WORD_BITS = sizeof(unsigned long) * CHAR_BIT };

static struct pair pair;

/* Loop tests run over both families. */
static struct pair (*const make_pair[])(void) = {pair_tcp, pair_unix};

enum { FAMILIES = 2 };

static void
setup(void)
{
    kernel_setup();
    pair = (struct pair){-1, -1};
}

static void
teardown(void)
{
    pair_close(&pair);
    kernel_teardown();
}

/* --- birth --------------------------------------------------------------- */

static void
assert_tame(int fd)
{
    ck_assert_int_ge(fd, 0);
    ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

/* A listener of ours on a port of the kernel's choice. */
static int
make_listener(struct sockaddr_in *addr)
{
    socklen_t len = sizeof *addr;
    void *name = addr;
    int fd = leat__sys_socket(AF_INET, SOCK_STREAM);

    *addr = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_tame(fd);
    ck_assert_int_eq(leat__sys_bind(fd, name, len), 0);
    ck_assert_int_eq(leat__sys_listen(fd, 4), 0);
    ck_assert_int_eq(leat__sys_sockname(fd, name, &len), 0);
    ck_assert_uint_ne(addr->sin_port, 0);
    return fd;
}

static void
await_writable(int fd)
{
    unsigned long words[1024 / WORD_BITS] = {0};

    words[fd / WORD_BITS] = 1ul << fd % WORD_BITS;
    ck_assert_int_eq(
        leat__sys_select(fd + 1, NULL, words, NULL, 10 * 1000000), 1);
}

START_TEST(a_connection_is_made_in_the_background)
{
    struct sockaddr_in addr, peer;
    socklen_t len = sizeof addr, peer_len = sizeof peer;
    void *name = &addr, *peer_name = &peer;
    int listener = make_listener(&addr), fd, conn, error = -1;

    fd = leat__sys_socket(AF_INET, SOCK_STREAM);
    ck_assert_int_eq(leat__sys_connect(fd, name, len), -EINPROGRESS);
    await_writable(fd);
    ck_assert_int_eq(leat__sys_get_option(fd, SOL_SOCKET, SO_ERROR, &error), 0);
    ck_assert_int_eq(error, 0);
    conn = leat__sys_accept(listener, peer_name, &peer_len);
    assert_tame(conn);
    ck_assert_int_eq(leat__sys_sockname(fd, name, &len), 0);
    ck_assert_uint_eq(peer.sin_port, addr.sin_port);
    ck_assert_int_eq(leat__sys_close(conn), 0);
    ck_assert_int_eq(leat__sys_close(fd), 0);
    ck_assert_int_eq(leat__sys_close(listener), 0);
}
END_TEST

START_TEST(connect_after_an_interruption_goes_on)
{
    struct sockaddr_in addr;
    void *name = &addr;
    int listener = make_listener(&addr), fd, conn;

    fd = leat__sys_socket(AF_INET, SOCK_STREAM);
    fault_once("connect", 1, EINTR);
    ck_assert_int_eq(leat__sys_connect(fd, name, sizeof addr), -EINPROGRESS);
    await_writable(fd);
    conn = leat__sys_accept(listener, NULL, NULL);
    assert_tame(conn);
    ck_assert_int_eq(leat__sys_close(conn), 0);
    ck_assert_int_eq(leat__sys_close(fd), 0);
    ck_assert_int_eq(leat__sys_close(listener), 0);
}
END_TEST

START_TEST(connect_to_a_closed_port_is_refused)
{
    struct sockaddr_in addr;
    void *name = &addr;
    int error = 0, fd, closed = make_listener(&addr);

    ck_assert_int_eq(leat__sys_close(closed), 0);
    fd = leat__sys_socket(AF_INET, SOCK_STREAM);
    ck_assert_int_eq(leat__sys_connect(fd, name, sizeof addr), -EINPROGRESS);
    await_writable(fd);
    ck_assert_int_eq(leat__sys_get_option(fd, SOL_SOCKET, SO_ERROR, &error), 0);
    ck_assert_int_eq(error, ECONNREFUSED);
    ck_assert_int_eq(leat__sys_close(fd), 0);
}
END_TEST

START_TEST(accept_of_nobody_is_eagain)
{
    struct sockaddr_in addr;
    int listener = make_listener(&addr);

    ck_assert_int_eq(leat__sys_accept(listener, NULL, NULL), -EAGAIN);
    ck_assert_int_eq(leat__sys_close(listener), 0);
}
END_TEST

START_TEST(peername_is_the_other_ends_name)
{
    struct sockaddr_in ours, theirs;
    socklen_t len = sizeof ours;
    void *name = &ours, *their_name = &theirs;

    pair = pair_tcp();
    ck_assert_int_eq(leat__sys_peername(pair.near, name, &len), 0);
    ck_assert_int_eq(getsockname(pair.far, their_name, &len), 0);
    ck_assert_uint_eq(ours.sin_port, theirs.sin_port);
}
END_TEST

START_TEST(an_option_that_was_set_can_be_read)
{
    int value = 0;

    pair = pair_tcp();
    ck_assert_int_eq(
        leat__sys_option(pair.near, SOL_SOCKET, SO_KEEPALIVE, 1), 0);
    ck_assert_int_eq(
        leat__sys_get_option(pair.near, SOL_SOCKET, SO_KEEPALIVE, &value), 0);
    ck_assert_int_eq(value, 1);
}
END_TEST

/* --- bytes --------------------------------------------------------------- */

/* Send until the kernel takes no more; how many bytes. */
static size_t
fill(int fd)
{
    static const char block[65536];
    size_t sent = 0;

    for (int i = 0; i < 10000; i++) {
        ssize_t n = leat__sys_send(fd, block, sizeof block);

        if (n < 0) {
            ck_assert_int_eq((int)n, -EAGAIN);
            return sent;
        }
        sent += (size_t)n;
    }
    ck_abort_msg("a socket without a reader took %zu bytes", sent);
}

START_TEST(recv_and_send_never_wait_even_where_the_socket_would)
{
    char byte;

    pair = make_pair[_i]();
    ck_assert_int_eq(fcntl(pair.near, F_SETFL, 0), 0);
    ck_assert_int_eq((int)leat__sys_recv(pair.near, &byte, 1), -EAGAIN);
    ck_assert_uint_gt(fill(pair.near), 0);
}
END_TEST

START_TEST(sendv_sends_the_pieces_in_order)
{
    char text[] = "one two three", got[16] = "";
    const struct iovec pieces[] = {{text, 4}, {text + 4, 4}, {text + 8, 5}};

    pair = make_pair[_i]();
    ck_assert_int_eq((int)leat__sys_sendv(pair.near, pieces, 3), 13);
    ck_assert_int_eq((int)recv(pair.far, got, 13, MSG_WAITALL), 13);
    ck_assert_str_eq(got, text);
}
END_TEST

START_TEST(sending_to_a_peer_that_is_gone_raises_no_signal)
{
    char byte = 0;
    const struct iovec piece = {&byte, 1};

    pair = pair_unix();
    close(pair.far);
    pair.far = -1;
    ck_assert_int_eq((int)leat__sys_send(pair.near, "x", 1), -EPIPE);
    ck_assert_int_eq((int)leat__sys_sendv(pair.near, &piece, 1), -EPIPE);
}
END_TEST

START_TEST(recv_after_the_last_byte_is_0)
{
    char bytes[8];

    pair = make_pair[_i]();
    ck_assert_int_eq((int)send(pair.far, "end", 3, 0), 3);
    ck_assert_int_eq(shutdown(pair.far, SHUT_WR), 0);
    pair_await(pair.near);
    ck_assert_int_eq((int)leat__sys_recv(pair.near, bytes, 8), 3);
    pair_await(pair.near);
    ck_assert_int_eq((int)leat__sys_recv(pair.near, bytes, 8), 0);
}
END_TEST

START_TEST(linger_reset_makes_close_a_reset)
{
    char byte;

    pair = pair_tcp();
    ck_assert_int_eq(leat__sys_linger_reset(pair.near), 0);
    ck_assert_int_eq(leat__sys_close(pair.near), 0);
    pair_await(pair.far);
    ck_assert_int_eq((int)recv(pair.far, &byte, 1, 0), -1);
    ck_assert_int_eq(errno, ECONNRESET);
}
END_TEST

START_TEST(shutdown_ends_output_and_after_a_reset_is_enotconn)
{
    const struct linger reset = {1, 0};
    char byte;

    pair = pair_tcp();
    ck_assert_int_eq(leat__sys_shutdown(pair.near, SHUT_WR), 0);
    ck_assert_int_eq((int)recv(pair.far, &byte, 1, 0), 0);
    setsockopt(pair.far, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(pair.far);
    pair.far = -1;
    pair_await(pair.near);
    ck_assert_int_eq((int)leat__sys_recv(pair.near, &byte, 1), -ECONNRESET);
    ck_assert_int_eq(leat__sys_shutdown(pair.near, SHUT_WR), -ENOTCONN);
}
END_TEST

/* --- what the kernel holds ----------------------------------------------- */

START_TEST(at_mark_is_1_exactly_before_the_urgent_byte)
{
    char bytes[8] = "";

    pair = make_pair[_i]();
    ck_assert_int_eq(
        leat__sys_option(pair.near, SOL_SOCKET, SO_OOBINLINE, 1), 0);
    ck_assert_int_eq((int)send(pair.far, "ab", 2, 0), 2);
    ck_assert_int_eq((int)send(pair.far, "!", 1, MSG_OOB), 1);
    ck_assert_int_eq((int)send(pair.far, "cd", 2, 0), 2);
    pair_await(pair.near);
    ck_assert_int_eq(leat__sys_at_mark(pair.near), 0);
    ck_assert_int_eq((int)leat__sys_recv(pair.near, bytes, 8), 2);
    ck_assert_int_eq(leat__sys_at_mark(pair.near), 1);
    ck_assert_int_eq((int)leat__sys_recv(pair.near, bytes + 2, 6), 3);
    ck_assert_int_eq(leat__sys_at_mark(pair.near), 0);
    ck_assert_str_eq(bytes, "ab!cd");
}
END_TEST

START_TEST(unread_counts_what_waits_to_be_received)
{
    char bytes[2];

    pair = make_pair[_i]();
    ck_assert_int_eq(leat__sys_unread(pair.near), 0);
    ck_assert_int_eq((int)send(pair.far, "12345", 5, 0), 5);
    pair_await(pair.near);
    ck_assert_int_eq(leat__sys_unread(pair.near), 5);
    ck_assert_int_eq((int)leat__sys_recv(pair.near, bytes, 2), 2);
    ck_assert_int_eq(leat__sys_unread(pair.near), 3);
}
END_TEST

START_TEST(unsent_is_more_than_0_while_the_peer_does_not_read)
{
    pair = make_pair[_i]();
    ck_assert_int_eq(leat__sys_unsent(pair.near), 0);
    fill(pair.near);
    ck_assert_int_gt(leat__sys_unsent(pair.near), 0);
}
END_TEST

START_TEST(unsent_is_0_again_when_a_unix_peer_has_received)
{
    char bytes[4];

    pair = pair_unix();
    ck_assert_int_eq((int)leat__sys_send(pair.near, "1234", 4), 4);
    ck_assert_int_eq((int)recv(pair.far, bytes, 4, MSG_WAITALL), 4);
    ck_assert_int_eq(leat__sys_unsent(pair.near), 0);
}
END_TEST

/* --- the suite ----------------------------------------------------------- */

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("sys_socket");
    TCase *birth = tcase_create("birth"), *bytes = tcase_create("bytes");

    tcase_add_checked_fixture(birth, setup, teardown);
    tcase_add_test(birth, a_connection_is_made_in_the_background);
    tcase_add_test(birth, connect_after_an_interruption_goes_on);
    tcase_add_test(birth, connect_to_a_closed_port_is_refused);
    tcase_add_test(birth, accept_of_nobody_is_eagain);
    tcase_add_test(birth, peername_is_the_other_ends_name);
    tcase_add_test(birth, an_option_that_was_set_can_be_read);
    suite_add_tcase(suite, birth);

    tcase_add_checked_fixture(bytes, setup, teardown);
    tcase_add_loop_test(bytes,
        recv_and_send_never_wait_even_where_the_socket_would, 0, FAMILIES);
    tcase_add_loop_test(bytes, sendv_sends_the_pieces_in_order, 0, FAMILIES);
    tcase_add_test(bytes, sending_to_a_peer_that_is_gone_raises_no_signal);
    tcase_add_loop_test(bytes, recv_after_the_last_byte_is_0, 0, FAMILIES);
    tcase_add_test(bytes, linger_reset_makes_close_a_reset);
    tcase_add_test(bytes, shutdown_ends_output_and_after_a_reset_is_enotconn);
    tcase_add_loop_test(
        bytes, at_mark_is_1_exactly_before_the_urgent_byte, 0, FAMILIES);
    tcase_add_loop_test(
        bytes, unread_counts_what_waits_to_be_received, 0, FAMILIES);
    tcase_add_loop_test(
        bytes, unsent_is_more_than_0_while_the_peer_does_not_read, 0, FAMILIES);
    tcase_add_test(bytes, unsent_is_0_again_when_a_unix_peer_has_received);
    suite_add_tcase(suite, bytes);
    return suite;
}
