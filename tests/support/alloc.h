/*
 * alloc.h - an allocator for tests: it counts, it fails when told to, and it
 * knows each block that is out.
 *
 * For code that takes a struct leat_alloc; what calls the seam's realloc is in
 * kernel.h. Resizing always moves, and what is freed is overwritten first, so
 * that a pointer kept too long is noticed without a sanitizer too. A block of
 * another ledger, or one whose edges were written over, ends the test.
 *
 *     struct alloc_ledger ledger;
 *     alloc_init(&ledger);
 *     alloc_fail_once(&ledger, 2);
 *     ... use &ledger.alloc; the second allocation from here fails ...
 *     alloc_fini(&ledger);
 */
#ifndef TESTS_ALLOC_H
#define TESTS_ALLOC_H

#include <leat/api.h>

#include <stdbool.h>

struct alloc_block;

struct alloc_ledger {
    struct leat_alloc alloc;
    size_t calls;  /* allocations and resizes asked for */
    size_t frees;  /* frees asked for, those of NULL included */
    size_t failed; /* how many of them were refused */
    size_t blocks; /* that are out, and their bytes */
    size_t bytes;
    size_t fail_at; /* the how-manieth call fails; 0 none */
    bool is_sticky; /* and all calls after it */
    struct alloc_block *first;
};

/* Empty, and nothing fails. The ledger must not move afterwards. */
void alloc_init(struct alloc_ledger *ledger);
/* Fails the test when a block is out, naming its size and the call. */
void alloc_fini(struct alloc_ledger *ledger);
/* Let the nth call from now fail; 1 is the next. */
void alloc_fail_once(struct alloc_ledger *ledger, size_t nth);
/* That one and all that follow. */
void alloc_fail_from(struct alloc_ledger *ledger, size_t nth);
/* Nothing fails any more. Returns how many have failed since the last heal. */
size_t alloc_heal(struct alloc_ledger *ledger);

#endif
