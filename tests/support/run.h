/*
 * run.h - what a file of tests/unit is: it defines its suite, under a name
 * that CMake makes from that of the file. run.c has the main() and finds all
 * suites of its program in a table that CMake makes.
 */
#ifndef TESTS_RUN_H
#define TESTS_RUN_H

#include <check.h>

struct leat_test_row {
    const char *name; /* "queue" for test_queue.c; NULL ends the table */
    Suite *(*suite)(void);
};

extern const struct leat_test_row leat_test_rows[];

Suite *leat_test_suite(void);

#endif
