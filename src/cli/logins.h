/*
 * logins.h - a login file: who may log in, and the hash of the password.
 *
 * A line is NAME:HASH, the hash in a form of crypt(3). Blank lines and those
 * that begin with # mean nothing.
 */
#ifndef LEAT_CLI_LOGINS_H
#define LEAT_CLI_LOGINS_H

#include "complaint.h"

#include <stdbool.h>
#include <stddef.h>

#define LOGINS_NAME 32u
#define LOGINS_PASSWORD 511u /* what crypt(3) takes */
#define LOGINS_FILE ((size_t)1 << 20)

struct login {
    const char *name, *hash;
    size_t line; /* 1 is the first */
};

struct logins {
    char *bytes; /* of the file; name and hash point there */
    size_t len;
    struct login *of; /* by name, ascending */
    size_t count;
};

/* 1 to LOGINS_NAME letters, digits, _ . and -. */
bool logins_is_name(const char *text, size_t len);

/*
 * Read a login file.
 *
 * path      named in what is complained of
 * max_name  of LOGINS_NAME or less
 *
 * 0, and logins_free takes it back; -EINVAL something is wrong in it, -ENOMEM,
 * or an error of open(2) or read(2): the complaint is filled and there is
 * nothing to free.
 */
int logins_read(struct logins *logins, const char *path, size_t max_name,
    struct complaint *wrong);

/* The same for what is in memory: NUL-terminated, by mem_take; taken. */
int logins_parse(struct logins *logins, char *bytes, size_t len,
    const char *path, size_t max_name, struct complaint *wrong);

/* Also where there is nothing to free, if it is zeroed. */
void logins_free(struct logins *logins);

/* NULL: nobody has that name. */
const struct login *logins_find(
    const struct logins *logins, const char *name, size_t len);

#endif
