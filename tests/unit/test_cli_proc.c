/*
 * test_cli_proc.c - the process leatd is: limits, standard descriptors,
 * parent; and output that must not wait.
 */
#include "cli/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cli/output.h"
#include "support/kernel.h"
#include "support/run.h"

static struct complaint wrong;
static struct rlimit limit;
static struct leat_sys changed;
static int closed; /* standard descriptors that are not there; bits */

static int
get_limit(int what, struct rlimit *out)
{
    ck_assert_int_eq(what, RLIMIT_NOFILE);
    *out = limit;
    return 0;
}

static int
set_limit(int what, const struct rlimit *in)
{
    ck_assert_int_eq(what, RLIMIT_NOFILE);
    limit = *in;
    return 0;
}

static int
find_descriptor(int fd, int question, ...)
{
    ck_assert_int_eq(question, F_GETFD);
    if (!(closed >> fd & 1))
        return 0;
    errno = EBADF;
    return -1;
}

/* The lowest that is free, as the kernel does it. */
static int
open_lowest(const char *path, int flags, ...)
{
    ck_assert_str_eq(path, "/dev/null");
    ck_assert_int_eq(flags & O_ACCMODE, O_RDWR);
    for (int fd = 0; fd <= 2; fd++)
        if (closed >> fd & 1) {
            closed &= ~(1 << fd);
            return fd;
        }
    errno = EMFILE;
    return -1;
}

static void
setup(void)
{
    kernel_setup();
    changed = *kernel_real();
    changed.getrlimit = get_limit;
    changed.setrlimit = set_limit;
    kernel_use(&changed);
    limit = (struct rlimit){100, 1000};
}

START_TEST(limit_of_files_is_raised_and_leaves_32)
{
    size_t max_conns = 0;

    ck_assert_int_eq(proc_limits(&max_conns, &wrong), 0);

    ck_assert_uint_eq(limit.rlim_cur, 1000);
    ck_assert_uint_eq(max_conns, 968);
}
END_TEST

START_TEST(limit_of_files_that_cannot_be_raised_is_kept)
{
    size_t max_conns = 0;
    fault_once("setrlimit", 1, EPERM);

    ck_assert_int_eq(proc_limits(&max_conns, &wrong), 0);

    ck_assert_uint_eq(max_conns, 68);
}
END_TEST

START_TEST(limit_of_files_below_48_is_refused)
{
    size_t max_conns = 0;

    limit = (struct rlimit){47, 47};
    ck_assert_int_eq(proc_limits(&max_conns, &wrong), -EMFILE);
    ck_assert_ptr_nonnull(strstr(wrong.text, "open files is 47, at least 48"));

    limit = (struct rlimit){48, 48};
    ck_assert_int_eq(proc_limits(&max_conns, &wrong), 0);
    ck_assert_uint_eq(max_conns, 16);
}
END_TEST

START_TEST(limit_of_files_that_cannot_be_read_is_told)
{
    size_t max_conns = 0;
    fault_once("getrlimit", 1, EPERM);

    ck_assert_int_eq(proc_limits(&max_conns, &wrong), -EPERM);
    ck_assert_ptr_nonnull(strstr(wrong.text, "limit of open files"));
}
END_TEST

/* No real descriptor is touched: the table says which are there. */
START_TEST(standard_descriptors_that_are_closed_are_filled)
{
    changed.fcntl = find_descriptor;
    changed.open = open_lowest;

    for (int set = 0; set < 8; set++) {
        closed = set;
        ck_assert_int_eq(proc_guard(), 0);
        ck_assert_int_eq(closed, 0);
        for (int fd = 0; fd <= 2; fd++)
            if (set >> fd & 1)
                ledger_disown(fd); /* it stays */
    }
    closed = 4;
    fault_once("open", 1, ENOENT);
    ck_assert_int_eq(proc_guard(), -ENOENT);
}
END_TEST

START_TEST(parent_that_is_there_is_followed)
{
    ck_assert_int_eq(proc_follow(getppid()), 0);
    ck_assert_uint_eq(kernel_calls("prctl"), 1);
    prctl(PR_SET_PDEATHSIG, 0L);
}
END_TEST

START_TEST(parent_that_is_gone_is_found_out)
{
    ck_assert_int_eq(proc_follow(getpid()), -ESRCH);
    prctl(PR_SET_PDEATHSIG, 0L);

    fault_once("prctl", 1, EINVAL);
    ck_assert_int_eq(proc_follow(getppid()), -EINVAL);
}
END_TEST

START_TEST(broken_pipe_is_an_error_and_no_signal)
{
    struct sigaction old, now;
    sigaction(SIGPIPE, NULL, &old);

    proc_ignore();

    sigaction(SIGPIPE, NULL, &now);
    ck_assert(now.sa_handler == SIG_IGN);
    sigaction(SIGPIPE, &old, NULL);
}
END_TEST

/* --- output --------------------------------------------------------------- */

START_TEST(output_all_writes_every_byte_of_short_writes)
{
    char bytes[16] = {0};
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    fault_short_sticky("write", 1, 3);

    ck_assert_int_eq(output_all(ends[1], "0123456789", 10), 0);

    ck_assert_uint_eq(kernel_calls("write"), 4);
    ck_assert_int_eq(read(ends[0], bytes, sizeof bytes), 10);
    ck_assert_str_eq(bytes, "0123456789");
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(output_all_tells_what_went_wrong)
{
    fault_once("write", 1, ENOSPC);
    ck_assert_int_eq(output_all(1, "x", 1), -ENOSPC);
}
END_TEST

START_TEST(output_offer_to_a_full_pipe_gives_up)
{
    char bytes[PIPE_BUF] = {0};
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], bytes, sizeof bytes) > 0)
        ;
    fcntl(ends[1], F_SETFL, 0);
    clock_freeze(); /* select() then does not really wait */

    output_offer(ends[1], "x", 1);

    ck_assert_uint_eq(kernel_calls("write"), 0);
    ck_assert_uint_eq(kernel_calls("select"), 1);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("cli_proc");
    TCase *tcase = tcase_create("proc");

    tcase_add_checked_fixture(tcase, setup, kernel_teardown);
    tcase_add_test(tcase, limit_of_files_is_raised_and_leaves_32);
    tcase_add_test(tcase, limit_of_files_that_cannot_be_raised_is_kept);
    tcase_add_test(tcase, limit_of_files_below_48_is_refused);
    tcase_add_test(tcase, limit_of_files_that_cannot_be_read_is_told);
    tcase_add_test(tcase, standard_descriptors_that_are_closed_are_filled);
    tcase_add_test(tcase, parent_that_is_there_is_followed);
    tcase_add_test(tcase, parent_that_is_gone_is_found_out);
    tcase_add_test(tcase, broken_pipe_is_an_error_and_no_signal);
    tcase_add_test(tcase, output_all_writes_every_byte_of_short_writes);
    tcase_add_test(tcase, output_all_tells_what_went_wrong);
    tcase_add_test(tcase, output_offer_to_a_full_pipe_gives_up);
    suite_add_tcase(suite, tcase);
    return suite;
}
