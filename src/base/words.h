/*
 * words.h - bit sets of machine words, as the kernel's select() reads them.
 *
 * Bit n is bit n % LEAT__WORD_BITS of word n / LEAT__WORD_BITS. The set, clear
 * and test functions are for bits inside the capacity: the caller has grown
 * the set first.
 */
#ifndef LEAT_WORDS_H
#define LEAT_WORDS_H

#include <leat/api.h>

#include <assert.h>
#include <limits.h>
#include <stdbool.h>

#define LEAT__WORD_BITS (sizeof(unsigned long) * CHAR_BIT)

struct leat__words {
    unsigned long *word;
    size_t count;    /* words there are; capacity is count * WORD_BITS */
    size_t bits_set; /* how many bits are 1 */
};

void leat__words_init(struct leat__words *set);
void leat__words_fini(struct leat__words *set, const struct leat_alloc *alloc);
/* Have room for so many bits at least; new bits are 0. 0 or -ENOMEM, the set
 * then is as before. Never shrinks. Grows by doubling. */
int leat__words_grow(
    struct leat__words *set, const struct leat_alloc *alloc, size_t bits);

/* The first 1 at or after from and before end, in plain words; end when there
 * is none. Looks at a word at a time. */
size_t leat__words_next(const unsigned long *word, size_t from, size_t end);
/* The last 1 before end; SIZE_MAX when there is none. */
size_t leat__words_last(const unsigned long *word, size_t end);
/* Asserts that bits_set is right; O(count). */
void leat__words_check(const struct leat__words *set);

/* The rest is here for speed: a scan of the sets comes by for every
 * descriptor. */

static inline bool
leat__words_test(const struct leat__words *set, size_t bit)
{
    assert(bit / LEAT__WORD_BITS < set->count);
    return (set->word[bit / LEAT__WORD_BITS] >> (bit % LEAT__WORD_BITS)) & 1;
}

static inline void
leat__words_set(struct leat__words *set, size_t bit)
{
    assert(bit / LEAT__WORD_BITS < set->count);
    unsigned long mask = 1ul << (bit % LEAT__WORD_BITS);
    unsigned long *word = &set->word[bit / LEAT__WORD_BITS];

    set->bits_set += (*word & mask) == 0;
    *word |= mask;
}

static inline void
leat__words_clear(struct leat__words *set, size_t bit)
{
    assert(bit / LEAT__WORD_BITS < set->count);
    unsigned long mask = 1ul << (bit % LEAT__WORD_BITS);
    unsigned long *word = &set->word[bit / LEAT__WORD_BITS];

    set->bits_set -= (*word & mask) != 0;
    *word &= ~mask;
}

#endif
