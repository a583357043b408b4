/*
 * listener_spec.h - LISTENER, the word of the command line, taken apart.
 *
 *   SERVICE:[udp:]ADDRESS[,key=value]...
 *
 * A value runs to the next comma; \, is a comma and \\ a backslash, any other
 * backslash is itself. A key without = is true.
 */
#ifndef LEATD_LISTENER_SPEC_H
#define LEATD_LISTENER_SPEC_H

#include "service.h"

struct listener_spec {
    const struct service *service;
    const char *address; /* in text */
    const char *name;    /* in text, in name_made, or the service's */
    struct leat_listener_config config; /* conn.ops and user are not set */
    void *settings; /* of the service; owned, NULL without any */
    char *text;     /* owned: the word in pieces, escapes undone */
    char name_made[64];
};

/*
 * Take a word apart. No name is looked up.
 *
 * 0, to be released by listener_spec_fini; -EINVAL with the complaint filled;
 * -ENOMEM. On error there is nothing to release.
 */
int listener_spec_parse(
    struct listener_spec *spec, const char *word, struct complaint *wrong);

void listener_spec_fini(struct listener_spec *spec);

/*
 * Give each listener a name of its own: what name= says, else that of the
 * service, with -2, -3 ... where it is taken.
 *
 * 0; -EINVAL a name= is there twice.
 */
int listener_spec_name(
    struct listener_spec *specs, size_t count, struct complaint *wrong);

/* --- listener_keys.c ------------------------------------------------------ */

/* The keys of every listener; offsets are into struct listener_spec. */
const struct key *listener_keys(size_t *count);

/* Check what no key can tell alone. 0 or -EINVAL. */
int listener_keys_check(
    const struct listener_spec *spec, struct complaint *wrong);

#endif
