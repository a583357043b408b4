/*
 * calls.c - the names of the calls, how often each was made and from where;
 * and the lock and the complaints that the files beside it share.
 */
#include "kernel_parts.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    bool can_fail;
} calls[CALL_COUNT] = {
    [CALL_SOCKET] = {"socket", true},
    [CALL_BIND] = {"bind", true},
    [CALL_LISTEN] = {"listen", true},
    [CALL_ACCEPT] = {"accept", true},
    [CALL_ACCEPT4] = {"accept4", true},
    [CALL_CONNECT] = {"connect", true},
    [CALL_GETSOCKNAME] = {"getsockname", true},
    [CALL_GETPEERNAME] = {"getpeername", true},
    [CALL_SETSOCKOPT] = {"setsockopt", true},
    [CALL_GETSOCKOPT] = {"getsockopt", true},
    [CALL_SHUTDOWN] = {"shutdown", true},
    [CALL_RECV] = {"recv", true},
    [CALL_SEND] = {"send", true},
    [CALL_SENDMSG] = {"sendmsg", true},
    [CALL_RECVMSG] = {"recvmsg", true},
    [CALL_READ] = {"read", true},
    [CALL_WRITE] = {"write", true},
    [CALL_CLOSE] = {"close", true},
    [CALL_PIPE] = {"pipe", true},
    [CALL_PIPE2] = {"pipe2", true},
    [CALL_FCNTL] = {"fcntl", true},
    [CALL_IOCTL] = {"ioctl", true},
    [CALL_SELECT] = {"select", true},
    [CALL_GETADDRINFO] = {"getaddrinfo", true},
    [CALL_FREEADDRINFO] = {"freeaddrinfo", false},
    [CALL_OPEN] = {"open", true},
    [CALL_LSTAT] = {"lstat", true},
    [CALL_UNLINK] = {"unlink", true},
    [CALL_CHMOD] = {"chmod", true},
    [CALL_RENAME] = {"rename", true},
    [CALL_FLOCK] = {"flock", true},
    [CALL_UMASK] = {"umask", false},
    [CALL_GETRLIMIT] = {"getrlimit", true},
    [CALL_SETRLIMIT] = {"setrlimit", true},
    [CALL_SIGACTION] = {"sigaction", true},
    [CALL_SIGPROCMASK] = {"sigprocmask", true},
    [CALL_GETPID] = {"getpid", false},
    [CALL_GETPPID] = {"getppid", false},
    [CALL_GETENTROPY] = {"getentropy", true},
    [CALL_SOCKETPAIR] = {"socketpair", true},
    [CALL_POSIX_SPAWNP] = {"posix_spawnp", true},
    [CALL_WAITPID] = {"waitpid", true},
    [CALL_KILL] = {"kill", true},
    [CALL_SETPRIORITY] = {"setpriority", true},
    [CALL_TCGETATTR] = {"tcgetattr", true},
    [CALL_TCSETATTR] = {"tcsetattr", true},
    [CALL_CLOCK_GETTIME] = {"clock_gettime", true},
    [CALL_REALLOC] = {"realloc", true},
    [CALL_FREE] = {"free", false},
    [CALL_PRCTL] = {"prctl", true},
    [CALL_EPOLL_CREATE1] = {"epoll_create1", true},
    [CALL_EPOLL_CTL] = {"epoll_ctl", true},
    [CALL_EPOLL_WAIT] = {"epoll_wait", true},
};

static unsigned long counts[CALL_COUNT];
static _Thread_local struct site here;
static kernel_watch_fn on_call;

/* --- names --------------------------------------------------------------- */

const char *
kernel__name(enum call call)
{
    return calls[call].name;
}

enum call
kernel__call_of(const char *name)
{
    unsigned i = 0;

    while (i < CALL_COUNT && strcmp(calls[i].name, name) != 0)
        i++;
    if (i == CALL_COUNT)
        kernel__misuse("there is no call named", name);
    return (enum call)i;
}

bool
kernel__fallible(enum call call)
{
    return calls[call].can_fail;
}

const char *
kernel_call_name(unsigned index)
{
    return index < CALL_COUNT ? calls[index].name : NULL;
}

bool
kernel_can_fail(const char *call)
{
    return kernel__fallible(kernel__call_of(call));
}

/* --- sites and counters -------------------------------------------------- */

/* Half a call: the table's function comes right after it in the same thread.
 * A signal between the two leaves the handler's line here, which can mislead
 * fault_at and the text of a complaint, nothing else. */
void
leat_sys_at(const char *call, const char *file, int line)
{
    here.file = file;
    here.line = line;
    if (on_call != NULL)
        on_call(call, file, line);
}

void
kernel_watch(kernel_watch_fn watch)
{
    on_call = watch;
}

void
kernel__count(enum call call)
{
    here.call = call;
    here.number = ++counts[call];
}

struct site
kernel__here(void)
{
    return here;
}

unsigned long
kernel_calls(const char *call)
{
    enum call index = kernel__call_of(call);
    unsigned long count;

    kernel__lock();
    count = counts[index];
    kernel__unlock();
    return count;
}

void
kernel_reset_calls(void)
{
    kernel__lock();
    memset(counts, 0, sizeof counts);
    kernel__unlock();
}

/* --- the lock ------------------------------------------------------------ */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local sigset_t mask_before;
static enum { ALONE_WITHOUT_HANDLER, ALONE, SHARED } company;

void
kernel__reset_lock(void)
{
    company = ALONE_WITHOUT_HANDLER;
}

void
kernel__handler_comes(void)
{
    if (company == ALONE_WITHOUT_HANDLER)
        company = SHARED;
}

void
kernel_alone(void)
{
    company = ALONE;
}

void
kernel_shared(void)
{
    company = SHARED;
}

void
kernel__lock(void)
{
    sigset_t all, before;

    if (company != SHARED)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pthread_mutex_lock(&lock);
    mask_before = before;
}

void
kernel__unlock(void)
{
    sigset_t before = mask_before;

    if (company != SHARED)
        return;
    pthread_mutex_unlock(&lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* --- complaints ---------------------------------------------------------- */

static bool is_expected, is_kept;
static char kept[256];

void
kernel__complain(const char *format, ...)
{
    char text[sizeof kept];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (is_expected && !is_kept) {
        is_kept = true;
        memcpy(kept, text, sizeof kept);
        return;
    }
    fprintf(stderr, "kernel: %s\n", text);
    abort();
}

void
kernel__misuse(const char *what, const char *name)
{
    fprintf(stderr, "kernel: misuse: %s %s\n", what, name);
    abort();
}

void
kernel_expect(void)
{
    is_expected = true;
    is_kept = false;
}

const char *
kernel_complaint(void)
{
    is_expected = false;
    return is_kept ? kept : NULL;
}
