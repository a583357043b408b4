/*
 * heap.c - a pairing heap whose nodes live in the timers themselves.
 *
 * On the path: leat_timer_start -> HERE -> loop (phases 1 and 5).
 *
 * Invariants (leat__heap_check asserts them):
 *  1. no node comes before its parent in the order (deadline, sequence)
 *  2. node->child is the first of its children; next chains them
 *  3. prev of a first child is the parent, else the sibling before it
 *  4. the root has neither prev nor next; the root is NULL <=> count is 0
 *
 * A node that is not in the heap has all its links NULL.
 */
#include "heap.h"

#include <assert.h>

/* The order is total, since no two nodes share a sequence: what is due at the
 * same time comes out in the order it was started. */
static bool
is_before(const struct leat_heap_node *a, const struct leat_heap_node *b)
{
    if (a->deadline_us != b->deadline_us)
        return a->deadline_us < b->deadline_us;
    return a->sequence < b->sequence;
}

/* Its children stay with it. */
static void
cut_links(struct leat_heap_node *node)
{
    node->next = NULL;
    node->prev = NULL;
}

/* Make one tree of two: the later root becomes the first child of the earlier
 * one. Both are roots, neither is NULL. */
static struct leat_heap_node *
meld(struct leat_heap_node *a, struct leat_heap_node *b)
{
    struct leat_heap_node *least = is_before(b, a) ? b : a;
    struct leat_heap_node *other = least == a ? b : a;

    other->prev = least;
    other->next = least->child;
    if (least->child != NULL)
        least->child->prev = other;
    least->child = other;
    return least;
}

/*
 * Make one tree of a chain of siblings, in two passes: melding neighbours in
 * pairs first is what makes taking the least O(log n) on average; folding the
 * siblings one by one would make it O(n).
 */
static struct leat_heap_node *
meld_siblings(struct leat_heap_node *sibling)
{
    /* 1. Pairs, kept in a chain by next, the newest first. What else is left
     * in their links is overwritten in step 2. */
    struct leat_heap_node *pairs = NULL;
    while (sibling != NULL) {
        struct leat_heap_node *tree = sibling;
        struct leat_heap_node *partner = sibling->next;
        sibling = partner != NULL ? partner->next : NULL;
        if (partner != NULL)
            tree = meld(tree, partner);
        tree->next = pairs;
        pairs = tree;
    }

    /* 2. One tree of them, from the newest to the oldest. */
    struct leat_heap_node *root = NULL;
    while (pairs != NULL) {
        struct leat_heap_node *rest = pairs->next;
        cut_links(pairs);
        root = root != NULL ? meld(root, pairs) : pairs;
        pairs = rest;
    }
    return root;
}

void
leat__heap_init(struct leat__heap *heap)
{
    heap->root = NULL;
    heap->count = 0;
}

/* A heap of one node melded with the rest; no walk, whatever the deadline. */
void
leat__heap_insert(struct leat__heap *heap, struct leat_heap_node *node)
{
    /* The storage is the caller's and may hold anything. */
    cut_links(node);
    node->child = NULL;
    heap->root = heap->root != NULL ? meld(heap->root, node) : node;
    heap->count++;
}

/* Take a subtree out of the chain of siblings it is in. */
static void
unhook(struct leat_heap_node *node)
{
    if (node->prev->child == node)
        node->prev->child = node->next;
    else
        node->prev->next = node->next;
    if (node->next != NULL)
        node->next->prev = node->prev;
}

void
leat__heap_remove(struct leat__heap *heap, struct leat_heap_node *node)
{
    assert(heap->count > 0);
    assert(node == heap->root || node->prev != NULL);

    /* The children become one tree, which takes the node's place at the root or
     * goes back in beside it. Cancelling a timer costs no more than firing it.
     */
    struct leat_heap_node *orphans = meld_siblings(node->child);
    if (node == heap->root) {
        heap->root = orphans;
    } else {
        unhook(node);
        if (orphans != NULL)
            heap->root = meld(heap->root, orphans);
    }
    cut_links(node);
    node->child = NULL;
    heap->count--;
}

struct leat_heap_node *
leat__heap_least(const struct leat__heap *heap)
{
    return heap->root;
}

/* Invariants 1 to 3, as far as one node and its children go. */
static void
check_node(const struct leat_heap_node *node)
{
    const struct leat_heap_node *child = node->child;

    assert(child == NULL || child->prev == node);
    assert(node->next == NULL || node->next->prev == node);
    for (; child != NULL; child = child->next)
        assert(!is_before(child, node));
}

/* The node after this one, parents before children; NULL after the last. It
 * climbs by prev, since recursion would be as deep as the heap, which may be
 * as deep as there are timers. */
static const struct leat_heap_node *
next_in_tree(const struct leat_heap_node *node)
{
    if (node->child != NULL)
        return node->child;
    /* Without children or a sibling after it, the nearest ancestor that has
     * one tells where to go on. */
    while (node->next == NULL) {
        /* To the first of the siblings, and from there to the parent. */
        while (node->prev != NULL && node->prev->child != node)
            node = node->prev;
        if (node->prev == NULL)
            return NULL;
        node = node->prev;
    }
    return node->next;
}

void
leat__heap_check(const struct leat__heap *heap)
{
    const struct leat_heap_node *root = heap->root;
    size_t count = 0;

    assert(root == NULL || (root->prev == NULL && root->next == NULL));
    for (const struct leat_heap_node *node = root; node != NULL;
         node = next_in_tree(node)) {
        check_node(node);
        count++;
    }
    assert(count == heap->count);
    (void)count; /* without assertions nobody reads it */
}
