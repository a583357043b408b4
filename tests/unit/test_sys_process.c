/*
 * test_sys_process.c - src/sys apart from descriptors: names, files, the
 * process, clocks and memory.
 */
#include "kernel.h"
#include "run.h"

#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

/* --- hosts --------------------------------------------------------------- */

static const struct addrinfo numeric = {
    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
    .ai_socktype = SOCK_STREAM,
};

START_TEST(hosts_gives_a_list_that_free_hosts_takes)
{
    struct addrinfo *list = NULL;

    ck_assert_int_eq(leat__sys_hosts("127.0.0.1", "7000", &numeric, &list), 0);
    ck_assert_int_eq(list->ai_family, AF_INET);
    ck_assert_ptr_null(list->ai_next);
    leat__sys_free_hosts(list);
    ck_assert_uint_eq(kernel_calls("freeaddrinfo"), 1);
}
END_TEST

START_TEST(hosts_of_a_name_that_is_no_number_is_enoent)
{
    struct addrinfo *list;

    ck_assert_int_eq(
        leat__sys_hosts("no.number", "7000", &numeric, &list), -ENOENT);
}
END_TEST

static const struct {
    int eai, error;
} host_errors[] = {
    {EAI_NONAME, ENOENT},
    {EAI_NODATA, ENOENT},
    {EAI_SERVICE, ENOENT},
    {EAI_ADDRFAMILY, ENOENT},
    {EAI_AGAIN, EAGAIN},
    {EAI_MEMORY, ENOMEM},
    {EAI_FAIL, EIO},
    {EAI_SYSTEM, EIO},
    {EAI_FAMILY, EIO},
};

START_TEST(hosts_translates_the_resolvers_error)
{
    struct addrinfo *list;

    fault_once("getaddrinfo", 1, host_errors[_i].eai);

    ck_assert_int_eq(leat__sys_hosts("127.0.0.1", "7000", &numeric, &list),
        -host_errors[_i].error);
}
END_TEST

/* --- files --------------------------------------------------------------- */

static char folder[64], path[96], other[96];

