/*
 * test_unix.c - the file of a unix socket: stale ones are replaced, live ones
 * and other files are not, ours is removed and nobody else's.
 */
#include "peers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct leat_listener *listener;
static struct stat st;

static int
try_open(const char *name)
{
    return leat_listener_open(
        &listener, rig.loop, peers_unix(name), &peers.config);
}

static bool
is_there(const char *name)
{
    return lstat(peers_path(name), &st) == 0;
}

/* A socket of the test's own, bound to that name; listening where asked. */
static int
bind_own(const char *name, int type, bool listens)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = rig_keep(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    strncpy(un.sun_path, peers_path(name), sizeof un.sun_path - 1);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
    if (listens)
        ck_assert_int_eq(listen(fd, 4), 0);
    return fd;
}

static void
assert_nothing_left(void)
{
    ck_assert_ptr_null(listener);
    ck_assert_uint_eq(ledger_fds(), 2);
}

/* --- who is there already ------------------------------------------------- */

START_TEST(stale_socket_is_replaced)
{
    rig_drop(bind_own("s", SOCK_STREAM, true));
    ck_assert(is_there("s"));
    ino_t stale = st.st_ino;
    ck_assert_int_eq(try_open("s"), 0);
    ck_assert(is_there("s"));
    ck_assert_uint_ne(st.st_ino, 0);
    (void)stale; /* the number may come again */
    ck_assert_uint_eq(ledger_fds(), 3);
    leat_listener_close(listener);
    ck_assert(!is_there("s"));
}
END_TEST

START_TEST(live_socket_is_refused_and_serves_on)
{
    ck_assert_int_eq(try_open("s"), 0);
    struct leat_listener *first = listener;
    ck_assert_int_eq(try_open("s"), -EADDRINUSE);
    ck_assert_ptr_null(listener);
    peers.listener = first;
    peers.act[DATA] = act_echo;
    struct peer *peer = peer_connect(0);
    peer_text(peer, "still mine");
    turn_until(peer_heard(peer, "still mine"));
}
END_TEST

/* Backlog full is EAGAIN, a datagram socket is EPROTOTYPE: both are alive. */
START_TEST(socket_that_cannot_answer_now_is_live)
{
    int error[] = {EAGAIN, EPROTOTYPE, EACCES};
    rig_drop(bind_own("s", SOCK_STREAM, true));
    fault_once("connect", 1, error[_i]);
    ck_assert_int_eq(try_open("s"), -EADDRINUSE);
    assert_nothing_left();
    ck_assert(is_there("s"));
    ck_assert_int_eq(unlink(peers_path("s")), 0);
}
END_TEST

START_TEST(datagram_socket_is_live)
{
    bind_own("s", SOCK_DGRAM, false);
    ck_assert_int_eq(try_open("s"), -EADDRINUSE);
    assert_nothing_left();
    ck_assert_int_eq(unlink(peers_path("s")), 0);
}
END_TEST

START_TEST(file_that_is_no_socket_is_eexist)
{
    const char *path = peers_path("s");
    if (_i == 0)
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    else if (_i == 1)
        ck_assert_int_eq(symlink("/nowhere", path), 0);
    else
        ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(try_open("s"), -EEXIST);
    assert_nothing_left();
    ck_assert(is_there("s"));
    ck_assert_int_eq(remove(peers_path("s")), 0);
}
END_TEST

/* --- permissions ---------------------------------------------------------- */

START_TEST(mode_is_the_files_from_bind_on)
{
    static const unsigned mode[] = {0, 0600, 0660, 0666, 0777, 0001};
    mode_t before = umask(0022);
    peers.config.mode = mode[_i];
    fault_once("chmod", 1, EPERM);
    ck_assert_int_eq(try_open("s"), -EPERM); /* bind alone has set it */
    ck_assert(!is_there("s"));
    ck_assert_int_eq(try_open("s"), 0);
    ck_assert(is_there("s"));
    unsigned wanted = mode[_i] != 0 ? mode[_i] : 0600;
    ck_assert_uint_eq(st.st_mode & 07777, wanted);
    ck_assert_uint_eq(umask(before), 0022); /* put back */
}
END_TEST

static mode_t at_bind, at_listen;

static int
look_after_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    int rc = kernel_real()->bind(fd, addr, len);
    if (is_there("s"))
        at_bind = st.st_mode & 0777;
    return rc;
}

static int
look_before_listen(int fd, int backlog)
{
    if (is_there("s"))
        at_listen = st.st_mode & 0777;
    return kernel_real()->listen(fd, backlog);
}

START_TEST(nobody_can_connect_before_the_mode_is_set)
{
    struct leat_sys *own = kernel_own();
    own->bind = look_after_bind;
    own->listen = look_before_listen;
    peers.config.mode = 0640;
    ck_assert_int_eq(try_open("s"), 0);
    ck_assert_uint_eq(at_bind, 0640);
    ck_assert_uint_eq(at_listen, 0640);
}
END_TEST

/* --- failing -------------------------------------------------------------- */

static const struct {
    const char *call;
    unsigned nth;
    int error;
} step[] = {
    {"socket", 1, EMFILE},
    {"open", 1, EACCES},
    {"flock", 1, ENOLCK},
    {"lstat", 1, EACCES},
    {"bind", 1, EACCES},
    {"lstat", 2, EIO},
    {"chmod", 1, EPERM},
    {"listen", 1, ENOBUFS},
};

