/*
 * file.c - names: of hosts, resolved before the loop runs, and of files.
 *
 * On the path: start-up and shut-down only (listeners, unix sockets, the ready
 * file). These calls may wait for a disk or a name server, so nothing here is
 * ever called inside a turn.
 */
#include "result.h"

#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

/* getaddrinfo has numbers of its own. What is not here is -EIO: the resolver
 * is broken, and the caller can do nothing about the details. */
static const struct {
    int eai;
    int error;
} host_errors[] = {
    {EAI_NONAME, ENOENT},
    {EAI_SERVICE, ENOENT},
#ifdef EAI_NODATA
    {EAI_NODATA, ENOENT}, /* the name is there, without an address */
#endif
#ifdef EAI_ADDRFAMILY
    {EAI_ADDRFAMILY, ENOENT}, /* the same, for the family asked for */
#endif
    {EAI_AGAIN, EAGAIN},
    {EAI_MEMORY, ENOMEM},
};

int
leat__sys_hosts(const char *host, const char *port,
    const struct addrinfo *hints, struct addrinfo **list)
{
    int eai = LEAT_SYS(getaddrinfo, host, port, hints, list);

    if (eai == 0)
        return 0;
    for (size_t i = 0; i < sizeof host_errors / sizeof *host_errors; i++) {
        if (host_errors[i].eai == eai)
            return -host_errors[i].error;
    }
    return -EIO;
}

void
leat__sys_free_hosts(struct addrinfo *list)
{
    LEAT_SYS(freeaddrinfo, list);
}

int
leat__sys_open(const char *path, int flags, mode_t mode)
{
    int fd, tries = 0;

    /* Opening a fifo waits for its other end, so a signal can come between. */
    do
        fd = LEAT_SYS(open, path, flags | O_CLOEXEC, mode);
    while (must_repeat(fd, &tries));
    return told(fd);
}

/* Not stat: who looks here wants to know what is at the path itself, since a
 * link there was put by somebody else. */
int
leat__sys_lstat(const char *path, struct stat *st)
{
    return told(LEAT_SYS(lstat, path, st));
}

/* The next three are not made again after EINTR: they do not wait on a local
 * disk, and where they do (a network, FUSE) the first try may have worked. */

int
leat__sys_unlink(const char *path)
{
    return told(LEAT_SYS(unlink, path));
}

int
leat__sys_chmod(const char *path, mode_t mode)
{
    return told(LEAT_SYS(chmod, path, mode));
}

/* In one directory this is atomic: who opens the new name finds the whole file
 * or the old one. */
int
leat__sys_rename(const char *from, const char *to)
{
    return told(LEAT_SYS(rename, from, to));
}

/* The lock belongs to the open file: closing it unlocks, and so does the end of
 * the process, however it ends. */
int
leat__sys_lock(int fd)
{
    int rc, tries = 0;

    do
        rc = LEAT_SYS(flock, fd, LOCK_EX);
    while (must_repeat(rc, &tries));
    return told(rc);
}

/* For the whole process, so only while there is one thread. Cannot fail. */
mode_t
leat__sys_umask(mode_t mask)
{
    return LEAT_SYS(umask, mask);
}
