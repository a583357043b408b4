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
    const char *address; /* in text, after udp: */
    const char *name;    /* in text, in name_made, or the service's */
    struct leat_listener_config config; /* conn.ops and user are not set */
    bool is_udp; /* of config, only sndbuf and rcvbuf have a meaning then */
    bool open;   /* of UDP: others than this host may be answered at length */
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

/* The address as it was written. */
const char *listener_spec_address(const struct listener_spec *spec);

/* Whether it may be served at these addresses: 0, or -EINVAL with the complaint
 * filled. */
int listener_spec_reach(const struct listener_spec *spec,
    const struct leat_addr *addrs, size_t count, struct complaint *wrong);

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

/* Whether a key means something for this listener. 0 or -EINVAL. */
int listener_keys_fit(const struct listener_spec *spec, const struct key *key,
    struct complaint *wrong);

/* Check what no key can tell alone. 0 or -EINVAL. */
int listener_keys_check(
    const struct listener_spec *spec, struct complaint *wrong);

#endif