START_TEST(failing_at_any_step_leaves_nothing_behind)
{
    mode_t before = umask(0027);
    int fault = fault_once(step[_i].call, step[_i].nth, step[_i].error);
    ck_assert_int_eq(try_open("s"), -step[_i].error);
    ck_assert_uint_eq(fault_fired(fault), 1);
    assert_nothing_left();
    ck_assert(!is_there("s"));
    ck_assert_uint_eq(umask(before), 0027);
    ck_assert_int_eq(try_open("s"), 0);
}
END_TEST

START_TEST(failing_while_a_stale_one_is_there_keeps_it)
{
    static const char *const call[] = {"socket", "unlink"};
    rig_drop(bind_own("s", SOCK_STREAM, true));
    fault_once(call[_i], _i == 0 ? 2 : 1, EMFILE);
    ck_assert_int_eq(try_open("s"), -EMFILE);
    assert_nothing_left();
    ck_assert(is_there("s"));
    ck_assert_int_eq(try_open("s"), 0);
}
END_TEST

START_TEST(missing_directory_is_enoent)
{
    ck_assert_int_eq(try_open("no/such"), -ENOENT);
    assert_nothing_left();
}
END_TEST

START_TEST(directory_is_locked_until_listen_and_then_free)
{
    ck_assert_int_eq(try_open("s"), 0);
    ck_assert_uint_eq(kernel_calls("flock"), 1);
    ck_assert_uint_eq(ledger_fds(), 3); /* the lock's descriptor is closed */
    ck_assert_int_eq(try_open("t"), 0); /* in the same directory */
}
END_TEST

START_TEST(path_without_a_directory_is_in_this_one)
{
    char here[256];
    (void)peers_path("s");
    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
    ck_assert_int_eq(chdir(peers.dir), 0);
    ck_assert_int_eq(
        leat_listener_open(&listener, rig.loop, "unix:s", &peers.config), 0);
    ck_assert(is_there("s"));
    leat_listener_close(listener);
    ck_assert(!is_there("s"));
    ck_assert_int_eq(chdir(here), 0);
}
END_TEST

/* --- whose file it is ----------------------------------------------------- */

START_TEST(file_of_another_is_left_alone)
{
    ck_assert_int_eq(try_open("s"), 0);
    /* Somebody else has moved in meanwhile; the old name keeps the inode. */
    char old[96];
    strcpy(old, peers_path("old"));
    ck_assert_int_eq(rename(peers_path("s"), old), 0);
    bind_own("s", SOCK_STREAM, true);
    leat_listener_close(listener);
    ck_assert(is_there("s"));
    ck_assert(is_there("old"));
    ck_assert_int_eq(unlink(peers_path("s")), 0);
    ck_assert_int_eq(unlink(peers_path("old")), 0);
}
END_TEST

START_TEST(file_that_is_gone_already_is_no_trouble)
{
    ck_assert_int_eq(try_open("s"), 0);
    ck_assert_int_eq(unlink(peers_path("s")), 0);
    leat_listener_close(listener);
}
END_TEST

START_TEST(destroying_the_loop_removes_the_file)
{
    ck_assert_int_eq(try_open("s"), 0);
    leat_loop_destroy(rig.loop);
    rig.loop = NULL;
    ck_assert(!is_there("s"));
}
END_TEST

START_TEST(unix_connections_get_a_bounded_send_buffer)
{
    int value = 0;
    socklen_t len = sizeof value;
    struct peer *peer;
    peers_listen(OVER_UNIX);
    peers_meet(&peer);
    unsigned found = 0;
    for (int fd = 3; fd < 64; fd++) {
        struct leat_addr addr;
        if (!ledger_has_fd(fd) ||
            getpeername(fd, (void *)&addr.storage, &(socklen_t){128}) != 0)
            continue;
        getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, &len);
        found++;
    }
    ck_assert_uint_eq(found, 1);
    ck_assert_int_eq(value, 2 * 64 * 1024); /* the kernel's way of counting */
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("unix");
    TCase *tcase = tcase_create("unix");
    tcase_add_checked_fixture(tcase, peers_setup, peers_teardown);
    tcase_add_test(tcase, stale_socket_is_replaced);
    tcase_add_test(tcase, live_socket_is_refused_and_serves_on);
    tcase_add_loop_test(tcase, socket_that_cannot_answer_now_is_live, 0, 3);
    tcase_add_test(tcase, datagram_socket_is_live);
    tcase_add_loop_test(tcase, file_that_is_no_socket_is_eexist, 0, 3);
    tcase_add_loop_test(tcase, mode_is_the_files_from_bind_on, 0, 6);
    tcase_add_test(tcase, nobody_can_connect_before_the_mode_is_set);
    tcase_add_loop_test(tcase, failing_at_any_step_leaves_nothing_behind, 0,
        (int)(sizeof step / sizeof step[0]));
    tcase_add_loop_test(
        tcase, failing_while_a_stale_one_is_there_keeps_it, 0, 2);
    tcase_add_test(tcase, missing_directory_is_enoent);
    tcase_add_test(tcase, directory_is_locked_until_listen_and_then_free);
    tcase_add_test(tcase, path_without_a_directory_is_in_this_one);
    tcase_add_test(tcase, file_of_another_is_left_alone);
    tcase_add_test(tcase, file_that_is_gone_already_is_no_trouble);
    tcase_add_test(tcase, destroying_the_loop_removes_the_file);
    tcase_add_test(tcase, unix_connections_get_a_bounded_send_buffer);
    suite_add_tcase(suite, tcase);
    return suite;
}
