/*
 * timer.c - a loop without a socket: one timer that repeats, one that ends it.
 *
 *   timer [TICKS]         prints so many ticks, a tenth of a second apart
 */
#include <leat/leat.h>

#include <stdio.h>
#include <stdlib.h>

#define TENTH_US 100000

struct clock {
    struct leat_timer timer;
    struct leat_loop *loop;
    int64_t start_us;
    int ticks, wanted;
};

static void
on_tick(struct leat_timer *timer, void *user)
{
    struct clock *clock = user;
    int64_t age_us = leat_loop_now(clock->loop) - clock->start_us;
    clock->ticks++;
    printf("tick %d after %lld.%lld s\n", clock->ticks,
        (long long)(age_us / 1000000), (long long)(age_us / TENTH_US % 10));
    if (clock->ticks == clock->wanted)
        leat_timer_stop(timer); /* nothing is left: leat_loop_run returns */
}

int
main(int argc, char **argv)
{
    struct clock clock = {.wanted = argc > 1 ? atoi(argv[1]) : 5};
    if (clock.wanted < 1) {
        fprintf(stderr, "usage: timer [TICKS]\n");
        return 2;
    }
    int error = leat_loop_create(&clock.loop, NULL);
    if (error != 0) {
        fprintf(stderr, "timer: %s\n", leat_error_text(error));
        return 1;
    }

    clock.start_us = leat_loop_now(clock.loop);
    leat_timer_init(&clock.timer, clock.loop, on_tick, &clock);
    leat_timer_start(&clock.timer, TENTH_US, TENTH_US);
    error = leat_loop_run(clock.loop);
    leat_loop_destroy(clock.loop);
    return error != 0;
}
