/*
 * target_sim.c - the simulator with the input as its stream of choices: what is
 * configured, what the clients do, which call fails.
 */
#include "fuzz.h"

#include "sim/sim.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    int oracle = sim_run_choices(bytes, len);

    if (oracle != 0)
        ck_abort_msg("oracle %d", oracle);
    return 0;
}
