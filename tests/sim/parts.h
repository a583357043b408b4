/*
 * parts.h - what the files of the simulator share.
 *
 *   choices.c   where decisions come from     draw.c      a scenario from them
 *   script.c    it as text, and as argv       services.c  what leatd must say
 *   clients.c   who talks to leatd            hub.c       and to each other
 *   world.c     time, signals, select         chaos.c     calls that fail
 *   watch.c     every call, looked at         journal.c   what leatd logs
 *   oracles.c   what must hold                run.c       one run
 *   shrink.c    a smaller scenario            small.c     a small world
 *   main.c      the program                   small_walk.c  all of it
 *   park.c      what is told of the parked    bulk.c      much at once
 *   memory.c    how much there may be
 */
#ifndef TESTS_SIM_PARTS_H
#define TESTS_SIM_PARTS_H

#include "sim.h"

#include "support/fake_parts.h"

#include <setjmp.h>

#define SEC ((int64_t)1000000)
#define MS ((int64_t)1000)

/* --- choices.c ------------------------------------------------------------ */

/* A seed, or bytes. */
struct choices {
    uint64_t state;
    const uint8_t *bytes; /* NULL: by the seed */
    size_t len, at;
    bool is_by_time;
    int64_t now_us;
};

void choices_seed(struct choices *choices, uint64_t seed);
/* For what is drawn on the way. */
void choices_by_time(struct choices *choices, uint64_t seed);
void choices_bytes(struct choices *choices, const uint8_t *bytes, size_t len);
/* 0..n - 1; n is 1 or more. */
uint32_t choose(struct choices *choices, uint32_t n);
/* Whether one of out of 1024 came up. */
bool chance(struct choices *choices, uint32_t of_1024);

/* --- the scenario: plain data, so that it can be copied and cut ----------- */

enum fault {
    FAULT_EAGAIN, /* recv, send */
    FAULT_SHORT,
    FAULT_EINTR,
    FAULT_NOBUFS,
    FAULT_CUT, /* the network resets a connection */
    FAULT_NOMEM,
    FAULT_EMFILE,
    FAULT_ABORTED, /* accept: the newcomer is gone */
    FAULT_SPURIOUS,
    FAULT_LATE,
    FAULT_SELECT, /* select: ENOMEM */
    FAULT_OPTION, /* setsockopt is refused */
    FAULTS
};

enum kind {
    KIND_ECHO,
    KIND_LINES,
    KIND_FIXED,
    KIND_GREET,
    KIND_DISCARD,
    KIND_CHARGEN,
    KIND_NOTHING,
    KIND_HUB,
    KINDS
};

struct sim_listener {
    enum kind kind;
    bool is_unix, is_v6, is_lasting; /* repeat, stay */
    bool is_small;                   /* high= and low= of a few bytes */
    int64_t idle_us;                 /* 0: none */
    unsigned max;                    /* 0: none */
};

enum act {
    ACT_SEND,
    ACT_URGENT,
    ACT_STOP, /* reading */
    ACT_READ,
    ACT_FIN,
    ACT_RESET,
    ACT_CLOSE,
    ACT_WAIT,
    ACTS
};

struct sim_step {
    enum act act;
    int64_t delay_us; /* before it */
    uint32_t amount;  /* of ACT_SEND */
};

#define STEPS 8
#define LISTENERS 3
#define CLIENTS 10
#define SIGNALS 3

struct sim_client {
    unsigned listener;
    int64_t start_us;
    unsigned lives;       /* it comes again so often */
    uint32_t slice, bite; /* bytes of one write, of one read */
    int64_t pause_us;     /* between two reads */
    int64_t deaf_us;      /* before the first one */
    unsigned steps;
    struct sim_step step[STEPS];
};

struct sim_signal {
    int signo;
    int64_t at_us;
};

struct scenario {
    uint64_t seed;    /* of what is drawn while it runs */
    bool is_portable; /* nothing depends on the size of a pointer */
    unsigned listeners, clients, signals;
    struct sim_listener listener[LISTENERS];
    struct sim_client client[CLIENTS];
    struct sim_signal signal[SIGNALS];
    int64_t calm_us;           /* no faults any more; scripts are over */
    bool is_judged;            /* all is over when it comes to term_us */
    int64_t term_us, again_us; /* TERM or INT; a second one, 0 none */
    int term_signo;
    int64_t drain_us;
    int64_t busy_poll_us;           /* 0: none */
    const char *park;               /* NULL: as leatd does by itself */
    uint32_t max_memory, max_conns; /* 0: default */
    int fds;
    uint32_t capacity, window;
    uint32_t inward, inward_window; /* of what leatd receives; 0: the same */
    int64_t latency_us;
    uint16_t rate[FAULTS];
    bool has_early_faults; /* at the start-up too */
    bool is_log_slow;
    int64_t wall_jump_us;
};

/* draw.c */
void scenario_draw(
    struct scenario *scenario, struct choices *choices, bool is_portable);
