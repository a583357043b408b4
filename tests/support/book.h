/*
 * book.h - what one connection has accepted to send, byte by byte: its reader
 * must get that, in this order, and nothing else.
 *
 * A message that a drop policy drops later is taken out again; whoever reads
 * cannot have seen any of it.
 */
#ifndef TESTS_BOOK_H
#define TESTS_BOOK_H

#include <stdbool.h>
#include <stddef.h>

/* One message. */
struct book_entry {
    size_t at, len;
    bool is_kept;
};

struct book {
    unsigned char *bytes; /* all that leaves or has left */
    size_t len, room;
    size_t heard; /* of these its reader has so many */
    struct book_entry *entry;
    size_t first; /* entries before it have left for sure */
    size_t count, places;
};

/* Accepted, behind all else. */
void book_add(struct book *book, const void *bytes, size_t len, bool is_kept);
/* The n oldest messages of which nothing has left, and that are not kept, are
 * dropped; left bytes of the book have. Returns how long those are together. */
size_t book_drop(struct book *book, size_t left, size_t n);
/* The reader has got these; fails the test when they are not what comes next.
 */
void book_hear(struct book *book, const void *bytes, size_t len);
/* Empty it. */
void book_close(struct book *book);

#endif
