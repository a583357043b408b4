/*
 * ready.h - the ready line: one line of JSON with the real ports.
 */
#ifndef LEATD_READY_H
#define LEATD_READY_H

#include "server.h"

/* Write it where the options say. 0, or -errno with the complaint filled. */
int ready_tell(const struct server *server, struct complaint *wrong);

/* The entry of one socket. */
void ready_entry(struct text *text, const struct listener_spec *spec,
    const struct leat_addr *addr);

#endif
