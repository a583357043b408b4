/*
 * driver.c - many clients that behave badly, and know every byte.
 *
 *   chaos_driver [OPTION]... TARGET...
 *
 * It has an epoll loop of its own, so that an error in leat's does not hide
 * itself. Ends with a line of counts, and with 0 only if every byte that came
 * was the right one and nothing happened that was neither planned nor allowed.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signal.h>
#include <unistd.h>

#include "client.h"
#include "place.h"

#define EVENTS 512
#define TARGETS 8
#define INSPECT_US 1000000

static const char help[] =
    "Usage: chaos_driver [OPTION]... TARGET...\n"
    "TARGET is HOST:PORT with a numeric host, or unix:PATH, of an echo.\n\n"
    "  --seed S        the plan; the same seed gives the same (default 1)\n"
    "  --clients N     at the same time (default 100)\n"
    "  --seconds T     how long new lives begin (default 5)\n"
    "  --toxics LIST   all, none, or NAME[=PERCENT],... of slices urgent\n"
    "                  silent ping slow never half reset abrupt storm\n"
    "  --total N       bytes of each life\n"
    "  --window N      most of them under way\n"
    "  --lives N       of each client; default as many as there is time\n"
    "  --life MS       how long silent ones and never-readers stay\n"
    "  --rate R        lives that begin in a second, at most\n"
    "  --pace US       from the answer of a ping to the next\n"
    "  --impatient MS  a life gives up after so long\n"
    "  --patience S    without progress a life is stuck (default 60)\n"
    "  --allow LIST    early, reset, refused, timeout, stuck, other are fine\n"
    "  --may-end       the server may end at any time; then stop\n"
    "  --ledger FILE   a line for each life: name, sent, received, how\n"
    "  --plan          print the plan's hash only\n";

struct request {
    struct world world;
    struct target targets[TARGETS];
    size_t clients;
    int64_t duration_us;
    uint64_t rate;
    bool is_plan_only;
};

/* --- options --- */

