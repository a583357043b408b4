/*
 * pool.c - memory that comes back: slabs of one block size, and size classes.
 *
 * On the path: message, ring, held input, partial frame -> HERE -> allocator.
 *
 * Invariants (leat__slab_check asserts the first three):
 *  1. the chain free has free_count blocks
 *  2. used_count <= peak
 *  3. source->bytes covers what the slab has, in use and free
 *  4. only trim and fini give a slab's blocks to the allocator
 *
 * A free block holds the address of the next one in its first bytes, so free
 * blocks cost no memory of their own. The newest is handed out first: it is
 * the one that is still in the cache.
 */
#include "pool.h"

#include <assert.h>

/* How long a peak is remembered at least. */
#define WINDOW_US ((int64_t)60 * 1000 * 1000)

/* The largest class, and a block of it. */
#define CLASS_MAX ((size_t)LEAT__CLASS_MIN << (LEAT__CLASS_COUNT - 1))
#define BLOCK_MAX (CLASS_MAX + LEAT__CLASS_EXTRA)

/* All that slabs and pools take comes through here, so that both numbers of the
 * source are true: bytes taken, and allocations made. */
void *
leat__source_resize(
    struct leat__source *source, void *block, size_t old, size_t size)
{
    const struct leat_alloc *alloc = &source->alloc;

    assert(block != NULL || old == 0);
    /* Not every allocator takes "free nothing" for nothing. */
    if (block == NULL && size == 0)
        return NULL;
    void *moved = alloc->resize(alloc->user, block, size);
    if (moved == NULL && size > 0)
        return NULL;

    source->bytes += size;
    source->bytes -= old;
    source->allocs += size > 0;
    return size > 0 ? moved : NULL;
}

void
leat__slab_init(
    struct leat__slab *slab, struct leat__source *source, size_t size)
{
    /* A free block must hold the chain. */
    *slab = (struct leat__slab){
        .source = source,
        .size = size < sizeof(void *) ? sizeof(void *) : size,
    };
}

/* --- slabs --------------------------------------------------------------- */

static void
push_free(struct leat__slab *slab, void *block)
{
    *(void **)block = slab->free;
    slab->free = block;
    slab->free_count++;
}

static void *
pop_free(struct leat__slab *slab)
{
    void *block = slab->free;

    slab->free = *(void **)block;
    slab->free_count--;
    return block;
}

/* One free block goes back to the allocator for good. */
static void
release_free(struct leat__slab *slab)
{
    leat__source_resize(slab->source, pop_free(slab), slab->size, 0);
}

void
leat__slab_fini(struct leat__slab *slab)
{
    assert(slab->used_count == 0);
    while (slab->free != NULL)
        release_free(slab);
}

void *
leat__slab_take(struct leat__slab *slab)
{
    void *block;

    if (slab->free != NULL)
        block = pop_free(slab);
    else
        block = leat__source_resize(slab->source, NULL, 0, slab->size);
    if (block == NULL)
        return NULL;

    /* The peak decides how much is kept once the rush is over. */
    slab->used_count++;
    if (slab->used_count > slab->peak)
        slab->peak = slab->used_count;
    return block;
}

void
leat__slab_give(struct leat__slab *slab, void *block)
{
    assert(block != NULL && slab->used_count > 0);

    push_free(slab, block);
    slab->used_count--;
    slab->source->has_surplus = true;
}

bool
leat__slab_trim(struct leat__slab *slab, int64_t now_us)
{
    /* The peaks of two windows are kept: that of the running one alone would
     * forget, when it begins, what was in use a moment before. */
    if (now_us - slab->window_us >= WINDOW_US) {
        slab->peak_before = slab->peak;
        slab->peak = slab->used_count;
        slab->window_us = now_us;
    }

    size_t keep = slab->peak;
    if (keep < slab->peak_before)
        keep = slab->peak_before;
    size_t all = slab->used_count + slab->free_count;
    size_t surplus = all > keep ? all - keep : 0;
    if (surplus > LEAT__SLAB_TRIM_MAX)
        surplus = LEAT__SLAB_TRIM_MAX;
    /* Because keep >= used_count there are so many free ones (invariant 2). */
    for (; surplus > 0; surplus--)
        release_free(slab);
    return slab->free != NULL;
}

