/*
 * pool.h - memory that comes back: blocks of one size, and all size classes.
 *
 * A slab keeps blocks of one size that were given back, so that a pattern of
 * use that has run for a while makes no allocator call. It gives memory up in
 * leat__slab_trim only, which the loop calls from a timer once a second, and
 * never below the largest number of blocks in use during the last minute.
 *
 * Blocks are aligned for any type.
 */
#ifndef LEAT_POOL_H
#define LEAT_POOL_H

#include <leat/api.h>

#include <stdbool.h>
#include <stdint.h>

/* What all slabs of a loop share: the allocator, and what was taken from it. */
struct leat__source {
    struct leat_alloc alloc;
    size_t bytes;     /* bytes taken and not given back */
    uint64_t allocs;  /* successful allocations */
    bool has_surplus; /* set when a block comes back to any slab: a trim is due
                       * within a second. Whoever trims all of them clears it
                       * when none of them has a free block left */
};

struct leat__slab {
    struct leat__source *source; /* kept */
    size_t size;                 /* of a block in bytes */
    void *free;                  /* chain of free blocks */
    size_t free_count, used_count;
    size_t peak;        /* most used at once since window_us */
    size_t peak_before; /* most used at once in the minute before that */
    int64_t window_us;  /* when this minute began */
};

/* block is NULL or from here; size 0 frees. Counts bytes: old is the size that
 * block was asked for with (0 for NULL). NULL on failure, block unchanged. */
void *leat__source_resize(
    struct leat__source *source, void *block, size_t old, size_t size);

/* size is raised to that of a pointer; any number of bytes. */
void leat__slab_init(
    struct leat__slab *slab, struct leat__source *source, size_t size);
/* Gives all free blocks to the allocator; asserts none is in use. */
void leat__slab_fini(struct leat__slab *slab);
/* A block, its content undefined; NULL when the allocator has none. */
void *leat__slab_take(struct leat__slab *slab);
void leat__slab_give(struct leat__slab *slab, void *block);
/* Gives up free blocks beyond the last minute's peak, at most
 * LEAT__SLAB_TRIM_MAX a call, so that a turn stays short after a burst. Returns
 * whether there is still a free block: then call again in a second. */
#define LEAT__SLAB_TRIM_MAX 16384u
bool leat__slab_trim(struct leat__slab *slab, int64_t now_us);
void leat__slab_check(const struct leat__slab *slab);

/* Size classes hold 64, 128, ... 65536 bytes and a message's header, so that
 * a message whose length is a power of two wastes nothing. */
#define LEAT__CLASS_MIN 64u
#define LEAT__CLASS_COUNT 11u
#define LEAT__CLASS_EXTRA 48u

/*
 * The pool of a loop: messages, held input and rings. It also counts what the
 * queues of the loop hold, each message once however many queues share it.
 */
struct leat__pool {
    struct leat__source source;
    struct leat__slab slab[LEAT__CLASS_COUNT];
    size_t queued; /* bytes of messages that are in a queue */
    size_t held;   /* bytes of input held by connections; theirs to count */
    size_t stored; /* the blocks that these are in: what is bounded */
    size_t rings;  /* the blocks of queues' references */
};

void leat__pool_init(struct leat__pool *pool, const struct leat_alloc *alloc);
void leat__pool_fini(struct leat__pool *pool);
/* A block of at least size bytes; *capacity is what it really has. A block
 * larger than the largest class is an allocation of its own. NULL: no memory,
 * or size is 0. */
void *leat__pool_take(struct leat__pool *pool, size_t size, size_t *capacity);
/* The capacity that leat__pool_take would say. */
size_t leat__pool_capacity(size_t size);
/* capacity is what leat__pool_take said. block NULL is harmless. */
void leat__pool_give(struct leat__pool *pool, void *block, size_t capacity);
/* As leat__slab_trim, for all classes. */
bool leat__pool_trim(struct leat__pool *pool, int64_t now_us);
void leat__pool_check(const struct leat__pool *pool);

#endif