static const struct option options[] = {
    {"seed", required_argument, NULL, 's'},
    {"clients", required_argument, NULL, 'c'},
    {"seconds", required_argument, NULL, 't'},
    {"toxics", required_argument, NULL, 'x'},
    {"total", required_argument, NULL, 'b'},
    {"window", required_argument, NULL, 'w'},
    {"lives", required_argument, NULL, 'n'},
    {"life", required_argument, NULL, 'l'},
    {"rate", required_argument, NULL, 'r'},
    {"pace", required_argument, NULL, 'p'},
    {"impatient", required_argument, NULL, 'i'},
    {"patience", required_argument, NULL, 'y'},
    {"allow", required_argument, NULL, 'a'},
    {"may-end", no_argument, NULL, 'e'},
    {"ledger", required_argument, NULL, 'L'},
    {"plan", no_argument, NULL, 'P'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int
open_ledger(struct world *world, const char *path)
{
    world->ledger = fopen(path, "w");
    return world->ledger != NULL ? 0 : -1;
}

static int
take_option(struct request *request, int name, const char *text)
{
    struct world *world = &request->world;
    int64_t number = text != NULL ? strtoll(text, NULL, 10) : 0;
    switch (name) {
    case 's':
        world->config.seed = strtoull(text, NULL, 10);
        return 0;
    case 'c':
        request->clients = (size_t)number;
        return number > 0 ? 0 : -1;
    case 't':
        request->duration_us = (int64_t)(strtod(text, NULL) * 1e6);
        return 0;
    case 'x':
        return plan_toxics(&world->config, text);
    case 'b':
        world->config.total = (uint64_t)number;
        return 0;
    case 'w':
        world->config.window = (uint64_t)number;
        return 0;
    case 'n':
        world->lives = (uint64_t)number;
        return 0;
    case 'l':
        world->config.life_us = number * 1000;
        return 0;
    case 'r':
        request->rate = (uint64_t)number;
        return number > 0 ? 0 : -1;
    case 'p':
        world->pace_us = number;
        return 0;
    case 'i':
        world->impatience_us = number * 1000;
        return 0;
    case 'y':
        world->patience_us = number * 1000000;
        return 0;
    case 'a':
        return tally_allow(&world->tally, text);
    case 'e':
        world->may_end = true;
        return 0;
    case 'L':
        return open_ledger(world, text);
    case 'P':
        request->is_plan_only = true;
        return 0;
    default:
        return -1;
    }
}

static int
read_request(struct request *request, int argc, char **argv)
{
    int name;
    while ((name = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (take_option(request, name, optarg) != 0)
            return -1;
    struct plan_config *config = &request->world.config;
    for (int i = optind; i < argc; i++) {
        if (config->targets == TARGETS)
            return -1;
        if (place_parse(&request->targets[config->targets++], argv[i]) != 0)
            return -1;
    }
    return config->targets > 0 ? 0 : -1;
}

/* --- the loop --- */

static void
raise_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* a connect will tell */
}

static void
wait_once(struct world *world)
{
    struct epoll_event events[EVENTS];
    int timeout_ms = world->wheel.armed > 0 ? 1 : 100;
    int n = epoll_wait(world->epoll, events, EVENTS, timeout_ms);
    world->now_us = place_now_us();
    for (int i = 0; i < n; i++)
        client_ready(events[i].data.ptr, events[i].events);

    struct wheel_node *node;
    while ((node = wheel_take(&world->wheel, world->now_us / 1000)) != NULL)
        client_due((struct client *)node); /* its first member */
}

static void
each(struct client *clients, size_t count, void (*what)(struct client *))
{
    for (size_t i = 0; i < count; i++)
        what(&clients[i]);
}

static void
run(struct request *request, struct client *clients)
{
    struct world *world = &request->world;
    int64_t inspect_us = world->now_us;
    int64_t end_us = world->now_us + request->duration_us;
    for (size_t i = 0; i < request->clients; i++)
        client_init(&clients[i], world, i);
    /* The first lives do not come all at once. */
    if (request->rate == 0)
        world->interval_us = 0;

    while (world->alive > 0) {
        wait_once(world);
        if (world->now_us >= end_us && !world->is_over) {
            world->is_over = true;
            each(clients, request->clients, client_hurry);
        }
        if (world->now_us - inspect_us >= INSPECT_US) {
            inspect_us = world->now_us;
            each(clients, request->clients, client_inspect);
        }
    }
}

/* --- the result --- */

static int
report(const struct request *request, double seconds)
{
    const struct world *world = &request->world;
    bool is_good = tally_is_good(&world->tally);
    printf("chaos %s seed=%" PRIu64
           " clients=%zu seconds=%.1f plan=%016" PRIx64,
        is_good ? "ok" : "FAILED", world->config.seed, request->clients,
        seconds, plan_hash(&world->config, request->clients));
    tally_print(&world->tally, stdout);
    printf("\n");
    return is_good ? 0 : 1;
}

static int
play(struct request *request)
{
    struct world *world = &request->world;
    struct client *clients = calloc(request->clients, sizeof *clients);
    world->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (clients == NULL || world->epoll < 0) {
        perror("chaos_driver");
        return 1;
    }
    world->targets = request->targets;
    world->alive = request->clients;
    world->now_us = world->start_us = place_now_us();
    world->interval_us =
        (int64_t)(1000000 / (request->rate != 0 ? request->rate : 5000));
    wheel_init(&world->wheel, world->now_us / 1000);
    int64_t started_us = world->now_us;
    run(request, clients);
    free(clients);
    (void)close(world->epoll);
    if (world->ledger != NULL && fclose(world->ledger) != 0) {
        perror("chaos_driver: ledger");
        return 1;
    }
    return report(request, (double)(place_now_us() - started_us) / 1e6);
}

int
main(int argc, char **argv)
{
    static struct request request = {.clients = 100, .duration_us = 5000000};
    request.world.config.seed = 1;
    request.world.patience_us = 60000000;
    (void)plan_toxics(&request.world.config, "all");
    if (read_request(&request, argc, argv) != 0) {
        fputs(help, stderr);
        return 2;
    }
    if (request.is_plan_only) {
        printf("%016" PRIx64 "\n",
            plan_hash(&request.world.config, request.clients));
        return 0;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* not left behind */
    raise_files();
    return play(&request);
}