static void
make_folder(void)
{
    kernel_setup();
    strcpy(folder, "/tmp/leat-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(other, sizeof other, "%s/other", folder);
}

static void
remove_folder(void)
{
    unlink(path);
    unlink(other);
    ck_assert_int_eq(rmdir(folder), 0);
    kernel_teardown();
}

START_TEST(open_makes_a_file_with_its_mode_and_close_on_exec)
{
    mode_t before = leat__sys_umask(0);
    int fd = leat__sys_open(path, O_CREAT | O_EXCL | O_RDWR, 0640);
    struct stat st;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq((int)leat__sys_write(fd, "four", 4), 4);
    ck_assert_int_eq(leat__sys_lstat(path, &st), 0);
    ck_assert_int_eq(st.st_size, 4);
    ck_assert_uint_eq(st.st_mode & 0777, 0640);
    ck_assert_int_eq(leat__sys_close(fd), 0);
    ck_assert_uint_eq(leat__sys_umask(before), 0);
}
END_TEST

START_TEST(lstat_looks_at_the_link_and_not_behind_it)
{
    struct stat st;

    ck_assert_int_eq(symlink("/dev/null", path), 0);
    ck_assert_int_eq(leat__sys_lstat(path, &st), 0);
    ck_assert(S_ISLNK(st.st_mode));
}
END_TEST

START_TEST(chmod_rename_and_unlink_do_what_they_are_called)
{
    int fd = leat__sys_open(path, O_CREAT | O_WRONLY, 0600);
    struct stat st;

    ck_assert_int_eq(leat__sys_close(fd), 0);
    ck_assert_int_eq(leat__sys_chmod(path, 0644), 0);
    ck_assert_int_eq(leat__sys_rename(path, other), 0);
    ck_assert_int_eq(leat__sys_lstat(path, &st), -ENOENT);
    ck_assert_int_eq(leat__sys_lstat(other, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0644);
    ck_assert_int_eq(leat__sys_unlink(other), 0);
    ck_assert_int_eq(leat__sys_lstat(other, &st), -ENOENT);
}
END_TEST

START_TEST(lock_keeps_others_out_until_close)
{
    int fd = leat__sys_open(path, O_CREAT | O_WRONLY, 0600);
    int stranger = open(path, O_RDONLY);

    ck_assert_int_eq(leat__sys_lock(fd), 0);
    ck_assert_int_eq(flock(stranger, LOCK_SH | LOCK_NB), -1);
    ck_assert_int_eq(errno, EWOULDBLOCK);
    ck_assert_int_eq(leat__sys_close(fd), 0);
    ck_assert_int_eq(flock(stranger, LOCK_EX | LOCK_NB), 0);
    close(stranger);
}
END_TEST

/* --- the process --------------------------------------------------------- */

START_TEST(nofile_tells_the_limits_and_sets_them)
{
    struct leat__rlimit before, after;
    struct rlimit real;

    ck_assert_int_eq(leat__sys_nofile(&before), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &real), 0);
    ck_assert_uint_eq(before.soft, real.rlim_cur);
    ck_assert_uint_eq(before.hard, real.rlim_max);
    ck_assert_int_eq(leat__sys_set_nofile(&before), 0);
    ck_assert_int_eq(leat__sys_nofile(&after), 0);
    ck_assert_uint_eq(after.soft, before.soft);
}
END_TEST

static struct rlimit limit_seen;

static int
unlimited(int resource, struct rlimit *limit)
{
    (void)resource;
    *limit = (struct rlimit){64, RLIM_INFINITY};
    return 0;
}

static int
see_limit(int resource, const struct rlimit *limit)
{
    (void)resource;
    limit_seen = *limit;
    return 0;
}

START_TEST(nofile_without_limit_is_the_largest_number)
{
    struct leat_sys spy = *kernel_real();
    struct leat__rlimit limit;

    spy.getrlimit = unlimited;
    spy.setrlimit = see_limit;
    kernel_use(&spy);
    ck_assert_int_eq(leat__sys_nofile(&limit), 0);
    ck_assert_uint_eq(limit.soft, 64);
    ck_assert_uint_eq(limit.hard, UINT64_MAX);
    ck_assert_int_eq(leat__sys_set_nofile(&limit), 0);
    ck_assert_uint_eq(limit_seen.rlim_cur, 64);
    ck_assert_uint_eq(limit_seen.rlim_max, RLIM_INFINITY);
}
END_TEST

START_TEST(nofile_that_fails_tells_why)
{
    struct leat__rlimit limit = {0, 0};

    fault_once("getrlimit", 1, EINVAL);
    fault_once("setrlimit", 1, EPERM);

    ck_assert_int_eq(leat__sys_nofile(&limit), -EINVAL);
    ck_assert_int_eq(leat__sys_set_nofile(&limit), -EPERM);
}
END_TEST

START_TEST(sigaction_installs_and_tells_the_old_one)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old, again;

    ck_assert_int_eq(leat__sys_sigaction(SIGUSR2, &ignore, &old), 0);
    ck_assert_int_eq(leat__sys_sigaction(SIGUSR2, &old, &again), 0);
    ck_assert(again.sa_handler == SIG_IGN);
}
END_TEST

START_TEST(random_bytes_differ)
{
    char first[16] = "", second[16] = "";

    ck_assert_int_eq(leat__sys_random(first, sizeof first), 0);
    ck_assert_int_eq(leat__sys_random(second, sizeof second), 0);
    ck_assert_mem_ne(first, second, sizeof first);
}
END_TEST

START_TEST(a_blocked_signal_waits)
{
    sigset_t before, waiting;
    sigprocmask(SIG_SETMASK, NULL, &before);

    fault_once("sigprocmask", 1, EINVAL);
    ck_assert_int_eq(leat__sys_block(SIGUSR2), -EINVAL);
    ck_assert_int_eq(leat__sys_block(-1), -EINVAL);
    ck_assert_int_eq(leat__sys_block(SIGUSR2), 0);

    raise(SIGUSR2);
    sigpending(&waiting);
    ck_assert(sigismember(&waiting, SIGUSR2));
    signal(SIGUSR2, SIG_IGN);
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGUSR2, SIG_DFL);
}
END_TEST

START_TEST(death_signal_is_set)
{
    int before = 0, during = 0;

    ck_assert_int_eq(prctl(PR_GET_PDEATHSIG, &before), 0);
    ck_assert_int_eq(leat__sys_death_signal(SIGWINCH), 0);
    ck_assert_int_eq(prctl(PR_GET_PDEATHSIG, &during), 0);
    ck_assert_int_eq(leat__sys_death_signal(before), 0);
    ck_assert_int_eq(during, SIGWINCH);
}
END_TEST

START_TEST(pids_are_ours)
{
    ck_assert_int_eq(leat__sys_pid(), getpid());
    ck_assert_int_eq(leat__sys_parent_pid(), getppid());
}
END_TEST

