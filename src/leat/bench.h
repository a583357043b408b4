/*
 * bench.h - one run of leat bench: its clients, what they found, its report.
 *
 *   bench_command.c  the options, and which go together
 *   bench.c          from the first dial to the last answer
 *   client.c         bytes of one client, sent and verified
 *   bench_echo.c     ask, verify, ask again; also at random
 *   bench_churn.c    connect, one message, close
 *   bench_fanout.c   publishers, and subscribers who get all of it
 *   bench_crowd.c    who is only there: idle ones, and those who never read
 *   server_cpu.c     the processor time of the server
 *   report.c         what is told of it
 */
#ifndef LEAT_BENCH_H
#define LEAT_BENCH_H

#include <leat/conn.h>
#include <leat/timer.h>

#include "command.h"
#include "histogram.h"
#include "lines.h"
#include "pattern.h"
#include "target.h"

struct bench;

/* In the order of struct bench's clients. */
enum role {
    ROLE_ASKER, /* who is measured; a subscriber under --fanout */
    ROLE_PUBLISHER,
    ROLE_IDLE, /* says one message, then nothing */
    ROLE_DEAF, /* says much, and never reads */
    ROLES
};

struct client {
    struct bench *bench;
    struct leat_conn *conn; /* NULL before and after */
    enum role role;
    bool is_open;   /* has been connected */
    bool is_ending; /* churn: it has its answer */
    bool is_joined; /* fan-out: it has heard something */
    bool is_gone;   /* counted as one that was there, and is not any more */
    size_t pending; /* requests under way */
    size_t oldest;  /* of these, in the ring of asked_us */
    size_t to_send; /* bytes left of all of them */
    size_t to_get;  /* bytes left of the answer to the oldest */
    size_t send_place, get_place; /* in the pattern */
    uint64_t got; /* bytes that were right; of a deaf one, bytes said */
};

enum phase {
    PHASE_CONNECT, /* until each client has or has not */
    PHASE_CROWD,   /* until the crowd has come to rest */
    PHASE_JOIN,    /* fan-out: until each subscriber has heard something */
    PHASE_WARM,    /* nothing is counted */
    PHASE_MEASURE,
    PHASE_LEAVE /* each gets what it waits for, then ends */
};

/* Why clients are missing; of each kind the first reason. */
struct losses {
    size_t count;
    int reason;
    size_t got; /* bytes of the answer it waited for */
};

/* What the measured clients do. */
struct mode {
    const char *name;
    const char *unit;         /* of what is counted, in JSON */
    const char *label, *each; /* in the text; each: what data is that rate of */
    bool dials_late;          /* its clients are dialed by begin */
    /* More memory, 0 or -ENOMEM; and give it back. NULL: none. */
    int (*open)(struct bench *bench);
    void (*close)(struct bench *bench);
    int (*dial)(struct client *client);
    /* All are there: calls bench_warm, now or later. */
    void (*begin)(struct bench *bench);
    /* The time is over: those who wait for nothing end now. */
    void (*leave)(struct bench *bench);
    /* What was wrong that no client has noticed; false when nothing. NULL. */
    bool (*judge)(const struct bench *bench, struct text *text);
};

extern const struct mode mode_echo, mode_random, mode_churn, mode_fanout;

struct fanout {
    struct lines lines;
    char *line; /* what publishers say before each message, and room for it */
    size_t head;
    size_t joined; /* subscribers that have heard something */
    struct leat_timer probe;
    unsigned probes; /* so far */
};

struct bench {
    const struct options *options;
    const struct mode *mode;
    struct complaint *wrong;
    enum exit_code code; /* CODE_OK, unless it was cut short */
    struct leat_loop *loop;
    struct target target;
    struct client *clients; /* of all roles */
    size_t count[ROLES], all;
    int64_t *asked_us;            /* a ring of each asker's requests */
    size_t dialed, dialing, open; /* of them: begun, not decided, there */
    size_t active;                /* of those that are there: askers */
    struct losses failed, lost;   /* before and after being connected */

    enum phase phase;
    struct leat_timer next_phase, progress;
    int64_t started_us, measured_us; /* of PHASE_MEASURE */
    bool has_progress;               /* somebody looks at standard error */
    int64_t told_us;                 /* in the last line of progress */
    uint64_t told;

    uint64_t answered, answered_seen; /* in all phases */
    uint64_t counted; /* requests, connections, deliveries while measuring */
    struct histogram latency;
    int64_t cpu_us; /* of the server while measuring */

    size_t *free; /* random: those with nothing under way */
    size_t free_count;
    uint64_t dice;
    struct leat_timer again; /* churn: dial those for whom there was no port */
    uint64_t crowd_sent;     /* bytes, when last looked at */
    unsigned crowd_looks;
    struct fanout fanout;
    struct pattern pattern;
};

/* --- bench.c: what clients tell ------------------------------------------- */

/* It is connected, or will not be, or is no more. */
void bench_opened(struct bench *bench, struct client *client);
void bench_closed(struct bench *bench, struct client *client, int reason);
/* Of one that connects again and again: it gives up, for that reason; it was
 * there, and is no more. */
void bench_gives_up(struct bench *bench, struct client *client, int reason);
void bench_left(struct bench *bench, struct client *client);
/* A byte was wrong: end at once. */
void bench_mistaken(struct bench *bench, const struct client *client);
/* Something else was: end at once, with CODE_FAILED. */
void bench_fail(struct bench *bench, const char *words);
/* One more was answered, after so long. */
void bench_count(struct bench *bench, int64_t took_us);
/* All are there and at rest: begin the mode; the warm-up; nothing more. */
void bench_begin(struct bench *bench);
void bench_warm(struct bench *bench);
/* A timer that belongs to the phase. */
void bench_enter(struct bench *bench, enum phase phase, int64_t time_us);

/* Run by the options, which are filled; the target is found. */
enum exit_code bench_run(struct bench *bench);

/* --- client.c ------------------------------------------------------------- */

/* Begin to connect. 0 or -errno. */
int client_dial(struct client *client, const struct leat_conn_config *conn);
/* The queue of a client that asks. */
extern const struct leat_queue_config client_queue;
size_t client_number(const struct client *client);
/* One request more. */
void client_ask(struct client *client);
/* As much of the requests as the queue takes. */
void client_pump(struct client *client);
/* Compare; answered is called after each answer. */
void client_take(struct client *client, const void *bytes, size_t len,
    void (*answered)(struct client *client));
/* When the oldest request was handed over; it is answered. */
int64_t client_answered(struct client *client);
/* Send what is queued, then end in order. */
void client_end(struct client *client);

/* --- bench_crowd.c -------------------------------------------------------- */

int idle_dial(struct client *client);
int deaf_dial(struct client *client);
/* Wait until the crowd is at rest, then bench_begin. */
void crowd_settle(struct bench *bench);
/* The timer of PHASE_CROWD. */
void crowd_look(struct bench *bench);
void crowd_leave(struct bench *bench);

/* --- server_cpu.c --------------------------------------------------------- */

/* The time that a process has run, in microseconds, in steps of 10 ms. 0 or
 * -errno; -ESRCH there is none. */
int server_cpu(int pid, int64_t *cpu_us);
/* The same of what /proc/PID/stat holds; false: that is something else. */
bool server_cpu_parse(const char *stat, int64_t *cpu_us);

/* --- report.c ------------------------------------------------------------- */

/* To standard output. CODE_OK, or with the complaint filled. */
enum exit_code report_tell(struct bench *bench);
/* A line on standard error, over the last one; and no line. */
void report_progress(struct bench *bench);
void report_clear(void);

#endif
