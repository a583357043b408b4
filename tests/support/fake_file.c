/*
 * fake_file.c - as much of files and names as leatd needs: two directories,
 * /dev/null, and a few small files.
 */
#include "fake_parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* --- names ---------------------------------------------------------------- */

struct fake_file *
fake_find_file(const char *path)
{
    for (int i = 0; i < FAKE_FILES; i++)
        if (fake.file[i].path[0] != '\0' &&
            strcmp(fake.file[i].path, path) == 0)
            return &fake.file[i];
    return NULL;
}

struct fake_file *
fake_make_file(const char *path, mode_t mode)
{
    struct fake_file *file = fake.file;

    while (file < fake.file + FAKE_FILES && file->path[0] != '\0')
        file++;
    if (file == fake.file + FAKE_FILES || strlen(path) >= sizeof file->path)
        return NULL;
    strcpy(file->path, path);
    file->mode = mode;
    file->inode = ++fake.inodes;
    file->len = 0;
    return file;
}

static struct fake_file *
must_find(const char *path)
{
    struct fake_file *file = fake_find_file(path);

    if (file == NULL)
        errno = ENOENT;
    return file;
}

int
fake_lstat(const char *path, struct stat *st)
{
    const struct fake_file *file = must_find(path);

    if (file == NULL)
        return -1;
    memset(st, 0, sizeof *st);
    st->st_mode = file->mode;
    st->st_ino = file->inode;
    st->st_dev = 1;
    st->st_size = (off_t)file->len;
    return 0;
}

int
fake_unlink(const char *path)
{
    struct fake_file *file = must_find(path);

    if (file == NULL)
        return -1;
    file->path[0] = '\0';
    return 0;
}

int
fake_chmod(const char *path, mode_t mode)
{
    struct fake_file *file = must_find(path);

    if (file == NULL)
        return -1;
    file->mode = (file->mode & S_IFMT) | mode;
    return 0;
}

int
fake_rename(const char *from, const char *to)
{
    struct fake_file *file = must_find(from), *old = fake_find_file(to);

    if (file == NULL)
        return -1;
    if (strlen(to) >= sizeof file->path)
        return fake_fails(ENAMETOOLONG);
    if (old != NULL && old != file)
        old->path[0] = '\0';
    strcpy(file->path, to);
    return 0;
}

/* --- open files ----------------------------------------------------------- */

/* The file that a path and flags mean; NULL with errno set. */
static struct fake_file *
open_file(const char *path, int flags, mode_t mode)
{
    struct fake_file *file = fake_find_file(path);

    if (file != NULL && flags & O_CREAT && flags & O_EXCL) {
        errno = EEXIST;
        return NULL;
    }
    if (file == NULL && flags & O_CREAT) {
        file = fake_make_file(path, S_IFREG | (mode & ~fake.mask));
        errno = ENOSPC;
        return file;
    }
    errno = ENOENT;
    if (file == NULL)
        return NULL;
    if (flags & O_DIRECTORY && !S_ISDIR(file->mode)) {
        errno = ENOTDIR;
        return NULL;
    }
    if (flags & O_TRUNC)
        file->len = 0;
    return file;
}

int
fake_open(const char *path, int flags, ...)
{
    struct fake_file *file;
    mode_t mode = 0;
    va_list args;
    int fd;

    if (flags & O_CREAT) {
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    fd = fake_new_fd(flags & O_CLOEXEC ? SOCK_CLOEXEC : 0);
    if (fd < 0)
        return -1;
    fake.end[fd].kind = FAKE_FREE;
    file = open_file(path, flags, mode);
    if (file == NULL)
        return -1;
    fake.end[fd].kind = FAKE_FILE;
    fake.end[fd].file = (int)(file - fake.file);
    return fd;
}

/* Only a regular file keeps what it is given, the first of it. */
ssize_t
fake_file_write(struct fake_end *end, const void *bytes, size_t len)
{
    struct fake_file *file = &fake.file[end->file];
    size_t room = FAKE_FILE_MAX - file->len;
    size_t kept = len < room ? len : room;

    if (S_ISDIR(file->mode))
        return fake_fails(EBADF);
    if (S_ISREG(file->mode)) {
        memcpy(file->bytes + file->len, bytes, kept);
        file->len += kept;
    }
    return (ssize_t)len;
}

int
fake_flock(int fd, int operation)
{
    (void)operation; /* there is one process */
    return fake_open_end(fd) == NULL ? -1 : 0;
}

mode_t
fake_umask(mode_t mask)
{
    mode_t before = fake.mask;

    fake.mask = mask & 0777;
    return before;
}

/* --- hosts ---------------------------------------------------------------- */

struct host {
    struct addrinfo info;
    struct sockaddr_in6 addr; /* of either family */
};

/* Numeric ones only; no name server is asked in memory. */
int
fake_getaddrinfo(const char *host, const char *port,
    const struct addrinfo *hints, struct addrinfo **list)
{
    struct host *found = calloc(1, sizeof *found);
    struct sockaddr_in in = {.sin_family = AF_INET};
    in_port_t number = htons((in_port_t)atoi(port));

    (void)hints;
    if (found == NULL)
        return EAI_MEMORY;
    found->info.ai_addr = (struct sockaddr *)(void *)&found->addr;
    found->info.ai_socktype = SOCK_STREAM;
    if (inet_pton(AF_INET, host, &in.sin_addr) == 1) {
        in.sin_port = number;
        memcpy(&found->addr, &in, sizeof in);
        found->info.ai_family = AF_INET;
        found->info.ai_addrlen = sizeof in;
    } else if (inet_pton(AF_INET6, host, &found->addr.sin6_addr) == 1) {
        found->addr.sin6_family = AF_INET6;
        found->addr.sin6_port = number;
        found->info.ai_family = AF_INET6;
        found->info.ai_addrlen = sizeof found->addr;
    } else {
        free(found);
        return EAI_NONAME;
    }
    *list = &found->info;
    return 0;
}

void
fake_freeaddrinfo(struct addrinfo *list)
{
    free(list); /* the first member of its struct host, and alone */
}
