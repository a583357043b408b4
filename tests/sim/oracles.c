/*
 * oracles.c - what must hold, whatever the scenario.
 *
 * A new one: a row in enum oracle and in names, a function here, and where it
 * is called from: after each turn, at a close line, when all is quiet, or at
 * the end. And a mistake in chaos.c that it catches.
 */
#include "parts.h"

#include <string.h>

#define IDLE_TURNS_MAX 100
#define LATE_US (4 * SEC)
#define PROMPT_US (30 * SEC)
#define LINGER_US (5 * SEC)

static const char *const names[ORACLES] = {"fine", "bytes", "hub", "memory",
    "close", "time", "accounts", "spin", "fairness", "liveness", "drain",
    "numbers", "exit"};

const char *
oracle_name(enum oracle oracle)
{
    return names[oracle];
}

/* --- after each turn ------------------------------------------------------ */

/* Polls are such turns by intent: the eight that busy.c lets be in vain, each
 * of 40 us at most. */
static unsigned
idle_turns_most(void)
{
    return sim.scenario->busy_poll_us > 0 ? IDLE_TURNS_MAX * 6 : IDLE_TURNS_MAX;
}

/* A turn that took no time and moved nothing must not be followed by many
 * more. */
static void
judge_spin(void)
{
    bool is_idle =
        sim.moves == sim.moves_seen && fake.now_us - sim.turn_us < 10;

    sim.moves_seen = sim.moves;
    sim.turn_us = fake.now_us;
    sim.idle_turns = is_idle ? sim.idle_turns + 1 : 0;
    if (sim.idle_turns > idle_turns_most())
        sim_fail(ORACLE_SPIN, "%u turns for nothing", sim.idle_turns);
}

static void
judge_deadline(void)
{
    if (sim.term_us != 0 &&
        fake.now_us > sim.term_us + sim.scenario->drain_us + LATE_US)
        sim_fail(ORACLE_DRAIN, "it goes on long after --drain");
}

void
judge_turn(int ready, int64_t timeout_us)
{
    (void)timeout_us;
    if (ready >= 0)
        return;
    judge_spin();
    judge_memory();
    judge_deadline();
}

/* --- at a close line ------------------------------------------------------ */

static bool
has_word(const char *reason, const char *word)
{
    return strcmp(reason, word) == 0;
}

static void
judge_idle(const struct meeting *meeting)
{
    int64_t quiet_us = meeting->closed_us - meeting->active_us;
    int64_t idle_us = meeting->listener->idle_us;

    if (meeting->listener->kind == KIND_NOTHING && idle_us == 0)
        idle_us = 3600 * SEC;
    if (idle_us == 0)
        sim_fail(ORACLE_TIME, "meeting %u: idle, without a time for it",
            meeting->number);
    if (quiet_us < idle_us || quiet_us > idle_us + LATE_US)
        sim_fail(ORACLE_TIME, "meeting %u: idle after %lld us instead of %lld",
            meeting->number, (long long)quiet_us, (long long)idle_us);
}

/* The peer has ended, so it has an answer to all of it. */
static void
judge_eof(const struct meeting *meeting)
{
    uint64_t owed = owed_all(meeting, meeting->in, true);

    if (sim.was_cut_line || sim.is_cut_short)
        return;
    if (sim.term_us != 0 &&
        fake.now_us >= sim.term_us + sim.scenario->drain_us / 2)
        return;
    if (meeting->in != meeting->sent)
        sim_fail(ORACLE_BYTES,
            "meeting %u: an end of file after %llu of %llu bytes",
            meeting->number, (unsigned long long)meeting->in,
            (unsigned long long)meeting->sent);
    if (!is_endless(meeting) && meeting->out != owed)
        sim_fail(ORACLE_BYTES, "meeting %u: %llu bytes out, %llu are owed",
            meeting->number, (unsigned long long)meeting->out,
            (unsigned long long)owed);
}

void
judge_close(struct meeting *meeting, uint64_t in, uint64_t out, uint64_t drops,
    const char *reason)
{
    if (++meeting->lines > 1)
        sim_fail(ORACLE_CLOSE, "meeting %u was closed twice", meeting->number);
    if (!meeting->was_closed)
        sim_fail(ORACLE_CLOSE, "meeting %u has a close line and is open",
            meeting->number);
    if (in != meeting->in || out != meeting->out)
        sim_fail(ORACLE_ACCOUNTS,
            "meeting %u: the log says %llu in, %llu out; it was %llu and %llu",
            meeting->number, (unsigned long long)in, (unsigned long long)out,
            (unsigned long long)meeting->in, (unsigned long long)meeting->out);
    meeting->drops = drops;
    strncpy(meeting->reason, reason, sizeof meeting->reason - 1);
    if (has_word(reason, "idle"))
        judge_idle(meeting);
    if (has_word(reason, "eof") && drops == 0)
        judge_eof(meeting);
}

/* --- when all is quiet ---------------------------------------------------- */

