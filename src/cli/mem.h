/*
 * mem.h - memory for the programs, by way of the seam.
 */
#ifndef LEAT_CLI_MEM_H
#define LEAT_CLI_MEM_H

#include <stddef.h>

/* Zeroed memory, aligned for any type; NULL when there is none. size 1 or
 * more. */
void *mem_take(size_t size);
/* count things of the given size; NULL also where the product does not fit. */
void *mem_take_array(size_t count, size_t size);
/* NULL is harmless. */
void mem_give(void *block);

#endif
