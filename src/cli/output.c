/*
 * output.c - bytes to standard output and standard error.
 *
 * On the path: help and version (which wait for their reader), complaints
 * and the log (which must not). O_NONBLOCK would be shared with every process
 * that has inherited the same descriptor, so it is never set; instead select()
 * is asked: a pipe is writable when PIPE_BUF bytes fit.
 */
#include "output.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>

#include "sys/sys.h"

/* How long a complaint waits for a slow reader of standard error. */
#define OFFER_US 50000

int
output_is_ready(int fd, int64_t wait_us)
{
    assert(fd >= 0 && (size_t)fd < sizeof(unsigned long) * CHAR_BIT);
    unsigned long word = 1UL << fd;
    int count = leat__sys_select(fd + 1, NULL, &word, NULL, wait_us);

    return count == -EINTR ? 0 : count;
}

int
output_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t count = leat__sys_write(fd, bytes, len);
        if (count == -EAGAIN) { /* somebody else made it non-blocking */
            int ready = output_is_ready(fd, -1);
            if (ready < 0)
                return ready;
            continue;
        }
        if (count < 0)
            return (int)count;
        bytes += count;
        len -= (size_t)count;
    }
    return 0;
}

void
output_offer(int fd, const char *bytes, size_t len)
{
    while (len > 0 && output_is_ready(fd, OFFER_US) == 1) {
        ssize_t count =
            leat__sys_write(fd, bytes, len < PIPE_BUF ? len : PIPE_BUF);
        if (count <= 0)
            return;
        bytes += count;
        len -= (size_t)count;
    }
}