/* Walks the chain, which is why it is for tests: a long one is cold memory. */
void
leat__slab_check(const struct leat__slab *slab)
{
    size_t count = 0;

    /* Counting stops at free_count + 1: a chain that bites its own tail must
     * not hang the test that looks for it. */
    for (void *block = slab->free; block != NULL && count <= slab->free_count;
         block = *(void **)block)
        count++;
    assert(count == slab->free_count);
    assert(slab->used_count <= slab->peak);
    assert(slab->size >= sizeof(void *));
    assert((slab->used_count + slab->free_count) * slab->size <=
           slab->source->bytes);
    (void)count; /* without assertions nobody reads it */
}

/* --- size classes -------------------------------------------------------- */

/* Class i has blocks for bodies of up to LEAT__CLASS_MIN << i bytes. */
static size_t
class_of(size_t size)
{
    size_t body = LEAT__CLASS_MIN;

    if (size > LEAT__CLASS_MIN + LEAT__CLASS_EXTRA)
        body = size - LEAT__CLASS_EXTRA;
    /* How many bits the last offset in the body has, beyond those of the last
     * offset in the smallest class. */
    return (size_t)(__builtin_clzl(LEAT__CLASS_MIN - 1) -
                    __builtin_clzl((unsigned long)body - 1));
}

/* The slabs keep the address of the source, so a pool must not be moved. */
void
leat__pool_init(struct leat__pool *pool, const struct leat_alloc *alloc)
{
    *pool = (struct leat__pool){.source = {.alloc = *alloc}};
    for (size_t i = 0; i < LEAT__CLASS_COUNT; i++)
        leat__slab_init(&pool->slab[i], &pool->source,
            ((size_t)LEAT__CLASS_MIN << i) + LEAT__CLASS_EXTRA);
}

/* A message that outlives its loop would be given back to memory that is gone;
 * the slabs assert that there is none. */
void
leat__pool_fini(struct leat__pool *pool)
{
    assert(pool->queued == 0);
    for (size_t i = 0; i < LEAT__CLASS_COUNT; i++)
        leat__slab_fini(&pool->slab[i]);
}

size_t
leat__pool_capacity(size_t size)
{
    if (size > BLOCK_MAX)
        return size;
    return ((size_t)LEAT__CLASS_MIN << class_of(size)) + LEAT__CLASS_EXTRA;
}

void *
leat__pool_take(struct leat__pool *pool, size_t size, size_t *capacity)
{
    if (size == 0)
        return NULL;
    if (size > BLOCK_MAX) {
        *capacity = size;
        return leat__source_resize(&pool->source, NULL, 0, size);
    }

    /* The caller gets to know how large the block really is: messages and
     * rings have a use for what is left over. */
    struct leat__slab *slab = &pool->slab[class_of(size)];
    *capacity = slab->size;
    return leat__slab_take(slab);
}

void
leat__pool_give(struct leat__pool *pool, void *block, size_t capacity)
{
    if (block == NULL)
        return;
    /* A large block goes back at once: kept, it would fit hardly anything, and
     * one of them may be larger than all the others together. */
    if (capacity > BLOCK_MAX) {
        leat__source_resize(&pool->source, block, capacity, 0);
        return;
    }

    /* The capacity alone leads back to the slab; blocks carry no header. */
    struct leat__slab *slab = &pool->slab[class_of(capacity)];
    assert(slab->size == capacity);
    leat__slab_give(slab, block);
}

/* All classes are asked, also after one has said yes: each has its window. */
bool
leat__pool_trim(struct leat__pool *pool, int64_t now_us)
{
    bool has_free = false;

    for (size_t i = 0; i < LEAT__CLASS_COUNT; i++)
        has_free |= leat__slab_trim(&pool->slab[i], now_us);
    return has_free;
}

void
leat__pool_check(const struct leat__pool *pool)
{
    size_t bytes = 0;

    for (size_t i = 0; i < LEAT__CLASS_COUNT; i++) {
        const struct leat__slab *slab = &pool->slab[i];
        leat__slab_check(slab);
        bytes += (slab->used_count + slab->free_count) * slab->size;
    }
    /* The rest of the source is large blocks and other slabs. */
    assert(bytes <= pool->source.bytes);
    (void)bytes; /* without assertions nobody reads it */
}
