/*
 * process.c - what belongs to the whole process: limits, signals, parentage.
 *
 * On the path: only at start-up and at the end. The library calls sigaction
 * when the embedder asked for signals; all else here is the daemon's.
 */
#include "result.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

/*
 * rlim_t has 32 bits on some systems and its "no limit" is not the same number
 * everywhere. Outside this file that is UINT64_MAX.
 */
static uint64_t
from_rlim(rlim_t value)
{
    return value == RLIM_INFINITY ? UINT64_MAX : (uint64_t)value;
}

static rlim_t
to_rlim(uint64_t value)
{
    return value >= (uint64_t)RLIM_INFINITY ? RLIM_INFINITY : (rlim_t)value;
}

/*
 * The one limit that bounds how many descriptors select() can be asked about
 * here: the soft value is what counts, and may be raised to the hard one
 * without privilege.
 */
int
leat__sys_nofile(struct leat__rlimit *limit)
{
    struct rlimit now;

    if (LEAT_SYS(getrlimit, RLIMIT_NOFILE, &now) < 0)
        return -errno;
    limit->soft = from_rlim(now.rlim_cur);
    limit->hard = from_rlim(now.rlim_max);
    return 0;
}

int
leat__sys_set_nofile(const struct leat__rlimit *limit)
{
    const struct rlimit wanted = {
        .rlim_cur = to_rlim(limit->soft),
        .rlim_max = to_rlim(limit->hard),
    };

    return told(LEAT_SYS(setrlimit, RLIMIT_NOFILE, &wanted));
}

/* SIGPIPE is nobody's business here: no call of ours raises it on a socket. */
int
leat__sys_sigaction(
    int signo, const struct sigaction *action, struct sigaction *old)
{
    return told(LEAT_SYS(sigaction, signo, action, old));
}

/* In the calling thread, which is all that a daemon has. */
int
leat__sys_block(int signo)
{
    sigset_t signals;

    sigemptyset(&signals);
    if (sigaddset(&signals, signo) != 0)
        return -errno;
    return told(LEAT_SYS(sigprocmask, SIG_BLOCK, &signals, NULL));
}

/*
 * The kernel sends the signal when the parent *thread* ends, and not at all
 * when the parent was gone before the call: the caller compares
 * leat__sys_parent_pid afterwards.
 */
#ifdef __linux__
int
leat__sys_death_signal(int signo)
{
    return told(LEAT_SYS(prctl, PR_SET_PDEATHSIG, (unsigned long)signo));
}
#else
int
leat__sys_death_signal(int signo)
{
    (void)signo;
    return -ENOSYS;
}
#endif

int
leat__sys_random(void *bytes, size_t len)
{
    return told(LEAT_SYS(getentropy, bytes, len));
}

/* The empty argument below keeps the macro call within C11. */

pid_t
leat__sys_pid(void)
{
    return LEAT_SYS(getpid, );
}

pid_t
leat__sys_parent_pid(void)
{
    return LEAT_SYS(getppid, );
}