/* Of a client that reads whatever comes, everything is done by now. */
static void
judge_prompt(const struct player *player)
{
    const struct meeting *meeting = player->meeting;
    uint64_t owed = owed_all(meeting, meeting->sent, meeting->has_fin);

    if (meeting->was_closed)
        sim_fail(ORACLE_LIVENESS, "meeting %u was closed and does not hear it",
            meeting->number);
    if (meeting->listener->kind == KIND_NOTHING)
        return;
    if (player->unsent > 0)
        sim_fail(ORACLE_LIVENESS, "meeting %u: %u bytes are not taken",
            meeting->number, (unsigned)player->unsent);
    if (meeting->has_fin)
        sim_fail(ORACLE_LIVENESS, "meeting %u: its end is not answered",
            meeting->number);
    if (!is_endless(meeting) && meeting->got != owed)
        sim_fail(ORACLE_LIVENESS, "meeting %u: got %llu bytes of %llu",
            meeting->number, (unsigned long long)meeting->got,
            (unsigned long long)owed);
}

static void
judge_quiet(const struct meeting *meeting)
{
    int64_t idle_us = meeting->listener->idle_us;

    if (idle_us > 0 && fake.now_us > meeting->active_us + idle_us + LATE_US)
        sim_fail(ORACLE_TIME, "meeting %u is idle and was not closed",
            meeting->number);
}

void
judge_calm(void)
{
    judge_rest();
    for (unsigned i = 0; i < sim.scenario->clients; i++) {
        const struct player *player = &sim.player[i];
        const struct meeting *meeting = player->meeting;

        if (meeting == NULL || !meeting->was_accepted)
            continue;
        /* One may have waited long for the place of a slow reader. */
        bool had_time = fake.now_us - meeting->accepted_us >= PROMPT_US;
        if (meeting->is_reading && player->plan->pause_us == 0 && had_time)
            judge_prompt(player);
        if (!meeting->was_closed)
            judge_quiet(meeting);
    }
}

/* --- at the end ----------------------------------------------------------- */

static void
judge_status(int status)
{
    bool may_fail = sim.scenario->has_early_faults && sim.term_us == 0;

    if (status == 1 && may_fail)
        return;
    if (status != 0 && status != 3)
        sim_fail(ORACLE_EXIT, "exit status %d", status);
    if (sim.term_us == 0)
        sim_fail(ORACLE_EXIT, "it ended, and nobody had told it to");
    if (sim.lost_lines > 0 || sim.scenario->is_log_slow)
        return;
    if (!sim.has_drained)
        sim_fail(ORACLE_DRAIN, "nothing in the log about the end of the drain");
    if ((status == 3) != (sim.lost > 0))
        sim_fail(ORACLE_DRAIN, "exit status %d, and lost=%llu", status,
            (unsigned long long)sim.lost);
}

/* Each connection has its line, whatever became of it. */
static void
judge_lines(void)
{
    bool is_whole = sim.lost_lines == 0 && !sim.scenario->is_log_slow &&
                    sim.scenario->rate[FAULT_NOMEM] == 0;

    if (is_whole && sim.close_lines != sim.closes)
        sim_fail(ORACLE_CLOSE, "%u connections, %u close lines", sim.closes,
            sim.close_lines);
}

static void
judge_numbers(void)
{
    for (int fd = 3; fd < FAKE_FDS; fd++)
        if (fake_end_of(fd) != NULL)
            sim_fail(ORACLE_NUMBERS, "descriptor %d was left open", fd);
}

/* Whether it was for leatd to answer all that it had received. */
static bool
is_on_leatd(const struct meeting *meeting)
{
    static const char *const ours[] = {"drain", "eof", "end", "idle", "shed"};

    /* TERM was on its way when this one's time was over. */
    if (meeting->was_before_drain && has_word(meeting->reason, "idle"))
        return false;
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (has_word(meeting->reason, ours[i]))
            return true;
    return false;
}

/* Exit status 0 says that whatever was received in the end was answered, but
 * for what came too late to be served. */
static void
judge_drain(int status)
{
    uint64_t missing = 0;

    if (status != 0 || !sim.has_drained)
        return;
    for (unsigned i = 0; i < sim.meetings; i++) {
        const struct meeting *meeting = &sim.meeting[i];

        if (!is_answerer(meeting) || meeting->closed_us < sim.term_us ||
            !is_on_leatd(meeting))
            continue;
        missing += meeting->in - meeting->out;
    }
    if (missing > sim.unserved)
        sim_fail(ORACLE_DRAIN,
            "%llu bytes were not answered, exit status 0, unserved=%llu",
            (unsigned long long)missing, (unsigned long long)sim.unserved);
}

/* What was sent in good order has arrived, for who stayed to read it. Who takes
 * nothing for five seconds after leatd's end is not waited for: what it sends
 * later finds nobody there, and is answered by a reset. */
static void
judge_arrival(const struct meeting *meeting)
{
    bool is_orderly =
        has_word(meeting->reason, "eof") || has_word(meeting->reason, "drain");

    if (!is_orderly || meeting->was_cut || meeting->has_reset ||
        sim.was_cut_line || sim.is_cut_short)
        return;
    if (!meeting->saw_end && !meeting->saw_reset)
        return; /* it left, or does not read */
    if (meeting->closed_us - meeting->active_us >= LINGER_US)
        return;
    if (meeting->got != meeting->out)
        sim_fail(ORACLE_BYTES, "meeting %u got %llu of %llu bytes before %s",
            meeting->number, (unsigned long long)meeting->got,
            (unsigned long long)meeting->out,
            meeting->saw_end ? "its end" : "a reset");
}

void
judge_end(int status)
{
    judge_status(status);
    judge_lines();
    judge_numbers();
    judge_drain(status);
    for (unsigned i = 0; i < sim.meetings; i++) {
        judge_arrival(&sim.meeting[i]);
        hub_judge_end(&sim.meeting[i]);
    }
}
