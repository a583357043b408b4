/*
 * fake_proc.c - what belongs to the process: signals, limits, numbers.
 *
 * A handler runs where the simulator lets it, inside select() or between two
 * calls, in the one thread there is.
 */
#include "fake_parts.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define SIGNALS 64

static uint64_t
bit(int signo)
{
    return UINT64_C(1) << (signo - 1);
}

static bool
is_valid(int signo)
{
    return signo >= 1 && signo <= SIGNALS;
}

void
fake_raise(int signo)
{
    fake.pending |= bit(signo);
    if (signo == SIGPIPE)
        (void)fake_deliver(); /* one's own comes at once */
}

/* Those whose default is to be ignored are not sent. */
static bool
handle(int signo)
{
    const struct sigaction *action = &fake.action[signo];
    void (*handler)(int) = action->sa_handler;
    uint64_t blocked = fake.blocked;
    int saved = errno;

    fake.pending &= ~bit(signo);
    if (handler == SIG_IGN)
        return false;
    if (handler == SIG_DFL) {
        if (fake.killed != NULL)
            fake.killed(signo);
        return false;
    }
    fake.blocked = UINT64_MAX; /* leat asks for a full mask */
    handler(signo);
    fake.blocked = blocked;
    fake.handled++;
    errno = saved;
    return true;
}

bool
fake_deliver(void)
{
    bool any = false;

    for (int signo = 1; signo <= SIGNALS; signo++)
        if (fake.pending & ~fake.blocked & bit(signo))
            any |= handle(signo);
    return any;
}

int
fake_sigaction(int signo, const struct sigaction *action, struct sigaction *old)
{
    if (!is_valid(signo))
        return fake_fails(EINVAL);
    if (old != NULL)
        *old = fake.action[signo];
    if (action != NULL)
        fake.action[signo] = *action;
    return 0;
}

int
fake_sigprocmask(int how, const sigset_t *signals, sigset_t *old)
{
    uint64_t mask = 0;

    if (old != NULL) {
        sigemptyset(old);
        for (int signo = 1; signo <= SIGNALS; signo++)
            if (fake.blocked & bit(signo))
                sigaddset(old, signo);
    }
    for (int signo = 1; signals != NULL && signo <= SIGNALS; signo++)
        if (sigismember(signals, signo) == 1)
            mask |= bit(signo);
    if (how == SIG_SETMASK && signals != NULL)
        fake.blocked = mask;
    else if (how == SIG_BLOCK)
        fake.blocked |= mask;
    else if (how == SIG_UNBLOCK)
        fake.blocked &= ~mask;
    return 0;
}

int
fake_getrlimit(int resource, struct rlimit *limit)
{
    (void)resource;
    limit->rlim_cur = (rlim_t)fake.fd_limit;
    limit->rlim_max = (rlim_t)fake.fd_hard;
    return 0;
}

int
fake_setrlimit(int resource, const struct rlimit *limit)
{
    (void)resource;
    if (limit->rlim_cur > (rlim_t)fake.fd_hard)
        return fake_fails(EPERM);
    fake.fd_limit = (int)limit->rlim_cur;
    return 0;
}

pid_t
fake_getpid(void)
{
    return 4711;
}

pid_t
fake_getppid(void)
{
    return 4710;
}

int
fake_prctl(int option, ...)
{
    (void)option;
    return 0;
}

/* No chance in here: equal seeds are equal runs. */
int
fake_getentropy(void *bytes, size_t len)
{
    memset(bytes, 0x5a, len);
    return 0;
}

/* --- no children, no terminals -------------------------------------------- */

int
fake_socketpair(int family, int type, int protocol, int fds[2])
{
    (void)family, (void)type, (void)protocol, (void)fds;
    return fake_fails(ENOSYS);
}

int
fake_posix_spawnp(pid_t *pid, const char *program,
    const posix_spawn_file_actions_t *plan, const posix_spawnattr_t *attr,
    char *const argv[], char *const envp[])
{
    (void)pid, (void)program, (void)plan, (void)attr, (void)argv, (void)envp;
    return ENOSYS;
}

pid_t
fake_waitpid(pid_t pid, int *status, int options)
{
    (void)pid, (void)status, (void)options;
    return fake_fails(ECHILD);
}

int
fake_kill(pid_t pid, int signo)
{
    (void)pid, (void)signo;
    return fake_fails(ESRCH);
}

int
fake_setpriority(int which, id_t who, int nice)
{
    (void)which, (void)who, (void)nice;
    return 0;
}

int
fake_tcgetattr(int fd, struct termios *state)
{
    (void)fd, (void)state;
    return fake_fails(ENOTTY);
}

int
fake_tcsetattr(int fd, int when, const struct termios *state)
{
    (void)fd, (void)when, (void)state;
    return fake_fails(ENOTTY);
}
