/*
 * scene_leatd.c - leatd as a whole: its main, a unix socket from bind to
 * unlink, the drain.
 */
#include <leat/error.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "blame.h"
#include "run.h"
#include "scenes.h"
#include "support/kernel.h"
#include "sys/seam.h"
#include "world.h"

int leatd_main(int argc, char **argv);

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static unsigned char bytes[4096];

static void
fill(void)
{
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 256);
}

/* Not to start is allowed only where a call of the start has failed. */
static void
judge_start(enum exit_code code, const char *told)
{
    if (run_is_strict() || !(judge_owes() & (OWES_OPEN | OWES_TURN)))
        blame("it does not start, code %d: %s", (int)code, told);
}

/* --- main ----------------------------------------------------------------- */

/* What has gone wrong is told, unless telling is what has gone wrong. */
static bool
may_be_silent(void)
{
    size_t count;
    const struct fault *faults = run_faults(&count);

    for (size_t i = 0; i < count; i++) {
        const char *call = fault_sites[faults[i].kind->site].call;
        if (strcmp(call, "write") == 0 || strcmp(call, "select") == 0)
            return true;
    }
    return false;
}

static bool
is_ready_line(int fd)
{
    static const char start[] = "{\"ready\":true,";
    char text[1024] = "";
    ssize_t len = read(fd, text, sizeof text - 1);

    return len > 0 && strncmp(text, start, sizeof start - 1) == 0 &&
           text[len - 1] == '\n';
}

static void
judge_ready(int pipe_end)
{
    int file = open(world_path("ready"), O_RDONLY | O_CLOEXEC);

    if (!is_ready_line(pipe_end))
        blame("no ready line in the pipe");
    if (file < 0 || !is_ready_line(file))
        blame("no ready line in the file");
    if (file >= 0)
        close(file);
}

static void
judge_main(enum exit_code code, int ends[2])
{
    if (code == CODE_OK && run_is_strict())
        judge_ready(ends[0]);
    if (code != CODE_OK)
        judge_start(code, "main");
    if (code != CODE_OK && world.told == 0 && !may_be_silent())
        blame("it ends with code %d and says nothing", (int)code);
    if (code == CODE_INTERNAL)
        blame("it calls that a mistake of its own");
    /* The end of a failed process closes it. */
    if (!ledger_has_fd(ends[1]))
        return;
    if (code == CODE_OK)
        blame("the ready descriptor is still open");
    ledger_disown(ends[1]);
    close(ends[1]);
}

void
play_start(void)
{
    int ends[2];

    world_make_stale("s");
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        blame("no pipe for the ready line");
        return;
    }
    ledger_adopt(ends[1]);
    world_parse("-q --die-with-parent --lifetime=1s --ready-file=DIR/ready "
                "--ready-fd=FD echo:TCP greet:unix:DIR/s",
        ends[1]);
    world.told = 0;
    judge_main((enum exit_code)leatd_main(world.argc, world.argv), ends);
    close(ends[0]);
    unlink(world_path("ready"));
}

/* --- a unix socket -------------------------------------------------------- */

static const struct script unix_scripts[] = {
    {.out = bytes,
        .out_len = 3000,
        .piece = 900,
        .want = bytes,
        .want_len = 3000,
        .half_closes = true,
        .waits_for_end = true},
    {.out = bytes,
        .out_len = 100,
        .want = bytes,
        .want_len = 100,
        .half_closes = true,
        .waits_for_end = true},
};

void
prepare_unix(void)
{
    fill();
}

static void
judge_nothing_open(void)
{
    judge_start(world.code, world.wrong.text);
    if (world.wrong.text[0] == '\0')
        blame("it does not start and says nothing");
    if (ledger_fds() != 0 || ledger_blocks() != 0)
        blame("a start that failed leaves %s", kernel_leftover());
}

void
play_unix(void)
{
    world_make_stale("s");
    if (!world_open("-q echo:unix:DIR/s", -1)) {
        run_release();
        judge_nothing_open();
        return;
    }
    world_connect_all(unix_scripts, COUNT(unix_scripts));
    world_drive();
    world_close();
}

/* --- the drain ------------------------------------------------------------ */

/* Round in which TERM comes, and after how many it comes again: a signal that
 * found the pipe full is lost. */
#define TERM_ROUND 6u
#define TERM_AGAIN 40u

static const struct script drain_scripts[] = {
    {.out = bytes,
        .out_len = 4000,
        .piece = 400,
        .want = bytes,
        .want_len = 4000,
        .waits_for_end = true},
    {.out = bytes,
        .out_len = 2000,
        .want = bytes,
        .want_len = 2000,
        .waits_for_end = true,
        .late = 3,
        .gulp = 300,
        .rcvbuf = 2304},
    {.out = bytes,
        .out_len = sizeof bytes,
        .is_mute = true,
        .rcvbuf = 2304,
        .sndbuf = 8192},
};

static unsigned rounds;

void
prepare_drain(void)
{
    fill();
}

static bool
drain_is_over(void)
{
    rounds++;
    if (world.server.drain.phase != DRAIN_NOT)
        return world.server.client_count == 0 && world_is_idle();
    if (rounds % TERM_AGAIN == TERM_ROUND)
        (void)raise(SIGTERM);
    return false;
}

/* The one who never reads loses what was accepted from it: leatd says so. */
static void
judge_drain(void)
{
    enum exit_code code = world.code;

    if (run_is_strict() && code != CODE_LOST)
        blame("the drain ends with code %d", (int)code);
    if (code != CODE_OK && code != CODE_LOST && code != CODE_FAILED)
        blame("the drain ends with code %d", (int)code);
    if (code == CODE_FAILED && !(judge_owes() & OWES_TURN))
        blame("the drain fails");
}

void
play_drain(void)
{
    rounds = 0;
    world.is_over = drain_is_over;
    world.closes_door = true;
    world_connect_all(drain_scripts, COUNT(drain_scripts));
    world_drive();
    if (world.server.drain.phase != DRAIN_NOT &&
        world.server.client_count == 0) {
        world.code = server_run(&world.server);
        judge_drain();
    }
    world_close();
}
