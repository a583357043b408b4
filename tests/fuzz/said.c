/*
 * said.c - complaints looked at.
 */
#include "said.h"

#include <string.h>

#include "support/quick.h"

/* Bytes that no complaint may have, so that one left unfilled is noticed. */
#define UNFILLED 0x01

void
said_nothing(struct complaint *wrong)
{
    memset(wrong->text, UNFILLED, sizeof wrong->text);
}

void
said_plainly(const char *text, size_t size)
{
    size_t len = strnlen(text, size);

    quick_assert(len > 0 && len < size);
    for (size_t i = 0; i < len; i++)
        quick_assert(text[i] >= ' ' && text[i] < 0x7f);
}

void
said_why(const struct complaint *wrong, int error)
{
    if (error == 0)
        quick_eq(wrong->text[0], UNFILLED);
    else
        said_plainly(wrong->text, sizeof wrong->text);
}
