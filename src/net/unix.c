/*
 * unix.c - the file of a unix socket: never a live one's, never left behind.
 *
 * A path may hold the socket of a server that died. Whether it is one is found
 * out by connecting to it: only ECONNREFUSED says that nobody is there. Two
 * servers that start at once are kept apart by a lock on the directory, held
 * from the look at the path until listen. The file has its permissions before
 * anybody can connect: bind under a umask, chmod, then listen.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/un.h>

#include "socket.h"
#include "sys/sys.h"

static const char *
path_of(const struct leat__socket *socket)
{
    return ((const struct sockaddr_un *)&socket->addr.storage)->sun_path;
}

/* Open the directory of path and lock it; the lock ends with the descriptor. */
static int
lock_directory(const char *path)
{
    char directory[sizeof((struct sockaddr_un *)0)->sun_path + 1];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    if (slash == NULL) {
        strcpy(directory, ".");
    } else {
        memcpy(directory, path, len + 1); /* its slash too: "/" for the root */
        directory[len + 1] = '\0';
    }
    int fd = leat__sys_open(directory, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return fd;
    int error = leat__sys_lock(fd);
    if (error == 0)
        return fd;
    (void)leat__sys_close(fd); /* the lock's error is the one to tell */
    return error;
}

/* 0 nobody answers there, -EADDRINUSE somebody does. */
static int
probe(const struct leat_addr *addr)
{
    int fd = leat__sys_socket(AF_UNIX, SOCK_STREAM);
    if (fd < 0)
        return fd;
    int error = leat__sys_connect(
        fd, (const struct sockaddr *)&addr->storage, addr->len);
    (void)leat__sys_close(fd); /* it was only a question */
    return error == -ECONNREFUSED ? 0 : -EADDRINUSE;
}

static int
remove_stale(const struct leat__socket *socket)
{
    struct stat st;
    int error = leat__sys_lstat(path_of(socket), &st);
    if (error == -ENOENT)
        return 0;
    if (error != 0)
        return error;
    if (!S_ISSOCK(st.st_mode))
        return -EEXIST;
    error = probe(&socket->addr);
    return error != 0 ? error : leat__sys_unlink(path_of(socket));
}

static int
bind_file(struct leat__socket *socket, unsigned mode)
{
    const struct leat_addr *addr = &socket->addr;
    mode_t before = leat__sys_umask(0777 & ~(mode_t)mode);
    int error = leat__sys_bind(
        socket->io.fd, (const struct sockaddr *)&addr->storage, addr->len);
    leat__sys_umask(before);
    return error;
}

/* Remember which file is ours. */
static int
remember(struct leat__socket *socket)
{
    struct stat st;
    int error = leat__sys_lstat(path_of(socket), &st);
    if (error != 0)
        return error;
    socket->device = (uint64_t)st.st_dev;
    socket->inode = (uint64_t)st.st_ino;
    return 0;
}

static int
listen_locked(struct leat__socket *socket, unsigned mode, int backlog)
{
    int error = remove_stale(socket);
    if (error != 0)
        return error;
    error = bind_file(socket, mode);
    if (error != 0)
        return error;
    error = remember(socket);
    if (error != 0) {
        /* Bound a moment ago, and the lock is held: it is ours. */
        (void)leat__sys_unlink(path_of(socket)); /* the first error counts */
        return error;
    }
    error = leat__sys_chmod(path_of(socket), (mode_t)mode);
    if (error == 0)
        error = leat__sys_listen(socket->io.fd, backlog);
    if (error != 0)
        leat__unix_unlink(socket);
    return error;
}

int
leat__unix_listen(struct leat__socket *socket, unsigned mode, int backlog)
{
    int lock = lock_directory(path_of(socket));
    if (lock < 0)
        return lock;
    int error = listen_locked(socket, mode, backlog);
    (void)leat__sys_close(lock); /* closing ends the lock, whatever it says */
    return error;
}

void
leat__unix_unlink(const struct leat__socket *socket)
{
    if (socket->inode == 0)
        return;
    struct stat st;
    if (leat__sys_lstat(path_of(socket), &st) != 0)
        return;
    if ((uint64_t)st.st_dev == socket->device &&
        (uint64_t)st.st_ino == socket->inode)
        (void)leat__sys_unlink(path_of(socket)); /* there is no one to tell */
}
