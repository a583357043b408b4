/*
 * output.h - bytes to standard output and standard error.
 */
#ifndef LEAT_CLI_OUTPUT_H
#define LEAT_CLI_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

/* Write all of it, however long that takes. 0 or -errno. */
int output_all(int fd, const char *bytes, size_t len);

/* Write it if that is possible without waiting long. */
void output_offer(int fd, const char *bytes, size_t len);

/* Whether fd (0..63) takes PIPE_BUF bytes without blocking: 1 yes, 0 not
 * within wait_us, else -errno. */
int output_is_ready(int fd, int64_t wait_us);

#endif
