/*
 * must_leak.c - a program that is right but for a leak, to prove that the
 * memory checker sees it.
 */
#include <stdlib.h>

int
main(void)
{
    void *volatile block = malloc(42);
    block = NULL;
    return block == NULL ? 0 : 1;
}
