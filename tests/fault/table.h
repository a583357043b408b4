/*
 * table.h - the sites of the seam and what each can fail with: made at build
 * time from src and faults.def, which has the words.
 */
#ifndef FAULT_TABLE_H
#define FAULT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* What leat owes when the call fails; faults.def says what each means. */
#define OWES_NEVER 1u
#define OWES_NOBODY 2u
#define OWES_OPEN 4u
#define OWES_ONE 8u
#define OWES_LISTENER 16u
#define OWES_TURN 32u
#define OWES_PATIENCE 64u

/* A place that says LEAT_SYS(call, ...). */
struct fault_site {
    const char *name; /* file:function:call */
    const char *call;
    const char *file; /* below src */
    int first_line, last_line;
    bool is_out_of_sweep; /* cannot be reached in leat-faults */
    bool is_out_of_plain; /* nor in leat-faults-plain */
};

extern const struct fault_site fault_sites[];
extern const size_t fault_site_count;

/* One way in which the calls of a site can fail. */
struct fault_kind {
    size_t site;      /* index of fault_sites */
    const char *name; /* as in faults.def: ECONNRESET, short:1 */
    int error;        /* 0: cut to bytes */
    size_t bytes;
    unsigned owes;
    int also[6]; /* reasons that may be told instead */
    size_t also_count;
};

extern const struct fault_kind fault_kinds[];
extern const size_t fault_kind_count;

#endif
