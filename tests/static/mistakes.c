/*
 * mistakes.c - what every static analyser has to find; never built.
 */
#include <stddef.h>

int mistakes_read_null(int value);

int
mistakes_read_null(int value)
{
    int *place = NULL;

    if (value > 0)
        place = &value;
    return *place;
}
