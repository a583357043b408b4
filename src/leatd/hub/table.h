/*
 * table.h - the hash tables of a hub: uthash, with memory by way of the seam.
 *
 * Each key begins with random bytes of the hub's, so that nobody can choose
 * names that all fall into one bucket.
 */
#ifndef LEATD_HUB_TABLE_H
#define LEATD_HUB_TABLE_H

#include "cli/mem.h"

#include <stdbool.h>
#include <stdint.h>

/* An element that found no memory is not in the table, and its hh.tbl NULL. */
#define HASH_NONFATAL_OOM 1
#define uthash_malloc(size) mem_take(size)
#define uthash_free(block, size) mem_give(block)
#define uthash_nonfatal_oom(element) ((void)0)
#include <uthash.h>

#define HUB_SEED 12u
#define HUB_NAME 32u

/* A name as a key: what follows the text is zero, too. */
struct hub_name {
    unsigned char seed[HUB_SEED];
    char text[HUB_NAME + 4];
};

struct hub;
struct member;
struct room;
struct visitor;

void hub_name_set(
    struct hub_name *name, const struct hub *hub, const char *text, size_t len);

struct member *table_member(const struct hub *hub, const struct hub_name *name);
/* 0 or -ENOMEM; its name must not be there. */
int table_add_member(struct hub *hub, struct member *member);
void table_remove_member(struct hub *hub, struct member *member);
bool table_has_member(const struct member *member);

struct room *table_room(const struct hub *hub, const struct hub_name *name);
int table_add_room(struct hub *hub, struct room *room);
void table_remove_room(struct hub *hub, struct room *room);
/* In the order in which they were made; NULL after the last. */
struct room *table_next_room(const struct hub *hub, const struct room *room);

struct visitor *table_visitor(
    const struct hub *hub, const struct visitor *like);
int table_add_visitor(struct hub *hub, struct visitor *visitor);
void table_remove_visitor(struct hub *hub, struct visitor *visitor);

#endif
