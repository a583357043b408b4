/*
 * fake.c - the fake kernel as one that kernel.h may use.
 */
#include "fake.h"

#include "fake_parts.h"
#include "kernel_parts.h"

#include <string.h>

/* Nobody else is there to make anything happen: time goes to what arrives
 * next, or to the deadline. */
static enum fake_pass
pass(int64_t deadline_us)
{
    int64_t next_us = fake_next_arrival();

    if (next_us > deadline_us)
        next_us = deadline_us;
    if (next_us == FAKE_NEVER) {
        kernel__complain("select in the fake kernel would wait for ever");
        return FAKE_INTERRUPTED; /* where the complaint was expected */
    }
    fake.now_us = next_us;
    return FAKE_PASSED;
}

/* Signals and their handlers are left to the real kernel: a test raises real
 * ones. */
static struct leat_sys table;

void
fake_setup(void)
{
    kernel_setup();
    fake_reset_all();
    fake.pass = pass;
    for (int fd = 0; fd < FAKE_FD_FIRST; fd++)
        fake.end[fd].kind = FAKE_FILE;
    table = fake_table;
    table.sigaction = kernel_real()->sigaction;
    table.sigprocmask = kernel_real()->sigprocmask;
    kernel_use(&table);
}
