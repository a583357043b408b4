/*
 * dies.c - a failed assertion, caught.
 *
 * In this process: a child would be one more for valgrind to report on.
 */
#include "dies.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "run.h"

static sigjmp_buf caught;

/* abort() has raised it, and may be left like this. */
static void
leave(int signo)
{
    (void)signo;
    siglongjmp(caught, 1);
}

bool
dies(void (*act)(void))
{
    struct sigaction ours = {.sa_handler = leave}, before;
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int saved = fcntl(2, F_DUPFD_CLOEXEC, 3);
    ck_assert_int_ge(nowhere, 0);
    ck_assert_int_ge(saved, 0);
    ck_assert_int_eq(dup2(nowhere, 2), 2);
    ck_assert_int_eq(sigaction(SIGABRT, &ours, &before), 0);

    volatile bool has_died = true;
    if (sigsetjmp(caught, 1) == 0) {
        act();
        has_died = false;
    }
    ck_assert_int_eq(sigaction(SIGABRT, &before, NULL), 0);
    ck_assert_int_eq(dup2(saved, 2), 2);
    (void)close(saved);
    (void)close(nowhere);
    return has_died;
}
