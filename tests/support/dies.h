/*
 * dies.h - whether a check notices what it is there for.
 */
#ifndef TESTS_DIES_H
#define TESTS_DIES_H

#include <stdbool.h>

/* Whether an assertion fails in there. What it says is not printed. */
bool dies(void (*act)(void));

#endif
