/*
 * loop_rig.c - the common fixture of everything that turns a loop.
 *
 * On the path: Check -> HERE -> kernel.h, loop -> test -> HERE: what is left?
 */
#include "loop_rig.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake.h"
#include "kernel.h"
#include "loop/loop.h"
#include "run.h"
#include "trace.h"

#define NOTES_MAX 256
#define KEPT_MAX 1024
/* Far enough beyond 1024; the kernel may allow a thousand million. */
#define NOFILE_MAX 66000

struct loop_rig rig;

/* Keys are static strings. */
static const char *notes[NOTES_MAX];
static unsigned note_count;
static int kept[KEPT_MAX];
static unsigned kept_count;

/* --- the spy before select() ---------------------------------------------- */

static const struct leat_sys *spied;
static struct leat_sys spy;

static int
spy_select(
    int nfds, fd_set *in, fd_set *out, fd_set *urgent, struct timeval *timeout)
{
    rig.waits++;
    rig.wait_nfds = nfds;
    rig.wait_us = -1;
    if (timeout != NULL)
        rig.wait_us = (int64_t)timeout->tv_sec * SEC + timeout->tv_usec;
    if (rig.on_wait != NULL)
        rig.on_wait();
    return spied->select(nfds, in, out, urgent, timeout);
}

/* kernel_setup has put the kernel's own table in force. */
static void
place_spy(void)
{
    spied = leat_sys;
    spy = *spied;
    spy.select = spy_select;
    leat_sys = &spy;
}

/* --- the loop ------------------------------------------------------------- */

static void
noted(const struct leat_note *note, void *user)
{
    (void)user;
    rig.note = *note;
    notes[note_count++ % NOTES_MAX] = note->key;
}

/* Every test of connections is run once more with everybody parked. */
static enum leat_park
asked_park(void)
{
    const char *asked = getenv("LEAT_PARK");
    bool is_eager = asked != NULL && strcmp(asked, "eager") == 0;
    return is_eager ? LEAT_PARK_EAGER : LEAT_PARK_AUTO;
}

void
rig_open(const struct leat_loop_config *config)
{
    struct leat_loop_config filled = {0};
    if (config != NULL)
        filled = *config;
    if (filled.on_note == NULL)
        filled.on_note = noted;
    if (filled.park == LEAT_PARK_AUTO)
        filled.park = asked_park();
    rig_close();
    ck_assert_int_eq(leat_loop_create(&rig.loop, &filled), 0);
}

void
rig_close(void)
{
    if (rig.loop == NULL)
        return;
    uint64_t spins = rig_stats().spins;
    rig_check();
    leat_loop_destroy(rig.loop);
    rig.loop = NULL;
    if (!rig.may_spin)
        ck_assert_uint_eq(spins, 0);
}

void
rig_check(void)
{
    leat__fdset_check(&rig.loop->fds);
    leat__heap_check(&rig.loop->timers);
    leat__pool_check(&rig.loop->pool);
    leat__park_check(rig.loop);
}

struct leat_loop_stats
rig_stats(void)
{
    struct leat_loop_stats stats;
    leat_loop_stats(rig.loop, &stats);
    return stats;
}

unsigned
rig_noted(const char *key)
{
    unsigned n = 0;
    ck_assert_uint_le(note_count, NOTES_MAX);
    for (unsigned i = 0; i < note_count; i++)
        n += strcmp(notes[i], key) == 0;
    return n;
}

/* --- turns ---------------------------------------------------------------- */

static int
step(int64_t timeout_us)
{
    int callbacks = leat_loop_step(rig.loop, timeout_us);
    ck_assert_int_ge(callbacks, 0);
    rig_check();
    return callbacks;
}

int
rig_turn(void)
{
    return step(0);
}

int
rig_turns(int turns)
{
    int callbacks = 0;
    for (int i = 0; i < turns; i++)
        callbacks += step(0);
    return callbacks;
}

int
rig_wait(void)
{
    return step(-1);
}

/* --- the test's own descriptors ------------------------------------------- */

int
rig_keep(int fd)
{
    ck_assert_int_ge(fd, 0);
    ck_assert_uint_lt(kept_count, KEPT_MAX);
    kept[kept_count++] = fd;
    return fd;
}

void
rig_drop(int fd)
{
    unsigned i = 0;
    while (i < kept_count && kept[i] != fd)
        i++;
    ck_assert_uint_lt(i, kept_count);
    kept[i] = kept[--kept_count];
    ck_assert_int_eq(close(fd), 0);
}

void
rig_pipe(int fds[2])
{
    ck_assert_int_eq(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
    rig_keep(fds[0]);
    rig_keep(fds[1]);
}

void
rig_pair(int fds[2])
{
    int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    ck_assert_int_eq(socketpair(AF_UNIX, type, 0, fds), 0);
    rig_keep(fds[0]);
    rig_keep(fds[1]);
}

void
rig_tcp(int fds[2])
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *any = (struct sockaddr *)(void *)&addr;
    socklen_t len = sizeof addr;
    int type = SOCK_STREAM | SOCK_CLOEXEC;
    int listener = rig_keep(socket(AF_INET, type, 0));
    fds[1] = rig_keep(socket(AF_INET, type, 0));

    ck_assert_int_eq(bind(listener, any, len), 0); /* port 0: any free one */
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, any, &len), 0);
    ck_assert_int_eq(connect(fds[1], any, len), 0);
    fds[0] = rig_keep(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
    rig_drop(listener);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
}

int
rig_nofile(void)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlim_t wanted = limit.rlim_max < NOFILE_MAX ? limit.rlim_max : NOFILE_MAX;
    if (limit.rlim_cur < wanted) {
        struct rlimit raised = {wanted, limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0) /* valgrind refuses */
            return (int)wanted;
    }
    return (int)(limit.rlim_cur < NOFILE_MAX ? limit.rlim_cur : NOFILE_MAX);
}

size_t
rig_fds(void)
{
    return ledger_fds() - (rig.loop->park.io.fd >= 0 ? 1 : 0);
}

int
rig_dup(int fd, int number)
{
    return rig_keep(dup3(fd, number, O_CLOEXEC));
}

/* --- the fixture ---------------------------------------------------------- */

static void
begin(void)
{
    memset(&rig, 0, sizeof rig);
    note_count = 0;
    kept_count = 0;
    trace_init();
    place_spy();
    clock_freeze();
    (void)rig_nofile(); /* for tests with high numbers */
    rig_open(NULL);
}

void
rig_setup(void)
{
    kernel_setup();
    begin();
}

void
rig_setup_fake(void)
{
    fake_setup();
    begin();
}

void
rig_teardown(void)
{
    rig_close();
    while (kept_count > 0)
        rig_drop(kept[kept_count - 1]);
    kernel_teardown();
}
