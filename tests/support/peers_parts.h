/*
 * peers_parts.h - what the files behind peers.h and ends.h tell each other.
 */
#ifndef TESTS_PEERS_PARTS_H
#define TESTS_PEERS_PARTS_H

#include "peers.h"

/* The next one of peers.side. */
struct side *new_side(void);
/* One more callback; does what the test wants done inside. */
void write_down(struct side *side, enum moment moment);
/* Have room for need bytes; fails the test without memory. */
void grow_bytes(unsigned char **bytes, size_t *room, size_t need);

void begin_peers(void);
/* Close what is open and free what came. */
void end_peers(void);

#endif