/* script.c: a readable form; and the command line. argv has room for 16. */
void scenario_print(const struct scenario *scenario);
int scenario_argv(const struct scenario *scenario, char *argv[16]);
const char *fault_name(enum fault fault);

/* --- oracles -------------------------------------------------------------- */

enum oracle {
    FINE,
    ORACLE_BYTES,    /* what a client gets is what it is owed, in order */
    ORACLE_HUB,      /* what a hub passes on */
    ORACLE_MEMORY,   /* bounded; nothing left at the end */
    ORACLE_CLOSE,    /* one on_close each, nothing after it */
    ORACLE_TIME,     /* never early, late within a bound */
    ORACLE_ACCOUNTS, /* what the log says is what happened */
    ORACLE_SPIN,
    ORACLE_FAIRNESS,
    ORACLE_LIVENESS,
    ORACLE_DRAIN,
    ORACLE_NUMBERS, /* descriptors: no closed one is used, none is left */
    ORACLE_EXIT,    /* the status; death by a signal */
    ORACLES
};

const char *oracle_name(enum oracle oracle);

/* Ways in which the kernel, or leatd as seen through it, can be made to lie, to
 * see that an oracle notices. */
enum mistake {
    MISTAKE_NONE,
    MISTAKE_DROP,      /* a received byte is missing */
    MISTAKE_DOUBLE,    /* a sent byte comes twice */
    MISTAKE_SWAP,      /* two sent bytes change places */
    MISTAKE_NO_FIN,    /* no close reaches the client */
    MISTAKE_SPIN,      /* select finds what is not there */
    MISTAKE_STARVE,    /* one connection is never served */
    MISTAKE_LEAK,      /* free does nothing */
    MISTAKE_OPEN,      /* a close is left out */
    MISTAKE_TWICE,     /* a close is made twice */
    MISTAKE_EARLY,     /* the clock runs ahead */
    MISTAKE_SILENT,    /* a close line is left out */
    MISTAKE_MISCOUNT,  /* a close line tells a byte too many */
    MISTAKE_DEAF,      /* TERM does not arrive */
    MISTAKE_ASTRAY,    /* what is for one is for another */
    MISTAKE_FORGETFUL, /* the last bytes before the end are not sent */
    MISTAKE_UNHEARD,   /* one is parked and never reported */
    MISTAKE_HUSHED,    /* what the queue has to tell of one is swallowed */
    MISTAKE_STAYS,     /* one is still in the queue when it is closed */
    MISTAKE_REFILL,    /* a chunk is written to while it is queued */
    MISTAKES
};

const char *mistake_name(enum mistake mistake);
enum oracle mistake_oracle(enum mistake mistake);

/* --- one run -------------------------------------------------------------- */

/* A connection that a client made, one of its lives. */
struct meeting {
    unsigned client, number;
    const struct sim_listener *listener;
    int peer; /* of the fake kernel; -1 when the client has left */
    int fd;   /* of leatd; -1 before accept and after close */
    in_port_t port;
    uint32_t key;
    uint64_t sent, got; /* by the client */
    uint64_t in, out;   /* by leatd */
    uint64_t in_at_drain;
    int64_t accepted_us;
    int64_t active_us, closed_us; /* leatd moved a byte; closed it */
    bool is_reading, is_unix;
    bool has_fin, has_reset, has_left; /* done by the client */
    bool saw_end, saw_reset;
    bool was_accepted, was_closed, was_cut, was_urgent;
    unsigned lines; /* close lines in the log */
    uint64_t drops; /* and what the last one told */
    char reason[24];
    bool was_before_drain; /* its line came before that of the drain */
};

struct player {
    const struct sim_client *plan;
    unsigned index, life, step;
    int64_t next_us;         /* of its next step */
    int64_t read_us;         /* of its next read */
    uint32_t unsent;         /* of the step it is at */
    struct meeting *meeting; /* NULL: not connected */
    bool is_done;
};

#define MEETINGS 48

struct sim {
    const struct scenario *scenario;
    struct choices *choices; /* of what happens on the way */
    enum mistake mistake;
    bool is_traced;
    struct leat_sys table;
    jmp_buf out;
    enum oracle found;
    char words[256];
    uint64_t hash;

    struct player player[CLIENTS];
    struct meeting meeting[MEETINGS];
    unsigned meetings;
    struct meeting *of_link[FAKE_LINKS];

    uint64_t calls, selects, events;
    bool has_begun;  /* the loop runs */
    bool is_over;    /* leatd has ended */
    bool is_calm;    /* no more faults */
    bool was_judged; /* liveness, once */
    unsigned next_signal;
    unsigned calls_left; /* until a signal comes, between two calls; 0 none */
    int64_t began_us, term_us; /* when TERM was delivered; 0 not yet */
    bool is_cut_short;         /* a second one was */
    uint64_t moves;            /* calls that changed something */
    uint64_t moves_seen;
    unsigned idle_turns; /* in a row, without a move, in no time */
    int64_t turn_us;
    uint8_t waits[FAKE_FDS]; /* turns that a ready one was not asked */
    uint8_t told[FAKE_FDS];  /* the same of those that are parked */
    int told_fd[FAKE_FDS];

