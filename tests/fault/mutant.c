/*
 * mutant.c - mistakes made on purpose, to show that they are found.
 */
#include "mutant.h"

#include <leat/error.h>
#include <leat/timer.h>

#include <errno.h>
#include <fcntl.h>

#include "run.h"
#include "sys/sys.h"
#include "world.h"

enum {
    LOSES_A_BYTE,
    KEEPS_A_FILE,
    KEEPS_MEMORY,
    HIDES_THE_ERROR,
    NEVER_RESTS,
    STOPS_LISTENING,
    HARMS_A_NEIGHBOUR,
    MUTANTS
};

static const struct mutant mutants[] = {
    [LOSES_A_BYTE] = {"loses-a-byte", "drops a byte after a failed call"},
    [KEEPS_A_FILE] = {"keeps-a-file", "leaves a client's file open"},
    [KEEPS_MEMORY] = {"keeps-memory", "leaks a failed client's memory"},
    [HIDES_THE_ERROR] = {"hides-the-error", "tells an error as a good end"},
    [NEVER_RESTS] = {"never-rests", "tries again at once, for ever"},
    [STOPS_LISTENING] = {"stops-listening", "pauses and never resumes"},
    [HARMS_A_NEIGHBOUR] = {"harms-a-neighbour", "closes two clients for one"},
};

static size_t chosen = MUTANTS;
static struct leat_timer timer;
static struct leat_loop *busy; /* the loop of the timer */
static int file_of[GUESTS_MOST];
static void *memory_of[GUESTS_MOST];

size_t
mutant_count(void)
{
    return MUTANTS;
}

const struct mutant *
mutant_at(size_t index)
{
    return &mutants[index];
}

void
mutant_use(size_t index)
{
    chosen = index;
}

bool
mutant_is_on(void)
{
    return chosen < MUTANTS;
}

void
mutant_rest(void)
{
    if (busy != NULL)
        leat_timer_stop(&timer);
    busy = NULL;
}

static size_t
number_of(const struct guest *guest)
{
    return (size_t)(guest - world.guest);
}

void
mutant_opened(struct guest *guest)
{
    size_t i = number_of(guest);

    if (chosen == KEEPS_A_FILE)
        file_of[i] = leat__sys_open("/dev/null", O_RDONLY, 0);
    if (chosen == KEEPS_MEMORY)
        memory_of[i] = leat__sys_resize(NULL, NULL, 100);
}

size_t
mutant_length(const struct guest *guest, size_t len)
{
    bool loses = chosen == LOSES_A_BYTE && run_has_fired();

    (void)guest;
    return loses ? len - 1 : len;
}

static void
again(struct leat_timer *fired, void *user)
{
    (void)user;
    leat_timer_start(fired, 0, 0);
}

static void
close_neighbour(const struct guest *guest)
{
    for (size_t i = 0; i < world.count; i++) {
        if (&world.guest[i] == guest || world.guest[i].conn == NULL)
            continue;
        leat_conn_close(world.guest[i].conn);
        return;
    }
}

static void
go_wrong(struct guest *guest)
{
    if (chosen == NEVER_RESTS && busy == NULL) {
        busy = world.loop;
        leat_timer_init(&timer, busy, again, NULL);
        leat_timer_start(&timer, 0, 0);
    }
    if (chosen == STOPS_LISTENING)
        leat_listener_pause(world.server.ports[0].listener);
    if (chosen == HARMS_A_NEIGHBOUR)
        close_neighbour(guest);
}

int
mutant_closed(struct guest *guest, int reason)
{
    size_t i = number_of(guest);
    bool is_wrong =
        mutant_is_on() && run_has_fired() && reason < 0 && reason != LEAT_EOF;

    if (chosen == KEEPS_A_FILE && file_of[i] >= 0 && !is_wrong)
        (void)leat__sys_close(file_of[i]);
    if (chosen == KEEPS_MEMORY && !is_wrong)
        (void)leat__sys_resize(NULL, memory_of[i], 0);
    if (is_wrong)
        go_wrong(guest);
    return is_wrong && chosen == HIDES_THE_ERROR ? 0 : reason;
}
