/*
 * script.c - a scenario as a person reads it, and as leatd's command line.
 */
#include "parts.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char *const services[KINDS] = {
    "echo", "stamp", "fixed", "greet", "discard", "chargen", "null", "hub"};

static const char *const acts[ACTS] = {"send", "urgent byte", "stop reading",
    "read on", "half-close", "reset", "close", "wait"};

static const char *const faults[FAULTS] = {"EAGAIN", "short counts", "EINTR",
    "ENOBUFS", "resets by the network", "ENOMEM", "EMFILE", "ECONNABORTED",
    "spurious readiness", "late readiness", "select ENOMEM", "refused options"};

const char *
fault_name(enum fault fault)
{
    return faults[fault];
}

/* --- the command line ----------------------------------------------------- */

#define WORD 160
#define WORDS 16

/* Addresses are drawn, but for a socket file's. */
static void
write_listener(char word[WORD], const struct sim_listener *listener, int i)
{
    int n = snprintf(word, WORD, "%s:", services[listener->kind]);
    char *at = word + n, *end = word + WORD;

    if (listener->is_unix)
        at += snprintf(at, (size_t)(end - at), "unix:/run/%d", i);
    else
        at += snprintf(at, (size_t)(end - at), "%s",
            listener->is_v6 ? "[::1]:0" : "127.0.0.1:0");
    at += snprintf(at, (size_t)(end - at), ",name=l%d", i);
    if (listener->kind == KIND_LINES)
        at += snprintf(at, (size_t)(end - at), ",stamp=none");
    if (listener->kind == KIND_CHARGEN)
        at += snprintf(at, (size_t)(end - at), ",rate=2k");
    if (listener->kind == KIND_FIXED && listener->is_lasting)
        at += snprintf(at, (size_t)(end - at), ",repeat");
    if (listener->kind == KIND_GREET && listener->is_lasting)
        at += snprintf(at, (size_t)(end - at), ",stay");
    if (listener->kind == KIND_HUB && listener->is_lasting)
        at += snprintf(at, (size_t)(end - at), ",quiet");
    if (listener->is_small)
        at += snprintf(at, (size_t)(end - at), ",high=8,low=2");
    if (listener->idle_us > 0)
        at += snprintf(at, (size_t)(end - at), ",idle=%dms",
            (int)(listener->idle_us / MS));
    if (listener->max > 0)
        (void)snprintf(at, (size_t)(end - at), ",max=%u", listener->max);
}

int
scenario_argv(const struct scenario *scenario, char *argv[WORDS])
{
    static char words[WORDS][WORD];
    int n = 0;

    (void)snprintf(words[n++], WORD, "leatd");
    (void)snprintf(
        words[n++], WORD, "--drain=%dms", (int)(scenario->drain_us / MS));
    if (scenario->max_memory > 0)
        (void)snprintf(words[n++], WORD, "--max-memory=%u",
            (unsigned)scenario->max_memory);
    if (scenario->max_conns > 0)
        (void)snprintf(
            words[n++], WORD, "--max-conns=%u", (unsigned)scenario->max_conns);
    if (scenario->park != NULL)
        (void)snprintf(words[n++], WORD, "--park=%s", scenario->park);
    if (scenario->busy_poll_us > 0)
        (void)snprintf(
            words[n++], WORD, "--busy-poll=%dus", (int)scenario->busy_poll_us);
    for (unsigned i = 0; i < scenario->listeners; i++)
        write_listener(words[n++], &scenario->listener[i], (int)i);
    for (int i = 0; i < n; i++)
        argv[i] = words[i];
    argv[n] = NULL;
    return n;
}

/* --- for people ----------------------------------------------------------- */

static void
print_client(const struct sim_client *client, unsigned index)
{
    printf("client %u of listener %u, at %" PRId64 " us", index,
        client->listener, client->start_us);
    if (client->lives > 1)
        printf(", %u times", client->lives);
    if (client->slice < 4096)
        printf(", writes %u bytes at once", (unsigned)client->slice);
    if (client->deaf_us > 0)
        printf(", reads nothing for %" PRId64 " us", client->deaf_us);
    if (client->bite < 65536)
        printf(", reads %u bytes at once", (unsigned)client->bite);
    if (client->pause_us > 0)
        printf(", reads every %" PRId64 " us", client->pause_us);
    printf("\n");
    for (unsigned i = 0; i < client->steps; i++) {
        const struct sim_step *step = &client->step[i];

        printf("  +%" PRId64 " us %s", step->delay_us, acts[step->act]);
        if (step->act == ACT_SEND)
            printf(" %u bytes", (unsigned)step->amount);
        printf("\n");
    }
}

static void
print_kernel(const struct scenario *scenario)
{
    printf("kernel: %u bytes a stream, %u of them the reader's, %" PRId64
           " us of delay, %d descriptors\n",
        (unsigned)scenario->capacity, (unsigned)scenario->window,
        scenario->latency_us, scenario->fds);
    if (scenario->inward > 0)
        printf("to leatd: %u bytes a stream, %u of them the reader's\n",
            (unsigned)scenario->inward, (unsigned)scenario->inward_window);
    for (int i = 0; i < FAULTS; i++)
        if (scenario->rate[i] > 0)
            printf("fault: %s, %u of 1024\n", faults[i], scenario->rate[i]);
    if (scenario->has_early_faults)
        printf("faults from the start\n");
    if (scenario->is_log_slow)
        printf("the log is read slowly\n");
    if (scenario->wall_jump_us != 0)
        printf("the wall clock jumps by %" PRId64 " s\n",
            scenario->wall_jump_us / SEC);
}

void
scenario_print(const struct scenario *scenario)
{
    char *argv[WORDS];
    int argc = scenario_argv(scenario, argv);

    for (int i = 0; i < argc; i++)
        printf("%s%s", i > 0 ? " " : "", argv[i]);
    printf("\n");
    print_kernel(scenario);
    for (unsigned i = 0; i < scenario->clients; i++)
        print_client(&scenario->client[i], i);
    for (unsigned i = 0; i < scenario->signals; i++)
        printf("%s at %" PRId64 " us\n",
            scenario->signal[i].signo == SIGHUP ? "HUP" : "USR1",
            scenario->signal[i].at_us);
    printf("calm at %" PRId64 " us, %s at %" PRId64 " us", scenario->calm_us,
        scenario->term_signo == SIGINT ? "INT" : "TERM", scenario->term_us);
    if (scenario->again_us > 0)
        printf(", again at %" PRId64 " us", scenario->again_us);
    printf("\nchance: %" PRIu64 "\n", scenario->seed);
}
