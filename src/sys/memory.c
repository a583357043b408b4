/*
 * memory.c - the allocator that a loop uses when it is given none.
 *
 * On the path: base/pool.c -> HERE -> malloc. A warm loop does not come here.
 */
#include "sys.h"

#include <stdlib.h>

void *
leat__sys_resize(void *user, void *block, size_t size)
{
    (void)user; /* the libc heap is one for all */
    /* What realloc(block, 0) does differs between systems and standards, so
     * freeing is said outright. */
    if (size == 0) {
        LEAT_SYS(free, block);
        return NULL;
    }
    return LEAT_SYS(realloc, block, size);
}
