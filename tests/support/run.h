/*
 * run.h - what a test program of ours is: one file that defines its suite.
 * run.c has the main().
 */
#ifndef TESTS_RUN_H
#define TESTS_RUN_H

#include <check.h>

Suite *leat_test_suite(void);

#endif
