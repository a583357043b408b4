/*
 * signal.c - signals, by way of the wake-up pipe.
 *
 * On the path: kernel -> handler -> pipe -> wake.c -> HERE (phase 3) ->
 * program.
 *
 * A handler has no argument of its own, so it needs one global to find the
 * pipe: signal_fd, the only mutable global of the library. It is -1 while no
 * loop has signals, and the loop that set it is the one that has them.
 */
#include "signal.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "loop.h"
#include "sys/sys.h"

struct leat__signal_watch {
    leat_signal_fn fn; /* NULL: not watched */
    void *user;
    struct sigaction before; /* what was in force; given back */
};

static atomic_int signal_fd = -1;

static void
handle(int signo)
{
    int fd = atomic_load(&signal_fd);
    if (fd >= 0)
        leat__sys_notify(fd, (unsigned char)signo);
}

/* The table of watches, and the right to have signals at all. */
static int
claim(struct leat_loop *loop)
{
    struct leat__signals *signals = &loop->signals;
    if (signals->watch == NULL) {
        size_t size = (LEAT__SIGNAL_MAX + 1) * sizeof *signals->watch;
        signals->watch = leat__source_resize(&loop->pool.source, NULL, 0, size);
        if (signals->watch == NULL)
            return -ENOMEM;
        memset(signals->watch, 0, size);
    }
    int nobody = -1;
    if (signals->count > 0 ||
        atomic_compare_exchange_strong(&signal_fd, &nobody, loop->wake_write))
        return 0;
    return -EBUSY;
}

static void
unclaim(struct leat_loop *loop)
{
    if (loop->signals.count == 0)
        atomic_store(&signal_fd, -1);
}

int
leat_signal_watch(
    struct leat_loop *loop, int signo, leat_signal_fn fn, void *user)
{
    if (signo < 1 || signo > LEAT__SIGNAL_MAX || fn == NULL)
        return -EINVAL;
    int error = claim(loop);
    if (error != 0)
        return error;

    struct leat__signal_watch *watch = &loop->signals.watch[signo];
    if (watch->fn == NULL) {
        struct sigaction action = {.sa_handler = handle};
        action.sa_flags = SA_RESTART;
        (void)sigfillset(&action.sa_mask); /* cannot fail: a valid pointer */
        error = leat__sys_sigaction(signo, &action, &watch->before);
        if (error != 0) {
            unclaim(loop);
            return error;
        }
        loop->signals.count++;
    }
    watch->fn = fn;
    watch->user = user;
    return 0;
}

void
leat_signal_unwatch(struct leat_loop *loop, int signo)
{
    struct leat__signals *signals = &loop->signals;
    if (signals->watch == NULL || signo < 1 || signo > LEAT__SIGNAL_MAX)
        return;
    struct leat__signal_watch *watch = &signals->watch[signo];
    if (watch->fn == NULL)
        return;

    /* It worked when the handler was installed; there is no one to tell. */
    (void)leat__sys_sigaction(signo, &watch->before, NULL);
    watch->fn = NULL;
    /* Whoever asks for it next did not ask for the one that came before. */
    signals->arrived &= ~((uint64_t)1 << (signo - 1));
    signals->count--;
    unclaim(loop);
}

void
leat__signals_run(struct leat_loop *loop)
{
    struct leat__signals *signals = &loop->signals;
    while (signals->arrived != 0 && !loop->is_doomed) {
        int signo = __builtin_ctzll(signals->arrived) + 1;
        signals->arrived &= signals->arrived - 1; /* the lowest bit */
        if (signals->watch == NULL || signals->watch[signo].fn == NULL)
            continue; /* unwatched while its byte was in the pipe */
        const struct leat__signal_watch *watch = &signals->watch[signo];
        leat__loop_calls(loop);
        watch->fn(loop, signo, watch->user);
    }
}

void
leat__signals_end(struct leat_loop *loop)
{
    struct leat__signals *signals = &loop->signals;
    for (int signo = 1; signo <= LEAT__SIGNAL_MAX; signo++)
        leat_signal_unwatch(loop, signo);
    if (signals->watch != NULL)
        leat__source_resize(&loop->pool.source, signals->watch,
            (LEAT__SIGNAL_MAX + 1) * sizeof *signals->watch, 0);
    signals->watch = NULL;
}
