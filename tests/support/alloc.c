/*
 * alloc.c - the ledger behind alloc.h.
 *
 * Invariants:
 *  1. blocks and bytes are those of the list
 *  2. a block in the list has its magic number before and after its bytes
 */
#include "alloc.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "quick.h"

#define MAGIC ((uint64_t)0x6c65617420616c6c)
#define FREED 0xdd

struct alloc_block {
    struct alloc_block *next, *prev;
    const struct alloc_ledger *ledger;
    size_t size;
    size_t call; /* the one that made it */
    uint64_t magic;
    alignas(max_align_t) unsigned char bytes[];
};

static void
check_block(const struct alloc_ledger *ledger, const struct alloc_block *block)
{
    uint64_t after;

    if (block->magic != MAGIC)
        ck_abort_msg("not a block, or freed already, or written to before its "
                     "first byte");
    if (block->ledger != ledger)
        ck_abort_msg("a block of another allocator");
    memcpy(&after, block->bytes + block->size, sizeof after);
    if (after != MAGIC)
        ck_abort_msg("written to after the last of %zu bytes", block->size);
}

static struct alloc_block *
make(struct alloc_ledger *ledger, size_t size)
{
    struct alloc_block *block;

    /* No address space goes so far, and the sanitizers' malloc would end the
     * program instead of answering NULL. */
    if (size > PTRDIFF_MAX / 4)
        return NULL;
    block = malloc(sizeof *block + size + sizeof block->magic);
    if (block == NULL)
        return NULL;

    *block = (struct alloc_block){
        .next = ledger->first,
        .ledger = ledger,
        .size = size,
        .call = ledger->calls,
        .magic = MAGIC,
    };
    memcpy(block->bytes + size, &block->magic, sizeof block->magic);
    if (ledger->first != NULL)
        ledger->first->prev = block;
    ledger->first = block;
    ledger->blocks++;
    ledger->bytes += size;
    return block;
}

static void
strike_out(struct alloc_ledger *ledger, struct alloc_block *block)
{
    if (block->next != NULL)
        block->next->prev = block->prev;
    if (block->prev != NULL)
        block->prev->next = block->next;
    else
        ledger->first = block->next;
    ledger->blocks--;
    ledger->bytes -= block->size;
    memset(block->bytes, FREED, block->size);
    block->magic = 0;
    free(block);
}

static bool
is_due(const struct alloc_ledger *ledger)
{
    if (ledger->fail_at == 0)
        return false;
    if (ledger->is_sticky)
        return ledger->calls >= ledger->fail_at;
    return ledger->calls == ledger->fail_at;
}

static void *
resize(void *user, void *bytes, size_t size)
{
    struct alloc_ledger *ledger = user;
    struct alloc_block *old = NULL;
    struct alloc_block *block;

    if (bytes != NULL) {
        old =
            (struct alloc_block *)(void *)((unsigned char *)bytes -
                                           offsetof(struct alloc_block, bytes));
        check_block(ledger, old);
    }
    if (size == 0) {
        ledger->frees++;
        if (old != NULL)
            strike_out(ledger, old);
        return NULL;
    }

    ledger->calls++;
    if (is_due(ledger)) {
        ledger->failed++;
        return NULL;
    }
    block = make(ledger, size);
    if (block == NULL)
        return NULL;
    if (old != NULL) {
        memcpy(block->bytes, bytes, old->size < size ? old->size : size);
        strike_out(ledger, old);
    }
    return block->bytes;
}

void
alloc_init(struct alloc_ledger *ledger)
{
    *ledger = (struct alloc_ledger){.alloc = {resize, ledger}};
}

void
alloc_fini(struct alloc_ledger *ledger)
{
    const struct alloc_block *newest = ledger->first;

    for (const struct alloc_block *block = newest; block != NULL;
         block = block->next)
        check_block(ledger, block);
    if (newest != NULL)
        ck_abort_msg(
            "%zu blocks not freed, the newest of %zu bytes from call %zu",
            ledger->blocks, newest->size, newest->call);
    quick_eq(ledger->blocks, 0);
    quick_eq(ledger->bytes, 0);
}

void
alloc_fail_once(struct alloc_ledger *ledger, size_t nth)
{
    ledger->fail_at = ledger->calls + nth;
    ledger->is_sticky = false;
}

void
alloc_fail_from(struct alloc_ledger *ledger, size_t nth)
{
    alloc_fail_once(ledger, nth);
    ledger->is_sticky = true;
}

size_t
alloc_heal(struct alloc_ledger *ledger)
{
    size_t failed = ledger->failed;

    ledger->fail_at = 0;
    ledger->failed = 0;
    return failed;
}
