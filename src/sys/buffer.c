/*
 * buffer.c - sizes of a socket's buffers that the kernel may change or not.
 */
#include "sys.h"

#include <errno.h>
#include <sys/socket.h>

/* Headers older than the kernel lack it. These two count differently. */
#if defined(__linux__) && !defined(__hppa__) && !defined(__sparc__)
#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif
#endif

/* The bits are numbered as the kernel does. */
int
leat__sys_lock_buffers(int fd, unsigned locks)
{
#ifdef SO_BUF_LOCK
    return leat__sys_option(fd, SOL_SOCKET, SO_BUF_LOCK, (int)locks);
#else
    (void)fd, (void)locks;
    return -ENOPROTOOPT;
#endif
}
