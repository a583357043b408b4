/*
 * rows_child.c - the calls of the table that are about children and terminals.
 * As in kernel.c: ask for a fault, make the call, tell the ledger.
 */
#include "kernel_parts.h"

#include <errno.h>

int
kernel__do_socketpair(int family, int type, int protocol, int fds[2])
{
    if (kernel__strikes(CALL_SOCKETPAIR, NULL))
        return -1;
    int rc = kernel__under()->socketpair(family, type, protocol, fds);
    if (rc == 0) {
        (void)kernel__opened(fds[0]);
        (void)kernel__opened(fds[1]);
    }
    return rc;
}

/* It tells the error by its value. */
int
kernel__do_posix_spawnp(pid_t *pid, const char *program,
    const posix_spawn_file_actions_t *plan, const posix_spawnattr_t *attr,
    char *const argv[], char *const envp[])
{
    return kernel__strikes(CALL_POSIX_SPAWNP, NULL)
               ? errno
               : kernel__under()->posix_spawnp(
                     pid, program, plan, attr, argv, envp);
}

pid_t
kernel__do_waitpid(pid_t pid, int *status, int options)
{
    return kernel__strikes(CALL_WAITPID, NULL)
               ? -1
               : kernel__under()->waitpid(pid, status, options);
}

int
kernel__do_kill(pid_t pid, int signo)
{
    return kernel__strikes(CALL_KILL, NULL) ? -1
                                            : kernel__under()->kill(pid, signo);
}

int
kernel__do_setpriority(int which, id_t who, int nice)
{
    return kernel__strikes(CALL_SETPRIORITY, NULL)
               ? -1
               : kernel__under()->setpriority(which, who, nice);
}

int
kernel__do_tcgetattr(int fd, struct termios *state)
{
    return kernel__strikes(CALL_TCGETATTR, NULL)
               ? -1
               : kernel__under()->tcgetattr(fd, state);
}

int
kernel__do_tcsetattr(int fd, int when, const struct termios *state)
{
    return kernel__strikes(CALL_TCSETATTR, NULL)
               ? -1
               : kernel__under()->tcsetattr(fd, when, state);
}
