/*
 * heap.c - the ledger of memory: blocks behind realloc and free, and lists of
 * hosts.
 *
 * Each block has a header in front, linked into one list. Resizing always
 * moves, so that an old pointer that is still in use meets freed memory, which
 * the sanitizers and valgrind report.
 *
 * Invariants:
 *  1. live counts the blocks in the list, live_bytes the sum of their sizes
 *  2. a block that has been given out carries MAGIC, or STALE when it is left
 *     from an earlier test and no longer in the list
 */
#include "kernel_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0x6c656174u
#define STALE 0x7374616cu

struct block {
    struct block *next, *prev;
    size_t size;
    unsigned long number; /* of the realloc call that made it */
    /* Next to the bytes, so that writing just before them shows. */
    alignas(max_align_t) unsigned char before[sizeof(max_align_t) - 4];
    unsigned magic;
    unsigned char bytes[];
};

static_assert(offsetof(struct block, bytes) % alignof(max_align_t) == 0,
    "a block is aligned for any type");

static struct block *first;
static size_t live, live_bytes;
static int live_lists;

static struct block *
block_of(void *bytes)
{
    return (struct block *)(void *)((unsigned char *)bytes -
                                    offsetof(struct block, bytes));
}

static void
enter(struct block *block)
{
    kernel__lock();
    block->prev = NULL;
    block->next = first;
    if (first != NULL)
        first->prev = block;
    first = block;
    live++;
    live_bytes += block->size;
    kernel__unlock();
}

static void
strike_out(struct block *block)
{
    kernel__lock();
    if (block->next != NULL)
        block->next->prev = block->prev;
    if (block->prev != NULL)
        block->prev->next = block->next;
    else
        first = block->next;
    live--;
    live_bytes -= block->size;
    kernel__unlock();
}

/* Whether it may be let go; takes it out of the ledger. */
static bool
take_out(struct block *block)
{
    if (block->magic == MAGIC)
        strike_out(block);
    else if (block->magic != STALE) {
        kernel__complain("a block that is not ours, or was written before");
        return false;
    }
    block->magic = 0;
    return true;
}

void *
kernel__resize(void *bytes, size_t size)
{
    struct block *old = bytes == NULL ? NULL : block_of(bytes), *block;

    if (size == 0)
        kernel__complain("realloc to 0 bytes, which means different things");
    if (size > SIZE_MAX / 2) {
        errno = ENOMEM;
        return NULL;
    }
    block = malloc(sizeof *block + size);
    if (block == NULL)
        return NULL;
    if (old != NULL) {
        memcpy(block->bytes, old->bytes, old->size < size ? old->size : size);
        if (!take_out(old)) {
            free(block);
            return NULL;
        }
        free(old);
    }
    block->size = size;
    block->number = kernel__here().number;
    block->magic = MAGIC;
    enter(block);
    return block->bytes;
}

void
kernel__free(void *bytes)
{
    if (bytes != NULL && take_out(block_of(bytes)))
        free(block_of(bytes));
}

void
kernel__hosts_taken(int delta)
{
    kernel__lock();
    live_lists += delta;
    kernel__unlock();
}

size_t
ledger_blocks(void)
{
    size_t count;

    kernel__lock();
    count = live;
    kernel__unlock();
    return count;
}

size_t
ledger_bytes(void)
{
    size_t count;

    kernel__lock();
    count = live_bytes;
    kernel__unlock();
    return count;
}

const char *
kernel__live_block(void)
{
    static char text[256];
    const struct block *oldest = first;

    if (live_lists != 0) {
        snprintf(text, sizeof text, "%d lists of hosts not freed", live_lists);
        return text;
    }
    if (first == NULL)
        return NULL;
    while (oldest->next != NULL)
        oldest = oldest->next;
    snprintf(text, sizeof text,
        "%zu blocks (%zu bytes) not freed, the oldest of %zu bytes from "
        "realloc call %lu",
        live, live_bytes, oldest->size, oldest->number);
    return text;
}

/* What is left is let be: its owner may still free it. */
void
kernel__reset_heap(void)
{
    kernel__lock();
    for (struct block *block = first; block != NULL; block = block->next)
        block->magic = STALE;
    first = NULL;
    live = live_bytes = 0;
    live_lists = 0;
    kernel__unlock();
}
