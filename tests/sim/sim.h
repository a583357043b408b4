/*
 * sim.h - all of leatd on a fake kernel, under faults that are drawn from a
 * seed, or from a string of bytes.
 */
#ifndef TESTS_SIM_H
#define TESTS_SIM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Run leatd once; every decision, what is configured, what the clients do and
 * which call fails, is taken from the bytes, and is the first one where they
 * have ended.
 *
 * Returns 0 when no oracle had anything to say; else the number of the oracle,
 * above 0, and its words are on standard error. Then the run was left in the
 * midst of leatd, and the process cannot make another one.
 */
int sim_run_choices(const uint8_t *bytes, size_t len);

#endif
