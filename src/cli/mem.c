/*
 * mem.c - memory for the programs, by way of the seam.
 *
 * On the path: start-up, and once per connection. Everything taken is zeroed,
 * so that a struct with a new member starts with a known one.
 */
#include "mem.h"

#include <stdint.h>
#include <string.h>

#include "sys/sys.h"

void *
mem_take(size_t size)
{
    void *block = leat__sys_resize(NULL, NULL, size);
    return block == NULL ? NULL : memset(block, 0, size);
}

void *
mem_take_array(size_t count, size_t size)
{
    /* A product that wraps round would be a small block with a long tail. */
    if (count == 0 || size == 0 || count > SIZE_MAX / size)
        return NULL;
    return mem_take(count * size);
}

void
mem_give(void *block)
{
    /* Size 0 frees, but resize(NULL, 0) might be taken for an allocation. */
    if (block != NULL)
        leat__sys_resize(NULL, block, 0);
}
