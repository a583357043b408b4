/*
 * proc.c - the process that a program is: descriptors, limits, parent.
 *
 * On the path: main, before there is a loop.
 */
#include "proc.h"

#include <leat/error.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "sys/sys.h"
#include "text.h"

/* Left for the log, pipes, listeners and whatever was inherited. */
#define RESERVED 32u
#define LEAST_FILES 48u

int
proc_guard(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (leat__sys_probe(fd) == 0)
            continue;
        /* open gives the lowest number that is free: this one, as all below
         * are taken by now. */
        int opened = leat__sys_open("/dev/null", O_RDWR, 0);
        if (opened < 0)
            return opened;
    }
    return 0;
}

int
proc_blank(int fd)
{
    int error = leat__sys_close(fd);
    int blank = proc_guard();

    return error != 0 ? error : blank;
}

void
proc_ignore(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    /* A log that nobody reads any more is an error of write, not our end. */
    (void)leat__sys_sigaction(SIGPIPE, &ignore, NULL); /* cannot fail */
    /* The first process of a container is given the orphans of all others. */
    if (leat__sys_pid() == 1)
        (void)leat__sys_sigaction(SIGCHLD, &ignore, NULL); /* as above */
}

void
proc_deafen(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        (void)leat__sys_block(signals[i]); /* cannot fail */
}

/* With both numbers, and with the command that shows the limit. */
static void
complain(struct complaint *wrong, uint64_t limit)
{
    char bytes[128];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    text_add(&text, "the limit of open files is ");
    text_number(&text, limit, 1);
    text_add(&text, ", at least ");
    text_number(&text, LEAST_FILES, 1);
    text_add(&text, " are needed (see ulimit -n)");
    complaint_say(wrong, text.bytes, NULL, "");
}

int
proc_limits(size_t *max_conns, struct complaint *wrong)
{
    struct leat__rlimit limit;
    int error = leat__sys_nofile(&limit);

    if (error != 0) {
        complaint_say(wrong, "cannot read the limit of open files: ", NULL,
            leat_error_text(error));
        return error;
    }
    if (limit.soft < limit.hard) {
        struct leat__rlimit raised = {limit.hard, limit.hard};
        /* Where the hard limit is above what the kernel allows, the soft one
         * has to do. */
        if (leat__sys_set_nofile(&raised) == 0)
            limit = raised;
    }
    if (limit.soft < LEAST_FILES) {
        complain(wrong, limit.soft);
        return -EMFILE;
    }
    uint64_t most = limit.soft - RESERVED;
    *max_conns = most > SIZE_MAX ? SIZE_MAX : (size_t)most;
    return 0;
}

int
proc_follow(pid_t parent)
{
    int error = leat__sys_death_signal(SIGTERM);

    if (error != 0)
        return error;
    /* It may have ended before the kernel was asked to tell. */
    return leat__sys_parent_pid() == parent ? 0 : -ESRCH;
}
