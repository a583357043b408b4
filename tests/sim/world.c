/*
 * world.c - time and what it brings, all from inside leatd's select().
 */
#include "parts.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>

#define WORD_BITS (sizeof(unsigned long) * CHAR_BIT)

/* leatd is cut down after so many: a run that never ends is a finding. */
#define MOST_SELECTS 60000

/* --- what happens at a time ----------------------------------------------- */

static int64_t
since_begin(int64_t us)
{
    return sim.began_us + us;
}

static int64_t
earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static int64_t
next_event(void)
{
    const struct scenario *scenario = sim.scenario;
    int64_t next_us = earlier(clients_next(), fake_next_arrival());

    next_us = earlier(next_us, journal_next());
    if (!sim.has_begun)
        return next_us;
    for (unsigned i = 0; i < scenario->signals; i++)
        if (since_begin(scenario->signal[i].at_us) > fake.now_us)
            next_us = earlier(next_us, since_begin(scenario->signal[i].at_us));
    if (!sim.is_over && sim.term_us == 0)
        next_us = earlier(next_us, since_begin(scenario->term_us));
    if (!sim.is_over && scenario->again_us > 0 && !sim.is_cut_short)
        next_us = earlier(next_us, since_begin(scenario->again_us));
    return next_us;
}

static void
raise_end(void)
{
    const struct scenario *scenario = sim.scenario;

    if (sim.term_us == 0 && fake.now_us >= since_begin(scenario->term_us)) {
        sim.term_us = fake.now_us;
        for (unsigned i = 0; i < sim.meetings; i++)
            sim.meeting[i].in_at_drain = sim.meeting[i].in;
        sim_note("term", scenario->term_signo, 0, 0);
        if (!errs(MISTAKE_DEAF))
            fake_raise(scenario->term_signo);
    }
    if (scenario->again_us > 0 && !sim.is_cut_short &&
        fake.now_us >= since_begin(scenario->again_us)) {
        sim.is_cut_short = true;
        sim_note("again", scenario->term_signo, 0, 0);
        fake_raise(scenario->term_signo);
    }
}

/* Bits of next_signal: which were sent. The wall clock jumps with the first. */
static void
raise_due(void)
{
    const struct scenario *scenario = sim.scenario;

    for (unsigned i = 0; i < scenario->signals; i++) {
        if (sim.next_signal >> i & 1 ||
            fake.now_us < since_begin(scenario->signal[i].at_us))
            continue;
        sim.next_signal |= 1u << i;
        if (i == 0)
            fake.wall_us += scenario->wall_jump_us;
        sim_note("signal", scenario->signal[i].signo, 0, 0);
        fake_raise(scenario->signal[i].signo);
    }
}

static void
grow_calm(void)
{
    const struct scenario *scenario = sim.scenario;

    if (!sim.is_calm && fake.now_us >= since_begin(scenario->calm_us))
        sim.is_calm = true;
    /* Half a minute after the last word, and before the end. */
    if (scenario->is_judged && !sim.was_judged &&
        fake.now_us >= since_begin(scenario->term_us)) {
        sim.was_judged = true;
        judge_calm();
    }
}

/* Some signals do not come while leatd waits but between two of its calls. How
 * many calls there are depends on the machine. */
static bool
comes_later(void)
{
    if (fake.pending == 0 || sim.calls_left > 0)
        return sim.calls_left > 0;
    if (!sim.scenario->is_portable && !sim.is_over && chance(sim.choices, 512))
        sim.calls_left = 1 + choose(sim.choices, 40);
    return sim.calls_left > 0;
}

/* Everything that is due now. */
static void
happen(void)
{
    if (sim.has_begun) {
        grow_calm();
        raise_due();
        raise_end();
    }
}

/* leatd waits: whatever is pending comes now. Whether any was handled. */
static bool
interrupt(void)
{
    sim.calls_left = 0;
    return fake_deliver();
}

enum fake_pass
world_pass(int64_t deadline_us)
{
    bool any = clients_act();

    any |= journal_read();
    if (any)
        return FAKE_PASSED;
    if (interrupt())
        return FAKE_INTERRUPTED;
    int64_t next_us = earlier(next_event(), deadline_us);
    if (next_us == FAKE_NEVER)
        sim_fail(ORACLE_LIVENESS, "leatd waits for ever");
    if (next_us > fake.now_us)
        fake.now_us = next_us;
    happen();
    return interrupt() ? FAKE_INTERRUPTED : FAKE_PASSED;
}

/* --- select --------------------------------------------------------------- */

static bool
is_in(const unsigned long *words, int fd)
{
    return words != NULL &&
           (words[(size_t)fd / WORD_BITS] >> ((size_t)fd % WORD_BITS) & 1);
}

