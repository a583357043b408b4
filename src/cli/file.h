/*
 * file.h - small files as a whole.
 */
#ifndef LEAT_CLI_FILE_H
#define LEAT_CLI_FILE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Read a file of at most most bytes.
 *
 * bytes  set to what it has and a NUL behind; mem_give returns it, after
 *        explicit_bzero where it is secret
 *
 * 0; -EFBIG it is longer; -EAGAIN a pipe that nobody writes to; -errno.
 */
int file_read(const char *path, size_t most, char **bytes, size_t *len);

/* Put a file in the place of another, or where there is none: whoever opens
 * path finds the one or the other, whole. 0, or -errno and all is as it was. */
int file_replace(const char *path, const char *bytes, size_t len, mode_t mode);

#endif
