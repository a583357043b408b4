/*
 * run.c - main() of every test program: run the suites that the arguments
 * name, or all there are, and print Check's summary.
 *
 * Exit code 0 only when every check passed, 2 when there is no such suite.
 * CK_VERBOSITY, CK_FORK, CK_RUN_SUITE and CK_RUN_CASE work as Check documents
 * them.
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct leat_test_row *
row_of(const char *name)
{
    const struct leat_test_row *row = leat_test_rows;

    while (row->name != NULL && strcmp(row->name, name) != 0)
        row++;
    return row->name != NULL ? row : NULL;
}

static void
add_all(SRunner *runner)
{
    for (const struct leat_test_row *row = leat_test_rows; row->name; row++)
        srunner_add_suite(runner, row->suite());
}

static void
add_named(SRunner *runner, char **names)
{
    for (; *names != NULL; names++) {
        const struct leat_test_row *row = row_of(*names);

        if (row == NULL) {
            fprintf(stderr, "no suite %s\n", *names);
            exit(2);
        }
        srunner_add_suite(runner, row->suite());
    }
}

int
main(int argc, char **argv)
{
    SRunner *runner = srunner_create(NULL);
    int failed;

    if (argc > 1)
        add_named(runner, argv + 1);
    else
        add_all(runner);
    srunner_run_all(runner, CK_ENV); /* CK_NORMAL unless CK_VERBOSITY says */
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
