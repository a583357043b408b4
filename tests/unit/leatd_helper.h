/*
 * leatd_helper.h - the login helper, played by the test: no process is made,
 * and the test has the other end of the newest socket pair. Each program that
 * includes it has its own.
 */
#ifndef TESTS_LEATD_HELPER_H
#define TESTS_LEATD_HELPER_H

#include "leatd/hub/helper.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/kernel.h"
#include "support/run.h"

#define HELPER_PID 4242

static struct leat_sys helper_table;
static int helper_end;    /* -1: there is none, or it has ended */
static bool helper_lives; /* or has ended and is not reaped */
static int helper_reaps;
static int helper_starts;       /* that went well */
static int helper_kills;        /* of HELPER_PID */
static int helper_waits;        /* of these, those that may wait */
static int helper_start_error;  /* of every start */
static int helper_path_error;   /* of the first name that is tried */
static int helper_unreaped;     /* so often it has not ended yet */
static char helper_program[64]; /* that was started last */

/* A question as it came. */
static struct {
    uint32_t number;
    char hash[HELPER_HASH], password[LOGINS_PASSWORD + 1];
    size_t password_len;
} asked;

static inline void
helper_dies(void)
{
    if (helper_end >= 0)
        close(helper_end);
    helper_end = -1;
    helper_lives = false;
}

/* The test's end is a copy: the other one is closed after the start. */
static inline int
helper_pair(int family, int type, int protocol, int fds[2])
{
    int rc = kernel_real()->socketpair(family, type, protocol, fds);

    helper_dies();
    if (rc == 0)
        helper_end = dup(fds[1]);
    return rc;
}

static inline int
helper_spawn(pid_t *pid, const char *program,
    const posix_spawn_file_actions_t *plan, const posix_spawnattr_t *attr,
    char *const argv[], char *const envp[])
{
    (void)plan, (void)attr;
    ck_assert_str_eq(argv[1], HELPER_WORD);
    ck_assert_ptr_null(argv[2]);
    ck_assert_ptr_null(envp[0]);
    strcpy(helper_program, program);
    if (helper_path_error != 0 && program[0] == '/')
        return helper_path_error;
    if (helper_start_error != 0)
        return helper_start_error;
    *pid = HELPER_PID;
    helper_lives = true;
    helper_starts++;
    return 0;
}

static inline int
helper_kill(pid_t pid, int signo)
{
    ck_assert_int_eq(pid, HELPER_PID);
    ck_assert_int_eq(signo, SIGKILL);
    helper_kills++;
    helper_lives = false;
    return 0;
}

static inline pid_t
helper_wait(pid_t pid, int *status, int how)
{
    ck_assert_int_eq(pid, HELPER_PID);
    *status = 0;
    helper_waits += how == 0;
    if (how != 0 && (helper_lives || helper_unreaped > 0)) {
        helper_unreaped -= !helper_lives;
        return 0;
    }
    ck_assert(!helper_lives); /* it would wait for ever */
    helper_reaps++;
    return pid;
}

/* After kernel_setup. */
static inline void
helper_setup(void)
{
    helper_end = -1;
    helper_lives = false;
    helper_starts = helper_reaps = helper_kills = helper_waits =
        helper_start_error = helper_path_error = helper_unreaped = 0;
    helper_table = *kernel_real();
    helper_table.socketpair = helper_pair;
    helper_table.posix_spawnp = helper_spawn;
    helper_table.kill = helper_kill;
    helper_table.waitpid = helper_wait;
    kernel_use(&helper_table);
}

/* Every helper that was started was reaped. */
static inline void
helper_teardown(void)
{
    ck_assert_int_eq(helper_reaps, helper_starts);
    helper_dies();
}

static inline void
helper_read(void *bytes, size_t len)
{
    ck_assert_int_eq(recv(helper_end, bytes, len, MSG_DONTWAIT), (ssize_t)len);
}

/* Whether there is a question; it is in asked then, and nothing follows. */
static inline bool
helper_hears(void)
{
    unsigned char bytes[HELPER_QUESTION];

    if (helper_end < 0 || recv(helper_end, bytes, 2, MSG_DONTWAIT) != 2)
        return false;
    size_t len = (size_t)bytes[0] << 8 | bytes[1];
    ck_assert_uint_le(len, sizeof bytes);
    helper_read(bytes, len);
    asked.number = helper_get32(bytes);
    const char *hash = (const char *)bytes + 4;
    size_t hash_size = strlen(hash) + 1;
    memcpy(asked.hash, hash, hash_size);
    asked.password_len = len - 4 - hash_size;
    memcpy(asked.password, hash + hash_size, asked.password_len);
    asked.password[asked.password_len] = '\0';
    ck_assert_int_eq(recv(helper_end, bytes, 1, MSG_DONTWAIT), -1);
    return true;
}

static inline void
helper_says(uint32_t number, unsigned verdict)
{
    unsigned char bytes[HELPER_ANSWER];

    helper_put32(bytes, number);
    bytes[4] = (unsigned char)verdict;
    ck_assert_int_eq(send(helper_end, bytes, sizeof bytes, MSG_NOSIGNAL),
        (ssize_t)sizeof bytes);
}

static inline void
helper_answers(enum verdict verdict)
{
    helper_says(asked.number, verdict);
}

#endif
