/*
 * fake_table.c - the calls as a table, and the kernel as it begins.
 */
#include "fake_parts.h"

#include <stdlib.h>
#include <string.h>

struct fake_state fake;

const struct leat_sys fake_table = {
    .socket = fake_socket,
    .bind = fake_bind,
    .listen = fake_listen,
    .accept = fake_accept,
    .accept4 = fake_accept4,
    .connect = fake_connect_call,
    .getsockname = fake_getsockname,
    .getpeername = fake_getpeername,
    .setsockopt = fake_setsockopt,
    .getsockopt = fake_getsockopt,
    .shutdown = fake_shutdown_call,
    .recv = fake_recv,
    .send = fake_send,
    .sendmsg = fake_sendmsg,
    .recvmsg = fake_recvmsg,
    .read = fake_fd_read,
    .write = fake_fd_write,
    .close = fake_fd_close,
    .pipe = fake_pipe,
    .pipe2 = fake_pipe2,
    .fcntl = fake_fcntl,
    .ioctl = fake_ioctl,
    .select = fake_select,
    .getaddrinfo = fake_getaddrinfo,
    .freeaddrinfo = fake_freeaddrinfo,
    .open = fake_open,
    .lstat = fake_lstat,
    .unlink = fake_unlink,
    .chmod = fake_chmod,
    .rename = fake_rename,
    .flock = fake_flock,
    .umask = fake_umask,
    .getrlimit = fake_getrlimit,
    .setrlimit = fake_setrlimit,
    .sigaction = fake_sigaction,
    .sigprocmask = fake_sigprocmask,
    .getpid = fake_getpid,
    .getppid = fake_getppid,
    .getentropy = fake_getentropy,
    .socketpair = fake_socketpair,
    .posix_spawnp = fake_posix_spawnp,
    .waitpid = fake_waitpid,
    .kill = fake_kill,
    .setpriority = fake_setpriority,
    .tcgetattr = fake_tcgetattr,
    .tcsetattr = fake_tcsetattr,
    .clock_gettime = fake_clock_gettime,
    .realloc = realloc,
    .free = free,
    .prctl = fake_prctl,
    .epoll_create1 = fake_epoll_create1,
    .epoll_ctl = fake_epoll_ctl,
    .epoll_wait = fake_epoll_wait,
};

/* Not one memset: the streams are megabytes, and hardly any is used. */
void
fake_reset_all(void)
{
    size_t links = offsetof(struct fake_state, link);
    size_t after = links + sizeof fake.link;

    memset(&fake, 0, links);
    memset((char *)&fake + after, 0, sizeof fake - after);
    for (int i = 0; i < FAKE_LINKS; i++) {
        fake.link[i].open_ends = 0;
        fake.link[i].stream[0].is_pipe = fake.link[i].stream[1].is_pipe = false;
    }
    fake.capacity = fake.window = FAKE_STREAM_USUAL;
    fake.fd_limit = fake.fd_hard = FAKE_FDS;
    fake.next_port = 40000;
    fake.next_peer = 50000;
    fake.mask = 022;
    fake.now_us = (int64_t)1000 * 1000000;
    (void)fake_make_file("/", S_IFDIR | 0755);
    (void)fake_make_file(".", S_IFDIR | 0755);
    (void)fake_make_file("/run/", S_IFDIR | 0755);
    (void)fake_make_file("/dev/null", S_IFCHR | 0666);
}
