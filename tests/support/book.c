/*
 * book.c - accepted bytes, and where each message begins.
 *
 * Invariant: the entries follow each other without a gap, and the last one ends
 * at len.
 */
#include "book.h"

#include <stdlib.h>
#include <string.h>

#include "quick.h"

static void *
grown(void *block, size_t *places, size_t need, size_t size)
{
    if (need <= *places)
        return block;
    *places = need * 2;
    block = realloc(block, *places * size);
    ck_assert_ptr_nonnull(block);
    return block;
}

void
book_add(struct book *book, const void *bytes, size_t len, bool is_kept)
{
    book->bytes = grown(book->bytes, &book->room, book->len + len, 1);
    book->entry =
        grown(book->entry, &book->places, book->count + 1, sizeof *book->entry);
    book->entry[book->count++] = (struct book_entry){book->len, len, is_kept};
    memcpy(book->bytes + book->len, bytes, len);
    book->len += len;
}

/* What stands behind it moves up. */
static size_t
take_out(struct book *book, size_t i)
{
    struct book_entry *entry = &book->entry[i];
    size_t len = entry->len;
    size_t end = entry->at + len;

    memmove(book->bytes + entry->at, book->bytes + end, book->len - end);
    book->len -= len;
    book->count--;
    for (; i < book->count; i++) {
        book->entry[i] = book->entry[i + 1];
        book->entry[i].at -= len;
    }
    return len;
}

size_t
book_drop(struct book *book, size_t left, size_t n)
{
    size_t dropped = 0;

    quick_assert(book->heard <= left);
    while (book->first < book->count && book->entry[book->first].at < left)
        book->first++; /* half of it has left, at least */
    for (size_t i = book->first; n > 0; n--) {
        while (i < book->count && book->entry[i].is_kept)
            i++;
        quick_assert(i < book->count);
        dropped += take_out(book, i);
    }
    return dropped;
}

void
book_hear(struct book *book, const void *bytes, size_t len)
{
    if (len == 0)
        return;
    quick_assert(len <= book->len - book->heard);
    quick_assert(memcmp(bytes, book->bytes + book->heard, len) == 0);
    book->heard += len;
}

void
book_close(struct book *book)
{
    free(book->bytes);
    free(book->entry);
    memset(book, 0, sizeof *book);
}
