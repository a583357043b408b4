/*
 * busy.c - whether to poll before a wait that would block: the rule.
 *
 * On the path: HERE -> wait.c, which polls; T is busy_poll_us.
 *
 * What it costs: who blocks is woken up, and that takes W, some 5 to 50 us, in
 * which nobody is served. A poll that finds something after t <= T has burnt t
 * and saved W; one in vain has burnt T, and the wait blocks after it all the
 * same. So with T near W polling pays where more than half of the polls find
 * something. What the first look finds is not counted: it cost nothing, and a
 * blocking wait would not have slept either.
 *
 * Therefore polls earn and lose credit, one each. Without credit a wait blocks
 * at once; so a loop to which nothing comes soon has burnt CREDIT_MOST times T
 * when it stops, and from then on nothing. A blocking wait tells less than a
 * poll: its length has W in it. One that ended within 2 T may have been one
 * that a poll would have ended, and after SOON_ENOUGH of these in a row a poll
 * tries. Where all come just too late for T that burns a fifth of T for each.
 *
 * Invariant: credit <= CREDIT_MOST, and soon < SOON_ENOUGH.
 */
#include "busy.h"

#define CREDIT_MOST 8u
#define SOON_ENOUGH 4u

bool
leat__busy_polls(const struct leat__busy *busy)
{
    return busy->credit > 0;
}

void
leat__busy_polled(struct leat__busy *busy, bool found)
{
    if (!found)
        busy->credit--;
    else if (busy->credit < CREDIT_MOST)
        busy->credit++;
}

void
leat__busy_blocked(
    struct leat__busy *busy, bool found, int64_t waited_us, int64_t window_us)
{
    /* Not 2 T: that may be more than there is. */
    if (!found || waited_us - window_us > window_us) {
        busy->soon = 0;
        return;
    }
    if (++busy->soon < SOON_ENOUGH)
        return;
    busy->soon = 0;
    busy->credit = 1;
}
