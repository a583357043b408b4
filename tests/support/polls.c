/*
 * polls.c - what is common to the tests of busy poll.
 */
#include "polls.h"

#include "kernel.h"
#include "loop/loop.h"
#include "run.h"
#include "trace.h"
#include "watcher.h"

struct polls polls;

void
polls_count(void)
{
    if (rig.wait_us != 0) {
        polls.blocks++;
        return;
    }
    polls.made++;
    clock_advance(1);
    if (polls.act != NULL && polls.made == polls.act_in)
        polls.act();
}

void
polls_were(unsigned made, unsigned blocks)
{
    ck_assert_uint_eq(polls.made, made);
    ck_assert_uint_eq(polls.blocks, blocks);
    polls.made = polls.blocks = 0;
}

void
polls_act(unsigned poll, void (*act)(void))
{
    polls.act_in = poll;
    polls.act = act;
}

void
polls_feed(void)
{
    watcher_feed(polls.fds[1]);
}

void
polls_credit(unsigned credit)
{
    rig.loop->busy.credit = credit;
}

static void
tell(struct leat_timer *which, void *user)
{
    (void)which;
    trace("%s", (const char *)user);
}

void
polls_open(int64_t busy_poll_us)
{
    const struct leat_loop_config config = {.busy_poll_us = busy_poll_us};
    rig_open(&config);
    polls = (struct polls){.made = 0};
    leat_timer_init(&polls.timer, rig.loop, tell, (void *)"timer");
    rig.on_wait = polls_count;
}

void
polls_setup(void)
{
    rig_setup_fake();
    polls_open(POLLS_WINDOW);
}

void
polls_setup_pipe(void)
{
    rig_setup();
    polls_open(POLLS_WINDOW);
    rig_pipe(polls.fds);
    watcher_with(watcher_reads, polls.fds[0], LEAT_READABLE, "in");
}
