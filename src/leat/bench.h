/*
 * bench.h - one run of leat bench: its clients, what they found, its report.
 *
 *   bench.c   from the first dial to the last answer
 *   client.c  one client: asks, verifies, asks again; all the time is here
 *   report.c  what is told of it
 */
#ifndef LEAT_BENCH_H
#define LEAT_BENCH_H

#include <leat/conn.h>
#include <leat/timer.h>

#include "command.h"
#include "histogram.h"
#include "pattern.h"
#include "target.h"

struct bench;

struct client {
    struct bench *bench;
    struct leat_conn *conn; /* NULL before and after */
    bool is_open;           /* has been connected */
    size_t to_send, to_get; /* bytes left of this request, and its answer */
    size_t send_place, get_place; /* in the pattern */
    int64_t asked_us;
    uint64_t got; /* bytes that were right */
};

enum phase {
    PHASE_CONNECT, /* until each client has or has not */
    PHASE_WARM,    /* asking; nothing is counted */
    PHASE_MEASURE,
    PHASE_LEAVE /* each gets the answer it waits for, then ends */
};

/* Why clients are missing; of each kind the first reason. */
struct losses {
    size_t count;
    int reason;
    size_t got; /* bytes of the answer it waited for */
};

struct bench {
    const struct options *options;
    struct complaint *wrong;
    enum exit_code code; /* CODE_OK, unless it was cut short */
    struct leat_loop *loop;
    struct target target;
    struct client *clients;
    size_t dialed, dialing, open; /* of them: begun, not decided, there */
    struct losses failed, lost;   /* before and after being connected */

    enum phase phase;
    struct leat_timer next_phase, progress;
    int64_t started_us, measured_us; /* of PHASE_MEASURE */
    bool has_progress;               /* somebody looks at standard error */
    int64_t told_us;                 /* in the last line of progress */
    uint64_t told;

    uint64_t requests; /* answered while measuring */
    struct histogram latency;
    struct pattern pattern;
};

/* --- bench.c: what clients tell ------------------------------------------- */

/* It is connected, or will not be, or is no more. */
void bench_opened(struct bench *bench);
void bench_closed(struct bench *bench, struct client *client, int reason);
/* A byte was wrong: end at once. */
void bench_mistaken(struct bench *bench, const struct client *client);

/* --- client.c ------------------------------------------------------------- */

/* Begin to connect. 0 or -errno. */
int client_dial(struct client *client);
void client_ask(struct client *client);

/* --- report.c ------------------------------------------------------------- */

/* To standard output. CODE_OK, or with the complaint filled. */
enum exit_code report_tell(struct bench *bench);
/* A line on standard error, over the last one; and no line. */
void report_progress(struct bench *bench);
void report_clear(void);

#endif