static void
flip(unsigned long *words, int fd)
{
    words[(size_t)fd / WORD_BITS] ^= 1ul << (size_t)fd % WORD_BITS;
}

/* Found ready, and kept from leatd for a turn; or the other way round. */
static int
disturb(unsigned long *words, const unsigned long *asked, int nfds, int ready)
{
    for (int fd = 3; words != NULL && fd < nfds; fd++) {
        if (!is_in(asked, fd))
            continue;
        if (is_in(words, fd) ? ready > 1 && strikes(FAULT_LATE)
                             : strikes(FAULT_SPURIOUS)) {
            ready += is_in(words, fd) ? -1 : 1;
            flip(words, fd);
        }
    }
    return ready;
}

/* Who is reported three times in a row and not asked even once is starved. */
static void
count_waits(unsigned long *const words[3], int nfds)
{
    for (int fd = 0; fd < FAKE_FDS; fd++) {
        bool is_ready =
            fd < nfds && (is_in(words[0], fd) || is_in(words[1], fd));

        sim.waits[fd] = is_ready ? sim.waits[fd] + 1 : 0;
        if (sim.waits[fd] > 3)
            sim_fail(ORACLE_FAIRNESS,
                "descriptor %d was ready in %u turns and not served", fd,
                sim.waits[fd] - 1u);
    }
}

static int64_t
timeout_of(const struct timeval *timeout)
{
    return timeout == NULL ? -1
                           : (int64_t)timeout->tv_sec * SEC + timeout->tv_usec;
}

/* The log, complaints and the last words wait on one descriptor with select,
 * too; only the loop asks about reading. */
static int
plain_select(int nfds, fd_set *out, struct timeval *timeout)
{
    (void)clients_act();
    (void)journal_read();
    return fake_select(nfds, NULL, out, NULL, timeout);
}

static void
begin_turn(int64_t timeout_us)
{
    if (!sim.has_begun) {
        sim.has_begun = true;
        sim.began_us = fake.now_us;
        clients_begin();
    }
    if (++sim.selects > MOST_SELECTS)
        sim_fail(ORACLE_SPIN, "%u turns and no end", MOST_SELECTS);
    if (!sim.scenario->is_portable)            /* see choices.c */
        fake.now_us += choose(sim.choices, 3); /* a turn takes its time */
    judge_turn(-1, timeout_us);
    happen();
    if (!comes_later())
        (void)fake_deliver();
    (void)clients_act();
    (void)journal_read();
}

int
world_select(
    int nfds, fd_set *in, fd_set *out, fd_set *urgent, struct timeval *timeout)
{
    enum { WORDS = FAKE_FDS / 32 };
    unsigned long *const words[3] = {(void *)in, (void *)out, (void *)urgent};
    unsigned long asked[2][WORDS] = {{0}};
    int64_t timeout_us = timeout_of(timeout);
    int ready;

    if (in == NULL)
        return plain_select(nfds, out, timeout);
    begin_turn(timeout_us);
    if (strikes(FAULT_EINTR))
        return fake_fails(EINTR);
    if (strikes(FAULT_SELECT))
        return fake_fails(ENOMEM);
    for (int fd = 0; fd < nfds && fd < FAKE_FDS; fd++)
        for (int set = 0; set < 2; set++)
            if (is_in(words[set], fd))
                flip(asked[set], fd);
    if (sim.meetings > 2 && errs(MISTAKE_SPIN))
        return 1; /* whatever was asked for */
    ready = fake_select(nfds, in, out, urgent, timeout);
    if (ready != 0)
        sim_note("select", ready, 0, 0);
    if (ready < 0)
        return ready;
    ready = disturb(words[0], asked[0], nfds, ready);
    ready = disturb(words[1], asked[1], nfds, ready);
    count_waits(words, nfds);
    judge_turn(ready, timeout_us);
    return ready;
}

/* --- begin and end -------------------------------------------------------- */

void
world_begin(void)
{
    fake.pass = world_pass;
    fake.capacity = sim.scenario->capacity;
    fake.window = sim.scenario->window;
    fake.latency_us = sim.scenario->latency_us;
    fake.fd_limit = fake.fd_hard = sim.scenario->fds;
    fake.wall_us = INT64_C(1700000000) * SEC;
}

/* leatd is gone; what its kernel had is still delivered, for a while. */
void
world_end(void)
{
    int64_t last_us = fake.now_us + 120 * SEC;

    sim.is_over = true;
    while (fake.now_us < last_us) {
        int64_t next_us;

        if (clients_act() || journal_read())
            continue;
        next_us = next_event();
        if (next_us > last_us)
            break;
        fake.now_us = next_us;
    }
}
