/*
 * fake.h - a kernel in memory: no descriptor is real, no time passes.
 *
 * Sockets are two byte streams with a capacity. Descriptors are the lowest
 * free numbers from 3 on. select() answers by the streams; when nothing is
 * ready it moves the fake clock on by the time-out, and complains (kernel.h)
 * when there is none. Faults, counters and ledgers of kernel.h work over it.
 * The simulator (tests/sim) runs all of leatd on it; what it does is compared
 * with the real kernel there.
 *
 *     tcase_add_checked_fixture(tcase, fake_setup, kernel_teardown);
 *
 * The test is the peer: it connects to a listener and holds the other end by a
 * number of its own. For one thread. Each byte arrives at once.
 */
#ifndef TESTS_FAKE_H
#define TESTS_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As kernel_setup, with an empty fake kernel below. */
void fake_setup(void);

/* How many bytes a stream holds from now on; 1 to 262144; 65536 is the
 * default. What is in it stays. */
void fake_capacity(size_t bytes);
/* How many descriptors may be open; the next one is EMFILE. */
void fake_limit(int fds);
void fake_advance(int64_t us);

/* The lowest descriptor that listens; -1 when none does. */
int fake_listener(void);
/* A new peer in the backlog of a listener; -1 when the backlog is full. */
int fake_connect(int listener);
/* How much of it the stream took, or -1 when nobody will read it. */
int fake_write(int peer, const void *bytes, size_t len);
/* The same for one byte that is urgent. */
int fake_urgent(int peer, unsigned char byte);
/* How much there was of it. */
int fake_read(int peer, void *bytes, size_t len);
/* Half-close: no more from the peer. */
void fake_shutdown(int peer);
void fake_close(int peer);
/* Close by a reset. */
void fake_reset(int peer);
/* Whether the peer has read all and then end of file, or met a reset. */
bool fake_ended(int peer);
bool fake_was_reset(int peer);

#endif
