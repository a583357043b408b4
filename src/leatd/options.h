/*
 * options.h - the command line: one table that is read and that is the help.
 */
#ifndef LEATD_OPTIONS_H
#define LEATD_OPTIONS_H

#include "cli/option.h"
#include "listener_spec.h"

#include <leat/loop.h>

/* What leatd does without a LISTENER. */
#define OPTIONS_DEFAULT "echo:7000"

struct options {
    bool help, version, verbose, quiet;
    size_t max_conns;     /* 0: as many as descriptors allow */
    size_t max_memory;    /* 0: the library's default */
    int64_t busy_poll_us; /* 0: none */
    enum leat_park park;
    bool no_park;
    int64_t drain_us;
    int ready_fd;           /* -1: none */
    const char *ready_file; /* in argv; NULL: none */
    bool die_with_parent, die_with_stdin;
    int64_t lifetime_us; /* 0: for ever */
    int64_t idle_us;     /* --exit-when-idle; 0: never */

    struct listener_spec *specs; /* owned */
    size_t spec_count;
    bool is_default; /* no LISTENER was given */
};

/*
 * Read the command line. argv may be reordered; it is kept.
 *
 * 0, to be released by options_fini; -EINVAL with the complaint filled;
 * -ENOMEM. On error there is nothing to release. With help or version set no
 * LISTENER is read.
 */
int options_parse(
    struct options *options, int argc, char **argv, struct complaint *wrong);

void options_fini(struct options *options);

/* Offsets are into struct options. */
const struct option_row *options_rows(size_t *count);

/* --- help.c --------------------------------------------------------------- */

/* Enough for all of the help. */
#define HELP_SIZE 16384

void help_write(struct text *text);

#endif
