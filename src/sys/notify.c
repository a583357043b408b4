/*
 * notify.c - the one thing leat does inside a signal handler.
 *
 * Only async-signal-safe calls: write(2), signal-safety(7). EAGAIN means that
 * the pipe is full, so its reader will wake up anyway.
 */
#include "sys.h"

#include <errno.h>
#include <unistd.h>

void
leat__sys_notify(int fd, unsigned char byte)
{
    int saved = errno;
    for (int i = 0; i < LEAT__SYS_RETRIES; i++)
        if (LEAT_SYS(write, fd, &byte, 1) >= 0 || errno != EINTR)
            break;
    errno = saved;
}
