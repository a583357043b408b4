/*
 * conformance.c - runs every story on both kernels and compares; and what the
 * stories have in common.
 */
#include "conformance.h"

#include "support/kernel.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#define WORD_BITS (sizeof(unsigned long) * CHAR_BIT)
#define HANG_S 20 /* for a machine that is busy; nothing waits so long */

const struct leat_sys *sys;

static char told[2][8192];
static size_t told_len[2];
static int telling; /* 0: the real kernel, 1: the fake one */
static char folder[64];

/* --- saying --------------------------------------------------------------- */

void
say(const char *format, ...)
{
    char *to = told[telling] + told_len[telling];
    size_t room = sizeof told[telling] - told_len[telling];
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(to, room, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= room) {
        fprintf(stderr, "conformance: a story is too long\n");
        exit(2);
    }
    told_len[telling] += (size_t)len;
}

void
say_result(const char *call, ssize_t result)
{
    if (result < 0)
        say("%s: %s\n", call, strerrorname_np(errno));
    else
        say("%s: %d\n", call, (int)result);
}

/* Of the three sets those with the fd in them, by timeout_s. */
static unsigned
look(int fd, unsigned asked, int timeout_s)
{
    enum { WORDS = 32 };
    unsigned long words[3][WORDS] = {{0}};
    struct timeval timeout = {.tv_sec = timeout_s};
    unsigned found = 0;

    for (int i = 0; i < 3; i++)
        if (asked >> i & 1)
            words[i][(size_t)fd / WORD_BITS] |= 1ul << (size_t)fd % WORD_BITS;
    if (sys->select(fd + 1, (fd_set *)(void *)words[0],
            (fd_set *)(void *)words[1], (fd_set *)(void *)words[2],
            &timeout) < 0)
        return 0;
    for (int i = 0; i < 3; i++)
        if (words[i][(size_t)fd / WORD_BITS] >> (size_t)fd % WORD_BITS & 1)
            found |= 1u << i;
    return found;
}

void
say_ready(int fd)
{
    unsigned found = look(fd, 7, 0);

    say("ready:%s%s%s\n", found & 1 ? " r" : "", found & 2 ? " w" : "",
        found & 4 ? " x" : "");
}

/* --- waiting -------------------------------------------------------------- */

void
await(int fd, char what)
{
    unsigned bit = what == 'r' ? 1 : what == 'w' ? 2 : 4;

    if (!(look(fd, bit, HANG_S) & bit))
        say("waited for %c in vain\n", what);
}

/* Ask again and again, a millisecond apart. */
static void
await_answer(int fd, unsigned long question, int wanted, bool is_least)
{
    for (int i = 0; i < HANG_S * 1000; i++) {
        struct timeval tick = {.tv_usec = 1000};
        int answer = -1;

        (void)sys->ioctl(fd, question, &answer);
        if (is_least ? answer >= wanted : answer == wanted)
            return;
        (void)sys->select(0, NULL, NULL, NULL, &tick);
    }
    say("waited for an answer in vain\n");
}

void
await_bytes(int fd, int bytes)
{
    await_answer(fd, FIONREAD, bytes, true);
}

void
await_sent(int fd)
{
    await_answer(fd, TIOCOUTQ, 0, false);
}

/* The other kernel has taken all it will: 30 looks, a millisecond apart, see
 * the same. */
void
await_quiet(int fd)
{
    int last = -1;

    for (int same = 0; same < 30; same++) {
        struct timeval tick = {.tv_usec = 1000};
        int answer = -1;

        (void)sys->ioctl(fd, TIOCOUTQ, &answer);
        if (answer != last)
            same = 0;
        last = answer;
        (void)sys->select(0, NULL, NULL, NULL, &tick);
    }
}

/* A member that asks for nothing hears of this. */
void
await_hangup(int fd)
{
    struct epoll_event event = {0};
    int set = sys->epoll_create1(EPOLL_CLOEXEC);

    (void)sys->epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
    if (sys->epoll_wait(set, &event, 1, HANG_S * 1000) != 1)
        say("waited for a hangup in vain\n");
    (void)sys->close(set);
}

/* --- making --------------------------------------------------------------- */

