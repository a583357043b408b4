/*
 * bystander.h - somebody who must not notice what happens to another.
 *
 *     side = meet_beside_another(&peer);
 *     ... something happens to side ...
 *     other_is_unharmed();
 */
#ifndef TESTS_BYSTANDER_H
#define TESTS_BYSTANDER_H

#include "peers.h"

/* Listen over TCP, echo, and meet two; the second one is the bystander. Returns
 * leat's side of the first. */
struct side *meet_beside_another(struct peer **peer);
/* The bystander is served as ever. */
void other_is_unharmed(void);

#endif
