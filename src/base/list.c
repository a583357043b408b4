/*
 * list.c - an intrusive, doubly linked, circular list.
 *
 * On the path: conn -> HERE (dirty and dying lists) -> flush, reap.
 *
 * Invariants:
 *  1. node->next->prev == node and node->prev->next == node, always
 *  2. a node is unlinked, or a head empty, exactly when it points at itself
 *
 * Because of 1 no function here has a case for the first or the last node.
 */
#include "list.h"

#include <assert.h>

void
leat__list_init(struct leat__node *node)
{
    node->next = node;
    node->prev = node;
}

/* For a head; for a node the same question is called is_linked, and has the
 * opposite answer. */
bool
leat__list_is_empty(const struct leat__node *head)
{
    return head->next == head;
}

bool
leat__list_is_linked(const struct leat__node *node)
{
    return node->next != node;
}

void
leat__list_append(struct leat__node *head, struct leat__node *node)
{
    /* Linking twice would cut the first list in two. */
    assert(!leat__list_is_linked(node));

    node->next = head;
    node->prev = head->prev;
    head->prev->next = node;
    head->prev = node;
}

void
leat__list_unlink(struct leat__node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    /* Invariant 2, and what makes a second unlink harmless. */
    leat__list_init(node);
}

/* Whoever works a list off takes one node at a time: what the work appends or
 * unlinks meanwhile cannot confuse it, as it could confuse a walk. */
struct leat__node *
leat__list_take(struct leat__node *head)
{
    struct leat__node *first = head->next;

    if (first == head)
        return NULL;
    leat__list_unlink(first);
    return first;
}

void
leat__list_move(struct leat__node *to, struct leat__node *from)
{
    /* An empty head is its own neighbour: splicing would put the head itself
     * into the other list. */
    if (leat__list_is_empty(from))
        return;

    /* Splice the whole chain in before the head of to: O(1), whatever the
     * length. */
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    leat__list_init(from);
}
