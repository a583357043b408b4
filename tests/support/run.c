/*
 * run.c - main() of every test program: run the suite, print Check's summary.
 *
 * Exit code 0 only when every check passed. CK_VERBOSITY, CK_FORK,
 * CK_RUN_SUITE and CK_RUN_CASE work as Check documents them.
 */
#include "run.h"

#include <stdlib.h>

int
main(void)
{
    SRunner *runner = srunner_create(leat_test_suite());
    int failed;

    srunner_run_all(runner, CK_ENV); /* CK_NORMAL unless CK_VERBOSITY says */
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