/* --- clocks and memory --------------------------------------------------- */

START_TEST(monotonic_is_the_kernels_clock_in_microseconds)
{
    struct timespec before, after;
    int64_t now_us;

    clock_gettime(CLOCK_MONOTONIC, &before);
    ck_assert_int_eq(leat__sys_monotonic(&now_us), 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    ck_assert_int_ge(
        now_us, (int64_t)before.tv_sec * 1000000 + before.tv_nsec / 1000);
    ck_assert_int_le(
        now_us, (int64_t)after.tv_sec * 1000000 + after.tv_nsec / 1000);
}
END_TEST

START_TEST(wall_is_the_time_of_day)
{
    time_t before = time(NULL);
    struct timespec now;

    ck_assert_int_eq(leat__sys_wall(&now), 0);
    ck_assert_int_ge(now.tv_sec, before - 1); /* time() may lag one tick */
    ck_assert_int_le(now.tv_sec, time(NULL) + 1);
}
END_TEST

START_TEST(a_clock_that_fails_leaves_the_last_reading)
{
    struct timespec wall;
    int64_t now_us = 42;

    fault_times("clock_gettime", 1, 2, EINVAL);

    ck_assert_int_eq(leat__sys_monotonic(&now_us), -EINVAL);
    ck_assert_int_eq(now_us, 42);
    ck_assert_int_eq(leat__sys_wall(&wall), -EINVAL);
}
END_TEST

START_TEST(resize_keeps_the_bytes_and_frees_at_size_0)
{
    char *block = leat__sys_resize(NULL, NULL, 4);

    memcpy(block, "leat", 4);
    block = leat__sys_resize(NULL, block, 4096);
    ck_assert_mem_eq(block, "leat", 4);
    ck_assert_ptr_null(leat__sys_resize(NULL, block, 0));
    ck_assert_uint_eq(ledger_blocks(), 0);
}
END_TEST

START_TEST(resize_that_fails_leaves_the_block)
{
    char *block = leat__sys_resize(NULL, NULL, 4);

    memcpy(block, "leat", 4);
    fault_once("realloc", 1, ENOMEM);
    ck_assert_ptr_null(leat__sys_resize(NULL, block, 4096));
    ck_assert_mem_eq(block, "leat", 4);
    leat__sys_resize(NULL, block, 0);
}
END_TEST

/* --- the suite ----------------------------------------------------------- */

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("sys_process");
    TCase *names = tcase_create("hosts"), *files = tcase_create("files");
    TCase *process = tcase_create("process");

    tcase_add_checked_fixture(names, kernel_setup, kernel_teardown);
    tcase_add_test(names, hosts_gives_a_list_that_free_hosts_takes);
    tcase_add_test(names, hosts_of_a_name_that_is_no_number_is_enoent);
    tcase_add_loop_test(names, hosts_translates_the_resolvers_error, 0,
        sizeof host_errors / sizeof *host_errors);
    suite_add_tcase(suite, names);

    tcase_add_checked_fixture(files, make_folder, remove_folder);
    tcase_add_test(files, open_makes_a_file_with_its_mode_and_close_on_exec);
    tcase_add_test(files, lstat_looks_at_the_link_and_not_behind_it);
    tcase_add_test(files, chmod_rename_and_unlink_do_what_they_are_called);
    tcase_add_test(files, lock_keeps_others_out_until_close);
    suite_add_tcase(suite, files);

    tcase_add_checked_fixture(process, kernel_setup, kernel_teardown);
    tcase_add_test(process, nofile_tells_the_limits_and_sets_them);
    tcase_add_test(process, nofile_without_limit_is_the_largest_number);
    tcase_add_test(process, nofile_that_fails_tells_why);
    tcase_add_test(process, sigaction_installs_and_tells_the_old_one);
    tcase_add_test(process, a_blocked_signal_waits);
    tcase_add_test(process, random_bytes_differ);
    tcase_add_test(process, death_signal_is_set);
    tcase_add_test(process, pids_are_ours);
    tcase_add_test(process, monotonic_is_the_kernels_clock_in_microseconds);
    tcase_add_test(process, wall_is_the_time_of_day);
    tcase_add_test(process, a_clock_that_fails_leaves_the_last_reading);
    tcase_add_test(process, resize_keeps_the_bytes_and_frees_at_size_0);
    tcase_add_test(process, resize_that_fails_leaves_the_block);
    suite_add_tcase(suite, process);
    return suite;
}
