/*
 * eva_words.c - base/words.c for Eva: each call on each set that there can be.
 *
 * A set here has 0, 1, 2 or 4 words of any content; memory for more than 4, and
 * at times for fewer, is not to be had. A call that leaves such a set behind
 * may be followed by any other, so this covers any number of calls. Where a bit
 * stands is tried word by word, as Eva knows a variable's values but not how
 * two of them go together; within the word it is any.
 */
#include "eva.h"

#include "base/words.h"

#define WORDS 4
#define BITS ((size_t)64)

static unsigned long room[WORDS];

/* realloc in place; what is new may hold anything. */
static void *
resize(void *user, void *block, size_t size)
{
    (void)user;
    (void)block;
    if (size == 0 || size > sizeof room || any_bool())
        return NULL;
    return room;
}

static const struct leat_alloc alloc = {resize, NULL};

static void
any_words(void)
{
    //@ loop unroll 4;
    for (int i = 0; i < WORDS; i++)
        room[i] = Frama_C_unsigned_long_interval(0, ULONG_MAX);
}

static void
look(size_t from_word, size_t end_word)
{
    size_t from = from_word * BITS + any_size(0, BITS - 1);
    size_t end = end_word * BITS + any_size(1, BITS);
    size_t found = leat__words_next(room, from, end);

    //@ assert found <= WORDS * BITS;
    found = leat__words_last(room, end);
    //@ assert found == SIZE_MAX || found < WORDS * BITS;
    found = leat__words_next(room, from, 0);
    //@ assert found == 0;
    found = leat__words_last(room, 0);
    //@ assert found == SIZE_MAX;
}

static void
change(struct leat__words set, size_t word)
{
    size_t bit = word * BITS + any_size(0, BITS - 1);

    if (any_bool())
        leat__words_set(&set, bit);
    else
        leat__words_clear(&set, bit);
    bool is_set = leat__words_test(&set, bit);
    //@ assert is_set == 0 || is_set == 1;
}

/* Requests up to the room there is word by word, and those beyond it. */
static size_t
any_request(size_t words)
{
    if (words == 0)
        return 0;
    if (words <= WORDS + 1)
        return (words - 1) * BITS + any_size(1, BITS - 1);
    return any_size((WORDS + 1) * BITS, SIZE_MAX);
}

static void
grow(struct leat__words set, size_t words)
{
    struct leat__words larger = set;
    int result = leat__words_grow(&larger, &alloc, any_request(words));

    //@ assert result == 0 || larger.count == set.count;
    //@ assert words <= WORDS + 1 || result != 0;
    //@ assert larger.count <= WORDS;
    if (any_bool())
        leat__words_fini(&larger, &alloc);
}

static void
try_all(struct leat__words set)
{
    //@ loop unroll 7;
    for (size_t words = 0; words <= WORDS + 2; words++)
        grow(set, words);
    //@ loop unroll 4;
    for (size_t word = 0; word < set.count; word++)
        change(set, word);
    //@ loop unroll 4;
    for (size_t from = 0; from < WORDS; from++)
        //@ loop unroll 4;
        for (size_t end = 0; end < set.count; end++)
            look(from, end);
}

int
main(void)
{
    struct leat__words set;

    any_words();
    leat__words_init(&set);
    try_all(set);
    //@ loop unroll 3;
    for (size_t count = 1; count <= WORDS; count *= 2) {
        set = (struct leat__words){room, count, any_size(0, count * BITS)};
        try_all(set);
    }
    return 0;
}
