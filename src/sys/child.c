/*
 * child.c - a process of our own: begun, talked to, ended, taken leave of.
 *
 * On the path: only where a program has a helper process, and in that.
 */
#include "result.h"

#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* Close-on-exec only: the end that a child gets should wait, and ours is never
 * read or written in a way that waits. */
#ifdef LEAT_NO_ACCEPT4
int
leat__sys_socket_pair(int fds[2])
{
    if (LEAT_SYS(socketpair, AF_UNIX, SOCK_STREAM, 0, fds) < 0)
        return -errno;
    int rc = leat__sys_set_cloexec(fds[0]);
    if (rc == 0)
        rc = leat__sys_set_cloexec(fds[1]);
    if (rc == 0)
        return 0;
    (void)leat__sys_close(fds[0]); /* the first error is the one told */
    (void)leat__sys_close(fds[1]);
    return rc;
}
#else
int
leat__sys_socket_pair(int fds[2])
{
    return told(
        LEAT_SYS(socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
}
#endif

/* What is done in the child before it becomes another program: fd is its 0,
 * and it has no other. Where the C library knows only single numbers, those
 * that a program may have inherited; ours are close-on-exec. */
static int
plan_child(posix_spawn_file_actions_t *plan, int fd)
{
    int error = posix_spawn_file_actions_adddup2(plan, fd, 0);

#ifdef __GLIBC__
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(plan, 1);
#else
    for (int other = 1; error == 0 && other < 64; other++)
        error = posix_spawn_file_actions_addclose(plan, other);
#endif
    return error;
}

/* Unlike the rest of the kernel these return the number of the error. */
int
leat__sys_spawn(pid_t *pid, const char *program, char *const argv[], int fd)
{
    char *const nothing[] = {NULL};
    posix_spawn_file_actions_t plan;
    int error = posix_spawn_file_actions_init(&plan);

    if (error != 0)
        return -error;
    error = plan_child(&plan, fd);
    if (error == 0)
        error =
            LEAT_SYS(posix_spawnp, pid, program, &plan, NULL, argv, nothing);
    (void)posix_spawn_file_actions_destroy(&plan); /* cannot fail */
    return -error;
}

int
leat__sys_reap(pid_t pid, bool may_wait, int *status)
{
    pid_t ended;
    int tries = 0;

    do
        ended = LEAT_SYS(waitpid, pid, status, may_wait ? 0 : WNOHANG);
    while (must_repeat(ended, &tries));
    return ended < 0 ? -errno : ended == pid;
}

int
leat__sys_kill(pid_t pid)
{
    return told(LEAT_SYS(kill, pid, SIGKILL));
}

int
leat__sys_nice(int nice)
{
    return told(LEAT_SYS(setpriority, PRIO_PROCESS, 0, nice));
}
