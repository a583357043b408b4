/*
 * life.c - what ends leatd, and the signals it answers.
 *
 * On the path: signals, standard input, timers -> HERE -> drain.
 *
 * Every end is a drain. Only a second TERM or INT is more: whoever sends it
 * does not want to wait.
 */
#include "life.h"

#include <leat/error.h>
#include <leat/signal.h>

#include <errno.h>
#include <signal.h>

#include "server.h"

#include "sys/sys.h"

/* --- signals -------------------------------------------------------------- */

static void
on_end(struct leat_loop *loop, int signo, void *user)
{
    struct server *server = user;
    (void)loop;

    if (server->drain.phase != DRAIN_NOT)
        drain_cut(server);
    else
        drain_start(server, signo == SIGINT ? "INT" : "TERM");
}

/* Also the end of a terminal, which does not end leatd. */
static void
on_hangup(struct leat_loop *loop, int signo, void *user)
{
    (void)loop, (void)signo;
    server_reload(user);
}

static void
on_user(struct leat_loop *loop, int signo, void *user)
{
    (void)loop, (void)signo;
    report_totals(user);
}

/* Also INT, which a shell may have had ignored for a program in the background:
 * whoever sends it means it. */
static int
watch_signals(struct server *server, struct complaint *wrong)
{
    static const struct {
        int signo;
        leat_signal_fn fn;
    } signals[] = {{SIGTERM, on_end}, {SIGINT, on_end}, {SIGHUP, on_hangup},
        {SIGUSR1, on_user}};

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        int error = leat_signal_watch(
            server->loop, signals[i].signo, signals[i].fn, server);
        if (error == 0)
            continue;
        complaint_say(
            wrong, "cannot watch signals: ", NULL, leat_error_text(error));
        return error;
    }
    return 0;
}

/* --- standard input ------------------------------------------------------- */

static void
on_stdin(struct leat_watch *watch, unsigned ready, void *user)
{
    struct server *server = user;
    ssize_t count = 0;

    /* What is typed or piped in means nothing, only its end does. One read
     * for each readiness: it does not wait. */
    if (!(ready & LEAT_FAILED)) {
        char bytes[4096];
        count = leat__sys_read(0, bytes, sizeof bytes);
    }
    if (count > 0 || count == -EAGAIN || count == -EINTR)
        return;
    server->life.stdin_watch = NULL;
    leat_watch_close(watch);
    drain_start(server, "stdin");
}

static int
watch_stdin(struct server *server, struct complaint *wrong)
{
    if (!server->options->die_with_stdin)
        return 0;
    int error = leat_watch_open(&server->life.stdin_watch, server->loop, 0,
        LEAT_READABLE, on_stdin, server);
    if (error != 0)
        complaint_say(wrong, "cannot watch standard input: ", NULL,
            leat_error_text(error));
    return error;
}

/* --- time ----------------------------------------------------------------- */

/* --lifetime */
static void
on_lifetime(struct leat_timer *timer, void *user)
{
    (void)timer;
    drain_start(user, "lifetime");
}

/* Clients come and go without touching the timer: they store the time, and it
 * sleeps on for what is left. */
static void
on_idle(struct leat_timer *timer, void *user)
{
    struct server *server = user;
    int64_t idle_us = server->options->idle_us;
    int64_t quiet_us = leat_loop_now(server->loop) - server->life.idle_since_us;

    if (server->client_count > 0)
        leat_timer_start(timer, idle_us, 0);
    else if (quiet_us < idle_us)
        leat_timer_start(timer, idle_us - quiet_us, 0);
    else
        drain_start(server, "idle");
}

/* Called for each last client, so it must cost nothing. */
void
life_idle(struct server *server)
{
    server->life.idle_since_us = leat_loop_now(server->loop);
}

int
life_start(struct server *server, struct complaint *wrong)
{
    struct life *life = &server->life;
    const struct options *options = server->options;
    int error = watch_signals(server, wrong);

    if (error == 0)
        error = watch_stdin(server, wrong);
    if (error != 0)
        return error;
    leat_timer_init(&life->lifetime, server->loop, on_lifetime, server);
    leat_timer_init(&life->idle, server->loop, on_idle, server);
    life_idle(server);
    if (options->lifetime_us > 0)
        leat_timer_start(&life->lifetime, options->lifetime_us, 0);
    if (options->idle_us > 0)
        leat_timer_start(&life->idle, options->idle_us, 0);
    return 0;
}
