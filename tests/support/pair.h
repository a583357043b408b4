/*
 * pair.h - two sockets that are connected for real.
 *
 * near is leat's side, non-blocking, and adopted by the ledger: leat__sys_close
 * closes it. far is the test's side, blocking, closed with close(2).
 */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include <stddef.h>

struct pair {
    int near, far;
};

/* Fail the test when they cannot. */
struct pair pair_tcp(void);
struct pair pair_unix(void);
/* Wait until fd can be read, for bytes or end of file; 10 s, then the test
 * fails. */
void pair_await(int fd);
/* Close both, where they are not -1. */
void pair_close(struct pair *pair);

#endif
