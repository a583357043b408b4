/*
 * bystander.c - a second connection, which is only asked whether it is well.
 */
#include "bystander.h"

static struct peer *other;
static struct side *bystander;

struct side *
meet_beside_another(struct peer **peer)
{
    peers.act[DATA] = act_echo;
    peers_listen(OVER_TCP4);
    struct side *side = peers_meet(peer);
    bystander = peers_meet(&other);
    return side;
}

void
other_is_unharmed(void)
{
    size_t before = other->len;
    peer_text(other, "fine");
    turn_until(peer_has(other, before + 4));
    ck_assert_uint_eq(bystander->count[CLOSE], 0);
}
