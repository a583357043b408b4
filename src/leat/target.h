/*
 * target.h - a place to connect to, and what is told when that fails.
 */
#ifndef LEAT_TARGET_H
#define LEAT_TARGET_H

#include <leat/addr.h>

#include "cli/codes.h"
#include "cli/text.h"

struct complaint;

struct target {
    struct leat_addr addr[LEAT_ADDR_MAX];
    size_t count;
    char name[LEAT_ADDR_TEXT]; /* for people: what was asked for, escaped; of
                                * a bare PORT the first address */
};

/*
 * Find the addresses that a word stands for; a name is looked up, which may
 * take a while.
 *
 * CODE_OK; CODE_USAGE or CODE_FAILED with the complaint filled.
 */
enum exit_code target_find(
    struct target *target, const char *word, struct complaint *wrong);

/* NAME: the error in words. */
void target_complain(
    const struct target *target, int error, struct complaint *wrong);

#endif