    size_t blocks, bytes;
    size_t first_bytes;    /* when the loop began */
    size_t most_kept;      /* received and not sent yet */
    unsigned most_keepers; /* connections with any of it */
    struct block *first;

    unsigned char *chunk; /* where recv has put its bytes */
    unsigned shared;      /* sends of most of it, from there */
    unsigned spares;      /* another one because it was queued */

    /* journal.c */
    char line[1024];
    size_t line_len;
    int64_t log_us;
    unsigned close_lines, closes, lost_lines;
    bool has_drain_line, has_drained, was_cut_line;
    uint64_t lost, unserved, totals;
    unsigned mistakes; /* made so far */
};

extern struct sim sim;

/* Run it; the oracle that has found something, or FINE. hash may be NULL. */
enum oracle sim_run(const struct scenario *scenario, struct choices *choices,
    enum mistake mistake, bool is_traced, uint64_t *hash);
/* The words of the last run's oracle. */
const char *sim_words(void);

/* An oracle objects: the run ends here. */
_Noreturn void sim_fail(enum oracle oracle, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Into the hash, and the trace. */
void sim_note(const char *what, int64_t a, int64_t b, int64_t c);

/* --- services.c ----------------------------------------------------------- */

void services_begin(void);
unsigned char sent_byte(const struct meeting *meeting, uint64_t at);
unsigned char owed_byte(const struct meeting *meeting, uint64_t at);
void sent_bytes(const struct meeting *meeting, uint64_t at,
    unsigned char *bytes, size_t len);
/* How many of them, from the first on, are as they should be. */
size_t owed_bytes(const struct meeting *meeting, uint64_t at,
    const unsigned char *bytes, size_t len);
/* How much leatd may have sent after so many bytes came in. */
uint64_t owed_most(const struct meeting *meeting, uint64_t in);
/* How much it must send in the end; is_ended: and no more come. */
uint64_t owed_all(const struct meeting *meeting, uint64_t in, bool is_ended);
bool is_answerer(const struct meeting *meeting); /* of every byte */
bool is_endless(const struct meeting *meeting);

/* --- hub.c ---------------------------------------------------------------- */

void hub_meet(const struct meeting *meeting);
unsigned char hub_byte(const struct meeting *meeting, uint64_t at);
void hub_hear(
    const struct meeting *meeting, const unsigned char *bytes, size_t len);
void hub_judge_end(const struct meeting *meeting);

/* --- clients.c ------------------------------------------------------------ */

void clients_begin(void);
/* Whatever can be done now. Whether anything was. */
bool clients_act(void);
/* When somebody acts next; FAKE_NEVER. */
int64_t clients_next(void);

/* --- world.c -------------------------------------------------------------- */

void world_begin(void);
enum fake_pass world_pass(int64_t deadline_us);
int world_select(
    int nfds, fd_set *in, fd_set *out, fd_set *urgent, struct timeval *timeout);
/* After leatd has ended: until nobody has anything left to do. */
void world_end(void);

/* --- chaos.c, watch.c, park.c --------------------------------------------- */

bool strikes(enum fault fault);
/* The next mistake of this kind is made; a few of each. */
bool errs(enum mistake mistake);
void watch_begin(struct leat_sys *table);
/* Memory of leatd that is left; given back. */
size_t watch_end(void);
/* Somebody looked at this descriptor. */
void watch_touched(int fd);
void park_begin(struct leat_sys *table);

/* --- bulk.c --------------------------------------------------------------- */

#define CHUNK ((size_t)65536) /* what leatd asks recv for */

void bulk_draw(struct scenario *scenario);
void bulk_begin(struct leat_sys *table);

/* --- memory.c ------------------------------------------------------------- */

/* So many bytes were received. */
void memory_grew(struct meeting *meeting, size_t len);
void judge_memory(void);
void judge_rest(void);

/* --- journal.c ------------------------------------------------------------ */

void journal_begin(void);
/* Read what leatd has written. Whether there was anything. */
bool journal_read(void);
int64_t journal_next(void);

/* --- oracles.c ------------------------------------------------------------ */

void judge_turn(int ready, int64_t timeout_us);
void judge_calm(void);
void judge_close(struct meeting *meeting, uint64_t in, uint64_t out,
    uint64_t drops, const char *reason);
void judge_end(int status);

/* --- shrink.c, small.c ---------------------------------------------------- */

/* Print the smallest scenario found that fails as this one does. */
void shrink(const struct scenario *scenario, enum mistake mistake);
/* Every choice of two clients to that depth, with so many unkind turns at most;
 * 0 when nothing was wrong. */
int small_world(unsigned depth, unsigned most_storms);

#endif
