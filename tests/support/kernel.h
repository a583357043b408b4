/*
 * kernel.h - the kernel as the tests see it.
 *
 * The test build of leat calls libc through the table leat_sys (see
 * sys/seam.h). The table defined here passes each call on to the real kernel,
 * or to another table given to kernel_use, and on the way
 *   - counts it,
 *   - makes it fail or cuts it short when a fault says so,
 *   - keeps a ledger of descriptors and of memory,
 *   - tells a frozen time where the clock is frozen.
 *
 * Add kernel_setup and kernel_teardown as a checked fixture and all of it is
 * fresh in each test and looked at after it, with CK_FORK=no too:
 *
 *     tcase_add_checked_fixture(tcase, kernel_setup, kernel_teardown);
 *
 * A call is named as in struct leat_sys: "recv", "accept4", "realloc". A name
 * that is not there, and any other misuse, aborts with a message. Everything
 * may be called from any thread after kernel_shared.
 */
#ifndef TESTS_KERNEL_H
#define TESTS_KERNEL_H

#include "sys/seam.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- fixture ------------------------------------------------------------- */

/* Real kernel, real clock, no faults, counters at 0, ledgers empty. */
void kernel_setup(void);
/* Fails the test when kernel_leftover has something to say. */
void kernel_teardown(void);
/* What the test has left behind: an open descriptor, memory, a list of hosts,
 * a fault that never fired. NULL when nothing; valid until the next call. */
const char *kernel_leftover(void);
/* As kernel_setup, for programs without Check. */
void kernel_reset(void);
/* More threads than this one make calls, or are about to. What locks them out
 * blocks signals too and is most of a call's cost, so it has to be asked for. A
 * signal handler of leat's, which makes calls, asks for it by itself. */
void kernel_shared(void);
/* It need not: signals come by raise() of the only thread. */
void kernel_alone(void);
/* Pass calls on to this table from now on; NULL is the real kernel. */
void kernel_use(const struct leat_sys *under);
/* The real kernel's table, to copy and change for kernel_use. */
const struct leat_sys *kernel_real(void);
/* A copy of it that is in force from now on: the test has calls of its own
 * answered. The next one is in its place. */
struct leat_sys *kernel_own(void);

/* --- faults -------------------------------------------------------------- */

/*
 * Make a call fail: the nth from now (1 is the next), counted for each fault
 * of its own. call NULL counts every call that can fail at all. Several faults
 * may be armed; where two are due the older one fires and the other waits for
 * the next call. The number that is returned names the fault.
 *
 * A failed close has closed, a connect failing with EINTR or EINPROGRESS has
 * begun, any other failed call was not made. For getaddrinfo the error is the
 * EAI_ number.
 */
int fault_once(const char *call, unsigned nth, int error);
int fault_times(const char *call, unsigned nth, unsigned times, int error);
/* The nth and all after it. */
int fault_sticky(const char *call, unsigned nth, int error);
/* Only calls made by this line; file is the end of the path. */
int fault_at(const char *file, int line, unsigned nth, int error);
int fault_at_times(
    const char *file, int line, unsigned nth, unsigned times, int error);
/* The same, cut to bytes (1 or more); the line has a call that has a length. */
int fault_at_short(
    const char *file, int line, unsigned nth, unsigned times, size_t bytes);
/* Let recv, send, sendmsg, read or write move bytes (1 or more) at most. */
int fault_short(const char *call, unsigned nth, size_t bytes);
int fault_short_sticky(const char *call, unsigned nth, size_t bytes);
/* How often it has fired. */
unsigned fault_fired(int fault);
/* Disarm one, or all; whether they fired or not. */
void fault_release(int fault);
void fault_clear(void);

/* --- counters ------------------------------------------------------------ */

/* How often it was called, failed calls too, since the counters were reset. */
unsigned long kernel_calls(const char *call);
void kernel_reset_calls(void);
/* All names there are, from index 0; NULL after the last. */
const char *kernel_call_name(unsigned index);
bool kernel_can_fail(const char *call);

/* Be told of each call right before it is made, failing ones too; NULL ends
 * that, and so does the fixture. Not to make calls of leat's. */
typedef void (*kernel_watch_fn)(const char *call, const char *file, int line);
void kernel_watch(kernel_watch_fn watch);

/* --- ledgers ------------------------------------------------------------- */

/* The test opened fd itself and leat is to close it. */
void ledger_adopt(int fd);
/* leat opened fd, and the test closes it itself. */
void ledger_disown(int fd);
/* Open descriptors that were opened through the table or adopted. */
size_t ledger_fds(void);
bool ledger_has_fd(int fd);
/* Memory got through the table and not freed. */
size_t ledger_blocks(void);
size_t ledger_bytes(void);

/* --- time ---------------------------------------------------------------- */

/*
 * Stop the monotonic clock where it is. select() then never waits: when
 * nothing is ready, the frozen clock moves on by the time-out and select()
 * answers 0. Without a time-out it does wait, and complains after the hang
 * limit (10 s after setup).
 */
void clock_freeze(void);
void clock_thaw(void);
void clock_advance(int64_t us);
/* The frozen time; only while frozen. */
int64_t clock_now(void);
void clock_hang_limit(int64_t us);
/* Set the wall clock forward or back, frozen or not. */
void clock_shift_wall(int64_t us);

/* --- complaints ---------------------------------------------------------- */

/*
 * A ledger that is violated (a foreign number closed, a foreign block freed)
 * and a hang complain: a message to stderr, then abort. After kernel_expect
 * the next complaint is kept instead, and the offending call fails;
 * kernel_complaint tells it, NULL when there was none, and ends the waiting.
 */
void kernel_expect(void);
const char *kernel_complaint(void);

#endif
