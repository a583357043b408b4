/*
 * place.c - what a sweep needs of the machine: a directory and a network, both
 * of its own.
 *
 * The network keeps the thousands of ports that wait in TIME_WAIT after a
 * sweep away from everybody else. Where the system does not allow one, the
 * sweep thins itself out.
 */
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "world.h"

static bool has_network;

/* The loopback of a new network is down. */
static bool
raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_up = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0;

    if (is_up) {
        request.ifr_flags |= IFF_UP;
        is_up = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    }
    if (fd >= 0)
        close(fd);
    return is_up;
}

/* Nobody waits for late packets here; where it cannot be set it only costs. */
static void
end_time_wait(void)
{
    int fd = open("/proc/sys/net/ipv4/tcp_max_tw_buckets", O_WRONLY);

    if (fd < 0)
        return;
    if (write(fd, "0\n", 2) < 0)
        fprintf(stderr, "TIME_WAIT stays\n");
    close(fd);
}

void
world_begin(void)
{
    const char *base = getenv("TMPDIR");

    snprintf(world.dir, sizeof world.dir, "%s/leat-fault-XXXXXX",
        base != NULL && strlen(base) < 40 ? base : "/tmp");
    if (mkdtemp(world.dir) == NULL) {
        perror(world.dir);
        exit(1);
    }
    bool is_alone = unshare(CLONE_NEWNET) == 0 ||
                    unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    /* A new network that cannot be used is worse than none. */
    if (is_alone && !raise_loopback()) {
        fprintf(stderr, "the loopback of a new network stays down\n");
        exit(1);
    }
    has_network = is_alone;
    if (is_alone)
        end_time_wait();
}

bool
world_has_network(void)
{
    return has_network;
}

const char *
world_path(const char *name)
{
    static char path[sizeof world.dir + 32];

    snprintf(path, sizeof path, "%s/%s", world.dir, name);
    return path;
}

void
world_make_stale(const char *name)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", world_path(name));
    /* One may be there still, of a run whose unlink was made to fail. */
    (void)bind(fd, (const struct sockaddr *)(const void *)&addr, sizeof addr);
    close(fd);
}

bool
world_sweep(void)
{
    DIR *dir = opendir(world.dir);
    bool was_empty = true;

    for (const struct dirent *entry = dir == NULL ? NULL : readdir(dir);
         entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] == '.')
            continue;
        was_empty = false;
        unlink(world_path(entry->d_name));
    }
    if (dir != NULL)
        closedir(dir);
    return was_empty;
}

void
world_end(void)
{
    (void)world_sweep();
    rmdir(world.dir);
}
