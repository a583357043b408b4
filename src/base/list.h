/*
 * list.h - an intrusive, doubly linked list.
 *
 * A node is a member of the thing it links; LEAT__CONTAINER leads back from
 * the node to the thing. A head is a node that stands for the list; an empty
 * list and an unlinked node point at themselves, so unlinking twice is
 * harmless. Nothing here allocates.
 */
#ifndef LEAT_LIST_H
#define LEAT_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct leat__node {
    struct leat__node *next, *prev;
};

/* The struct of the given type whose member node is. */
#define LEAT__CONTAINER(node, type, member) \
    ((type *)(void *)((char *)(node)-offsetof(type, member)))

/* Make a node unlinked, or a head empty. */
void leat__list_init(struct leat__node *node);
bool leat__list_is_empty(const struct leat__node *head);
bool leat__list_is_linked(const struct leat__node *node);
/* Put an unlinked node at the end. */
void leat__list_append(struct leat__node *head, struct leat__node *node);
void leat__list_unlink(struct leat__node *node);
/* Take the first node off; NULL when the list is empty. */
struct leat__node *leat__list_take(struct leat__node *head);
/* Move all nodes of from to the end of to, which leaves from empty. */
void leat__list_move(struct leat__node *to, struct leat__node *from);

#endif
