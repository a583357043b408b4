/*
 * memory.c - how much leatd may have: by what it was told, by what it has to
 * keep, and when it has nothing to do.
 *
 * To keep there is what was received and not sent yet. Of services that say
 * more than they hear that is not known here.
 */
#include "parts.h"

/* Loop, log, chunk, command line; each connection. */
#define BASE ((size_t)384 * 1024)
#define CONN ((size_t)2048)
/* A spare chunk, rings, and blocks that are larger than what is in them. */
#define LOOSE ((size_t)192 * 1024)
/* What has grown for good; less than a chunk. */
#define GROWN ((size_t)32 * 1024)

static size_t
kept_for(const struct meeting *meeting)
{
    bool is_open = meeting->was_accepted && !meeting->was_closed;
    return is_open && is_answerer(meeting) && meeting->in > meeting->out
               ? (size_t)(meeting->in - meeting->out)
               : 0;
}

/* Of one whose answers cannot leave any more nothing is kept, and leatd may
 * know that already. */
static bool
is_well(const struct meeting *meeting)
{
    return !meeting->has_left && !meeting->has_reset && !meeting->was_cut;
}

/* By how many: NULL where that is not of interest. */
static size_t
kept(bool all, unsigned *conns)
{
    size_t bytes = 0;

    for (unsigned i = 0; i < sim.meetings; i++) {
        size_t more = kept_for(&sim.meeting[i]);

        if (all || is_well(&sim.meeting[i]))
            bytes += more;
        if (conns != NULL)
            *conns += more > 0;
    }
    return bytes;
}

void
memory_grew(struct meeting *meeting, size_t len)
{
    unsigned conns = 0;
    size_t bytes;

    meeting->in += len;
    bytes = kept(true, &conns);
    if (bytes > sim.most_kept)
        sim.most_kept = bytes;
    if (conns > sim.most_keepers)
        sim.most_keepers = conns;
}

/* Blocks of one size that are free are of no use for another one, so there may
 * be twice as much as is in use. */
static void
judge_limit(void)
{
    size_t max = sim.scenario->max_memory;

    if (max == 0)
        return;
    if (sim.bytes > BASE + 2 * max + sim.meetings * CONN)
        sim_fail(
            ORACLE_MEMORY, "%zu bytes with --max-memory=%zu", sim.bytes, max);
    if (sim.term_us == 0 && kept(false, NULL) > max)
        sim_fail(ORACLE_MEMORY, "%zu bytes queued with --max-memory=%zu",
            kept(false, NULL), max);
}

/* Nobody was told, or is still being told, what was not an answer. */
static bool
is_measured(bool still)
{
    for (unsigned i = 0; i < sim.meetings; i++)
        if (is_endless(&sim.meeting[i]) &&
            !(still && sim.meeting[i].was_closed))
            return false;
    return true;
}

/* Of a chunk that is queued itself, all of it stays until the last byte has
 * left. */
static size_t
most_for_queues(void)
{
    size_t chunks = sim.shared + sim.spares > 0 ? sim.most_keepers * CHUNK : 0;

    return sim.first_bytes + 2 * sim.most_kept + chunks + LOOSE +
           sim.meetings * CONN;
}

void
judge_memory(void)
{
    if (sim.first_bytes == 0)
        sim.first_bytes = sim.bytes;
    judge_limit();
    if (sim.bytes > most_for_queues() && is_measured(false))
        sim_fail(ORACLE_MEMORY, "%zu bytes, where %zu were queued at most",
            sim.bytes, sim.most_kept);
}

/* The pool remembers two minutes. */
void
judge_rest(void)
{
    if (sim.scenario->inward == 0 || !is_measured(true) || kept(true, NULL) > 0)
        return;
    if (sim.bytes > sim.first_bytes + GROWN)
        sim_fail(ORACLE_MEMORY, "%zu bytes at rest, %zu in the beginning",
            sim.bytes, sim.first_bytes);
}
