/*
 * file.c - small files as a whole.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mem.h"
#include "output.h"
#include "sys/sys.h"
#include "text.h"

/* --- read ----------------------------------------------------------------- */

/* Up to size bytes, or to the end. */
static ssize_t
read_all(int fd, char *bytes, size_t size)
{
    size_t len = 0;

    while (len < size) {
        ssize_t count = leat__sys_read(fd, bytes + len, size - len);
        if (count < 0)
            return count;
        if (count == 0)
            break;
        len += (size_t)count;
    }
    return (ssize_t)len;
}

/* The room for one byte more than there may be tells a file that is longer;
 * after that it holds the NUL. Not waiting: a pipe is no file. */
int
file_read(const char *path, size_t most, char **bytes, size_t *len)
{
    int fd = leat__sys_open(path, O_RDONLY | O_NONBLOCK, 0);

    *bytes = NULL;
    if (fd < 0)
        return fd;
    char *room = mem_take(most + 1);
    ssize_t count = room == NULL ? -ENOMEM : read_all(fd, room, most + 1);
    (void)leat__sys_close(fd); /* nothing was written */
    if (count < 0 || (size_t)count > most) {
        if (room != NULL)
            explicit_bzero(room, most + 1);
        mem_give(room);
        return count < 0 ? (int)count : -EFBIG;
    }
    *bytes = room;
    *len = (size_t)count;
    return 0;
}

/* --- replaced ------------------------------------------------------------- */

/* Write a file that is not there yet. On error it is removed. */
static int
write_new(const char *path, const char *bytes, size_t len, mode_t mode)
{
    int fd = leat__sys_open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (fd < 0)
        return fd;
    int error = output_all(fd, bytes, len);
    int closed = leat__sys_close(fd);

    if (error == 0)
        error = closed;
    if (error != 0)
        (void)leat__sys_unlink(path); /* the first error is the one told */
    return error;
}

/* Under a name of our own beside it, then renamed. */
int
file_replace(const char *path, const char *bytes, size_t len, mode_t mode)
{
    size_t size = strlen(path) + 32;
    char *beside = mem_take(size);
    struct text text;

    if (beside == NULL)
        return -ENOMEM;
    text_init(&text, beside, size);
    text_add(&text, path);
    text_add(&text, ".");
    text_number(&text, (uint64_t)leat__sys_pid(), 1);
    text_add(&text, ".tmp");
    int error = write_new(beside, bytes, len, mode);
    /* Left by one that died with our number, which in a container is the same
     * each time. */
    if (error == -EEXIST && leat__sys_unlink(beside) == 0)
        error = write_new(beside, bytes, len, mode);
    if (error == 0) {
        error = leat__sys_rename(beside, path);
        if (error != 0)
            (void)leat__sys_unlink(beside); /* as above */
    }
    mem_give(beside);
    return error;
}
