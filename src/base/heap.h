/*
 * heap.h - an intrusive min-heap on (deadline, sequence).
 *
 * A pairing heap: the nodes carry all links, so inserting cannot fail. Insert
 * is O(1), taking the least amortised O(log n). No recursion. Nodes of equal
 * deadline come out in the order of their sequence.
 */
#ifndef LEAT_HEAP_H
#define LEAT_HEAP_H

#include <leat/timer.h>

struct leat__heap {
    struct leat_heap_node *root; /* NULL when empty */
    size_t count;
};

void leat__heap_init(struct leat__heap *heap);
/* deadline_us and sequence of the node are set by the caller beforehand. */
void leat__heap_insert(struct leat__heap *heap, struct leat_heap_node *node);
/* node must be in the heap. */
void leat__heap_remove(struct leat__heap *heap, struct leat_heap_node *node);
/* The least node, left where it is; NULL when empty. */
struct leat_heap_node *leat__heap_least(const struct leat__heap *heap);
/* Asserts heap order, links and count; O(n). */
void leat__heap_check(const struct leat__heap *heap);

#endif
