/*
 * codes.h - what the exit status of leatd and leat means.
 */
#ifndef LEAT_CLI_CODES_H
#define LEAT_CLI_CODES_H

enum exit_code {
    CODE_OK = 0,       /* done; leatd: served and drained */
    CODE_FAILED = 1,   /* network or run time */
    CODE_USAGE = 2,    /* a wrong start: some word is wrong */
    CODE_LOST = 3,     /* leatd: drained, but accepted bytes were not sent */
    CODE_INTERNAL = 70 /* our bug */
};

#endif
