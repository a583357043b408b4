/*
 * words.c - bit sets of machine words: room for bits, and search by word.
 *
 * On the path: fdset -> HERE -> select(); select() -> HERE -> loop (phase 3).
 *
 * Invariants (leat__words_check asserts them):
 *  1. word is NULL exactly when count is 0
 *  2. bits_set is the number of bits that are 1
 *
 * A set of 20 000 descriptors is 313 words: the search looks at each of them
 * once and only then at bits.
 */
#include "words.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "num.h"

void
leat__words_init(struct leat__words *set)
{
    memset(set, 0, sizeof *set);
}

/* The allocator is not kept: five sets to a loop need not hold it each. */
void
leat__words_fini(struct leat__words *set, const struct leat_alloc *alloc)
{
    if (set->word != NULL)
        alloc->resize(alloc->user, set->word, 0);
    leat__words_init(set);
}

int
leat__words_grow(
    struct leat__words *set, const struct leat_alloc *alloc, size_t bits)
{
    /* Rounding up in this way cannot overflow. */
    size_t need = bits / LEAT__WORD_BITS + (bits % LEAT__WORD_BITS != 0);
    if (need <= set->count)
        return 0;

    /* Powers of two, so that n descriptors cost O(n) copying in all. */
    size_t count = leat__ceil_pow2(need);
    size_t size;
    if (!leat__mul_size(count, sizeof *set->word, &size))
        return -ENOMEM;
    /* resize leaves the old words alone when it fails, and so do we. */
    unsigned long *word = alloc->resize(alloc->user, set->word, size);
    if (word == NULL)
        return -ENOMEM;

    /* The kernel reads every bit below nfds, so new ones are 0 at once. */
    memset(word + set->count, 0, (count - set->count) * sizeof *word);
    set->word = word;
    set->count = count;
    return 0;
}

/* Takes plain words, since it searches the kernel's answers too, which are no
 * set of ours: nobody counts their bits. */
size_t
leat__words_next(const unsigned long *word, size_t from, size_t end)
{
    if (from >= end)
        return end;

    size_t i = from / LEAT__WORD_BITS;
    size_t last = (end - 1) / LEAT__WORD_BITS;
    /* What is below from in its word does not count. */
    unsigned long bits = word[i] & (~0ul << (from % LEAT__WORD_BITS));
    /* i is compared before it is advanced: no look beyond the last word. */
    while (bits == 0) {
        if (i == last)
            return end;
        bits = word[++i];
    }
    /* The last word may hold a bit beyond end; it is not ours to report. */
    size_t bit = i * LEAT__WORD_BITS + (size_t)__builtin_ctzl(bits);
    return bit < end ? bit : end;
}

size_t
leat__words_last(const unsigned long *word, size_t end)
{
    if (end == 0)
        return SIZE_MAX;

    size_t top = LEAT__WORD_BITS - 1;
    size_t i = (end - 1) / LEAT__WORD_BITS;
    /* What is at end or above in its word does not count. */
    unsigned long bits =
        word[i] & (~0ul >> (top - (end - 1) % LEAT__WORD_BITS));
    while (bits == 0) {
        if (i == 0)
            return SIZE_MAX;
        bits = word[--i];
    }
    return i * LEAT__WORD_BITS + top - (size_t)__builtin_clzl(bits);
}

/* bits_set is counted by set and clear, one bit at a time; a bit that was set
 * past them, or twice, shows here. */
void
leat__words_check(const struct leat__words *set)
{
    size_t ones = 0;

    assert((set->word == NULL) == (set->count == 0));
    for (size_t i = 0; i < set->count; i++)
        ones += (size_t)__builtin_popcountl(set->word[i]);
    assert(ones == set->bits_set);
    (void)ones; /* without assertions nobody reads it */
}