const char *
own_path(void)
{
    static char path[80];

    (void)snprintf(path, sizeof path, "%s/socket", folder);
    return path;
}

int
option(int fd, int level, int name, int value)
{
    return sys->setsockopt(fd, level, name, &value, sizeof value);
}

int
make_tcp_listener(int backlog)
{
    const struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = sys->socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    if (sys->bind(fd, (const struct sockaddr *)&addr, sizeof addr) < 0 ||
        sys->listen(fd, backlog) < 0)
        say_result("listen", -1);
    return fd;
}

int
make_unix_listener(const char *path, int backlog)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = sys->socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    strcpy(addr.sun_path, path);
    say_result(
        "bind", sys->bind(fd, (const struct sockaddr *)&addr, sizeof addr));
    if (backlog >= 0)
        say_result("listen", sys->listen(fd, backlog));
    return fd;
}

int
connect_to(int listener)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    int fd;

    (void)sys->getsockname(listener, (struct sockaddr *)&addr, &len);
    fd = sys->socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    say_result("connect", sys->connect(fd, (struct sockaddr *)&addr, len));
    return fd;
}

static void
make_pair(int listener, int fds[2])
{
    fds[1] = connect_to(listener);
    await(listener, 'r');
    fds[0] = sys->accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    await(fds[1], 'w');
    drop(listener);
}

void
make_tcp(int fds[2])
{
    make_pair(make_tcp_listener(4), fds);
}

void
make_unix(int fds[2])
{
    make_pair(make_unix_listener(own_path(), 4), fds);
    (void)sys->unlink(own_path());
}

void
drop(int fd)
{
    if (sys->close(fd) < 0)
        say_result("close", -1);
}

void
reset(int fd)
{
    const struct linger linger = {.l_onoff = 1, .l_linger = 0};

    (void)sys->setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    drop(fd);
}

void
hear(int fd, size_t len)
{
    char bytes[64];
    ssize_t count = sys->recv(fd, bytes, len, MSG_DONTWAIT);

    if (count > 0)
        say("recv: \"%.*s\"\n", (int)count, bytes);
    else
        say_result("recv", count);
}

/* --- both ----------------------------------------------------------------- */

static enum fake_pass
pass(int64_t deadline_us)
{
    int64_t next_us = fake_next_arrival();

    fake.now_us = next_us < deadline_us ? next_us : deadline_us;
    return FAKE_PASSED;
}

/* As a process has it that was given nothing but the usual three. */
static void
begin_fake(void)
{
    fake_reset_all();
    fake.pass = pass;
    fake.action[SIGPIPE].sa_handler = SIG_IGN;
    for (int fd = 0; fd < 3; fd++)
        fake.end[fd].kind = FAKE_FILE;
    (void)strcpy(folder, "/run");
}

static void
tell(const struct story *story, int kernel)
{
    telling = kernel;
    told_len[kernel] = 0;
    sys = kernel == 0 ? kernel_real() : &fake_table;
    if (kernel == 1)
        begin_fake();
    story->tell();
}

static int
compare(const struct story *stories, const char *real_folder)
{
    int differ = 0;

    for (; stories->name != NULL; stories++) {
        (void)strcpy(folder, real_folder);
        tell(stories, 0);
        tell(stories, 1);
        if (strcmp(told[0], told[1]) == 0) {
            printf("same    %s\n", stories->name);
            continue;
        }
        printf("DIFFERS %s\n--- the real kernel\n%s--- the fake one\n%s",
            stories->name, told[0], told[1]);
        differ++;
    }
    return differ;
}

int
main(void)
{
    char real_folder[] = "/tmp/leat-conformance-XXXXXX";
    int differ;

    /* What was inherited is in the way of the lowest numbers. */
    for (int fd = 3; fd < 1024; fd++)
        (void)close(fd);
    (void)signal(SIGPIPE, SIG_IGN);
    if (mkdtemp(real_folder) == NULL) {
        perror("mkdtemp");
        return 2;
    }
    differ = compare(stories_of_tcp, real_folder) +
             compare(stories_of_the_rest, real_folder);
    (void)rmdir(real_folder);
    return differ > 0;
}
